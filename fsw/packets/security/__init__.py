"""Who may command: authentication, encryption, defence against repeats, for frames and packets. No I/O but key files.

Enters: frames or packets from anybody. Leaves: those of somebody who holds a key, in the order they were made, each
once; or a `Rejected` with its reason, counted. Keys never leave: they have no text form.

    keys          secrets and their files            cipher        AES-256-GCM, HMAC-SHA-256
    counters      what was used up, durable          association   key + counter + state: seal, open, commit
    sdls          telecommand frames (355.0-B-2)     packet_mac    packets whose frames end at somebody else's bus
    contingency   a lost counter, by single-use keys and a challenge from the board

`cryptography` does AES-GCM: hand-written ciphers leak through time. HMAC is the standard library's.
"""

"""Files over the space link: a CFDP entity, class 1 and class 2, sender and receiver. Source: CCSDS 727.0-B-5.

Enters: PDUs as octets, the time, requests to put or cancel, loss and return of the signal. Leaves: PDUs as octets
when the caller has room for them, and indications of what became of each transaction. No socket, no clock of its
own, no thread; files are reached by segments through the port in `files`. Imports the standard library and
`fsw.packets` alone, so that flight and ground use the same one.

    header, directives   what PDUs look like
    checksum, intervals, timing   the three small tools
    sender, receiver     one transaction of each kind
    entity               all transactions of one end: the part to use

Left out, because nobody here needs it: filestore requests, messages to user (proxy put), segment metadata, record
boundaries, files of unknown length.
"""

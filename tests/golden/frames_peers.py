"""Makes frames_peers.json: telemetry frames by spacepackets, telecommand frames by fprime-gds, a packet MAC by OpenSSL.

Run by hand where they are installed (requirements/interop.txt) and `openssl` 3 is on the path:

python -m tests.golden.frames_peers
"""

from __future__ import annotations

import json
import random
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fsw.packets.pus import Telecommand

GOLDEN = Path(__file__).with_suffix(".json")
SEED = 4
SCID, FRAME_OCTETS = 0xAB, 128
KEY = bytes.fromhex("FEDCBA9876543210" * 4)  # CryptoLib's test key: of no spacecraft
PING = bytes.fromhex("1842c00500062f110100009d76")


def main() -> None:
    """Write the golden file."""
    random_source = random.Random(SEED)
    openssl = subprocess.run(["openssl", "version"], capture_output=True, text=True, check=True).stdout.split()[1]
    made_by = {name: version(name) for name in ("spacepackets", "fprime-gds")} | {"openssl": openssl, "seed": SEED}
    rows = {
        "made_by": made_by,
        "tm": [telemetry(random_source, index) for index in range(8)],
        "bd": [bypass(random_source, index) for index in range(8)],
        "packet_mac": packet_mac(),
    }
    GOLDEN.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def telemetry(random_source: random.Random, index: int) -> dict[str, Any]:
    """One frame by spacepackets, which leaves the error control to its caller: CRC-16/IBM-3740 by fastcrc."""
    import fastcrc
    from spacepackets.ccsds import tm_frame as peer

    has_control = index % 2 == 0
    master, virtual, vcid, pointer = (random_source.randrange(limit) for limit in (256, 256, 8, 2046))
    control = random_source.randbytes(4) if has_control else None
    data = random_source.randbytes(FRAME_OCTETS - 8 - (4 if has_control else 0))
    status = peer.TransferFrameDataFieldStatus(False, False, False, 3, pointer)
    header = peer.TmFramePrimaryHeader(peer.MasterChannelId(0, SCID), vcid, has_control, master, virtual, status)
    frame = peer.TmTransferFrame(FRAME_OCTETS - 2, header, None, data, control, None).pack()
    frame += fastcrc.crc16.ibm_3740(frame).to_bytes(2, "big")
    return {
        "vcid": vcid,
        "master_count": master,
        "virtual_count": virtual,
        "first_header": pointer,
        "data": data.hex(),
        "control": control.hex() if control is not None else None,
        "frame": frame.hex(),
    }


def bypass(random_source: random.Random, index: int) -> dict[str, Any]:
    """One BD frame by the framer of fprime-gds."""
    from fprime_gds.common.communication.ccsds.space_data_link import SpaceDataLinkFramerDeframer

    vcid, data = random_source.randrange(64), random_source.randbytes(1 + 120 * index)
    frame = SpaceDataLinkFramerDeframer(SCID, vcid, FRAME_OCTETS).frame(data)
    return {"vcid": vcid, "data": data.hex(), "frame": bytes(frame).hex()}


def packet_mac() -> dict[str, str]:
    """The ping of the space link's golden octets under SPI 9, counter 1: the MAC by OpenSSL, the rest by hand."""
    protected = bytes.fromhex("0009" + "00000001") + PING
    command = ["openssl", "mac", "-digest", "SHA256", "-macopt", f"hexkey:{KEY.hex()}", "-binary", "HMAC"]
    mac = subprocess.run(command, input=b"\x82\x01" + protected, capture_output=True, check=True).stdout[:16]
    outer = Telecommand(apid=0x42, sequence=6, service=130, subtype=1, data=protected + mac, ack=0)
    return {"mac": mac.hex(), "packet": outer.pack().hex()}


if __name__ == "__main__":
    main()

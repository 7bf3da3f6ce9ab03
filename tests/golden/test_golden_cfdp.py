"""File delivery PDUs against octets that spacepackets 0.32 wrote: entities 1 and 2 in two octets, transaction 7."""

from __future__ import annotations

import pytest

from fsw.cfdp.checksum import CRC_32
from fsw.cfdp.directives import (
    EOF_CODE,
    FINISHED_CODE,
    Ack,
    Condition,
    Directive,
    Eof,
    FileData,
    FileStatus,
    Finished,
    KeepAlive,
    Metadata,
    Nak,
    Prompt,
    TransactionStatus,
    unpack,
)
from fsw.cfdp.header import Header

UP = Header(source=1, sequence=7, destination=2)
DOWN = UP._replace(towards_sender=True)
MISSING = ((0, 0), (1000, 2000), (3000, 5000))
ROWS: list[tuple[Header, Directive, str, str]] = [
    (
        UP, Metadata(5000, "model.onnx", "in/model.onnx", CRC_32, True),
        "20001f110001000700020743000013880a6d6f64656c2e6f6e6e780d696e2f6d6f64656c2e6f6e6e78",
        "2300251100010007000207430000000000001388"
        "0a6d6f64656c2e6f6e6e780d696e2f6d6f64656c2e6f6e6e78e5e7",
    ),
    (
        UP, FileData(1000, b"\x01\x02\x03"), "30000711000100070002000003e8010203",
        "33000d1100010007000200000000000003e80102038e66",
    ),
    (
        UP, Eof(Condition.NO_ERROR, 0xDEADBEEF, 5000), "20000a110001000700020400deadbeef00001388",
        "230010110001000700020400deadbeef00000000000013887dd6",
    ),
    (
        UP, Eof(Condition.CANCELLED, 0xDEADBEEF, 1000), "20000e1100010007000204f0deadbeef000003e806020001",
        "2300141100010007000204f0deadbeef00000000000003e806020001cd8e",
    ),
    (
        DOWN, Finished(Condition.NO_ERROR, True, FileStatus.RETAINED), "280002110001000700020502",
        "2b00041100010007000205028fe4",
    ),
    (
        DOWN, Finished(Condition.CHECKSUM_FAILURE, False, FileStatus.DISCARDED), "28000611000100070002055406020002",
        "2b000811000100070002055406020002d2e5",
    ),
    (
        DOWN, Ack(EOF_CODE, Condition.NO_ERROR, TransactionStatus.ACTIVE), "28000311000100070002064001",
        "2b0005110001000700020640017ef1",
    ),
    (
        UP, Ack(FINISHED_CODE, Condition.NO_ERROR, TransactionStatus.TERMINATED), "20000311000100070002065102",
        "23000511000100070002065102758a",
    ),
    (
        DOWN, Nak(0, 5000, MISSING),
        "280021110001000700020800000000000013880000000000000000000003e8000007d000000bb800001388",
        "2b00431100010007000208000000000000000000000000000013880000000000000000000000000000000000000000000003e8"
        "00000000000007d00000000000000bb80000000000001388d5ec",
    ),
    (UP, Prompt(True), "200002110001000700020980", "23000411000100070002098060eb"),
    (DOWN, KeepAlive(1234), "280005110001000700020c000004d2", "2b000b110001000700020c00000000000004d233b6"),
]  # fmt: skip


@pytest.mark.parametrize(("header", "directive", "plain", "large"), ROWS, ids=lambda one: type(one).__name__)
def test_units_are_octet_for_octet_those_of_spacepackets(
    header: Header, directive: Directive, plain: str, large: str
) -> None:
    """Plain, and with the large file flag and the CRC."""
    assert directive.pack(header).hex() == plain
    assert unpack(bytes.fromhex(plain)) == (header, directive)
    other = header._replace(is_large=True, has_crc=True)
    assert directive.pack(other).hex() == large
    assert unpack(bytes.fromhex(large)) == (other, directive)

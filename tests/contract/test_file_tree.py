"""What every file tree does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hal.errors import PortError
from hal.ports.files import FileTree
from hal.reading import Reason

Make = Callable[[dict[str, str]], FileTree]


def test_reads_text_without_its_newline_and_sees_what_was_written(file_filling: Make) -> None:
    files = file_filling({"devices/rail/state": "disabled\n"})
    assert files.read_text("devices/rail/state") == "disabled"
    files.write_text("devices/rail/state", "on")
    assert files.read_text("devices/rail/state") == "on"


def test_reads_decimal_numbers_and_nothing_else(file_filling: Make) -> None:
    files = file_filling({"good": "-25000\n", "bad": "25 degrees\n", "empty": "", "python": "1_000"})
    assert files.read_number("good") == -25_000
    for path in ("bad", "empty", "python"):
        assert reason_of(lambda path=path: files.read_number(path)) is Reason.CORRUPT


@pytest.mark.parametrize("path", ["nothing/here", "../outside", "/etc/hostname", "a/../../outside"])
def test_gives_absent_for_what_is_not_in_the_tree(file_filling: Make, path: str) -> None:
    files = file_filling({"a/b": "1"})
    assert reason_of(lambda: files.read_text(path)) is Reason.ABSENT
    assert reason_of(lambda: files.read_number(path)) is Reason.ABSENT
    assert reason_of(lambda: files.write_text(path, "1")) is Reason.ABSENT


def test_refuses_more_than_a_page(file_filling: Make) -> None:
    files = file_filling({"page": "x" * 4_096, "more": "x" * 4_097})
    assert len(files.read_text("page")) == 4_096
    assert reason_of(lambda: files.read_text("more")) is Reason.CORRUPT


def test_glob_gives_sorted_files_and_stays_within_a_folder(file_filling: Make) -> None:
    paths = ["class/hwmon/hwmon1/name", "class/hwmon/hwmon0/name", "class/hwmon/hwmon0/deep/name"]
    files = file_filling(dict.fromkeys(paths, "x"))
    assert files.glob("class/hwmon/hwmon*/name") == ("class/hwmon/hwmon0/name", "class/hwmon/hwmon1/name")
    assert files.glob("class/hwmon/*") == ()
    assert reason_of(lambda: files.glob("../*")) is Reason.ABSENT


def reason_of(call: Callable[[], object]) -> Reason:
    with pytest.raises(PortError) as caught:
        call()
    return caught.value.reason

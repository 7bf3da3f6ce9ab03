"""The as-flown digest: the same for the same things, another when any of them changes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.catalogue.rows import NAME_OCTETS
from fsw.telemetry.as_flown import AsFlown, dictionary_digest, digest_of

FLOWN = AsFlown(
    software=digest_of({"fsw/main.py": b"run()", "version": b"1.0"}),
    board=digest_of({"board": b"name = 'owned'"}),
    models=digest_of({"water": b"[model]"}),
    keys=digest_of({"4": b"active"}),
)
SETTINGS = {"power_interval_s": 10.0, "temp_margin_c": 2.5}
PLACES = {"software": 1, "board": 3, "models": 5, "keys": 6}
TABLES = st.dictionaries(st.text(max_size=4), st.binary(max_size=4), max_size=4)


def test_the_same_things_give_the_same_digests_in_any_order() -> None:
    again = dict(reversed(SETTINGS.items()))
    assert FLOWN.report(SETTINGS) == FLOWN.report(again)
    assert all(len(digest) == NAME_OCTETS for digest in FLOWN.report(SETTINGS))


@pytest.mark.parametrize("part", PLACES)
def test_another_part_changes_its_own_digest_and_the_one_over_all(part: str) -> None:
    changed = replace(FLOWN, **{part: digest_of({"other": b""})})
    before, after = FLOWN.report(SETTINGS), changed.report(SETTINGS)
    assert [place for place in range(7) if before[place] != after[place]] == [0, PLACES[part]]


@pytest.mark.parametrize("settings", [{}, SETTINGS | {"temp_margin_c": 2.0}, SETTINGS | {"energy_reserve_j": 0.0}])
def test_other_parameters_change_it(settings: dict[str, float]) -> None:
    before, after = FLOWN.report(SETTINGS), FLOWN.report(settings)
    assert [place for place in range(7) if before[place] != after[place]] == [0, 4]


def test_the_dictionary_is_part_of_it() -> None:
    assert FLOWN.report(SETTINGS)[2] == dictionary_digest()[:NAME_OCTETS]


def test_parts_do_not_stand_in_for_each_other() -> None:
    swapped = replace(FLOWN, board=FLOWN.models, models=FLOWN.board)
    assert swapped.report(SETTINGS)[0] != FLOWN.report(SETTINGS)[0]


@given(TABLES, TABLES)
def test_only_equal_tables_have_equal_digests(left: dict[str, bytes], right: dict[str, bytes]) -> None:
    assert (digest_of(left) == digest_of(right)) == (left == right)

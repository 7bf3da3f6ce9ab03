"""Registers of TMP75 and INA3221 as their datasheets print them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.drivers import ina3221, tmp75
from hal.errors import PortError
from hal.reading import Reason


@pytest.mark.parametrize(  # SBOS288, table 5 (12-bit data format), and the three degrees of a lm75 under a kernel
    ("word", "celsius"),
    [
        (0x7FF0, 127.9375),
        (0x6400, 100.0),
        (0x5000, 80.0),
        (0x4B00, 75.0),
        (0x3200, 50.0),
        (0x1900, 25.0),
        (0x0040, 0.25),
        (0x0000, 0.0),
        (0xFFC0, -0.25),
        (0xE700, -25.0),
        (0xC900, -55.0),
        (0x1980, 25.5),
        (0x5500, 85.0),
    ],
)
def test_tmp75_words(word: int, celsius: float) -> None:
    assert tmp75.decode(word) == celsius


@given(st.integers(0, 0xFFFF))
def test_tmp75_gives_a_sixteenth_of_a_degree_or_says_that_it_is_another_chip(word: int) -> None:
    if word & 0xF:
        with pytest.raises(PortError) as caught:
            tmp75.decode(word)
        assert caught.value.reason is Reason.CORRUPT
    else:
        assert -128.0 <= tmp75.decode(word) < 128.0


def test_ina3221_full_scale_and_sign() -> None:
    volts, amperes, watts = ina3221.decode(0x7FF8, 0x7FF8, 0.1)
    assert (volts, amperes) == pytest.approx((32.76, 1.638)) and watts == pytest.approx(volts * amperes)
    _, amperes, _ = ina3221.decode(0x8000, 0x0008, 0.1)
    assert amperes == pytest.approx(-1.6384)


@pytest.mark.parametrize(("key", "value"), [("input", 0), ("input", 4), ("shunt_ohm", 0.0)])
def test_ina3221_refuses_what_it_has_not(key: str, value: float) -> None:
    options = {"address": 0x40, "input": 1, "shunt_ohm": 0.01} | {key: value}
    with pytest.raises(ValueError, match=key):
        ina3221.Ina3221Options(**options)  # type: ignore[arg-type]

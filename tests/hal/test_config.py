"""A table becomes the dataclass that it describes, or an error that says where and what would do."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hal.config import ConfigError, build, read_toml


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    radius_m: float
    spokes: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Cart:
    name: str
    front: Wheel
    is_red: bool = False
    wheels: tuple[Wheel, ...] = ()
    span_m: tuple[float, float] = (0.0, 1.0)
    spare: Wheel | None = None
    by_name: dict[str, Wheel] = field(default_factory=dict)
    extra: Any = None

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("name must not be empty")


WHEEL = {"radius_m": 0.3}
CART = {"name": "a", "front": WHEEL}


def test_a_table_follows_the_hints_all_the_way_down() -> None:
    table = {
        "name": "a",
        "is_red": True,
        "front": {"radius_m": 0.3, "spokes": 12},
        "wheels": [WHEEL, {"radius_m": 1}],
        "span_m": [1, 2.5],
        "spare": WHEEL,
        "by_name": {"left": WHEEL},
        "extra": {"anything": [1, "x"]},
    }
    assert build(Cart, table, "cart.toml") == Cart(
        name="a",
        is_red=True,
        front=Wheel(radius_m=0.3, spokes=12),
        wheels=(Wheel(radius_m=0.3), Wheel(radius_m=1.0)),
        span_m=(1.0, 2.5),
        spare=Wheel(radius_m=0.3),
        by_name={"left": Wheel(radius_m=0.3)},
        extra={"anything": [1, "x"]},
    )


def test_what_is_left_out_takes_its_default_and_whole_numbers_become_floats() -> None:
    cart = build(Cart, CART | {"front": {"radius_m": 1}}, "cart.toml")
    assert (cart.is_red, cart.wheels, cart.spare, cart.by_name) == (False, (), None, {})
    assert isinstance(cart.front.radius_m, float)


@pytest.mark.parametrize(
    ("change", "key", "words"),
    [
        ({"colour": 1}, "colour", "unknown key; accepted here: by_name, extra, front, is_red, name"),
        ({"front": {"radius_m": 1.0, "spoke": 3}}, "front.spoke", "accepted here: radius_m, spokes"),
        ({"front": {}}, "front.radius_m", "is missing"),
        ({"front": 3}, "front", "must be a table, is int"),
        ({"front": {"radius_m": "1"}}, "front.radius_m", "must be float, is str '1'"),
        ({"front": {"radius_m": True}}, "front.radius_m", "must be float, is bool"),
        ({"front": {"radius_m": 1.0, "spokes": True}}, "front.spokes", "must be int, is bool"),
        ({"front": {"radius_m": 1.0, "spokes": 8.0}}, "front.spokes", "must be int, is float"),
        ({"is_red": 1}, "is_red", "must be bool, is int"),
        ({"wheels": WHEEL}, "wheels", "must be a list, is dict"),
        ({"wheels": [WHEEL, {"radius_m": None}]}, "wheels[1].radius_m", "must be float"),
        ({"span_m": [1.0]}, "span_m", "must have 2 items, has 1"),
        ({"span_m": [1.0, "far"]}, "span_m[1]", "must be float"),
        ({"spare": {"spokes": 1}}, "spare.radius_m", "is missing"),
        ({"by_name": {"left": {"radius_m": "x"}}}, "by_name.left.radius_m", "must be float"),
        ({"by_name": []}, "by_name", "must be a table, is list"),
        ({"name": ""}, "", "name must not be empty"),
    ],
)
def test_each_mistake_is_named_with_its_file_and_key(change: dict[str, Any], key: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        build(Cart, CART | change, "cart.toml")
    assert (caught.value.file, caught.value.key) == ("cart.toml", key)
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"cart.toml: {key}" if key else "cart.toml: ")


def test_a_missing_key_at_the_top_is_named() -> None:
    with pytest.raises(ConfigError, match=r"cart\.toml: name: is missing"):
        build(Cart, {"front": WHEEL}, "cart.toml")


def test_keys_below_a_given_place_carry_it() -> None:
    with pytest.raises(ConfigError, match=r"f\.toml: device\[2\]\.radius_m: is missing"):
        build(Wheel, {}, "f.toml", "device[2]")


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(ConfigError, match="must be a table, is list"):
        build(Cart, [], "cart.toml")


def test_a_file_is_read_or_refused_by_name(tmp_path: Path) -> None:
    good, bad, binary = tmp_path / "good.toml", tmp_path / "bad.toml", tmp_path / "binary.toml"
    good.write_text("[a]\nb = 1\n", encoding="utf-8")
    bad.write_text("a = = 1\n", encoding="utf-8")
    binary.write_bytes(b"\xff\xfe\x00")
    assert read_toml(good) == {"a": {"b": 1}}
    for path, words in ((bad, "is not TOML"), (binary, "is not TOML"), (tmp_path / "none.toml", "cannot be read")):
        with pytest.raises(ConfigError, match=words) as caught:
            read_toml(path)
        assert (caught.value.file, caught.value.key) == (path.name, "")

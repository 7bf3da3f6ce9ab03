"""What is wrong with a value or with octets, told in the failure codes' words."""

from __future__ import annotations


class WireError(ValueError):
    """A value or octets that do not fit: `field` is the place of the value in its row, `label` the failure code's."""

    def __init__(self, field: int, problem: str, label: str = "bad_argument", values: tuple[float, ...] = ()) -> None:
        super().__init__(problem)
        self.field = field
        self.label = label
        self.values = values or (float(field),)


def bad_length(data: bytes) -> WireError:
    """Octets that end too early or too late."""
    return WireError(0, f"{len(data)} octets are too few or too many", "bad_length", (float(len(data)),))

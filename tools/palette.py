"""The colours of plots and report: each has a name, a value on light paper and one on a dark screen."""

from __future__ import annotations

# Distinguishable with the common colour vision deficiencies, after Okabe and Ito (2008), softened for large areas.
LIGHT = {
    "paper": "#ffffff",
    "panel": "#f5f6f8",
    "ink": "#1c2230",
    "muted": "#667085",
    "rule": "#d9dde5",
    "shade": "#e3e6ee",
    "accent": "#2458c8",
    "battery": "#0a7d5a",
    "payload": "#c8501e",
    "array": "#d99a08",
    "bus": "#5b6b8c",
    "radiator": "#3f93c4",
    "price": "#8a4bb0",
    "limit": "#c02030",
    "good": "#0b7a4b",
}
DARK = {
    "paper": "#12161f",
    "panel": "#1a202c",
    "ink": "#e6e9f0",
    "muted": "#98a2b5",
    "rule": "#323a4a",
    "shade": "#232a3a",
    "accent": "#7ea6ff",
    "battery": "#40c493",
    "payload": "#ff8f5c",
    "array": "#f2be45",
    "bus": "#a0b0d0",
    "radiator": "#74c0ec",
    "price": "#c693ea",
    "limit": "#ff6b78",
    "good": "#45c98c",
}
SERIES = (
    "accent",
    "payload",
    "battery",
    "price",
    "array",
    "radiator",
    "bus",
)  # for things without a colour of their own


def css_variables(colours: dict[str, str]) -> str:
    """The colours as CSS custom properties."""
    return "".join(f"--{name}:{value};" for name, value in colours.items())


def themed(svg: str) -> str:
    """An SVG drawn with the light colours, made to follow the page's theme: each colour becomes its CSS variable."""
    for name, value in LIGHT.items():
        svg = svg.replace(value, f"var(--{name})")
    return svg

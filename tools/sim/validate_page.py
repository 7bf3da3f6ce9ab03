"""The report of a validation as one page that fetches nothing: what was found, then every row with its margin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from tools.flight import page
from tools.flight.plots import inline_svg
from tools.sim import validate_plots
from tools.sim.row import OFF, OK, SKIP

COLUMNS = ("what", "expected", "got", "tolerance", "unit", "share of the tolerance", "")
SHORT = 12  # rows of a section that is shown at once
TEXTS = 1  # columns of text; numbers follow
SPEEDS = {
    "year_of_an_orbit_s": ("a year of an orbit", 1e3, "ms"),
    "power_of_an_orbit_s": ("one orbit of power", 1e3, "ms"),
    "constellation_c_sat_steps_per_second": (
        "constellation in C, one thread",
        1e-6,
        "million satellite-steps a second",
    ),
    "constellation_numpy_sat_steps_per_second": (
        "constellation in NumPy, one thread",
        1e-6,
        "million satellite-steps a second",
    ),
    "constellation_python_sat_steps_per_second": ("constellation in Python", 1e-6, "million satellite-steps a second"),
}
STYLE = """<style>
.bar{display:inline-block;width:110px;height:9px;border-radius:5px;background:var(--shade);vertical-align:middle}
.bar i{display:block;height:9px;border-radius:5px;background:var(--good)}.off .bar i{background:var(--limit)}
.mark{font-weight:600;color:var(--good)}.off .mark,.off td{color:var(--limit)}
.src{color:var(--muted);font-size:13px}summary{cursor:pointer}summary h2{display:inline}
summary span{color:var(--muted);margin-left:10px;font-size:14px}details{margin-top:30px}
details table{margin-top:8px}
td:first-child{width:46%}
</style>"""


def html(found: dict[str, Any]) -> str:
    """The whole page. Sections with a row that is off come first and open."""
    titles = list(dict.fromkeys(row["section"] for row in found["rows"]))
    grouped = {title: [row for row in found["rows"] if row["section"] == title] for title in titles}
    wrong = [title for title in titles if any(row["status"] == OFF for row in grouped[title])]
    ordered = [*wrong, *(title for title in titles if title not in wrong)]
    parts = (
        STYLE,
        _head(found),
        _tiles(found),
        _wrong(found["rows"]),
        _figures(found),
        *(_section(title, grouped[title]) for title in ordered),
        _skipped(found["rows"]),
        _speeds(found),
        _versions(found),
        page.section(
            "Known limits", f"<ul>{''.join(f'<li>{escape(limit)}</li>' for limit in found['known_limits'])}</ul>"
        ),
    )
    return page.document("Penumbra: validation", "".join(parts))


def share(row: dict[str, Any]) -> float:
    """How much of its tolerance a compared row uses; one that allows nothing uses nothing when it is equal."""
    apart = abs(row["got"] - row["expected"])
    if row["tolerance"] == 0.0:
        return 0.0 if apart == 0.0 else float("inf")
    return float(apart / row["tolerance"])


def _head(found: dict[str, Any]) -> str:
    counts = found["counts"]
    compared = counts[OK] + counts[OFF]
    verdict = "All of them agree" if counts[OFF] == 0 else f"{counts[OFF]} of them do not agree"
    return (
        "<h1>Validation of the physics</h1>"
        f"<p>Penumbra's orbits, Sun, shadow, power, battery, heat and radiation against {compared} numbers that others "
        f"computed, published or flew. {verdict} within the tolerance that stands beside each.</p>"
        "<p class=about>An independent program's answer is frozen in a file with its version and date, so that these "
        "rows need none of them; run live they give the same (make oracles). A bar shows how much of its tolerance a "
        "row uses: an empty one is equal, a full one is at the edge.</p>"
    )


def _tiles(found: dict[str, Any]) -> str:
    counts = found["counts"]
    shares = sorted(share(row) for row in found["rows"] if row["status"] != SKIP)
    half = sum(value <= 0.5 for value in shares) / max(1, len(shares))
    tiles = [
        ("rows agree", str(counts[OK]), "good"),
        ("rows off", str(counts[OFF]), "bad" if counts[OFF] else "good"),
        ("skipped, with the reason", str(counts[SKIP]), ""),
        ("use less than half their tolerance", f"{100.0 * half:.0f} %", ""),
        ("independent sources", str(len({row["source"] for row in found["rows"] if row["status"] != SKIP})), ""),
    ]
    told = (f'<div class="tile {kind}"><b>{value}</b><span>{label}</span></div>' for label, value, kind in tiles)
    return f"<div class=tiles>{''.join(told)}</div>"


def _wrong(rows: Sequence[dict[str, Any]]) -> str:
    """What does not agree, before anything else."""
    off = [row for row in rows if row["status"] == OFF]
    return page.section("What does not agree", _table(off)) if off else ""


def _figures(found: dict[str, Any]) -> str:
    told = []
    for name, title, note, figure in validate_plots.figures(found, share):
        drawn = f'<div class="wide">{inline_svg(figure, name)}</div>'
        told.append(page.section(title, f"<p class=note>{escape(note)}</p>{drawn}"))
    return "".join(told)


def _section(title: str, rows: Sequence[dict[str, Any]]) -> str:
    """A section that opens: its rows by source. Short ones and those with a row that is off are open."""
    compared = [row for row in rows if row["status"] != SKIP]
    if not compared:
        return ""
    off = sum(row["status"] == OFF for row in compared)
    said = f"{len(compared)} rows" + (f", {off} off" if off else ", all agree")
    worst = max(share(row) for row in compared)
    head = f"<summary><h2>{escape(title[:1].upper() + title[1:])}</h2><span>{said}; "
    head += f"at most {_percent(worst)} of a tolerance</span></summary>"
    opened = " open" if off or len(compared) <= SHORT else ""
    return f"<details{opened}>{head}{_table(compared)}</details>"


def _table(rows: Sequence[dict[str, Any]]) -> str:
    sources = list(dict.fromkeys(row["source"] for row in rows))
    told = []
    for source in sources:
        told.append(f'<tr><td class=src colspan="{len(COLUMNS)}">{escape(source)}</td></tr>')
        told += [_cells(row) for row in rows if row["source"] == source]
    kinds = ["" if index < TEXTS else " class=n" for index in range(len(COLUMNS))]
    head = "".join(f"<th{kind}>{name}</th>" for name, kind in zip(COLUMNS, kinds, strict=True))
    return f"<div class=wide><table><thead><tr>{head}</tr></thead><tbody>{''.join(told)}</tbody></table></div>"


def _cells(row: dict[str, Any]) -> str:
    used = share(row)
    width = 100.0 * min(1.0, used)
    numbers = (f"{row['expected']:.7g}", f"{row['got']:.7g}", f"{row['tolerance']:.2g}", row["unit"])
    told = "".join(f"<td class=n>{escape(number)}</td>" for number in numbers)
    bar = f'<td class=n>{_percent(used)} <span class=bar><i style="width:{width:.0f}%"></i></span></td>'
    kind = " class=off" if row["status"] == OFF else ""
    return f"<tr{kind}><td>{escape(row['name'])}</td>{told}{bar}<td class=mark>{row['status']}</td></tr>"


def _percent(used: float) -> str:
    """Of a tolerance: small ones as what they are, not as nothing."""
    if used == float("inf"):
        return "beyond"
    return f"{100.0 * used:.0f} %" if used >= 0.01 or used == 0.0 else "under 1 %"


def _skipped(rows: Sequence[dict[str, Any]]) -> str:
    left = [[row["name"], row["source"], row["reason"]] for row in rows if row["status"] == SKIP]
    return page.section("Not compared", page.table(["what", "source", "why not"], left, 3)) if left else ""


def _speeds(found: dict[str, Any]) -> str:
    return page.section("Speeds", f"<p>{escape(found['machine'])}</p>" + page.table(
        ["what", "", ""], list(_speed_rows(found["speeds"])), 1
    ))  # fmt: skip


def _speed_rows(speeds: dict[str, float | None]) -> Iterator[list[str]]:
    for key, value in speeds.items():
        label, scale, unit = SPEEDS.get(key, (key.replace("_", " "), 1.0, ""))
        yield [label, "not here" if value is None else f"{scale * value:.4g}", unit]


def _versions(found: dict[str, Any]) -> str:
    rows = [[name, told or "not installed: its frozen answers serve"] for name, told in found["versions"].items()]
    return page.section("Versions", page.table(["package", "version"], rows, 2))

"""The report and its plots: one file that needs nothing else, the same each time, safe with any text."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fsw.messages import Allocation
from tools.flight.plots import eclipse_spans, flight_figure, policies_figure, save_figure
from tools.flight.record import Comparison, FlightRecord, Picture, Trace, Violation
from tools.flight.report import MAX_PICTURES, report_html, write_report
from tools.palette import DARK, LIGHT

VOID = {"meta", "img", "br", "path", "use", "rect", "line"}


class Balance(HTMLParser):
    """Collects ids, and fails where an element is closed that was not opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value for name, value in attrs if name == "id" and value]

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page(make_record: Callable[[], FlightRecord]) -> str:
    """The report of the made-up flight, drawn once: a drawing takes a good part of a second."""
    return report_html(make_record())


def test_the_page_is_whole_and_its_ids_are_unique(page: str) -> None:
    parser = Balance()
    parser.feed(page)
    assert parser.open == []
    assert len(parser.ids) == len(set(parser.ids))


def test_nothing_is_fetched_from_elsewhere(page: str) -> None:
    assert re.findall(r'(?:src|href)="(?!data:image/png|#)[^"]*"', page) == []
    assert re.findall(r"url\((?!#)[^)]*\)|@import|<script|<link", page) == []


def test_one_record_gives_the_same_octets(page: str, flight_record: FlightRecord, tmp_path: Path) -> None:
    path = write_report(flight_record, tmp_path / "runs" / "one")
    assert path.read_text(encoding="utf-8") == page
    assert [item.name for item in path.parent.iterdir()] == ["report.html"]


def test_texts_of_the_flight_are_escaped(page: str) -> None:
    assert "condition 34 &amp; &lt;energy&gt; to the end" in page


def test_a_mask_with_a_label_says_how_well_they_agree(page: str) -> None:
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", page)
    assert re.search(r"IoU 0\.9\d", captions[0]) and "IoU" not in captions[1]


def test_a_tile_with_nan_and_more_pictures_than_fit_do_no_harm(flight_record: FlightRecord) -> None:
    picture = flight_record.pictures[0]
    broken = Picture(title="torn", image=np.full_like(picture.image, np.nan), mask=np.full_like(picture.mask, np.nan))
    flight_record.pictures = [broken] * (MAX_PICTURES + 3)
    flight_record.trace = Trace()
    text = report_html(flight_record)
    assert text.count("<figure>") == MAX_PICTURES and "3 more are not shown" in text


def test_broken_limits_stand_in_story_tile_and_table(flight_record: FlightRecord) -> None:
    flight_record.violations = [Violation(limit="bus_power_w", first_s=10.0, seconds=4.0, worst=91.0, bound=80.0)]
    flight_record.trace = Trace()
    text = report_html(flight_record)
    assert "1 limit was broken" in text
    assert "broken for 4 s" in text and 'class="tile bad"' in text


def test_a_flight_without_rows_still_has_a_page(tmp_path: Path) -> None:
    empty = FlightRecord(scenario="e", title="None", about="", seed=0, duration_s=0.0, executed=False, epoch_utc="-")
    assert "No limit was broken" in report_html(empty)
    assert policies_figure(empty) is None


def test_the_figure_is_a_picture_for_a_page(flight_record: FlightRecord, tmp_path: Path) -> None:
    save_figure(flight_record, tmp_path / "flight.png")
    with Image.open(tmp_path / "flight.png") as image:
        assert image.width >= 1_500 and image.height > image.width
        assert image.getpixel((2, 2))[:3] == (255, 255, 255)  # type: ignore[index]


def test_a_host_adds_its_grant_to_the_power_panel(flight_record: FlightRecord) -> None:
    grant = Allocation(from_ns=0, until_ns=1, mean_w=30.0, peak_w=60.0, energy_j=1.0)
    assert "granted" not in _texts(flight_record)
    flight_record.trace.grant_w = [grant.mean_w for _ in flight_record.trace.time_s]
    assert "granted" in _texts(flight_record)


def _texts(record: FlightRecord) -> set[str]:
    return {text.get_text() for axis in flight_figure(record).axes for text in axis.texts}


@pytest.mark.parametrize(
    ("light", "spans"),
    [([1, 1, 1, 1], []), ([0, 0, 1, 1], [(0, 2)]), ([1, 0, 1, 0], [(1, 2), (3, 3)]), ([0, 0, 0, 0], [(0, 3)])],
)
def test_eclipses_are_the_stretches_without_most_of_the_sun(
    light: list[float], spans: list[tuple[float, float]]
) -> None:
    assert eclipse_spans(Trace(time_s=[0, 1, 2, 3], illumination=light)) == spans


def test_bars_name_every_policy_and_what_it_broke(flight_record: FlightRecord) -> None:
    flight_record.comparisons.append(Comparison(policy="random", value=0.0, energy_j=0.0, violations=2))
    figure = policies_figure(flight_record)
    assert figure is not None
    (axis,) = figure.axes
    assert axis.get_yticklabels()[0].get_text() == "Penumbra"
    assert any("2 limits broken" in text.get_text() for text in axis.texts)


def test_every_colour_has_its_twin_for_the_dark() -> None:
    assert LIGHT.keys() == DARK.keys()
    assert len(set(LIGHT.values())) == len(LIGHT)

"""The mission page: what it tells, that it only listens, and that a browser shows it."""

from __future__ import annotations

import asyncio
import http.client
import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fsw.catalogue.wire import encode_event, encode_structure
from fsw.packets.cuc import Cuc
from fsw.packets.events import EventReport
from fsw.packets.housekeeping import HousekeepingReport
from fsw.packets.pus import Telemetry
from hal.clock import SECOND_NS, SteppedClock
from tools.ground.archive.archive import Archive
from tools.ground.archive.rawlog import Received
from tools.ground.cli import gnd
from tools.ground.console.picture import Picture
from tools.ground.link import LinkDown
from tools.ground.profiled import HELLO, ProfiledLink
from tools.ground.session import Session
from tools.ground.stack import MuteStack, PlainStack
from tools.ground.web import server, told
from tools.ground.web.feed import Feed
from tools.ground.web.past import last_received, remember
from tools.ground.web.server import LOOPBACK, Documents, application, server_of
from tools.ground.web.sky import Sky, sky_of

TAI_NS, UTC_NS = 2_173_824_037 * SECOND_NS, 1_795_132_800 * SECOND_NS  # the same moment
EPOCH_MS = UTC_NS // 1_000_000
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
MISSION = {
    "name": "made-up",
    "epoch_utc": "2026-11-20T00:00:00Z",
    "orbit": {"altitude_m": 500e3, "inclination_deg": 97.4, "ltan_h": 10.5},
    "station": [{"name": "Svalbard", "latitude_deg": 78.23, "longitude_deg": 15.39}],
}
HOSTILE = "</script><script>document.title='taken'</script>"


class StationInTheLab(SteppedClock):
    """A stepped clock that also tells UTC."""

    def utc_ns(self) -> int:
        return UTC_NS + self.now_ns()


class Listening:
    """A link that brings what it was given, one packet a second, and keeps what was sent."""

    def __init__(self, clock: StationInTheLab, packets: list[bytes]) -> None:
        self.sent: list[bytes] = []
        self._clock, self._packets = clock, packets

    def send(self, packet: bytes) -> None:
        self.sent.append(packet)

    def receive(self, timeout_ns: int) -> bytes | None:
        if not self._packets:
            raise LinkDown("nobody listens there")
        self._clock.advance_to_ns(self._clock.now_ns() + SECOND_NS)
        return self._packets.pop(0)

    def close(self) -> None:
        self._packets = []


class Mission:
    """A page over a link in memory."""

    def __init__(self, packets: list[bytes], sky: Sky | None = None) -> None:
        self.clock, self.picture = StationInTheLab(), Picture()
        self.link = Listening(self.clock, packets)
        session = Session(ProfiledLink(self.link, MuteStack(PlainStack(), "packets"), self.clock), self.clock)
        self.feed = Feed(session, self.picture)
        self.documents = Documents(self.picture, self.feed, sky, self.clock)
        self.app = application(self.documents, LOOPBACK)

    def document(self, name: str) -> Any:
        return json.loads(self.documents.all[name]())


def packet(sequence: int, service: int, subtype: int, data: bytes, at_s: float) -> bytes:
    time = Cuc.from_ns(TAI_NS + round(at_s * SECOND_NS))
    return Telemetry(0x42, sequence, service, subtype, time, data, time_status=2).pack()


def power(sequence: int, soc: float, at_s: float) -> bytes:
    row = encode_structure(1, {"soc": soc, "array_power_w": 60.0, "bus_power_w": 40.0, "payload_power_w": 25.0})
    return packet(sequence, 3, 25, HousekeepingReport(1, row).pack(), at_s)


def thermal(sequence: int, payload_c: float, at_s: float) -> bytes:
    row = encode_structure(2, {"payload_temp_c": payload_c, "radiator_temp_c": 10.0, "battery_temp_c": 12.0})
    return packet(sequence, 3, 25, HousekeepingReport(2, row).pack(), at_s)


def mode_changed(sequence: int, why: str, at_s: float) -> bytes:
    data = EventReport(20, encode_event("mode_changed", ("NOMINAL", "SAFE", "ground", why))).pack()
    return packet(sequence, 5, 3, data, at_s)


def hour() -> list[bytes]:
    """An hour of power and temperature, and an event at its end."""
    rows = [
        made
        for step in range(360)
        for made in (power(2 * step, 0.5 + step / 1000.0, 10.0 * step), thermal(2 * step + 1, 20.0, 10.0 * step))
    ]
    return [*rows, mode_changed(720, HOSTILE, 3600.0)]


def test_a_value_has_its_quality_and_both_its_times() -> None:
    mission = Mission([power(0, 0.5, 0.0)])
    assert mission.document("now.json")["values"]["soc"] == [None, "never", None, None, ""]
    assert mission.feed.turn() is False  # the link went down behind the packet
    mission.clock.advance_to_ns(2 * SECOND_NS)
    values = mission.document("now.json")["values"]
    assert values["soc"] == [0.5, "valid", EPOCH_MS, EPOCH_MS + 1000, ""]
    assert values["battery_voltage_v"][1] == "missing"
    mission.clock.advance_to_ns(60 * SECOND_NS)
    assert mission.document("now.json")["values"]["soc"][1] == "stale"


def test_silence_and_its_cause_are_told() -> None:
    mission = Mission([power(0, 0.5, 0.0)])
    mission.feed.turn()
    mission.clock.advance_to_ns(44 * SECOND_NS)
    link = mission.document("now.json")["link"]
    assert (link["age_s"], link["is_silent"], link["trouble"]) == (43.0, True, "nobody listens there")


def test_a_value_beyond_its_limit_is_an_alarm() -> None:
    mission = Mission([thermal(0, 151.0, 0.0)])
    mission.feed.turn()
    now = mission.document("now.json")
    assert now["values"]["payload_temp_c"][4] == "above 150"
    assert "payload_temp_c" in now["alarms"][0]["text"]


def test_plots_cover_two_orbits_with_what_was_heard_and_the_nights_of_the_orbit() -> None:
    sky = sky_of(MISSION, "here")
    mission = Mission(hour(), sky)
    mission.feed.turn()
    course = mission.document("course.json")
    assert len(course["plots"]["soc"]) == told.COLUMNS
    known = [pair for pair in course["plots"]["soc"] if pair is not None]
    assert known[0][0] == pytest.approx(0.5, abs=0.01) and known[-1][1] == pytest.approx(0.86, abs=0.01)
    assert (course["end"] - course["begin"]) / 1e3 == pytest.approx(2.25 * sky.track.period_s, rel=1e-3)
    assert 2 <= len(course["nights"]) <= 3
    assert {line["is_sunlit"] for line in course["map"]["ahead"]} == {True, False}
    assert course["map"]["passes"][0]["station"] == "Svalbard"


def test_without_an_orbit_there_is_no_place_and_the_plots_stay() -> None:
    mission = Mission(hour())
    mission.feed.turn()
    assert mission.document("now.json")["sky"] is None
    course = mission.document("course.json")
    assert "ahead" not in course["map"] and len(course["map"]["night"]) > 100
    assert any(course["plots"]["array_power_w"])


def test_documents_stay_small_and_are_made_once_for_all_who_ask() -> None:
    mission = Mission([*hour(), *(mode_changed(721 + place, "x" * 60, 3600.0) for place in range(500))])
    mission.feed.turn()
    first = mission.documents.all["now.json"]()
    assert len(first) < 40_000 and mission.documents.all["now.json"]() is first
    assert len(mission.documents.all["course.json"]()) < 120_000


def test_the_page_begins_with_what_the_archive_holds_and_raises_no_alarm_of_it(tmp_path: Path) -> None:
    packets = [*hour(), thermal(721, 151.0, 3601.0)]
    with Archive(tmp_path) as archive:
        for place, octets in enumerate(packets):
            archive.add(Received(UTC_NS + place * 5 * SECOND_NS, True, octets))
    mission = Mission([])
    mission.clock.advance_to_ns(2 * 3600 * SECOND_NS)
    remember(mission.picture, last_received(tmp_path), mission.feed.moment())
    now = mission.document("now.json")
    assert now["values"]["soc"][:2] == [pytest.approx(0.859), "stale"]
    assert now["events"][0]["name"] == "mode_changed" and now["alarms"] == []
    assert now["link"]["packets"] == 0 and now["link"]["age_s"] == pytest.approx(7200.0 - 5.0 * 721)
    assert sum(pair is not None for pair in mission.document("course.json")["plots"]["soc"]) > 50


def test_an_archive_that_is_none_is_wrong_usage(tmp_path: Path) -> None:
    result = CliRunner().invoke(gnd, ["web", "--archive", str(tmp_path)])
    assert result.exit_code == 2 and "no archive is there" in result.output


def test_a_listener_sends_nothing_but_that_it_is_there() -> None:
    mission = Mission([power(place, 0.5, place) for place in range(100)])
    mission.feed.turn()
    assert len(mission.link.sent) <= 6 and set(mission.link.sent) == {HELLO}


def call(mission: Mission, path: str, method: str = "GET", host: str = "127.0.0.1:8025") -> tuple[int, dict[str, str]]:
    """Status and headers of one request, in process."""
    answers: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        answers.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(b"host", host.encode())], "http_version": "1.1", "scheme": "http", "server": ("127.0.0.1", 8025),
        "client": ("127.0.0.1", 1), "asgi": {"version": "3.0"},
    }  # fmt: skip
    asyncio.run(mission.app(scope, receive, send))
    return answers[0]["status"], {name.decode(): value.decode() for name, value in answers[0]["headers"]}


@pytest.mark.parametrize(
    "path", ["/", "/page.js", "/plot.js", "/coast.json", "/palette.css", "/words.json", "/now.json"]
)
def test_all_comes_from_here_and_may_load_nothing_from_elsewhere(path: str) -> None:
    status, headers = call(Mission([]), path)
    assert status == 200
    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_there_is_nothing_to_write_to(method: str) -> None:
    assert {call(Mission([]), path, method)[0] for path in ("/", "/now.json", "/cmd")} <= {404, 405}


@pytest.mark.parametrize("path", ["/../cli.py", "/assets/page.js", "/server.py", "//etc/passwd"])
def test_nothing_else_is_served(path: str) -> None:
    assert call(Mission([]), path)[0] == 404


def test_a_page_from_elsewhere_cannot_read_it_under_a_name_of_its_own() -> None:
    assert call(Mission([]), "/now.json", host="mission.example")[0] == 400


@contextmanager
def served(mission: Mission) -> Iterator[int]:
    """The page on a port of this computer."""
    listening = socket.create_server(("127.0.0.1", 0))
    serving = server_of(mission.app)
    thread = threading.Thread(target=serving.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        serving.should_exit = True
        thread.join()
        listening.close()


def get(port: int, path: str = "/now.json") -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5.0)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def test_who_comes_when_it_is_full_is_told_so_and_who_says_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CONNECTIONS_MOST", 4)
    monkeypatch.setattr(server, "FIRST_REQUEST_S", 0.3)
    with served(Mission([])) as port:
        assert get(port) == 200
        idle = [socket.create_connection(("127.0.0.1", port), timeout=5.0) for _ in range(4)]
        assert get(port) == 503
        assert [connection.recv(1) for connection in idle] == [b""] * 4
        assert get(port) == 200
        for connection in idle:
            connection.close()


@pytest.mark.skipif(BROWSER is None, reason="needs a Chromium")
def test_a_browser_shows_it_and_text_from_on_board_stays_text(tmp_path: Path) -> None:
    mission = Mission(hour(), sky_of(MISSION, "here"))
    mission.feed.turn()
    with served(mission) as port:
        shown = subprocess.run(
            [
                str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}",
                "--virtual-time-budget=3000", "--dump-dom", f"http://127.0.0.1:{port}/",
            ],
            capture_output=True, text=True, timeout=60.0, check=True,
        ).stdout  # fmt: skip
    assert "<title>Penumbra</title>" in shown and "&lt;/script&gt;" in shown
    assert "85.9<small>%</small>" in shown and "Svalbard" in shown
    assert shown.count('class="line"') == 7 and 'class="here"' in shown
    assert "mode NOMINAL -&gt; SAFE by ground" in shown


def test_a_mission_file_without_an_orbit_is_wrong_usage(tmp_path: Path) -> None:
    path = tmp_path / "mission.toml"
    path.write_text('name = "blind"\n', encoding="utf-8")
    result = CliRunner().invoke(gnd, ["web", "--mission", str(path)])
    assert result.exit_code == 2 and "there is no 'orbit'" in result.output


def test_a_port_that_is_taken_is_told_with_the_cure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        result = CliRunner().invoke(gnd, ["web", "--port", port, "--tm-port", "0", "--tc-port", "9"])
    assert result.exit_code == 7 and "give another --port" in result.output

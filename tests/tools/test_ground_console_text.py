"""What the console shows as text, and what it understands: curves, panes at every size, the language, two Enters."""

from __future__ import annotations

import pytest

from fsw.packets.verification import Verification
from hal.clock import SECOND_NS
from tools.ground.arguments import ArgumentError, RangeError
from tools.ground.console import bars, lists, panes
from tools.ground.console.app import PANES, arrangement
from tools.ground.console.braille import Frame, curve, edges, shaded
from tools.ground.console.conversation import Order
from tools.ground.console.drawing import Lines, fitted
from tools.ground.console.language import PAGES, Acknowledge, Command, Quit, Shelve, Turn, complete, hint, understand
from tools.ground.console.operating import Operator
from tools.ground.console.picture import Moment, Picture
from tools.ground.console.sent import Sent, deadline_ns
from tools.ground.decoder import Content, Happened, Record, Sampled, Samples
from tools.ground.verifier import Verifier

EPOCH_S = 1_795_132_800
ORBIT_S, NIGHT_S = 5_670, 2_130
NOW = Moment(now_ns=2 * ORBIT_S * SECOND_NS, utc_ns=(EPOCH_S + 2 * ORBIT_S) * SECOND_NS)


def take(picture: Picture, content: Content, at_s: float) -> None:
    generated_ns = round((EPOCH_S + at_s) * SECOND_NS)
    record = Record(
        generated_ns=generated_ns, received_ns=generated_ns, time_quality="synchronised", apid=0x42, sequence=0,
        service=3, subtype=25, missed=0, content=content,
    )  # fmt: skip
    picture.take(record, round(at_s * SECOND_NS))


@pytest.fixture(scope="module")
def flown() -> Picture:
    """Two orbits with their nights, an alarm and a command."""
    picture = Picture()
    for at_s in range(0, 2 * ORBIT_S, 10):
        dark = at_s % ORBIT_S >= ORBIT_S - NIGHT_S
        values = {"array_power_w": 0.0 if dark else 75.0, "soc": 0.95 - 0.2 * dark, "payload_power_w": 30.0}
        sampled = tuple(Sampled(name=name, value=value, unit="") for name, value in values.items())
        take(picture, Samples(structure="power", values=sampled), at_s)
    take(picture, Happened(name="host_silent", severity="medium", values=(30.0,), text="no word"), 2 * ORBIT_S - 5)
    picture.commands.add(Sent(text="ping", user="ada", verifier=Verifier(1), deadline_ns=0))
    return picture


def text(lines: Lines) -> str:
    return "\n".join(line.plain for line in lines)


def test_a_curve_goes_through_its_values_and_a_gap_stays_a_gap() -> None:
    frame = Frame(width=3, height=1, low=0.0, high=3.0)
    assert curve(frame, [(0.0, 0.0), (0.0, 0.0), None, None, (3.0, 3.0), (3.0, 3.0)]) == ["⣀ ⠉"]


def test_a_peak_of_one_sample_is_drawn() -> None:
    assert curve(Frame(width=1, height=2, low=0.0, high=7.0), [(0.0, 7.0), (0.0, 0.0)]) == ["⡇", "⣇"]


def test_values_beyond_the_frame_stand_at_its_edge() -> None:
    assert curve(Frame(width=1, height=1, low=0.0, high=1.0), [(-9.0, -9.0), (9.0, 9.0)]) == ["⡸"]


def test_darkness_and_limits_are_signs_and_no_curve_is_hidden() -> None:
    assert shaded(["⣀ ", "  "], [True, False], [1]) == ["⣀ ", "░┈"]


@pytest.mark.parametrize("least", [0.05, 5.0])
def test_edges_hold_what_they_are_for(least: float) -> None:
    for low, high in ((0.0, 0.0), (-40.0, 85.0), (0.701, 0.702)):
        first, last = edges(low, high, least)
        assert first <= low + 0.1 * least and high - 0.1 * least <= last


@pytest.mark.parametrize("name", list(PANES))
@pytest.mark.parametrize(("width", "height"), [(1, 1), (20, 3), (39, 8), (80, 18), (200, 55)])
def test_a_pane_fits_any_size(flown: Picture, name: str, width: int, height: int) -> None:
    for picture in (flown, Picture()):
        for back in (0, 5_000):
            lines = fitted(PANES[name](picture, NOW, width, height, back), width, height).plain.split("\n")
            assert len(lines) <= height
            assert max(map(len, lines)) <= width


def test_eclipses_are_shaded_under_the_curve(flown: Picture) -> None:
    shown = text(panes.power(flown, NOW, 80, 24, 0))
    assert "░░░" in shown and "-189 min" in shown and "now" in shown
    assert shown.startswith("in eclipse for 35 min; next eclipse in 59 min, if as the last orbit")


def test_a_value_that_is_old_or_was_never_heard_says_so_in_words(flown: Picture) -> None:
    later = Moment(now_ns=NOW.now_ns + 100 * SECOND_NS, utc_ns=NOW.utc_ns)
    shown = text(lists.values(flown, later, 120, 200, 0))
    lines = {line.split()[0]: line for line in shown.splitlines()}
    assert "STALE" in lines["soc"] and "0..1" in lines["soc"]
    assert "NEVER" in lines["payload_temp_c"]


def test_a_played_back_event_and_every_severity_are_told_by_words(flown: Picture) -> None:
    assert "MEDIUM no word" in text(lists.events(flown, NOW, 80, 10, 0))


@pytest.mark.parametrize(
    ("silent_s", "words"),
    [(0.5, "last packet 0.5 s ago"), (42.0, "NO TELEMETRY FOR 42 s"), (None, "NOTHING HEARD YET")],
)
def test_the_banner_tells_how_long_nothing_was_heard(silent_s: float | None, words: str) -> None:
    picture = Picture()
    if silent_s is not None:
        take(picture, Samples(structure="power", values=()), 10.0)
    now_ns = round((10.0 + (silent_s or 0.0)) * SECOND_NS)
    assert words in bars.banner(picture, Moment(now_ns=now_ns, utc_ns=0), 100).plain


def test_all_eight_stages_fit_the_narrowest_terminal() -> None:
    line = lists.stages(Sent(text="", user="", verifier=Verifier(1), deadline_ns=0), 80).plain
    assert [word.rstrip("…–") for word in line.split()] == [
        "QUEUED", "RELEASED", "SENT", "LINK-ACK", "ACCEPTED", "STARTED", "PROGRESS", "COMPLETED",
    ]  # fmt: skip


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 50), (200, 60), (200, 24), (40, 12)])
def test_every_size_has_an_arrangement(width: int, height: int) -> None:
    chosen = arrangement(width, height)
    rows = -(-len(chosen.panes) // chosen.columns)
    assert width // chosen.columns >= 39 and (height - 6) // rows >= 2


def test_the_line_understands_commands_and_its_own_words() -> None:
    said = understand("submit_job model=water input='a scene' value=30 deadline=10min")
    assert isinstance(said, Command)
    assert (said.row.name, said.values) == ("submit_job", ("water", "a scene", 30.0, 600.0))
    assert understand("ack 3 seen, the radiator's turn") == Acknowledge(number=3, comment="seen, the radiator's turn")
    assert understand("ack all") == Acknowledge(number=None, comment="")
    assert understand("shelve 4 30min until noon") == Shelve(number=4, seconds=1800.0, comment="until noon")
    assert understand("unshelve 4") == Shelve(number=4, seconds=None)
    assert (understand("page Power"), understand("quit")) == (Turn(page="power"), Quit())


@pytest.mark.parametrize(
    ("line", "error", "words"),
    [
        ("submit_jab", ArgumentError, "did you mean submit_job"),
        ("set_mode mode=SAVE", ArgumentError, "did you mean SAFE"),
        ("set_parameter parameter=temp_margin_c value=250", RangeError, "0 to 20"),
        ("set_parameter parameter=temp_margin_c value=2W", ArgumentError, "degC"),
        ("submit_job input='a", ArgumentError, "quote"),
        ("ack first", ArgumentError, "ack NUMBER"),
        ("shelve 4", ArgumentError, "DURATION"),
        ("shelve 4 never", ArgumentError, "not a number"),
        ("page nine", ArgumentError, "no page"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_cure(line: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        understand(line)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("set_mo", ("set_mode",)),
        ("set_mode ", ("set_mode mode=",)),
        ("set_mode mode=e", ("set_mode mode=ECLIPSE_SAVE",)),
        ("set_parameter parameter=temp", ("set_parameter parameter=temp_margin_c",)),
        ("set_parameter parameter=temp_margin_c v", ("set_parameter parameter=temp_margin_c value=",)),
        ("get_parameter parameter=so", ("get_parameter parameter=soc",)),
        ("describe_structure structure=the", ("describe_structure structure=thermal",)),
        ("create_structure parameters=soc,payload_temp", ("create_structure parameters=soc,payload_temp_c",)),
        ("arm command=set_mod", ("arm command=set_mode",)),
        ("page th", ("page thermal",)),
        ("nonsense x", ()),
    ],
)
def test_completion_knows_names_arguments_and_labels(line: str, found: tuple[str, ...]) -> None:
    assert complete(line) == found


def test_every_page_has_a_digit_and_the_hint_is_the_usage() -> None:
    assert len(PAGES) == 9
    assert "mode=BOOT|NOMINAL" in hint("set_mode m") and "warning" in hint("set_mode m")
    assert "shelve" in hint("sh") and hint("") == ""


class Clerk:
    """A desk that keeps what it is given; `room` is how many orders it takes."""

    def __init__(self, room: int = 9) -> None:
        self.orders: list[Order] = []
        self.now_s, self._room = 0.0, room

    def order(self, order: Order) -> bool:
        if len(self.orders) >= self._room:
            return False
        self.orders.append(order)
        return True

    def moment(self) -> Moment:
        return Moment(now_ns=round(self.now_s * SECOND_NS), utc_ns=round((EPOCH_S + self.now_s) * SECOND_NS))

    def answered(self, *subtypes: int) -> None:
        """The last order has left, and the board has said so much of it."""
        sent = Sent(text=self.orders[-1].text, user="ada", verifier=Verifier(1), deadline_ns=deadline_ns(0, 10.0))
        sent.verifier.mark("SENT", 0)
        for subtype in subtypes:
            sent.verifier.take(Verification(subtype, 1, 7 if subtype == 2 else 0), 1)
        self.orders[-1].on_sent(sent)


def test_a_harmless_command_goes_at_the_first_enter() -> None:
    clerk = Clerk()
    outcome = Operator(Picture(), clerk, "ada").enter("ping")
    assert not outcome.keeps_line
    assert [(order.text, order.user, order.queued_ns) for order in clerk.orders] == [
        ("ping", "ada", EPOCH_S * SECOND_NS)
    ]


def test_a_hazardous_command_is_armed_by_the_first_enter_and_fired_by_the_second() -> None:
    clerk = Clerk()
    operator = Operator(Picture(), clerk, "ada")
    assert operator.enter("set_mode mode=SAFE").keeps_line
    assert [(order.row.name, order.values) for order in clerk.orders] == [("arm", ("set_mode", 60.0))]
    assert operator.enter("set_mode mode=SAFE").notice.startswith("not armed yet")
    clerk.answered(1, 3, 7)
    assert "FIRES" in operator.state() and "SAFE is always granted" in operator.state()
    assert not operator.enter("set_mode mode=SAFE").keeps_line
    assert [(order.row.name, order.values) for order in clerk.orders[1:]] == [("set_mode", ("SAFE",))]
    assert operator.state() == ""


def test_what_was_changed_between_the_two_enters_is_armed_anew() -> None:
    clerk = Clerk()
    operator = Operator(Picture(), clerk, "ada")
    operator.enter("set_mode mode=SAFE")
    clerk.answered(1, 3, 7)
    operator.enter("set_mode mode=BOOT")
    operator.forget()
    operator.enter("set_mode mode=BOOT")
    assert [order.row.name for order in clerk.orders] == ["arm", "arm", "arm"]


@pytest.mark.parametrize("reports", [(2,), (1, 3, 7)])
def test_nothing_is_fired_after_a_refusal_or_the_end_of_the_window(reports: tuple[int, ...]) -> None:
    clerk = Clerk()
    operator = Operator(Picture(), clerk, "ada")
    operator.enter("set_mode mode=SAFE")
    clerk.answered(*reports)
    clerk.now_s = 61.0 if 7 in reports else 1.0
    assert "Enter arms it again" in operator.state()
    operator.enter("set_mode mode=SAFE")
    assert [order.row.name for order in clerk.orders] == ["arm", "arm"]


def test_alarms_are_acknowledged_and_shelved_by_name() -> None:
    picture = Picture()
    for name in ("host_silent", "guard_trip"):
        take(picture, Happened(name=name, severity="high", values=(), text=name), 1.0)
    operator = Operator(picture, Clerk(), "ada")
    assert operator.enter("ack 1 seen").notice == "acknowledged by ada: 1"
    assert operator.enter("shelve 2 10min later").notice == "alarm 2 is shelved for 600 s by ada"
    assert picture.alarms.new == ()
    assert operator.enter("unshelve 2").notice == "alarm 2 is back from the shelf"
    assert operator.enter("ack 9").notice == "refused here: no alarm 9"
    assert operator.enter("ack all").notice == "acknowledged by ada: 2"
    assert [(action.what, action.user) for action in picture.alarms.actions] == [
        ("acknowledged", "ada"), ("shelved", "ada"), ("unshelved", "ada"), ("acknowledged", "ada"),
    ]  # fmt: skip


def test_a_full_queue_keeps_the_line_and_says_so() -> None:
    operator = Operator(Picture(), Clerk(room=0), "ada")
    for line in ("ping", "set_mode mode=SAFE"):
        outcome = operator.enter(line)
        assert outcome.keeps_line and "too many" in outcome.notice
    assert operator.armed is None

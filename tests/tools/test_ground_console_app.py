"""The console's screen without a terminal: pages, sizes, the line, and thousands of packets at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot

from hal.clock import SECOND_NS
from tools.ground.console.app import PANES, CommandLine, Console, Drawn
from tools.ground.console.conversation import Order
from tools.ground.console.operating import Operator
from tools.ground.console.picture import Moment, Picture
from tools.ground.console.sent import Sent
from tools.ground.decoder import Content, Happened, Record, Sampled, Samples
from tools.ground.verifier import Verifier

EPOCH_S = 1_795_132_800
Story = Callable[[Console, Pilot[None]], Awaitable[None]]


class Clerk:
    """A desk that keeps what it is given, at a time that stands still."""

    def __init__(self) -> None:
        self.orders: list[Order] = []

    def order(self, order: Order) -> bool:
        self.orders.append(order)
        return True

    def moment(self) -> Moment:
        return Moment(now_ns=100 * SECOND_NS, utc_ns=(EPOCH_S + 100) * SECOND_NS)


def take(picture: Picture, content: Content, at_s: float) -> None:
    generated_ns = round((EPOCH_S + at_s) * SECOND_NS)
    record = Record(
        generated_ns=generated_ns, received_ns=generated_ns, time_quality="synchronised", apid=0x42, sequence=0,
        service=3, subtype=25, missed=0, content=content,
    )  # fmt: skip
    picture.take(record, round(at_s * SECOND_NS))


def play(story: Story, size: tuple[int, int] = (80, 24)) -> tuple[Console, Clerk]:
    """Run a story on a console that has heard a little."""
    picture, clerk = Picture(), Clerk()
    for at_s in range(0, 100, 10):
        sampled = (Sampled(name="soc", value=0.9, unit="1"), Sampled(name="array_power_w", value=75.0, unit="W"))
        take(picture, Samples(structure="power", values=sampled), at_s)
    take(picture, Happened(name="guard_trip", severity="high", values=(), text="guard stopped the payload"), 95.0)
    console = Console(Operator(picture, clerk, "ada"), picture, clerk)

    async def run() -> None:
        async with console.run_test(size=size) as pilot:
            await pilot.pause()
            await pilot.pause()  # the panes have their sizes now
            await story(console, pilot)

    asyncio.run(run())
    return console, clerk


def seen(console: Console, name: str) -> str:
    return console.query_one(f"#{name}", Drawn).render().plain


def visible(console: Console) -> list[str]:
    return [name for name in PANES if console.query_one(f"#{name}").display]


async def type_in(pilot: Pilot[None], text: str, *keys: str) -> None:
    """Text as if it were pasted, then keys."""
    pilot.app.query_one(CommandLine).insert_text_at_cursor(text)
    await pilot.press(*keys)
    await pilot.pause()


def test_the_narrowest_terminal_shows_what_matters_most() -> None:
    async def story(console: Console, pilot: Pilot[None]) -> None:
        assert visible(console) == ["power", "thermal", "governor", "events"]
        assert "last packet 5.0 s ago" in seen(console, "banner") and "1 NEW ALARM" in seen(console, "banner")
        assert "0.9" in seen(console, "power") and "HIGH" in seen(console, "events")
        assert "NEVER" in seen(console, "thermal")
        rows = [console.query_one(f"#{name}").size.height for name in visible(console)]
        assert all(height >= 6 for height in rows)
        assert console.query_one("#hint").region.bottom == 24

    play(story)


@pytest.mark.parametrize("size", [(100, 50), (200, 60), (160, 40)])
def test_a_larger_one_shows_everything_at_once_and_a_resize_arranges_it_anew(size: tuple[int, int]) -> None:
    async def story(console: Console, pilot: Pilot[None]) -> None:
        await pilot.resize_terminal(*size)
        await pilot.pause()
        assert visible(console) == ["power", "thermal", "governor", "events", "alarms", "link"]
        widths = {console.query_one(f"#{name}").size.width for name in visible(console)}
        assert min(widths) >= 49
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert len(visible(console)) == 4

    play(story)


def test_a_digit_on_an_empty_line_turns_the_page_and_stays_a_digit_in_a_command() -> None:
    async def story(console: Console, pilot: Pilot[None]) -> None:
        await pilot.press("7")
        await pilot.pause()
        assert visible(console) == ["alarms"] and "[7 alarms(1)]" in seen(console, "pages")
        await pilot.press("f8")
        await pilot.pause()
        assert visible(console) == ["values"] and seen(console, "values").startswith("name")
        before = seen(console, "values")
        await pilot.press("pagedown")
        await pilot.pause()
        assert seen(console, "values") != before
        await pilot.press("j", "equals_sign", "4", "1")
        await pilot.pause()
        assert console.query_one(CommandLine).value == "j=41" and visible(console) == ["values"]

    play(story)


def test_tab_completes_from_the_dictionary_and_enter_sends() -> None:
    async def story(console: Console, pilot: Pilot[None]) -> None:
        line = console.query_one(CommandLine)
        await type_in(pilot, "hold", "tab")
        assert line.value == "hold_jobs "
        await pilot.press("escape")
        await type_in(pilot, "set_par", "tab")
        await type_in(pilot, "par", "tab")
        await type_in(pilot, "temp", "tab")
        assert line.value == "set_parameter parameter=temp_margin_c "
        assert "value=NUMBER" in seen(console, "hint")
        await type_in(pilot, "value=2.5degC", "enter")
        assert line.value == ""
        await pilot.press("up")
        assert line.value == "set_parameter parameter=temp_margin_c value=2.5degC"
        await pilot.press("down")
        assert line.value == ""

    _, clerk = play(story)
    assert [(order.row.name, order.values, order.user) for order in clerk.orders] == [
        ("set_parameter", ("temp_margin_c", 2.5), "ada")
    ]


def test_a_hazardous_command_asks_for_enter_again_under_its_whole_consequence() -> None:
    async def story(console: Console, pilot: Pilot[None]) -> None:
        await type_in(pilot, "set_mode mode=SAFE", "enter")
        assert "being armed" in seen(console, "hint")
        sent = Sent(text="arm set_mode", user="ada", verifier=Verifier(1), deadline_ns=0)
        sent.verifier.mark("COMPLETED", 0)
        console.desk.orders[-1].on_sent(sent)  # type: ignore[attr-defined]
        console.redraw()
        await pilot.pause()
        hint = " ".join(seen(console, "hint").split())
        assert "Enter again FIRES it" in hint and hint.endswith("others when their reasons allow")
        await pilot.press("backspace", "enter")
        await pilot.pause()
        assert "refused here" in seen(console, "hint")
        await type_in(pilot, "E", "enter", "escape")
        assert "NEW ALARM" in seen(console, "banner")

    _, clerk = play(story)
    assert [order.row.name for order in clerk.orders] == ["arm", "arm"]


def test_what_is_refused_stays_to_be_mended() -> None:
    async def story(console: Console, pilot: Pilot[None]) -> None:
        await type_in(pilot, "set_mod mode=SAFE", "enter")
        assert "did you mean set_mode" in seen(console, "hint")
        assert console.query_one(CommandLine).value == "set_mod mode=SAFE"

    _, clerk = play(story)
    assert clerk.orders == []


def test_an_alarm_is_acknowledged_from_the_line() -> None:
    async def story(console: Console, pilot: Pilot[None]) -> None:
        await type_in(pilot, "ack 1 seen", "enter")
        assert "no new alarm" in seen(console, "banner")
        await pilot.press("7")
        await pilot.pause()
        assert "acknowledged 1 by ada: event guard_trip - seen" in seen(console, "alarms")

    play(story)


def test_three_thousand_records_between_two_looks_are_all_counted_and_the_screen_goes_on() -> None:
    async def story(console: Console, pilot: Pilot[None]) -> None:
        with console.picture.lock:
            for number in range(3_000):
                sampled = (Sampled(name="soc", value=0.5 + number * 1e-5, unit="1"),)
                take(console.picture, Samples(structure="power", values=sampled), 90.0 + number / 300.0)
        console.redraw()
        await pilot.pause()
        assert console.picture.hearing.packets == 3_011
        assert "0.52999" in seen(console, "power") and "300/s" in seen(console, "banner")
        await type_in(pilot, "ping", "enter")

    _, clerk = play(story)
    assert [order.row.name for order in clerk.orders] == ["ping"]


@pytest.mark.parametrize("leave", [("ctrl+q",), ("ctrl+c",), ("q", "u", "i", "t", "enter")])
def test_leaving_sends_nothing(leave: tuple[str, ...]) -> None:
    async def story(console: Console, pilot: Pilot[None]) -> None:
        await pilot.press(*leave)
        await pilot.pause()

    console, clerk = play(story)
    assert (console.return_code, clerk.orders) == (0, [])

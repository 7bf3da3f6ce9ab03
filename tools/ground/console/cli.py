"""`penumbra gnd console`: everything on one screen."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

import click

from tools.ground import options
from tools.ground.clock import iso
from tools.ground.console.alarms import Action
from tools.ground.history import History, HistoryError
from tools.ground.journal import Author, Journal, author
from tools.ground.link import LinkDown
from tools.ground.session import Session


@click.command()
@click.option(
    "--operator", default=None, help="Your name beside what you send and acknowledge; else that of the login."
)
@options.history_option
@options.link_options
@click.pass_context
def console(context: click.Context, operator: str | None, tm_port: int, tc_host: str, tc_port: int) -> None:
    """Values, plots, jobs, events, alarms and the link on one screen, with a line to send commands.

    Example: penumbra gnd console --operator ada
    """
    path, person = options.history_file(), author(operator)
    history = None if path is None else History(path)
    with ExitStack() as sessions:

        def reopen() -> Session:
            return reopened(context, sessions, options.session(tm_port, tc_host, tc_port))

        session = sessions.enter_context(options.session(tm_port, tc_host, tc_port))
        code = _show(session, reopen, history, person)
    context.exit(code)


def _show(session: Session, reopen: Callable[[], Session], history: History | None, person: Author) -> int:
    """Fill the terminal until somebody leaves; gives the exit code."""
    from tools.ground.console.app import Console  # takes half a second, and --help needs none of it
    from tools.ground.console.conversation import Conversation
    from tools.ground.console.operating import Operator
    from tools.ground.console.picture import Picture

    picture = Picture()
    journal = None if history is None else Journal(history, person, session.clock)
    conversation = Conversation(session, picture, journal, reopen)
    chief = Operator(picture, conversation, person.operator, lambda action: note(history, person, action))
    screen = Console(chief, picture, conversation)
    conversation.start()
    try:
        screen.run()
    finally:
        conversation.stop()
    return screen.return_code or 0


def reopened(context: click.Context, sessions: ExitStack, session: AbstractContextManager[Session]) -> Session:
    """Another session in place of the one in `sessions`, in whatever thread this is; raises LinkDown."""
    sessions.close()
    try:
        with context.scope(cleanup=False):
            return sessions.enter_context(session)
    except click.ClickException as error:
        raise LinkDown(error.message) from error


def note(history: History | None, person: Author, action: Action) -> None:
    """What a person did with an alarm, into the history; raises HistoryError."""
    if history is None:
        return
    line = {
        "kind": "alarm",
        "utc": iso(action.utc_ns),
        "operator": person.operator,
        "host": person.host,
        "comment": action.comment,
        "action": action.what,
        "alarm": action.key,
        "text": action.text,
        "until": None if action.until_ns is None else iso(action.until_ns),
    }
    try:
        history.append(line)
    except OSError as error:
        raise HistoryError(f"{history.path}: {error.strerror}") from error

"""`penumbra gnd console`: everything on one screen."""

from __future__ import annotations

import os
import pwd

import click

from tools.ground import options


@click.command()
@click.option(
    "--operator", default=None, help="Your name beside what you send and acknowledge; else that of the login."
)
@options.link_options
@click.pass_context
def console(context: click.Context, operator: str | None, tm_port: int, tc_host: str, tc_port: int) -> None:
    """Values, plots, jobs, events, alarms and the link on one screen, with a line to send commands.

    Example: penumbra gnd console --operator ada
    """
    from tools.ground.console.app import Console  # takes half a second, and --help needs none of it
    from tools.ground.console.conversation import Conversation
    from tools.ground.console.picture import Picture

    user = operator or pwd.getpwuid(os.getuid()).pw_name
    with options.session(tm_port, tc_host, tc_port) as session:
        picture = Picture()
        conversation = Conversation(session, picture)
        conversation.start()
        try:
            screen = Console(picture, conversation, user)
            screen.run()
        finally:
            conversation.stop()
    context.exit(screen.return_code or 0)

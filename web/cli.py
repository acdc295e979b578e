"""``efface web build``: the scripts of the pages, from their sources."""

from __future__ import annotations

import click

from efface.cli.output import emit, json_option
from web.build import BUILT, BuildFailed, build


@click.group()
def web() -> None:
    """The scripts that make fingerprints on her own device."""


@web.command("build")
@json_option
def build_command(as_json: str | None) -> None:
    """Build the scripts of the pages, unless they are built as their sources are now. A running installation serves
    them from its next start."""
    try:
        made = build()
    except (BuildFailed, OSError) as error:
        raise click.ClickException(f"{error} Without the scripts the page offers the other ways.") from None
    emit({"built": made, "folder": str(BUILT)}, as_json,
         lambda: click.echo(f"{'Built' if made else 'Built already'}: {BUILT}"))  # fmt: skip


COMMANDS: list[click.Command] = [web]

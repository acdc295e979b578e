"""``efface exchange``: adapters of foreign hash lists. Files only; a person carries them."""

from __future__ import annotations

from pathlib import Path

import click

from efface.cli.api import BY, _organisation
from efface.cli.output import emit, json_option
from efface.cli.session import database


@click.group()
def exchange() -> None:
    """Hash lists and redacted notices in the forms of others. Off until switched on; nothing is sent."""


@exchange.command("set")
@click.argument("adapter")
@click.option("--organisation", "short", required=True, help="Short name of the organisation.")
@click.option("--on/--off", "on", required=True, help="Switch it on or off.")
@click.option("--terms", default="", help="What was agreed, and who read it. Needed for --on.")
@json_option
def switch(adapter: str, short: str, on: bool, terms: str, as_json: str | None) -> None:
    """Switch an adapter (stopncii, ncmec, lumen) on or off for an organisation."""
    with database("efface_app"):
        from efface.engine.base import clock, tenancy
        from efface.partners.exchange import registry

        found = _organisation(short)
        with tenancy.organisation(found.pk):
            try:
                registry.switch(found.pk, adapter, on, terms, BY, clock.now())
            except registry.Refused as refusal:
                raise click.ClickException(str(refusal)) from None
    emit({"adapter": adapter, "on": on}, as_json, lambda: click.echo(f"{adapter} is {'on' if on else 'off'}."))


@exchange.command("export")
@click.argument("adapter")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--organisation", "short", required=True, help="Short name of the organisation.")
@json_option
def export(adapter: str, file: Path, short: str, as_json: str | None) -> None:
    """Write the list of those who allowed it into FILE (0600), with a canary that says from whom it came."""
    with database("efface_app"):
        from efface.engine.base import clock, tenancy
        from efface.partners.exchange import registry

        found = _organisation(short)
        with tenancy.organisation(found.pk):
            try:
                data, count = registry.export(found.pk, adapter, BY, clock.now())
            except registry.Refused as refusal:
                raise click.ClickException(str(refusal)) from None
        try:
            file.touch(mode=0o600)
            file.write_bytes(data)
        except OSError as error:
            raise click.ClickException(f"{file} cannot be written: {error.strerror}") from None
    emit({"file": str(file), "rows": count}, as_json, lambda: click.echo(f"{count} written to {file}."))


@exchange.command("read")
@click.argument("adapter")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def read(adapter: str, file: Path, as_json: str | None) -> None:
    """Read a list in the form of ADAPTER and print one digest a line, as EFFACE_CHILD_LIST takes them."""
    from efface.engine.run import manage

    manage.setup_django()
    from efface.partners.exchange import registry
    from efface.partners.exchange.contract import Unreadable

    one = registry.adapters().get(adapter)
    if one is None or one.read is None:
        raise click.ClickException(f"nothing is read in the form of {adapter}; stopncii and ncmec are")
    try:
        rows = [row for row in one.read(file.read_bytes()) if row.active]
    except Unreadable as error:
        raise click.ClickException(str(error)) from None
    emit([{"kind": row.kind, "value": row.value} for row in rows], as_json,
         lambda: click.echo("\n".join(row.value for row in rows)))  # fmt: skip

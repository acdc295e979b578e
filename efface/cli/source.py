"""Sources beyond the crawl, from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from efface.cli.output import emit, json_option
from efface.cli.session import database

A_DAY = 50


@click.group()
def source() -> None:
    """Where copies are looked for beyond the crawl."""


@source.command("list")
@click.option("--organisation", "short", default="", help="Short name: also what it configured.")
@json_option
def list_(short: str, as_json: str | None) -> None:
    """List every source: what it needs, what it sends out, whether it is on. Never a key."""
    with database("efface_app"):
        from efface.engine.base import tenancy
        from efface.search.sources import known
        from efface.search.sources.contract import missing

        with tenancy.organisation(_organisation(short).pk) if short else tenancy.nobody():
            rows = []
            for name, one in known.SOURCES.items():
                setup, row = known.configured(name)
                rows.append({
                    "name": name, "needs": list(one.contract.needs), "missing": missing(one.contract, setup),
                    "sends": one.contract.sends, "consent": str(one.contract.purpose), "terms": one.contract.terms,
                    "on": bool(row and row.on), "a_day": row.a_day if row else 0,
                })  # fmt: skip
    emit({"sources": rows}, as_json, lambda: click.echo("\n".join(map(_line, rows))))


def _line(row: dict[str, Any]) -> str:
    state = "on" if row["on"] else "off" if row["needs"] else "always there"
    lacking = f"; missing: {', '.join(row['missing'])}" if row["missing"] else ""
    return f"{row['name']}: {state}; sends {row['sends']}{lacking}\n  {row['terms']}"


@source.command("set")
@click.argument("name")
@click.option("--organisation", "short", required=True, help="Short name of the organisation.")
@click.option("--endpoint", default="", help="Its https:// address.")
@click.option("--key-file", type=click.Path(exists=True, dir_okay=False), help="File with the key.")
@click.option("--terms", default="", help="Where its terms allow this use, and who read them.")
@click.option("--a-day", type=int, default=None, help="Most questions a day; 50 unless it was set.")
@click.option("--on/--off", default=None, help="Off unless it was switched on.")
@json_option
def set_(
    name: str, short: str, endpoint: str, key_file: str | None, terms: str, a_day: int | None, on: bool | None,
    as_json: str | None,
) -> None:  # fmt: skip
    """Switch a source on or off. What is not given stays as it was."""
    with database("efface_app"):
        from efface.engine.base import clock, tenancy
        from efface.search.sources import known
        from efface.search.sources.contract import Setup, SourceRefused

        organisation = _organisation(short)
        try:
            key = Path(key_file).read_text(encoding="utf-8").strip() if key_file else ""
        except (OSError, UnicodeDecodeError):
            raise click.ClickException("the key file cannot be read: it holds the key, as text, and no more") from None
        with tenancy.organisation(organisation.pk):
            before, standing = known.configured(name)
            if a_day is None:
                a_day = standing.a_day if standing is not None else A_DAY
            if on is None:
                on = standing is not None and standing.on
            given = Setup(endpoint or before.endpoint, key or before.key, terms or before.terms)
            try:
                row = known.configure(organisation.pk, name, given, a_day, on, "operator:command", clock.now())
            except SourceRefused as refusal:
                raise click.ClickException(str(refusal)) from None
        emit({"name": name, "on": row.on, "a_day": row.a_day}, as_json,
             lambda: click.echo(f"{name} is {'on' if on else 'off'}."))  # fmt: skip


@source.command("onion")
@click.argument("address")
@json_option
def onion_(address: str, as_json: str | None) -> None:
    """Make an onion site known, to be crawled through the Tor client."""
    with database("efface_app"):
        from efface.engine.base import clock
        from efface.search.sources import known, onion
        from efface.search.sources.contract import SourceRefused
        from efface.sites.registry import NotASite

        try:
            site = onion.register(address, known.configured("onion")[0], clock.now())
        except (SourceRefused, NotASite) as refusal:
            raise click.ClickException(str(refusal)) from None
        emit({"id": site.pk, "domain": site.domain}, as_json, lambda: click.echo(f"{site.domain} is visited next."))


def _organisation(short: str) -> Any:
    from efface.accounts.models import Organisation

    found = Organisation.objects.filter(short=short).first()
    if found is None:
        raise click.ClickException(f"there is no organisation {short}")
    return found

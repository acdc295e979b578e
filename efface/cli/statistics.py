"""``efface statistics``: the figures as they are kept, protected; nothing else leaves."""

from __future__ import annotations

from typing import Any

import click

from efface.cli.output import emit, json_option
from efface.cli.session import database


@click.command()
@click.option("--organisation", "short", default="", help="Short name; without it, all organisations.")
@click.option("--count", "anew", is_flag=True, help="Count now instead of showing what was counted last.")
@click.option("--sample", "of_sample", is_flag=True, help="Show the sample report instead; needs no installation.")
@json_option
def statistics(short: str, anew: bool, of_sample: bool, as_json: str | None) -> None:
    """What became of cases: solved, failed, open; time to removal. Small numbers are kept back."""
    if of_sample:
        from efface.takedown.figures import sample

        told: list[dict[str, Any]] = [{"organisation": "sample", "figures": sample.figures()}]
    else:
        told = _told(short, anew)
    emit(told, as_json, lambda: _words(told))


def _told(short: str, anew: bool) -> list[dict[str, Any]]:
    with database():
        from efface.engine.base import clock, tenancy
        from efface.takedown.figures import keeping

        found = [one for one in keeping.organisations() if short in ("", one.short)]
        if not found:
            raise click.ClickException(f"there is no organisation {short!r}; see `efface organisation`")
        rows = []
        for one in found:
            if anew:
                keeping.keep(one.pk, clock.now())
            with tenancy.organisation(one.pk):
                row = keeping.latest(one.pk)
                rows.append({"organisation": one.short, "figures": row.figures if row else None})
        return rows


def _words(told: list[dict[str, Any]]) -> None:
    for one in told:
        figures = one["figures"]
        if figures is None:
            click.echo(f"{one['organisation']}: nothing has been counted yet; --count counts now.")
            continue
        cases = figures["cases"]
        parts = ", ".join(f"{name} {_number(value)}" for name, value in cases["parts"].items())
        click.echo(f"{one['organisation']}, {figures['day']}: {_number(cases['total'])} opened; {parts}")
        removal = figures["removal"]
        if removal:
            half = f"half within {removal['median']} days" if removal["median"] else "more than half still stands"
            click.echo(f"  {removal['n']} findings, {_number(removal['gone'])} gone; {half}")


def _number(value: int | None) -> str:
    return "kept back" if value is None else f"{value:,}"

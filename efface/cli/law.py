"""``efface law``: the law data."""

from __future__ import annotations

import click

from efface.cli.output import emit, json_option


@click.group()
def law() -> None:
    """Jurisdictions, notice types and clocks, as data."""


@law.command()
@json_option
def check(as_json: str | None) -> None:
    """Check the law data: every fact has a source, every element a statute."""
    from efface.law import load, problems

    loaded = load()
    found = problems(loaded)
    result = {"types": len(loaded.notices), "jurisdictions": len(loaded.jurisdictions), "problems": found}
    emit(result, as_json, lambda: click.echo("\n".join(found) or f"{result['types']} notice types, no problems."))
    if found:
        raise SystemExit(1)

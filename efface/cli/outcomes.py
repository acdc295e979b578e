"""``efface outcomes``: what came of notices, with how many that stands on."""

from __future__ import annotations

import click

from efface.cli.output import emit, json_option
from efface.cli.session import database


@click.command()
@click.option(
    "--by", type=click.Choice(["site", "host", "route", "language", "role"]), default="route", show_default=True,
    help="What to group by; a route is a kind of notice.",
)  # fmt: skip
@json_option
def outcomes(by: str, as_json: str | None) -> None:
    """What came of notices: removal share and time, with n and bounds; small groups are taken together."""
    with database():
        from efface.engine.base import clock
        from efface.takedown import statistics

        rows = statistics.as_json(by, clock.now())

    def words() -> None:
        if not rows:
            click.echo("Nothing yet, or too little to be shown without telling of single people.")
        for one in rows:
            name = one["name"] or f"{one['groups']} small groups together"
            low, high = one["interval"]
            line = f"{name}: {one['removed']} of {one['n']} gone ({low:.0%} to {high:.0%})"
            if one["median_days"] is not None:
                line += f", half within {one['median_days']:.1f} days"
            click.echo(line)

    emit({"by": by, "groups": rows}, as_json, words)

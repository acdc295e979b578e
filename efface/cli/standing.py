"""``efface jobs`` and ``efface holds``: what waits, what failed, what stands still and until when. Ids and numbers
only: nothing of a case."""

from __future__ import annotations

from typing import Any

import click

from efface.cli.output import emit, json_option
from efface.cli.session import database


@click.command()
@json_option
def jobs(as_json: str | None) -> None:
    """Count jobs by queue and state, deadlines by state, and name those that failed."""
    with database("efface_engine"):
        from django.db import connection

        from efface.engine.base.models import Deadline

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT queue_name, status::text, count(*) FROM procrastinate_jobs GROUP BY 1, 2 ORDER BY 1, 2"
            )
            queued = [{"queue": queue, "state": state, "jobs": count} for queue, state, count in cursor]
            cursor.execute(
                "SELECT task_name, count(*) FROM procrastinate_jobs WHERE status = 'failed' GROUP BY 1 ORDER BY 2 DESC"
            )
            failed = [{"job": name, "times": count} for name, count in cursor]
        waiting = Deadline.objects.filter(state=Deadline.State.WAITING)
        told: dict[str, Any] = {
            "jobs": queued, "failed_jobs": failed, "deadlines_waiting": waiting.count(),
            "next_due": waiting.order_by("due").values_list("due", flat=True).first(),
            "failed_deadlines": [
                {"kind": kind, "error": error}
                for kind, error in Deadline.objects.filter(state="failed").values_list("kind", "error")[:50]
            ],
        }  # fmt: skip

    def words() -> None:
        for row in queued:
            click.echo(f"{row['queue']}: {row['jobs']} {row['state']}")
        if not queued:
            click.echo("No job waits.")
        for row in failed:
            click.echo(f"failed {row['times']} times: {row['job']}")
        click.echo(f"{told['deadlines_waiting']} deadlines wait; the next is due {told['next_due'] or 'never'}")
        for row in told["failed_deadlines"]:
            click.echo(f"failed deadline: {row['kind']} ({row['error']})")

    emit(told, as_json, words)


@click.command()
@click.option("--organisation", "short", required=True, help="Short name of the organisation.")
@json_option
def holds(short: str, as_json: str | None) -> None:
    """List holds that stand, by id and end. Who asked and why is for caseworkers."""
    with database("efface_app"):
        from efface.accounts.models import Organisation
        from efface.cases.models import Hold
        from efface.engine.base import clock, tenancy

        found = Organisation.objects.filter(short=short).first()
        if found is None:
            raise click.ClickException(f"there is no organisation {short}; `efface organisation list` shows them")
        now = clock.now()
        with tenancy.organisation(found.pk):
            rows = [
                {"id": one.pk, "begins": one.begins, "ends": one.ends}
                for one in Hold.objects.filter(lifted_at=None, ends__gt=now).order_by("ends")
            ]

    def words() -> None:
        if not rows:
            click.echo("No hold stands.")
        for row in rows:
            click.echo(f"{row['id']}: until {row['ends']:%Y-%m-%d %H:%M} UTC")

    emit(rows, as_json, words)

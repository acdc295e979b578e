"""``efface api`` and ``efface partner``: the description of the API, partners' keys, and where news go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from efface.cli.output import emit, json_option
from efface.cli.session import database

BY = "operator:command"
MOST_REPORT = 1_000_000


@click.group()
def api() -> None:
    """The API for partners."""


@api.command("schema")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write it to this file.")
@json_option
def schema(out: Path | None, as_json: str | None) -> None:
    """Print the OpenAPI file. Needs no running installation."""
    from efface.engine.run import manage

    manage.setup_django()
    from django.http import HttpRequest
    from django.urls import resolve, reverse

    asked = HttpRequest()
    asked.method = "GET"
    served = json.loads(resolve(reverse("openapi")).func(asked).content)  # as it is answered to anybody
    text = json.dumps(served, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    if out is not None:
        try:
            out.write_text(text, encoding="utf-8")
        except OSError as error:
            raise click.ClickException(f"{out} cannot be written: {error.strerror}") from None
        emit({"file": str(out)}, as_json, lambda: click.echo(f"Written to {out}."))
        return
    emit(served, as_json, lambda: click.echo(text, nl=False))


@click.group()
def partner() -> None:
    """Partners of an organisation: keys for the API, and where they are told of news."""


def _organisation(short: str) -> Any:
    from efface.accounts.models import Organisation

    found = Organisation.objects.filter(short=short).first()
    if found is None:
        raise click.ClickException(f"there is no organisation {short}; `efface organisation list` shows them")
    return found


def _partner(id: str) -> Any:
    from efface.partners.models import Partner

    rows = [one for one in Partner.objects.all() if str(one.pk) == id or one.hint == id.rstrip("…")]
    if len(rows) != 1:
        raise click.ClickException("there is no such partner here; `efface partner list` shows their ids")
    return rows[0]


@partner.command("list")
@click.option("--organisation", "short", required=True, help="Short name of the organisation.")
@json_option
def list_partners(short: str, as_json: str | None) -> None:
    """List keys with what each may do, until when, its last use and what did not arrive. Never a key itself."""
    with database("efface_app"):
        from efface.engine.base import clock, tenancy
        from efface.partners import hooks, keys
        from efface.partners.models import Partner

        rows: list[dict[str, Any]] = []
        now = clock.now()
        with tenancy.organisation(_organisation(short).pk):
            for one in Partner.objects.all():
                hook = hooks.standing(one)
                lines = hooks.lines(hook) if hook else []
                rows.append({
                    "id": one.pk, "name": one.name, "begins": one.hint, "state": keys.standing(one, now),
                    "scopes": one.scopes, "expires": one.expires_at, "used": one.used_at, "halted": one.halted_why,
                    "news_to": hook.url if hook else None, "waiting": sum(line.waiting for line in lines),
                    "given_up": sum(line.waiting for line in lines if line.stuck),
                })  # fmt: skip

    def words() -> None:
        if not rows:
            click.echo("No partner has a key. `efface partner make` makes one.")
        for row in rows:
            line = f"{row['id']}  {row['name']} ({row['begins']}…), {row['state']} until {row['expires']:%Y-%m-%d}: "
            line += ", ".join(row["scopes"])
            if row["waiting"]:
                line += f"; {row['waiting']} pieces of news did not arrive yet, {row['given_up']} of them given up"
            if row["halted"]:
                line += f"; look-ups stopped: {row['halted']}"
            click.echo(line)

    emit(rows, as_json, words)


@partner.command("make")
@click.argument("name")
@click.option("--organisation", "short", required=True, help="Short name of the organisation.")
@click.option("--scope", "scopes", multiple=True, required=True,
              help="cases.open, cases.read, links.add, reports.send or lookup; again for each.")  # fmt: skip
@click.option("--days", default=365, show_default=True, help="Good for so many days.")
@click.option("--agreement", default="", help="What was agreed, and where it is kept. Needed for lookup.")
@json_option
def make(name: str, short: str, scopes: tuple[str, ...], days: int, agreement: str, as_json: str | None) -> None:
    """Make a key and print it, once."""
    with database("efface_app"):
        from efface.engine.base import clock, tenancy
        from efface.partners import keys

        found = _organisation(short)
        with tenancy.organisation(found.pk):
            try:
                made = keys.make(found.pk, name, scopes, days, BY, clock.now(), agreement)
            except keys.NotMade as refusal:
                raise click.ClickException(str(refusal)) from None
    emit({"id": made.partner.pk, "key": made.key, "expires": made.partner.expires_at}, as_json,
         lambda: click.echo(f"The key for {made.partner.name}, shown once: {made.key}"))  # fmt: skip


@partner.command("renew")
@click.argument("id")
@click.option("--organisation", "short", required=True, help="Short name of the organisation.")
@click.option("--days", default=365, show_default=True, help="Good for so many days from now.")
@json_option
def renew(id: str, short: str, days: int, as_json: str | None) -> None:
    """Make a new key in place of one (ID: its id, or what it begins with) and print it, once. Its cases stay."""
    with database("efface_app"):
        from efface.engine.base import clock, tenancy
        from efface.partners import delivering, hooks, keys

        with tenancy.organisation(_organisation(short).pk):
            one = _partner(id)
            try:
                made = keys.renew(one, days, BY, clock.now())
            except keys.NotMade as refusal:
                raise click.ClickException(str(refusal)) from None
            hook = hooks.standing(one)
            if hook is not None:
                delivering.wake(hook, clock.now())
    emit({"id": made.partner.pk, "key": made.key, "expires": made.partner.expires_at}, as_json,
         lambda: click.echo(f"The new key for {made.partner.name}, shown once: {made.key}"))  # fmt: skip


@partner.command("revoke")
@click.argument("id")
@click.option("--organisation", "short", required=True, help="Short name of the organisation.")
@json_option
def revoke(id: str, short: str, as_json: str | None) -> None:
    """End a key (ID: its id, or what it begins with), at once."""
    with database("efface_app"):
        from efface.engine.base import clock, tenancy
        from efface.partners import keys

        with tenancy.organisation(_organisation(short).pk):
            done = keys.revoke(_partner(id), BY, clock.now())
    emit({"revoked": done}, as_json, lambda: click.echo("Revoked." if done else "It was revoked before."))


@partner.command("report")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--organisation", "short", required=True, help="Short name of the organisation.")
@json_option
def report(file: Path, short: str, as_json: str | None) -> None:
    """Take in an abuse report (XARF v4, JSON) that came another way, by mail or from the public. It waits in the queue
    for a person; one with a picture in it is refused, and the same one is taken once."""
    if file.stat().st_size > MOST_REPORT:
        raise click.ClickException("the file is too long for a report")
    try:
        given = json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        raise click.ClickException("the file is no JSON; a report is XARF, version 4") from None
    with database("efface_app"):
        from efface.engine.base import clock, tenancy
        from efface.partners import reports

        found = _organisation(short)
        with tenancy.organisation(found.pk):
            try:
                row, new = reports.take(found.pk, given, clock.now())
            except reports.NotAReport as refusal:
                raise click.ClickException(str(refusal)) from None
    emit({"id": row.pk, "new": new}, as_json,
         lambda: click.echo("It waits in the queue." if new else "It was taken in before."))  # fmt: skip


@partner.command("news")
@click.argument("id")
@click.option("--organisation", "short", required=True, help="Short name of the organisation.")
@click.option("--to", "url", default=None, help="https address where news go from now on; its secret is printed once.")
@click.option("--rotate", is_flag=True, help="A new secret; the one before signs too for a week.")
@click.option("--resend", is_flag=True, help="Send what did not arrive again, now.")
@click.option("--end", is_flag=True, help="Tell it nothing any more.")
@json_option
def news(id: str, short: str, url: str | None, rotate: bool, resend: bool, end: bool, as_json: str | None) -> None:
    """Say where a partner is told of news; without an option, show what did not arrive."""
    if sum((url is not None, rotate, resend, end)) > 1:
        raise click.ClickException("please take one of --to, --rotate, --resend and --end at a time")
    with database("efface_app"):
        from efface.engine.base import clock, tenancy
        from efface.partners import hooks

        now = clock.now()
        told: dict[str, Any] = {}
        with tenancy.organisation(_organisation(short).pk):
            one = _partner(id)
            hook = hooks.standing(one)
            if hook is None and url is None:
                raise click.ClickException("it is told nothing yet; --to ADDRESS says where")
            try:
                if url is not None:
                    hook, secret = hooks.set_hook(one, url, BY, now)
                    told = {"secret": secret}
                elif hook is not None and rotate:
                    told = {"secret": hooks.rotate(hook, BY, now)}
                elif hook is not None and resend:
                    told = {"resent": hooks.resend(hook, BY, now)}
                elif hook is not None and end:
                    told = {"ended": hooks.end(hook, BY, now)}
            except hooks.NotSet as refusal:
                raise click.ClickException(str(refusal)) from None
            lines = hooks.lines(hook) if hook is not None and not end else []
            told |= {"to": hook.url if hook else None, "waiting": sum(line.waiting for line in lines),
                     "given_up": sum(line.waiting for line in lines if line.stuck)}  # fmt: skip

    def words() -> None:
        if "secret" in told:
            click.echo(f"The secret that signs news, shown once: {told['secret']}")
        click.echo(f"{told['to']}: {told['waiting']} pieces of news did not arrive yet, {told['given_up']} given up")

    emit(told, as_json, words)

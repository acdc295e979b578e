"""Training organisations: where new caseworkers practise on invented cases."""

from __future__ import annotations

from typing import Any

import click

from efface.cli.output import emit, json_option
from efface.cli.session import database


@click.group()
def training() -> None:
    """Practice on invented cases, in an organisation of which nothing leaves this machine."""


@training.command("add")
@click.argument("name")
@click.option("--short", required=True, help="Short name: small letters, digits and hyphens.")
@click.option("--country", required=True, help="Two-letter country code.")
@json_option
def add(name: str, short: str, country: str, as_json: str | None) -> None:
    """Add a training organisation. It is one for ever; no other can become one."""
    with database("efface_owner"):
        from django.db import transaction

        from efface.engine.base import clock, tenancy
        from efface.training import houses

        try:
            with transaction.atomic():
                row = houses.make(name, short, country, clock.now())
                with tenancy.engine_acts_for(row.pk):
                    houses.furnish(row, clock.now())
        except houses.Refused as refusal:
            raise click.ClickException(str(refusal)) from None
    words = f"Added {row.name}. Next: `efface member add ... --organisation {short}` for somebody new, or " \
            f"`efface training join` for somebody who works here."  # fmt: skip
    emit({"id": row.pk, "short": short, "name": row.name}, as_json, lambda: click.echo(words))


@training.command("join")
@click.argument("email")
@click.option("--organisation", "short", required=True, help="Short name of the training organisation.")
@click.option("--role", type=click.Choice(["caseworker", "lead"]), default="caseworker", show_default=True)
@json_option
def join(email: str, short: str, role: str, as_json: str | None) -> None:
    """Let a member of another organisation practise too, with the account they have."""
    with database("efface_app"):
        from efface.accounts import audit
        from efface.accounts.models import Member, User
        from efface.engine.base import clock, tenancy
        from efface.training import houses

        found = _organisation(short)
        with tenancy.organisation(found.pk):
            user = User.objects.filter(email__iexact=email, is_active=True).first()
            if user is None:
                raise click.ClickException("nobody has this e-mail address here; use `efface member add`")
            member, made = Member.objects.get_or_create(
                organisation=found, user=user, defaults={"role": role, "trained_at": clock.now()}
            )
            if made:
                audit.record(found.pk, houses.ACTOR, "member.added", str(member.pk), clock.now())
        words = f"{email} finds {found.name} under “Exercises” of the console."
        emit({"email": email, "organisation": short, "role": member.role, "made": made}, as_json,
             lambda: click.echo(words))  # fmt: skip


@training.command("reset")
@click.argument("short")
@click.option("--member", "email", default="", help="Of this member alone.")
@json_option
def reset(short: str, email: str, as_json: str | None) -> None:
    """Erase the invented cases and how far people are; begun anew, every exercise is as it was."""
    with database("efface_app"):
        from efface.accounts.models import User
        from efface.engine.base import clock
        from efface.training import houses

        found = _organisation(short)
        user = User.objects.filter(email__iexact=email).first() if email else None
        if email and user is None:
            raise click.ClickException("nobody has this e-mail address here")
        count = houses.reset(found, clock.now(), user.pk if user else None)
        emit({"organisation": short, "cases": count}, as_json, lambda: click.echo(f"{count} invented cases erased."))


@training.command("remove")
@click.argument("short")
@json_option
def remove(short: str, as_json: str | None) -> None:
    """Erase everything invented in a training organisation, and let nobody into it any more."""
    with database("efface_app"):
        from efface.engine.base import clock
        from efface.training import houses

        cases, members = houses.remove(_organisation(short), clock.now())
        emit({"organisation": short, "cases": cases, "members": members}, as_json,
             lambda: click.echo(f"{cases} invented cases erased, {members} members let go."))  # fmt: skip


def _organisation(short: str) -> Any:
    from efface.training import houses

    try:
        return houses.of(short)
    except houses.Refused as refusal:
        raise click.ClickException(str(refusal)) from None

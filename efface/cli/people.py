"""Organisations and members, from the command line; and the audit chain."""

from __future__ import annotations

import json
import re
import secrets
from pathlib import Path
from typing import Any

import click

from efface.cli.output import emit, json_option
from efface.cli.session import database


@click.group()
def organisation() -> None:
    """Organisations that work with this installation."""


@organisation.command("add")
@click.argument("name")
@click.option("--short", required=True, help="Short name, letters and hyphens.")
@click.option("--country", required=True, help="Two-letter country code.")
@click.option("--signatory", default="Removal Desk", show_default=True, help="The role that signs notices.")
@click.option("--address", default="", help="Postal address, as it stands in notices.")
@click.option("--phone", default="")
@json_option
def add_organisation(
    name: str, short: str, country: str, signatory: str, address: str, phone: str, as_json: str | None
) -> None:
    """Add an organisation."""
    with database("efface_owner"):
        from efface.accounts.models import Organisation
        from efface.engine.base import clock, training

        if Organisation.objects.filter(short=short).exists():
            raise click.ClickException(f"there is an organisation {short} already")
        row = Organisation.objects.create(
            name=name,
            short=short,
            country=country.upper(),
            signatory=signatory,
            address=address,
            phone=phone,
            training=training.everywhere(),
            created=clock.now(),
        )
        emit({"id": row.pk, "short": short}, as_json, lambda: click.echo(f"Added {name}. Next: `efface member add`."))


@organisation.command("list")
@json_option
def list_organisations(as_json: str | None) -> None:
    """List the organisations of this installation."""
    with database("efface_app"):
        from efface.accounts.models import Organisation

        rows = [
            {"short": one.short, "name": one.name, "country": one.country, "by_herself": one.opens_herself,
             "host": one.portal_host}
            for one in Organisation.objects.order_by("short")
        ]  # fmt: skip

    def words() -> None:
        if not rows:
            click.echo("There is none yet. `efface organisation add` adds one.")
        for row in rows:
            click.echo(f"{row['short']}: {row['name']} ({row['country']})")

    emit(rows, as_json, words)


@organisation.command("portal")
@click.argument("short")
@click.option("--by-herself/--with-a-worker", "herself", default=None, help="May survivors open cases alone?")
@click.option("--host", default=None, help='Host name of this organisation\'s portal; "" for none.')
@json_option
def portal(short: str, herself: bool | None, host: str | None, as_json: str | None) -> None:
    """Say who may open a case in an organisation's portal, and under which host name it is reached."""
    with database("efface_owner"):
        from efface.accounts.models import Organisation

        row = Organisation.objects.filter(short=short).first()
        if row is None:
            raise click.ClickException(f"there is no organisation {short}")
        if host is not None:
            host = host.strip().lower()
            if host and not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", host):
                raise click.ClickException("--host takes a host name alone, such as help.example.org")
            if host and Organisation.objects.filter(portal_host=host).exclude(pk=row.pk).exists():
                raise click.ClickException(f"another organisation has {host} already")
            row.portal_host = host
        row.opens_herself = row.opens_herself if herself is None else herself
        row.save(update_fields=["opens_herself", "portal_host"])
        told = {"short": short, "by_herself": row.opens_herself, "host": row.portal_host}

        def words() -> None:
            who = "Survivors may open a case themselves" if row.opens_herself else "Cases are opened by workers only"
            click.echo(f"{who}; host name: {row.portal_host or 'any'}. It must also be in EFFACE_HOSTS.")

        emit(told, as_json, words)


its_role = click.option(
    "--role",
    required=True,
    type=click.Choice(["caseworker", "lead", "coordinator", "investigator", "auditor", "operator"]),
)


@click.group()
def member() -> None:
    """People who work in an organisation."""


@member.command("add")
@click.argument("email")
@click.option("--organisation", "short", required=True, help="Short name of the organisation.")
@its_role
@click.option("--name", required=True, help="Name shown to colleagues.")
@click.option("--trained", is_flag=True, help="Trained for the conversation that opens face search.")
@json_option
def add_member(email: str, short: str, role: str, name: str, trained: bool, as_json: str | None) -> None:
    """Add a member and print a first password, once."""
    with database("efface_app"):
        from efface.accounts.models import Member, Organisation, User
        from efface.engine.base import clock, tenancy

        found: Any = Organisation.objects.filter(short=short).first()
        if found is None:
            raise click.ClickException(f"there is no organisation {short}")
        password = secrets.token_urlsafe(15)
        with tenancy.organisation(found.pk):
            user = User.objects.filter(email__iexact=email).first()
            if user is not None:
                raise click.ClickException("this e-mail address has an account already")
            user = User.objects.create_user(email, password, name=name, created=clock.now())
            Member.objects.create(
                organisation=found, user=user, role=role, trained_at=clock.now() if trained else None
            )  # fmt: skip
        emit(
            {"email": email, "password": password, "role": role}, as_json,
            lambda: click.echo(f"Added {email} as {role}. First password, shown once: {password}"),
        )  # fmt: skip


@member.command("invite")
@click.argument("email")
@click.option("--organisation", "short", required=True, help="Short name of the organisation.")
@its_role
@click.option("--name", required=True, help="Name shown to colleagues; they can change it when they come in.")
@json_option
def invite_member(email: str, short: str, role: str, name: str, as_json: str | None) -> None:
    """Print a link, once, that lets somebody in for three days.

    One to case contents waits for a lead, if there is one."""
    with database("efface_app"):
        from django.urls import reverse

        from efface.accounts import joining
        from efface.accounts.models import Organisation
        from efface.engine.base import clock, tenancy

        found: Any = Organisation.objects.filter(short=short).first()
        if found is None:
            raise click.ClickException(f"there is no organisation {short}")
        with tenancy.organisation(found.pk):
            try:
                made = joining.invite_from_command(found.pk, email, name, role, clock.now())
            except joining.Refused as refusal:
                raise click.ClickException(str(refusal)) from None
        path = reverse("console:invitation", args=[made.token])
        told = {"email": email, "role": role, "path": path, "needs_lead": made.row.needs_lead}
        more = " It opens after a lead has agreed under “Members”." if made.row.needs_lead else ""
        emit(told, as_json, lambda: click.echo(f"The console's address, then {path}{more}"))


@member.command("list")
@click.option("--organisation", "short", required=True, help="Short name of the organisation.")
@json_option
def list_members(short: str, as_json: str | None) -> None:
    """List the members of an organisation with their roles."""
    with database("efface_app"):
        from efface.accounts.models import Member, Organisation
        from efface.engine.base import tenancy

        found = Organisation.objects.filter(short=short).first()
        if found is None:
            raise click.ClickException(f"there is no organisation {short}; `efface organisation list` shows them")
        with tenancy.organisation(found.pk):
            rows = [
                {"email": one.user.email, "name": one.user.name, "role": one.role, "trained": bool(one.trained_at),
                 "active": one.user.is_active}
                for one in Member.objects.select_related("user").order_by("user__email")
            ]  # fmt: skip

    def words() -> None:
        if not rows:
            click.echo("There is none yet. `efface member add` adds one.")
        for row in rows:
            click.echo(f"{row['email']}: {row['name']}, {row['role']}" + ("" if row["active"] else ", switched off"))

    emit(rows, as_json, words)


@click.group()
def audit() -> None:
    """The append-only audit chain."""


Noted = dict[str, tuple[int, str]]


def _noted(context: Any, parameter: Any, path: str | None) -> Noted:
    """Heads by organisation, from a file that ``verify --json FILE`` wrote on an earlier day."""
    if path is None:
        return {}
    try:
        rows = json.loads(Path(path).read_text(encoding="utf-8"))
        return {str(row["organisation"]): (int(row["head"]["number"]), str(row["head"]["digest"])) for row in rows}
    except (OSError, ValueError, TypeError, KeyError):
        raise click.BadParameter("this is not what `efface audit verify --json FILE` wrote") from None


@audit.command("verify")
@click.option("--noted", callback=_noted, type=click.Path(dir_okay=False), metavar="FILE",
              help="What `efface audit verify --json FILE` wrote earlier: the chains must still hold it.")  # fmt: skip
@json_option
def verify(noted: Noted, as_json: str | None) -> None:
    """Check every organisation's chain, link by link, and that it ends where its sealed head says. Exit 1: it does not
    hold. What it ends with can be noted elsewhere (--json FILE) and held against it later (--noted FILE): that finds
    what somebody did who holds database and key."""
    with database("efface_app"):
        from efface.accounts import audit as chain
        from efface.accounts.models import AuditEntry, Organisation
        from efface.engine.base import tenancy

        rows: list[dict[str, Any]] = []
        for one in Organisation.objects.all():
            with tenancy.organisation(one.pk):
                number, digest = chain.head(one.pk)
                lacking = chain.missing(one.pk, *noted.pop(one.short, (0, "")))
                rows.append({
                    "organisation": one.short, "entries": AuditEntry.objects.count(),
                    "problems": chain.verify(one.pk) + ([lacking] if lacking else []),
                    "head": {"number": number, "digest": digest},
                })  # fmt: skip
        for short, (number, digest) in noted.items():
            rows.append({"organisation": short, "entries": 0, "head": {"number": number, "digest": digest},
                         "problems": ["the organisation that was noted elsewhere is not there"]})  # fmt: skip

        def words() -> None:
            for row in rows:
                click.echo(
                    f"{row['organisation']}: {row['entries']} entries, " + ("; ".join(row["problems"]) or "whole")
                    + f" (ends with {row['head']['digest'][:16] or 'nothing'})"
                )

        emit(rows, as_json, words)
        if any(row["problems"] for row in rows):
            raise SystemExit(1)

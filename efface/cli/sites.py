"""``efface sites``: the registry of sites from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from efface.cli.output import emit, json_option
from efface.cli.session import database

BY = "cli"


@click.group()
def sites() -> None:
    """The registry of sites: lists, dossiers, merging, facts for and from other organisations."""


def _read(path: Path, most: int) -> bytes:
    """The file, or no more of it than shows that it is too large."""
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be read: {error.strerror}") from None


def _find(domain: str) -> Any:
    from efface.sites import registry
    from efface.sites.models import Site

    try:
        name, _start = registry.parse(domain)
    except registry.NotASite as error:
        raise click.ClickException(f"{domain}: {error}") from None
    site = Site.objects.select_related("merged", "network").filter(domain=name).first()
    if site is None:
        raise click.ClickException(f"{name} is not in the registry; add it with `efface sites import`")
    return site


@sites.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@json_option
def import_list(file: Path, dry_run: bool, as_json: str | None) -> None:
    """Take in a list of sites: CSV (the header is guessed), JSON, or one address a line. An interrupted list is simply
    given again."""
    from efface.net import sitelist

    try:
        found = sitelist.parse(_read(file, sitelist.MOST_BYTES))
    except sitelist.ListError as error:
        raise click.ClickException(f"{file}: {error}") from None

    def progress(done: int, total: int) -> None:
        if as_json is None:
            click.echo(f"{done} of {total} sites", err=True)

    with database("efface_app"):
        from efface.engine.base import clock
        from efface.sites import importing

        report = importing.take_in(found, BY, clock.now(), dry_run=dry_run, progress=progress)

    def words() -> None:
        verb = "would be added" if dry_run else "added"
        click.echo(
            f"{report.added} sites {verb}, {report.known} known, {report.doubles} doubles, {report.bad} bad lines, "
            f"in {report.seconds:.1f} s"
        )
        for one in report.problems[:50]:
            click.echo(f"  line {one.line}: {one.why}")
        if report.bad > 50:
            click.echo(f"  ... and {report.bad - 50} more; --json lists them")
        for domain, reads in report.lookalikes[:20]:
            click.echo(f"  look closely: {reads} is {domain}")

    emit(report.as_dict(), as_json, words)


def _short(site: Any) -> dict[str, Any]:
    return {
        "domain": site.domain, "state": site.state, "review": site.review, "type": site.kind,
        "hostility": site.hostility, "network": site.network.name if site.network else "", "covered": site.covered,
        "alias_of": site.merged.domain if site.merged else "", "origin": site.origin, "added_at": site.added_at,
        "looked_up_at": site.looked_up_at,
    }  # fmt: skip


@sites.command("list")
@click.argument("words", required=False, default="")
@click.option("--state", default="", help="active, paused, stopped, gone.")
@click.option("--review", default="", help="new, accepted, ignored.")
@click.option("--type", "kind", default="", help="Type of site, as tube or forum.")
@click.option("--hostility", default="", help="unknown, cooperative, hostile, extortionate, publishes, doxxes.")
@click.option("--most", default=1000, show_default=True, type=click.IntRange(1, 100_000))
@json_option
def list_sites(words: str, state: str, review: str, kind: str, hostility: str, most: int, as_json: str | None) -> None:
    """List sites whose domain has WORDS in it, or nearly."""
    with database("efface_app"):
        from efface.engine.base import clock
        from efface.sites import finding

        wanted = finding.Filter(words=words, state=state, review=review, kind=kind, hostility=hostility)
        rows = [_short(one) for one in finding.rows(wanted, clock.now())[:most]]

    def told() -> None:
        for row in rows:
            click.echo(f"{row['domain']}  {row['state']}  {row['type']}  {row['hostility']}")
        click.echo(f"{len(rows)} sites", err=True)

    emit(rows, as_json, told)


@sites.command()
@click.argument("domain")
@json_option
def show(domain: str, as_json: str | None) -> None:
    """One site: who could act, through which door, how sure we are, how desks behaved, what changed."""
    with database("efface_app"):
        from efface.engine.base import clock
        from efface.sites import dossiers

        site = _find(domain)
        result = {**_short(site), **dossiers.as_dict(site, clock.now())}

    def words() -> None:
        click.echo(f"{result['domain']}: {result['state']}, {result['type']}, {result['hostility']}")
        for party in result["parties"]:
            click.echo(f"  {party['role']}: {party['name'] or party['key']}")
            for row in party["contacts"]:
                click.echo(
                    f"    {row['channel']} {row['value']}  from {row['source']}, sure {row['confidence']:.2f}, "
                    f"{row['state']}; {row['learned']}"
                )
        for change in result["changes"][:10]:
            click.echo(f"  {change['at']:%Y-%m-%d} {change['what']}: {change['before']} -> {change['after']}")

    emit(result, as_json, words)


@sites.command()
@click.option("--signed", "file", required=True, type=click.Path(path_type=Path, dir_okay=False),
              help="File to write the signed facts to.")  # fmt: skip
@click.option("--organisation", "short", required=True, help="Short name of the organisation that signs.")
@json_option
def export(file: Path, short: str, as_json: str | None) -> None:
    """Write what is known of sites for another organisation: no case, no count of findings, no free text."""
    with database("efface_app"):
        from efface.engine.base import clock
        from efface.sites import facts

        organisation = _organisation(short)
        key = facts.signing_key(organisation.pk)
        told = facts.gather(clock.now())
        data = facts.sign(organisation.name, key, told, clock.now())
        print_ = facts.fingerprint(facts.public_bytes(key.public_key()))
    try:
        file.write_bytes(data)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from None
    result = {"file": str(file), "sites": len(told), "contacts": sum(len(one.contacts) for one in told),
              "fingerprint": print_}  # fmt: skip
    emit(result, as_json, lambda: click.echo(
        f"{result['sites']} sites and {result['contacts']} contacts in {file}.\nFingerprint of your key, to tell the "
        f"other organisation by telephone:\n{facts.spoken(print_)}"))  # fmt: skip


@sites.command("import-facts")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--pin", "said", default="", help="Fingerprint of their key as they told it, at first use.")
@json_option
def import_facts(file: Path, said: str, as_json: str | None) -> None:
    """Take in signed facts of another organisation. At first use their key is pinned: ask them for its fingerprint."""
    with database("efface_app"):
        from django.db import transaction

        from efface.engine.base import clock
        from efface.sites import facts, history, sharing

        try:
            signed = facts.read(_read(file, facts.MOST_BYTES))
            with transaction.atomic():
                if said:
                    sharing.pin(signed, said, BY, clock.now())
                done = sharing.take_in(signed, BY, clock.now())
        except (facts.FactsError, sharing.NotPinned, history.Refused) as error:
            raise click.ClickException(f"{file}: {error}") from None
        result = {"organisation": signed.name, "fingerprint": signed.fingerprint, "import": str(done.row.pk),
                  "sites": done.row.sites, "new_sites": done.new_sites, "types": done.kinds, "careful": done.careful,
                  "contacts": done.contacts}  # fmt: skip
    emit(result, as_json, lambda: click.echo(
        f"{result['sites']} sites of {result['organisation']}: {result['new_sites']} new (they wait in the discovery "
        f"queue), {result['types']} types, {result['careful']} warnings, {result['contacts']} contacts.\n"
        f"Withdraw all of it: efface sites withdraw-facts {result['import']}"))  # fmt: skip


@sites.command("withdraw-facts")
@click.argument("id", type=click.UUID)
@json_option
def withdraw_facts(id: Any, as_json: str | None) -> None:
    """Take an import of facts back as a whole."""
    with database("efface_app"):
        from efface.engine.base import clock
        from efface.sites import history, sharing
        from efface.sites.models import FactsImport

        row = FactsImport.objects.select_related("key").filter(pk=id).first()
        if row is None:
            raise click.ClickException("there is no such import")
        try:
            done = sharing.withdraw(row, BY, clock.now())
        except history.Refused as error:
            raise click.ClickException(str(error)) from None
    result = {"changed": done.changed, "kept": done.kept}
    emit(result, as_json, lambda: click.echo(
        f"Withdrawn: {done.changed} sites are as they were, {done.kept} had changed since and stay."))  # fmt: skip


@sites.command()
@click.argument("alias")
@click.argument("into")
@click.option("--why", default="", help="Why they are one site. Names nobody.")
@json_option
def merge(alias: str, into: str, why: str, as_json: str | None) -> None:
    """Make ALIAS another domain of INTO."""
    with database("efface_app"):
        from efface.engine.base import clock
        from efface.sites import merging

        try:
            merging.merge(_find(alias), _find(into), BY, clock.now(), why)
        except merging.Refused as error:
            raise click.ClickException(str(error)) from None
        result = {"alias": _find(alias).domain, "site": _find(into).domain}
    emit(result, as_json, lambda: click.echo(f"{result['alias']} is an alias of {result['site']} now."))


@sites.command()
@click.argument("alias")
@click.option("--why", default="", help="Why they are two. Names nobody.")
@json_option
def split(alias: str, why: str, as_json: str | None) -> None:
    """Let ALIAS be a site of its own again."""
    with database("efface_app"):
        from efface.engine.base import clock
        from efface.sites import merging

        try:
            merging.split(_find(alias), BY, clock.now(), why)
        except merging.Refused as error:
            raise click.ClickException(str(error)) from None
        result = {"site": _find(alias).domain}
    emit(result, as_json, lambda: click.echo(f"{result['site']} is a site of its own again."))


@sites.command()
@click.argument("domain")
@json_option
def lookup(domain: str, as_json: str | None) -> None:
    """Have it asked again who stands behind a site. A running worker does it."""
    with database("efface_app"):
        from efface.sites import jobs

        site = _find(domain)
        jobs.look_up.defer(once=f"lookup:{site.pk}", site=site.pk)
        result = {"domain": site.domain, "asked": True}
    emit(result, as_json, lambda: click.echo(f"{result['domain']} is looked up as soon as a worker is free."))


def _organisation(short: str) -> Any:
    from efface.accounts.models import Organisation

    found = Organisation.objects.filter(short=short).first()
    if found is None:
        raise click.ClickException(f"there is no organisation {short}")
    return found

"""``efface pack``: evidence packs, made and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from efface.cli.output import emit, json_option

_file = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def pack() -> None:
    """Evidence packs: make one, or check one."""


@pack.command()
@click.argument("file", type=_file)
@click.option(
    "--identity",
    type=_file,
    default=None,
    metavar="KEY.txt",
    help="The recipient's secret key, as age-keygen wrote it.",
)
@click.option(
    "--certificate", type=_file, default=None, metavar="PEM", help="The organisation's certificate, got by another way."
)
@click.option(
    "--authority",
    type=_file,
    default=None,
    metavar="PEM",
    help="The time-stamping authority's certificates, got by another way.",
)
@json_option
def verify(
    file: Path, identity: Path | None, certificate: Path | None, authority: Path | None, as_json: str | None
) -> None:
    """Check a pack (FILE), sealed or opened. Needs no installation and no connection; nothing that was opened reaches a
    disk. Exit 1: it does not hold."""
    from efface.evidence.packs import verifying

    try:
        secret = _secret(identity.read_text("utf-8")) if identity else ""
        known = certificate.read_bytes() if certificate else b""
    except (OSError, UnicodeDecodeError):
        raise click.ClickException("a key or certificate cannot be read") from None
    with file.open("rb") as data:
        verdict = verifying.verify(data, secret, certificate=known, authority=str(authority or ""))

    def tell() -> None:
        if verdict.ok:
            click.echo(f"Whole: {verdict.files} files, case {verdict.reference}, made {verdict.made}.")
            if verdict.stamped_at:
                click.echo(f"Timestamped {verdict.stamped_at.isoformat()}.")
            click.echo(f"Certificate (SHA-256): {verdict.certificate}")
        for problem in verdict.problems:
            click.echo(f"PROBLEM: {problem}")
        for note in verdict.notes:
            click.echo(f"Note: {note}.")

    emit(verdict.as_json(), as_json, tell)
    if not verdict.ok:
        raise SystemExit(1)


def _secret(text: str) -> str:
    """The line with the key: age-keygen writes comments above it."""
    return next((line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")), "")


@pack.command()
@click.argument("reference", metavar="CASE")
@click.option(
    "--for", "made_for", type=click.Choice(["police", "lawyer", "court", "herself"]), required=True, help="Who gets it."
)
@click.option("--recipient", required=True, help="The person or desk, in words; stands in the report.")
@click.option("--key", required=True, help="Their age public key (age1...).")
@click.option("--part", "parts", multiple=True, help="A part to put in; several times for several. Without it: all.")
@click.option("--agreed", is_flag=True, help="She said yes to exactly this.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Where to write it. Default: a name of its own here.",
)
@json_option
def make(
    reference: str, made_for: str, recipient: str, key: str, parts: tuple[str, ...], agreed: bool, out: Path | None,
    as_json: str | None,
) -> None:  # fmt: skip
    """Make a pack of a case (CASE: its reference), sealed to the recipient's key. What goes to the police needs her
    consent in the case. Noted in the audit chain and the chain of custody."""
    from efface.cli.session import database

    with database():
        result = _made(reference, made_for, recipient, key, parts, agreed, out)
    emit(
        result,
        as_json,
        lambda: click.echo(
            f"{result['file']}: {result['bytes']} bytes, {result['files']} files inside. {result['note']}"
        ),
    )


def _made(
    reference: str, made_for: str, recipient: str, key: str, parts: tuple[str, ...], agreed: bool, out: Path | None
) -> dict[str, Any]:
    from efface.accounts.models import Organisation
    from efface.cases.models import Case
    from efface.engine.base import clock, tenancy
    from efface.evidence.packs import gathering, making

    unknown = sorted(set(parts) - set(gathering.PARTS))
    if unknown:
        raise click.ClickException(f"there is no part {unknown[0]!r}; there are {', '.join(gathering.PARTS)}")
    for organisation in Organisation.objects.order_by("pk"):
        with tenancy.organisation(organisation.pk):
            case = Case.objects.filter(reference=reference.strip().upper()).first()
            if case is None:
                continue
            given = making.Order(made_for, recipient, key, parts or tuple(gathering.PARTS), agreed=agreed)
            try:
                row = making.order(case, given, "operator", clock.now())
            except making.PackRefused as refusal:
                raise click.ClickException(str(refusal)) from None
        return _written(organisation.pk, row, out)
    raise click.ClickException(f"there is no case {reference!r}")


def _written(organisation: Any, row: Any, out: Path | None) -> dict[str, Any]:
    from efface.engine.base import clock, tenancy
    from efface.evidence.packs import making

    making.make(organisation=organisation, pack=row.pk)
    with tenancy.organisation(organisation):
        row = type(row).objects.select_related("case").get(pk=row.pk)
        if row.state != row.State.READY:
            raise click.ClickException(row.problem or "it is being made by a worker; ask for it on the console")
        pieces = making.open_for(row, "operator", clock.now())
    path = out or Path(making.filename(row))
    try:
        with path.open("xb") as file:
            for piece in pieces:
                file.write(piece)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from None
    return {
        "file": str(path), "bytes": row.size, "files": row.members, "sha256": row.sha256,
        "manifest_sha256": row.manifest_sha256, "note": row.problem,
        "stamped_at": row.stamped_at.isoformat() if row.stamped_at else None,
    }  # fmt: skip

"""``efface mail``: what a mail that came back means, without an installation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from efface.cli.output import emit, json_option
from efface.net.decoder import Decoder
from efface.net.decoder.mail import MAX_BYTES
from efface.net.protocol import Mail
from efface.takedown.classify import Classification
from efface.takedown.classify import classify as judge


@click.group()
def mail() -> None:
    """Mails that came back from abuse desks."""


@mail.command()
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True, metavar="FILE...")
@json_option
def classify(files: tuple[Path, ...], as_json: str | None) -> None:
    """Say what mails (FILE..., as they were received) mean, and which sentence says so. Nothing is kept or answered."""
    rows = []
    with Decoder() as decoder:
        for file in files:
            rows.append(row(file, judge(_read(file, decoder))))
    emit(rows, as_json, lambda: _say(rows))
    if all(one["because"].startswith(_UNREADABLE) for one in rows):
        raise SystemExit(1)


_UNREADABLE = "The file cannot be opened"


def _read(file: Path, decoder: Decoder) -> Mail:
    """The mail, parsed in the sandbox. What cannot be opened is a mail with an error."""
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except OSError as error:
        return Mail(error=f"{_UNREADABLE}: {error.strerror}")
    return decoder.decode_mail(data)


def row(file: Path, found: Classification) -> dict[str, Any]:
    because = found.because
    if _UNREADABLE in because:
        because = because[because.index(_UNREADABLE) :].rstrip(".)") + "."
    return {
        "file": click.format_filename(file, shorten=True),
        "kind": found.kind,
        "confidence": round(found.confidence, 2),
        "because": because,
        "address": found.address,
        "permanent": found.permanent,
        "refusal": found.refusal,
        "needs_person": found.needs_person,
        "demands_money": found.demands_money,
        "mentions": list(found.mentions),
        "partial": found.partial,
        "reference": found.reference,
        "automatic": found.automatic,
        "language": found.language,
    }


def _say(rows: list[dict[str, Any]]) -> None:
    for one in rows:
        doubt = " (a person should read it)" if one["needs_person"] else ""
        lasting = ", for good" if one["permanent"] else ""
        click.echo(f"{one['file']}: {one['kind']}{lasting}, certainty {one['confidence']:.2f}{doubt}")
        click.echo(f"    about {one['address'] or 'nobody named'}: {one['because']}")

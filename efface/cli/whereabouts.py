"""``efface whereabouts``: everyone who could remove what stands at an address, or what a stored answer says."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from efface.cli import whereabouts_words as plain
from efface.cli.fetching import Unreachable, fetcher, socket_option
from efface.cli.output import emit, json_option

NOBODY = 1


@click.command()
@click.argument("given", nargs=-1, metavar="[URL]")
@click.option("--media", multiple=True, metavar="URL", help="Media of the page, on whatever host; may be repeated.")
@click.option(
    "--whois", "stored", multiple=True, metavar="FILE", help="Read a stored WHOIS or RDAP answer instead; - is stdin."
)
@click.option("--domain", default="", help="With --whois: the domain the answer is about, where it does not say.")
@socket_option
@json_option
def whereabouts(
    given: tuple[str, ...],
    media: tuple[str, ...],
    stored: tuple[str, ...],
    domain: str,
    socket_path: Path | None,
    as_json: str | None,
) -> None:
    """Who could remove what stands at URL: operator, host, CDN, registrar, search, and how to reach them.

    Nothing is sent to anybody. With --whois FILE..., stored answers are read without any connection. Exit 1 when nobody
    but the search engines was found, 3 when nothing can be looked up here."""
    if stored:
        _stored((*stored, *given), domain, as_json)
        return
    if len(given) != 1:
        raise click.UsageError("give one URL, or --whois FILE")
    _asked(given[0], media, socket_path, as_json)


def _asked(url: str, media: tuple[str, ...], socket_path: Path | None, as_json: str | None) -> None:
    from efface.engine.run.processes import facts_folder
    from efface.net.client import FetcherError
    from efface.net.protocol import WhereaboutsRequest
    from efface.whereabouts.client import whereabouts as ask

    url = url if "://" in url else f"https://{url}"
    with fetcher(socket_path, facts_folder()) as found:
        try:
            dossier = ask(found, WhereaboutsRequest(url, media_urls=list(media)))
        except FetcherError as error:
            if getattr(error, "error", "") == "stopped":
                raise click.ClickException(
                    "this installation stopped that site for suspected child material: nothing is asked of it"
                ) from None
            raise Unreachable(f"the look-up failed: {error}") from None
    for party in dossier.parties:
        party.contacts.sort(key=lambda one: -one.confidence)
    result: dict[str, Any] = {**asdict(dossier), "partial_words": [*dict.fromkeys(map(plain.partial, dossier.partial))]}
    emit(result, as_json, lambda: plain.show(dossier))
    if not any(party.contacts for party in dossier.parties if party.role != "search"):
        raise SystemExit(NOBODY)


def _stored(files: tuple[str, ...], domain: str, as_json: str | None) -> None:
    from efface.whereabouts import record, whois

    rows = []
    for file in files:
        try:
            if file == "-":
                data = sys.stdin.buffer.read(record.LARGEST_JSON)
            else:
                with Path(file).open("rb") as stream:
                    data = stream.read(record.LARGEST_JSON)
        except OSError as error:
            raise click.ClickException(f"{click.format_filename(file)} cannot be read: {error.strerror}") from None
        found = record.read(data, "" if file == "-" or domain else whois.suffix_of(Path(file)), domain.lower())
        rows.append({**found.as_dict(), "file": click.format_filename(file)})
    emit(rows if len(rows) > 1 else rows[0], as_json, lambda: plain.show_records(rows))

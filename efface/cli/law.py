"""``efface law``: the law data, checked, listed, shown and compared."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from efface.cli.output import emit, json_option

if TYPE_CHECKING:
    from efface.law import Law


@click.group()
def law() -> None:
    """Jurisdictions, notice types, desks and clocks, as data."""


def _read(folder: Path | None) -> Law:
    """The law that ships, or the one in ``folder``; what is wrong with a file is told in a sentence."""
    from efface.law import LawError, load, read

    try:
        return load() if folder is None else read(folder)
    except LawError as error:
        raise click.ClickException(str(error)) from None


_folder = click.option(
    "--folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=None,
    help="Read the law from this folder instead of the one that ships.",
)  # fmt: skip


@law.command()
@_folder
@json_option
def check(folder: Path | None, as_json: str | None) -> None:
    """Check the law data: every fact has a source, every element a statute."""
    from efface.law import problems, warnings
    from efface.takedown import wording

    loaded = _read(folder)
    found, old = problems(loaded), warnings(loaded, datetime.now(UTC).date())
    found = [*found, *wording.problems(loaded)]
    written = wording.written(loaded)
    result = {
        "types": len(loaded.notices), "jurisdictions": len(loaded.jurisdictions), "channels": len(loaded.channels),
        "sources": len(loaded.sources), "languages": sorted({one for many in written.values() for one in many}),
        "types_with_template": sum(1 for many in written.values() if many),
        "types_by_language": wording.by_language(loaded), "written": {id: len(many) for id, many in written.items()},
        "to_verify": len(_to_verify(loaded)), "problems": found, "warnings": old,
    }  # fmt: skip

    def words() -> None:
        for line in (*found, *(f"to read again: {one}" for one in old)):
            click.echo(line)
        click.echo(
            f"{result['types']} notice types, {result['jurisdictions']} jurisdictions, {result['channels']} desks, "
            f"{result['sources']} sources; {result['to_verify']} facts to verify; {len(found)} problems."
        )

    emit(result, as_json, words)
    if found:
        raise SystemExit(1)


def _to_verify(loaded: Law) -> list[str]:
    from efface.law.check import records

    return [where for where, record in records(loaded) if loaded.to_verify(record)]


@law.command()
@click.option("--language", default="en", help="The language of the names, where there is one.")
@json_option
def types(language: str, as_json: str | None) -> None:
    """List the notice types: law, clock, exposure, languages."""
    from efface.takedown import wording

    loaded = _read(None)
    written = wording.written(loaded)
    rows = [
        {
            "id": notice.id, "name": loaded.said(language, "notice_types", notice.id), "law": notice.law,
            "clock": notice.clock.period.words() if notice.clock.period else "", "exposure": notice.exposure,
            "via": list(notice.via), "languages": list(notice.languages), "written": list(written[notice.id]),
            "to_read_only": [one for one in written[notice.id] if one not in notice.languages and one != "en"],
            "names_subject": notice.names_subject, "addressed_to": list(notice.addressed_to),
            "as_of": notice.as_of, "confidence": notice.confidence,
        }
        for notice in loaded.notices.values()
    ]  # fmt: skip

    def words() -> None:
        for row in rows:
            many = len(written[str(row["id"])])
            click.echo(f"{row['id']:28} {row['clock'] or '-':10} {row['exposure']:18} {many} languages  {row['name']}")

    emit(rows, as_json, words)


@law.command()
@click.argument("id")
@click.option("--language", default="en", help="The language of names and exposure, where there is one.")
@json_option
def show(id: str, language: str, as_json: str | None) -> None:
    """Show one notice type, jurisdiction, desk, rule or source, with what must be verified."""
    loaded = _read(None)
    found = _find(loaded, id)
    if found is None:
        raise click.ClickException(f"nothing is called {id!r}; `efface law types` lists the notice types")
    where, record = found
    result: dict[str, Any] = {"entry": where, **dataclasses.asdict(record)}
    result["to_verify"] = [
        path for path, one in _records_of(record, where) if loaded.to_verify(one)
    ]  # fmt: skip
    if where == "notices":
        result["said"] = {
            "name": loaded.said(language, "notice_types", id),
            "exposure": loaded.said(language, "exposure", record.exposure),
            "learns": [
                f"{loaded.said(language, 'who', one.who)}: {loaded.said(language, 'exposure_line', one.line)}"
                for one in record.learns
            ],
        }
    emit(result, as_json, lambda: _print(result, 0))


def _records_of(record: Any, where: str) -> list[tuple[str, Any]]:
    from efface.law.check import walk

    return list(walk(record, where))


def _find(loaded: Law, id: str) -> tuple[str, Any] | None:
    for where in ("notices", "jurisdictions", "channels", "calendars", "sources"):
        records = getattr(loaded, where)
        for key in (id, id.upper(), id.lower()):
            if key in records:
                return where, records[key]
    rule = next((one for one in loaded.rules if id in (one.id, one.id.partition("_")[0])), None)
    return ("rules", rule) if rule is not None else None


def _print(value: Any, depth: int, name: str = "") -> None:
    """A record as indented lines; what is empty is left out."""
    if value in ("", None, (), [], {}):
        return
    space = "  " * depth
    if isinstance(value, dict):
        if name:
            click.echo(f"{space}{name}:")
        for key, item in value.items():
            _print(item, depth + bool(name), str(key))
    elif isinstance(value, list | tuple):
        if all(isinstance(item, str | int) for item in value) and sum(len(str(item)) for item in value) < 80:
            click.echo(f"{space}{name}: {', '.join(map(str, value))}")
            return
        click.echo(f"{space}{name}:")
        for item in value:
            if isinstance(item, dict):
                click.echo(f"{space}  -")
                _print(item, depth + 2)
            else:
                click.echo(f"{space}  - {item}")
    else:
        click.echo(f"{space}{name}: {value}")


@law.command()
@click.argument("other", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), default=None, help="List what was read since this day.")
@json_option
def diff(other: Path | None, since: datetime | None, as_json: str | None) -> None:
    """Compare the law data with those in the folder OTHER, or list what was read since a day."""
    from efface.law import diff as differences

    if (other is None) == (since is None):
        raise click.UsageError("give a folder to compare with, or --since DATE")
    loaded = _read(None)
    if since is not None:
        day: date = since.date()
        lines = differences.since(loaded, day)
        emit({"since": day, "read": lines}, as_json, lambda: click.echo("\n".join(lines) or "Nothing."))
        return
    changes = differences.difference(_read(other), loaded)
    result = {"changes": [dataclasses.asdict(one) for one in changes]}

    def words() -> None:
        for one in changes:
            values = f": {one.before!r} -> {one.after!r}" if one.what == "changed" else ""
            click.echo(f"{one.what:8} {one.where}{values}")
        click.echo(f"{len(changes)} differences.")

    emit(result, as_json, words)

"""``efface data``: facts of the world that age, and fresher ones from their publishers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from efface.cli.fetching import NO_FETCHER, fetcher, socket_option
from efface.cli.output import emit, json_option


@click.group()
def data() -> None:
    """Snapshots of public facts that look-ups lean on: registries, suffixes, address ranges."""


@data.command("list")
@json_option
def list_(as_json: str | None) -> None:
    """List every snapshot with its source, date and age."""
    from efface.engine.base import clock
    from efface.engine.run.processes import facts_folder
    from efface.whereabouts import snapshots

    snapshots.use(facts_folder())
    states = snapshots.states(clock.wall())

    def words() -> None:
        for state in states:
            age = f"{state.days_old} days old" if state.date else "of an unknown day"
            how = "refreshed" if state.refreshed else "packaged"
            click.echo(
                f"{'OLD ' if state.stale else '    '}{state.name}: {state.title}, {state.entries} entries, {age}"
            )
            click.echo(f"        {how}, from {state.origin}" + ("" if state.can_refresh else "; comes with updates"))

    emit([{**asdict(state), "stale": state.stale} for state in states], as_json, words)


@data.command()
@click.argument("names", nargs=-1)
@click.option("--shrunk", is_flag=True, help="Take a list also when it is less than half of what it was.")
@socket_option
@json_option
def refresh(names: tuple[str, ...], shrunk: bool, socket_path: Any, as_json: str | None) -> None:
    """Fetch fresher snapshots from their publishers: NAMES, or all that have one.

    Exit 1 when one of them was refused, 3 when no network is allowed here."""
    from efface.engine.base import clock
    from efface.engine.run.processes import facts_folder
    from efface.net.client import FetcherError
    from efface.whereabouts import snapshots
    from efface.whereabouts.refresh import refresh as fetch

    unknown = [name for name in names if name not in snapshots.BY_NAME or not snapshots.BY_NAME[name].url]
    if unknown:
        raise click.UsageError(f"{unknown[0]} has no publisher to ask; efface data list names those that have one")
    folder = facts_folder()
    snapshots.use(folder)
    wanted = names or tuple(one.name for one in snapshots.SNAPSHOTS if one.url)
    rows: list[dict[str, Any]] = []
    with fetcher(socket_path, folder) as found:
        for name in wanted:
            try:
                answer = fetch(found, folder, name, clock.wall(), shrunk)
            except (FetcherError, snapshots.SnapshotError) as error:
                rows.append({"name": name, "ok": False, "unreachable": False, "words": str(error)})
                continue
            rows.append(
                {"name": name, "ok": bool(answer.kept), "unreachable": answer.unreachable, "words": answer.words}
            )
    offline = all(row["unreachable"] for row in rows)

    def words() -> None:
        if offline:
            click.echo("No publisher can be reached from here: the snapshots in use stay as they are.")
            return
        click.echo("\n".join(row["words"] for row in rows))

    emit({"ok": all(row["ok"] for row in rows), "reachable": not offline, "snapshots": rows}, as_json, words)
    if offline:
        raise SystemExit(NO_FETCHER)
    if not all(row["ok"] for row in rows):
        raise SystemExit(1)


@data.command()
@click.argument("name")
@json_option
def revert(name: str, as_json: str | None) -> None:
    """Go back to the snapshot before the last refresh of NAME, else to the packaged one.

    A running fetcher takes it at its next start."""
    from efface.engine.run.processes import facts_folder
    from efface.whereabouts import snapshots

    try:
        said = snapshots.revert(facts_folder(), name)
    except snapshots.SnapshotError as error:
        raise click.ClickException(str(error)) from None
    emit({"name": name, "words": said}, as_json, lambda: click.echo(said))

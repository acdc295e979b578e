"""Commands that make and run an installation."""

from __future__ import annotations

import signal
import threading
from datetime import UTC, datetime
from typing import Any

import click

from efface.cli.output import emit, json_option
from efface.engine.base import lockwatch, settings
from efface.engine.base.settings import QUEUES
from efface.engine.run import manage, postgres, supervisor


def _server() -> postgres.Server | None:
    return None if settings.get("database_url") else postgres.Server.of_installation()


REFUSALS = (
    settings.SettingError, manage.KindMismatch, manage.KeyMismatch, manage.NotReady, manage.Locked,
    postgres.PostgresFailed, supervisor.StartFailed,
)  # fmt: skip


@click.command()
@click.option("--kind", type=click.Choice(["production", "training"]), default="production", show_default=True,
              help="What kind of installation this is. Written once.")  # fmt: skip
@json_option
def init(kind: str, as_json: str | None) -> None:
    """Make the data folder, its secrets and the database tables. Safe to run again."""
    server = _server()
    manage.use_role("efface_owner")
    try:
        manage.prepare_data_folder(kind)
        if server:
            server.start()
        manage.setup_django()
        manage.migrate(kind, datetime.now(UTC))
    except REFUSALS as error:
        raise click.ClickException(str(error)) from None
    finally:
        if server:
            server.stop()
    result = {"data": str(settings.data_folder()), "kind": kind}
    emit(
        result,
        as_json,
        lambda: click.echo(
            f"Ready in {result['data']}. Next: `efface organisation add`, `efface member add`, then `efface up`."
        ),
    )


@click.command()
@json_option
def up(as_json: str | None) -> None:
    """Run everything: database, web, worker, matcher, scheduler, mail-in, scanner. Ctrl-C stops it."""
    kind = manage.kind_of_folder()
    if kind not in ("production", "training"):
        raise click.ClickException("this data folder is not ready; run `efface init` first")
    if (settings.data_folder() / "restore-unfinished").exists():
        raise click.ClickException("a restore was interrupted here; run `efface restore` again until it is through")
    server = _server()
    ended = threading.Event()
    try:
        if server:
            server.start()
        if lockwatch.is_locked():
            words = "This installation is locked: every page says so, and nothing works until `efface unlock`."
            click.echo(words, err=True)
        else:
            _migrate_apart(kind)
        running = supervisor.Supervisor(server=server, tell=lambda line: click.echo(line, err=True))
        try:
            running.start()
        except supervisor.StartFailed:
            running.stop()
            raise
    except REFUSALS as error:
        if server:
            server.stop()
        raise click.ClickException(str(error)) from None
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    port = (settings.run_folder() / "web-port").read_text(encoding="ascii")
    result = {"console": f"http://{settings.get('web_host')}:{port}/console/", "pids": running.pids()}
    emit(result, as_json, lambda: click.echo(f"Efface is running: {result['console']}  (Ctrl-C stops it)"))
    ended.wait()
    running.stop()


def _migrate_apart(kind: str) -> None:
    """Bring the tables up to date in a process of its own, as the owner, before anybody else connects."""
    import subprocess
    import sys

    from efface.engine.run.processes import trusted_environment

    code = (
        "from datetime import UTC, datetime; from efface.engine.run import manage; manage.setup_django(); "
        f"manage.migrate({kind!r}, datetime.now(UTC))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=trusted_environment("efface_owner"),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise postgres.PostgresFailed(f"the tables could not be brought up to date: {last}")


@click.command()
@click.option("--queues", default="", help="Queues to serve, with commas: crawl, sweep, sites, match, takedown, "
              "verify, evidence, mail. Default: what EFFACE_QUEUES says, else all.")  # fmt: skip
@json_option
def worker(queues: str, as_json: str | None) -> None:
    """Run one more worker against this installation's database, on this or another host, until Ctrl-C.

    It has a scanner and a matcher of its own. Its host needs the kind and the installation key of the first host in its
    data folder, and EFFACE_DATABASE_URL."""
    from efface.engine.run import hosting

    wanted = [one.strip() for one in (queues or settings.get("queues")).split(",") if one.strip()]
    unknown = sorted(set(wanted) - set(QUEUES))
    if unknown:
        raise click.ClickException(f"no such queue: {', '.join(unknown)}; there are {', '.join(QUEUES)}")

    def ready(place: hosting.Place, pids: dict[str, int]) -> None:
        result = {"name": place.name, "queues": wanted or list(QUEUES), "pids": pids}
        words = f"{place.name} works on {', '.join(result['queues'])}  (Ctrl-C stops it)"
        emit(result, as_json, lambda: click.echo(words))

    try:
        hosting.serve(wanted, ready=ready, tell=lambda line: click.echo(line, err=True))
    except REFUSALS as error:
        raise click.ClickException(str(error)) from None


@click.command(name="settings")
@json_option
def show_settings(as_json: str | None) -> None:
    """List every setting with its value, default and meaning."""
    rows: list[dict[str, Any]] = [
        {
            "name": one.name,
            "variable": one.variable,
            "value": settings.get(one.name),
            "default": one.default,
            "help": one.help,
        }
        for one in settings.SETTINGS
    ]

    def words() -> None:
        for row in rows:
            click.echo(f"{row['variable']} = {row['value']!r}\n    {row['help']}")

    emit(rows, as_json, words)

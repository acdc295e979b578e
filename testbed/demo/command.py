"""``efface demo``."""

from __future__ import annotations

import json
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from efface.cli.output import emit, json_option

SHOWN = (
    "planted", "planted_by_kind", "candidates", "found", "missed", "false_candidates", "false_matches", "notices_sent",
    "wrong_party_notices", "duplicate_notices", "ambiguous_sends", "missed_deadlines", "gone_confirmed", "false_gone",
    "reappeared_planted", "reappeared_detected", "media_bytes_retained", "kills", "wall_s", "peak_rss_mb",
)  # fmt: skip


@click.command()
@click.option("--exit", "end", is_flag=True, help="End after the score instead of leaving console and portal open.")
@click.option(
    "--json", "as_json", is_flag=False, flag_value="-", default=None, metavar="[FILE]", help="Write the score as JSON."
)
@click.option("--seed", default=7, show_default=True, help="The same seed builds the same world.")
@click.option("--sites", default=40, show_default=True, type=click.IntRange(10, 500), help="Number of sites.")
@click.option("--days", default=90, show_default=True, type=click.IntRange(5, 365), help="Virtual days.")
@click.option(
    "--crash", default=0, show_default=True, help="Kill a worker, matcher or scanner with SIGKILL this many times."
)
@click.option("--gallery", type=click.Path(path_type=Path, exists=True, file_okay=False), default=None,
              help="Folder of photos, a folder per person; people with three or more become subjects.")  # fmt: skip
def demo(end: bool, as_json: str | None, seed: int, sites: int, days: int, crash: int, gallery: Path | None) -> None:
    """Build a small hostile internet on this machine and work cases through ninety virtual days."""
    from efface.engine.run import postgres, supervisor
    from testbed.demo.installation import SignIn
    from testbed.demo.run import Demo, Options, shortfalls
    from testbed.demo.world import WorldFailed
    from testbed.people import NoGallery

    console = Console(stderr=as_json == "-")
    models = _models(console) if gallery else None
    running = Demo(Options(seed, sites, 6, days, crash, gallery, models), console)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    try:
        running.build()
        running.play()
        result = running.judge()
        problems = shortfalls(result, 0.9 if gallery else 0.95)
        _print(console, result, problems)
        if as_json:
            text = json.dumps(result, indent=2, default=str) + "\n"
            if as_json == "-":
                sys.stdout.write(text)
            else:
                Path(as_json).write_text(text, encoding="utf-8")
        if not end:
            sign_ins: list[SignIn] = running.installation.sign_ins if running.installation else []
            _leave_open(console, running, sign_ins)
        if problems:
            raise SystemExit(1)
    except KeyboardInterrupt:
        console.print("Stopped.")
        raise SystemExit(130) from None
    except (NoGallery, WorldFailed, supervisor.StartFailed, postgres.PostgresFailed) as error:
        raise click.ClickException(str(error)) from None
    finally:
        running.close()


def _models(console: Console) -> Path:
    """The face models, in the user's own cache, installed on first use."""
    from efface.vision import models

    try:
        return models.cached(console.print)
    except models.ModelError as error:
        raise click.ClickException(str(error)) from None


def _print(console: Console, result: dict[str, Any], problems: list[str]) -> None:
    table = Table("score", "", box=None)
    for name in SHOWN:
        table.add_row(name, str(result[name]))
    console.print(table)
    for problem in problems:
        console.print(f"Not kept: {problem}", style="red")
    if not problems:
        console.print("Every promise of the demo was kept.", style="green")


def _leave_open(console: Console, running: Any, sign_ins: list[Any]) -> None:
    console.print(f"\nConsole: {running.installation.origin}/console/")
    for one in sign_ins:
        console.print(f"  {one.role}: {one.email}  password {one.password}")
        console.print(f"    second step: `efface demo-code {one.key}` shows the code of now, or give the key to an app")
    console.print(f"Portal:  {running.installation.origin}/")
    for subject, survivor in zip(running.world.ready["subjects"], running.survivors, strict=True):
        console.print(f"  {subject['label']}: code {survivor.code}")
    console.print("Ctrl-C ends it and removes everything.")
    ended = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: ended.set())
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    ended.wait()


@click.command(name="demo-code")
@click.argument("key")
@json_option
def demo_code(key: str, as_json: str | None) -> None:
    """Show the code that an app with this key shows now: the second step of a demo's member."""
    from testbed.demo.installation import SignIn

    try:
        code = SignIn("", "", "", key.strip().upper()).code()
        emit({"code": code}, as_json, lambda: click.echo(code))
    except ValueError:
        raise click.ClickException("this is no key of an app: it has letters and the digits 2 to 7") from None


COMMANDS: list[click.Command] = [demo, demo_code]

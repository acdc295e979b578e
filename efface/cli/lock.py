"""``efface lock`` and ``efface unlock``."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from efface.cli.output import emit, json_option
from efface.engine.base import database, keepers, locking, sealing, settings
from efface.engine.base.keepers.passphrase import TooShort

HOLD_KEYS = ("web", "worker", "scheduler", "matcher", "mail-in")
WAIT_S = 15.0
_FAILURES = (
    keepers.DoesNotOpen, keepers.KeeperUnavailable, locking.NotLockable, settings.SettingError, sealing.KeyMissing,
    TooShort,
)  # fmt: skip


@contextlib.contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except _FAILURES as error:
        raise click.ClickException(str(error)) from None


def _passphrase(file: Path | None, *, new: bool) -> str:
    """From a file's first line, or asked for without being shown."""
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").splitlines()[0]
        except (OSError, IndexError, UnicodeDecodeError):
            raise click.ClickException(f"{file} has no passphrase in its first line") from None
    return str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=new, err=True))


@click.command()
@click.option("--keeper", type=click.Choice(keepers.NAMES), default=None,
              help="Who keeps the key: a passphrase, or the key service of EFFACE_KMS_URL. Asked for the first time "
              "only, or to change it while unlocked.")  # fmt: skip
@click.option("--passphrase-file", type=click.Path(path_type=Path), default=None, help="Read the passphrase from here.")
@json_option
def lock(keeper: str | None, passphrase_file: Path | None, as_json: str | None) -> None:
    """Forget the installation key: on the disk, and in every process of every host. Pages say so calmly.

    The first time a keeper is named; whoever loses the passphrase, and has no copy of the key, loses everything."""
    if not _is_installed():
        raise click.ClickException("there is no installation here; run `efface init` first, or set EFFACE_DATA")
    with _in_words():
        if not locking.is_locked() and (keeper or locking.read_sealed() is None):
            name = keeper or "passphrase"
            words = _passphrase(passphrase_file, new=True) if name == "passphrase" else ""
            locking.give_to(keepers.keeper(name, words))
        before = _holders()
        told = _tell_database(locked=True)
        locking.forget()
    left = _wait_for_end(before)
    result = {"locked": True, "processes_that_forgot": sorted(set(before) - set(left)), "still_running": sorted(left),
              "other_hosts_told": told}  # fmt: skip

    def words_of_it() -> None:
        click.echo("Locked. `efface unlock` gives the key back.")
        if not told:
            click.echo("The database did not answer: lock each other host on its own.")
        if left:
            click.echo(f"Still running with the key in memory: {', '.join(sorted(left))}. Stop Efface on this host.")

    emit(result, as_json, words_of_it)
    if left:
        raise SystemExit(1)


@click.command()
@click.option("--passphrase-file", type=click.Path(path_type=Path), default=None, help="Read the passphrase from here.")
@click.option("--on-disk", is_flag=True, help="Put the key back on the disk, as before the first lock.")
@json_option
def unlock(passphrase_file: Path | None, on_disk: bool, as_json: str | None) -> None:
    """Have the installation key back from its keeper. It lies in memory until the next lock or the machine is off."""
    with _in_words():
        sealed = locking.read_sealed()
        if sealed is None:
            raise click.ClickException("this installation was never locked; there is nothing to unlock")
        words = _passphrase(passphrase_file, new=False) if sealed.keeper == "passphrase" else ""
        locking.open_with(keepers.keeper(sealed.keeper, words), on_disk=on_disk)
    told = _tell_database(locked=False)
    emit({"locked": False, "on_disk": on_disk, "other_hosts_told": told}, as_json, lambda: click.echo(
        "Unlocked. Running processes go on by themselves within seconds."
        + ("" if told else " The database did not answer; run this again once it does.")
    ))  # fmt: skip


def _is_installed() -> bool:
    return bool((settings.data_folder() / "kind").exists())


def _tell_database(*, locked: bool) -> bool:
    """The word for all hosts. Without Django, so that nothing here reads a key. False: the database does not answer."""
    import psycopg

    from efface.engine.base import clock

    try:
        with psycopg.connect(**database.dsn("efface_app"), connect_timeout=5) as connection:
            connection.execute(
                "UPDATE engine_installation SET locked_at = %s WHERE id = 1", [clock.wall() if locked else None]
            )
    except psycopg.Error:
        return False
    return True


def _holders() -> dict[str, int]:
    """Processes of this host that hold keys, by name, as the supervisor wrote them down."""
    found: dict[str, int] = {}
    for state in [settings.run_folder() / "processes.json", *settings.run_folder().glob("w*/processes.json")]:
        try:
            pids: dict[str, Any] = json.loads(state.read_text(encoding="ascii"))["pids"]
        except (OSError, ValueError, KeyError):
            continue
        place = "" if state.parent == settings.run_folder() else f"{state.parent.name}/"
        found |= {place + name: int(pid) for name, pid in pids.items() if name in HOLD_KEYS and _runs(int(pid))}
    return found


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0] != "Z"
        )
    except OSError:
        return False


def _wait_for_end(before: dict[str, int]) -> list[str]:
    """Those that still run after the wait."""
    until = time.monotonic() + WAIT_S
    left = dict(before)
    while left and time.monotonic() < until:
        time.sleep(0.1)
        left = {name: pid for name, pid in left.items() if _runs(pid)}
    return list(left)

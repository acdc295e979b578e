"""Manifests say everything, and what they do not say is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from efface.vision.models import ManifestInvalid, active, packaged
from efface.vision.models.manifest import parse, thresholds_of
from tests.vision.models.conftest import manifest_text

GOOD = manifest_text("face-embedder", "tiny", b"archive", b"original", b"model")


def test_every_role_has_a_packaged_model_that_names_licence_origin_and_caveat() -> None:
    found = packaged()
    assert [manifest.role for manifest in found] == ["face-detector", "face-landmarks", "face-embedder"]
    for manifest in found:
        assert manifest.licence and manifest.provenance and manifest.caveat
        assert manifest.source.version and len(manifest.source.archive_sha256) == 64
        assert manifest.probe is not None


def test_the_embedder_says_what_its_thresholds_were_calibrated_on() -> None:
    thresholds = packaged()[2].thresholds
    assert thresholds is not None
    comparisons, false_alarms = (
        thresholds.calibration["impostor_comparisons"],
        thresholds.calibration["review_false_alarms"],
    )
    assert isinstance(comparisons, int) and isinstance(false_alarms, int)
    assert false_alarms / comparisons <= 1e-4
    assert thresholds.calibration["data"]


def test_no_manifest_names_a_registry_host() -> None:
    for manifest in packaged():
        assert "://" not in repr(manifest)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('licence = "CC0-1.0"\n', ""),
        ('sha256 = "', 'sha256 = "x'),
        ('file = "face-embedder.onnx"', 'file = "../outside.onnx"'),
        ('role = "face-embedder"', 'role = "face-reader"'),
        ("width = 2", "width = true"),
        ("width = 2", "width = 100000"),
        ("std = 128", "std = 0"),
        ("review = 0.5", "review = 0.7"),
        ("dim = 2", "dim = 0"),
        ('package = "tiny"', 'package = "tiny --evil"'),
        ('version = "1.0.0"', 'version = "latest"'),
        ('title = "A small model"', 'title = "A small model"\nsurprise = 1'),
        ("[thresholds]", "[limits]"),
        ('y = "y"', "y = 3"),
        ("[source]", "[source"),
    ],
)
def test_a_manifest_that_is_wrong_is_refused_by_name(old: str, new: str) -> None:
    assert old in GOOD
    parse(GOOD, "good.toml")
    with pytest.raises(ManifestInvalid, match=r"bad\.toml"):
        parse(GOOD.replace(old, new, 1), "bad.toml")


def test_a_probe_must_name_known_outputs() -> None:
    probe = "\n[probe]\ntolerance = 0.1\n[probe.outputs]\nz = [1.0]\n"
    with pytest.raises(ManifestInvalid, match="probe"):
        parse(GOOD + probe, "bad.toml")


def test_an_operators_manifest_takes_the_place_of_the_packaged_one(tmp_path: Path) -> None:
    folder = tmp_path / "manifests"
    folder.mkdir()
    (folder / "mine.toml").write_text(GOOD, encoding="utf-8")
    assert [manifest.id for manifest in active(tmp_path)] == ["rfb-320", "mtcnn-onet", "tiny-face-embedder"]
    (folder / "other.toml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(ManifestInvalid, match="already fills"):
        active(tmp_path)


def test_an_operators_manifest_that_cannot_be_read_is_an_error_not_a_silence(tmp_path: Path) -> None:
    folder = tmp_path / "manifests"
    folder.mkdir()
    (folder / "mine.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ManifestInvalid, match=r"mine\.toml"):
        active(tmp_path)
    (folder / "mine.toml").write_text("#" * 70_000, encoding="utf-8")
    with pytest.raises(ManifestInvalid, match="larger"):
        active(tmp_path)


def test_thresholds_are_found_by_the_identity_in_a_template(tmp_path: Path) -> None:
    embedder = packaged()[2]
    assert thresholds_of(embedder.model_id, tmp_path) == embedder.thresholds
    assert thresholds_of("unheard-of@sha256:0", tmp_path) is None

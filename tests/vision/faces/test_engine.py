"""The whole pipeline on sample portraits of adults."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from efface.vision.faces import FaceEngine, FaceFound, enrol
from efface.vision.index import FaceIndex
from efface.vision.models import ModelDamaged, packaged

Pixels = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def engine(models_dir: Path) -> FaceEngine:
    loaded = FaceEngine.load(models_dir)
    assert loaded is not None
    return loaded


def picture(path: Path) -> Pixels:
    return np.ascontiguousarray(cv2.imread(str(path))[:, :, ::-1], dtype=np.uint8)


def cosine(a: FaceFound, b: FaceFound) -> float:
    return float(np.dot(a.embedding, b.embedding))


def test_without_models_there_is_no_engine(tmp_path: Path) -> None:
    assert FaceEngine.load(tmp_path) is None
    assert FaceEngine.load(tmp_path / "absent") is None


def test_a_damaged_model_is_never_loaded(models_dir: Path, tmp_path: Path) -> None:
    for manifest in packaged():
        (tmp_path / manifest.file).write_bytes((models_dir / manifest.file).read_bytes())
    target = tmp_path / packaged()[2].file
    content = bytearray(target.read_bytes())
    content[1000] ^= 1
    target.write_bytes(content)
    with pytest.raises(ModelDamaged, match="Install"):
        FaceEngine.load(tmp_path)


def test_a_portrait_has_one_face_where_the_face_is(engine: FaceEngine, portraits: Path) -> None:
    (face,) = engine.analyse(picture(portraits / "person-a" / "1.jpg"))
    x, y, width, height = face.box
    assert x >= 0 and y >= 0 and x + width <= 1 and y + height <= 1
    assert 0.2 < x + width / 2 < 0.8 and 0.2 < y + height / 2 < 0.8
    assert face.score > 0.9 and face.quality > 0.5 and face.px > 60
    assert len(face.embedding) == engine.dim == 192
    assert np.linalg.norm(face.embedding) == pytest.approx(1, abs=1e-4)
    assert face.model == engine.model_id == packaged()[2].model_id


def test_people_are_told_apart_and_found_in_groups(engine: FaceEngine, portraits: Path) -> None:
    review = engine.thresholds.review
    index: FaceIndex[str] = FaceIndex()
    for person in ("person-c", "person-d"):
        photos = [engine.analyse(picture(path)) for path in sorted((portraits / person).glob("*.jpg"))]
        template = enrol(photos).template
        index.add(person, template.model, template.vector)
    together = engine.analyse(picture(portraits / "groups" / "c-and-d.jpg"))
    hits = index.query(engine.model_id, [face.embedding for face in together], review)
    assert sorted(hit.key for found in hits for hit in found) == ["person-c", "person-d"]
    for other in ("groups/strangers.jpg", "groups/e-and-f.jpg", "others/1.jpg", "person-b/1.jpg"):
        faces = engine.analyse(picture(portraits / other))
        assert faces
        assert index.query(engine.model_id, [face.embedding for face in faces], review) == [[] for _ in faces]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda p: p[:, ::-1], id="mirrored"),
        pytest.param(lambda p: np.rot90(p, 1), id="left side down"),
        pytest.param(lambda p: np.rot90(p, 2), id="upside down"),
        pytest.param(lambda p: np.rot90(p, 3), id="right side down"),
        pytest.param(lambda p: cv2.resize(p, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA), id="small"),
        pytest.param(lambda p: cv2.resize(p, None, fx=8, fy=8), id="large"),
        pytest.param(lambda p: cv2.imdecode(cv2.imencode(".jpg", p, [1, 25])[1], 1), id="JPEG quality 25"),
        pytest.param(lambda p: cv2.copyMakeBorder(p, 300, 900, 1200, 200, 0), id="far off in a large picture"),
    ],
)
def test_the_same_face_is_found_in_changed_copies(engine: FaceEngine, portraits: Path, change) -> None:  # type: ignore[no-untyped-def]
    original = picture(portraits / "person-d" / "1.jpg")
    (face,) = engine.analyse(original)
    changed = engine.analyse(np.ascontiguousarray(change(original), dtype=np.uint8))
    assert max(cosine(face, other) for other in changed) > 0.8


def test_colours_are_read_as_red_green_blue(engine: FaceEngine, portraits: Path) -> None:
    right = picture(portraits / "person-d" / "1.jpg")
    wrong = np.ascontiguousarray(right[:, :, ::-1])
    (a,), (b,) = engine.analyse(right), engine.analyse(wrong)
    assert cosine(a, b) < 0.99


@pytest.mark.parametrize(
    ("height", "width"), [(1, 1), (15, 400), (16, 16), (16, 5000), (5000, 16), (17, 23), (240, 320), (1300, 1700)]
)
@pytest.mark.parametrize("kind", ["noise", "flat"])
def test_any_picture_ends_well(engine: FaceEngine, height: int, width: int, kind: str) -> None:
    if kind == "noise":
        rgb = np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)
    else:
        rgb = np.full((height, width, 3), 128, dtype=np.uint8)
    for face in engine.analyse(rgb):
        assert np.isfinite(face.embedding).all()
    assert kind == "noise" or engine.analyse(rgb) == []


@pytest.mark.parametrize("shape", [(40, 40), (40, 40, 4), (40, 40, 1), (2, 40, 40, 3)])
def test_arrays_of_another_form_are_refused(engine: FaceEngine, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="height x width x 3"):
        engine.analyse(np.zeros(shape, dtype=np.uint8))
    with pytest.raises(ValueError, match="uint8"):
        engine.analyse(np.zeros((40, 40, 3), dtype=np.float32))  # type: ignore[arg-type]


def test_a_wall_of_faces_is_bounded(engine: FaceEngine, portraits: Path) -> None:
    face = cv2.resize(picture(portraits / "person-d" / "1.jpg")[40:280, 40:240], (100, 120))
    assert len(engine.analyse(np.tile(np.asarray(face, dtype=np.uint8), (8, 10, 1)))) == 32


def test_small_faces_in_a_group_picture_are_found_in_finer_tiles(engine: FaceEngine, portraits: Path) -> None:
    paths = [portraits / name / "1.jpg" for name in ("person-a", "person-c", "person-d", "person-e")]
    originals = [picture(path) for path in paths]
    group = np.full((960, 1280, 3), 110, dtype=np.uint8)
    for place in range(24):
        original = originals[place % 4]
        (face, *_) = engine.analyse(original)
        scale = 28 / face.px
        small = cv2.resize(original, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[:150, :150]
        y, x = place // 6 * 240 + 40, place % 6 * 210 + 20
        group[y : y + small.shape[0], x : x + small.shape[1]] = small
    found = engine.analyse(group)
    assert len(found) >= 20
    assert all(18 <= face.px <= 40 for face in found)


def test_the_same_pixels_give_the_same_numbers(engine: FaceEngine, portraits: Path) -> None:
    rgb = picture(portraits / "groups" / "c-and-d.jpg")
    assert engine.analyse(rgb) == engine.analyse(rgb)

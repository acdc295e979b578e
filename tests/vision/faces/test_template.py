"""A template is made of one person's photos or not at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from efface.vision.faces import (
    ADVICE,
    WORDS,
    FaceFound,
    Template,
    TemplateRefused,
    TemplateUnreadable,
    deserialise,
    enrol,
    serialise,
)
from efface.vision.faces.advice import advise
from efface.vision.models import packaged

MODEL = packaged()[2].model_id
DIM = 64
SAME = 0.46

Floats = npt.NDArray[np.float32]


def _direction(seed: int) -> Floats:
    vector = np.random.default_rng(seed).standard_normal(DIM)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def _photo_of(person: int, photo: int, noise: float = 0.7, *, px: int = 100, quality: float = 0.9) -> FaceFound:
    """A face of ``person`` as another photo shows it: about 0.67 cosine to their other photos."""
    vector = _direction(person) + noise * _direction(1000 * person + photo + 17)
    vector = vector / np.linalg.norm(vector)
    return FaceFound([0.2, 0.2, 0.4, 0.4], 0.99, quality, px, [float(value) for value in vector], MODEL)


ANN = [[_photo_of(1, photo)] for photo in range(6)]
BEA = [[_photo_of(2, photo)] for photo in range(6)]


def test_three_photos_of_one_person_make_a_template_nearer_to_a_fourth_than_any_of_them() -> None:
    made = enrol(ANN[:3])
    assert (made.used, made.left_out) == ([0, 1, 2], [])
    assert (made.template.model, made.template.photos) == (MODEL, 3)
    assert np.linalg.norm(made.template.vector) == pytest.approx(1, abs=1e-5)
    fourth = np.array(ANN[3][0].embedding, dtype=np.float32)
    singles = [float(fourth @ np.array(photo[0].embedding, dtype=np.float32)) for photo in ANN[:3]]
    assert float(fourth @ made.template.vector) > max(singles)


def test_a_photo_of_somebody_else_is_left_out_by_name() -> None:
    made = enrol([*ANN[:3], BEA[0]])
    assert made.used == [0, 1, 2]
    assert [(out.photo, out.reason) for out in made.left_out] == [(3, "different-people")]


@pytest.mark.parametrize(("ann", "bea"), [(2, 1), (1, 2), (2, 2), (3, 2), (3, 3), (1, 1)])
def test_photos_of_different_people_are_refused(ann: int, bea: int) -> None:
    with pytest.raises(TemplateRefused) as refusal:
        enrol([*ANN[:ann], *BEA[:bea]])
    assert refusal.value.reason == "different-people"


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_photos_are_refused(count: int) -> None:
    with pytest.raises(TemplateRefused) as refusal:
        enrol(ANN[:count])
    assert refusal.value.reason == "too-few"


def test_photos_without_a_face_are_refused() -> None:
    with pytest.raises(TemplateRefused) as refusal:
        enrol([[], [], []])
    assert refusal.value.reason == "no-face"
    assert [out.photo for out in refusal.value.photos] == [0, 1, 2]


def test_small_and_blurred_faces_are_refused() -> None:
    small = [[_photo_of(1, photo, px=30)] for photo in range(2)]
    blurred = [[_photo_of(1, 2, quality=0.01)]]
    with pytest.raises(TemplateRefused) as refusal:
        enrol(small + blurred)
    assert refusal.value.reason == "unclear"


def test_copies_of_one_picture_are_one_photo() -> None:
    with pytest.raises(TemplateRefused) as refusal:
        enrol([ANN[0], ANN[0], ANN[0], ANN[1]])
    assert [out.reason for out in refusal.value.photos] == ["same-picture", "same-picture"]
    assert enrol([ANN[0], ANN[0], ANN[1], ANN[2]]).used == [0, 2, 3]


def test_a_bystander_far_behind_does_not_matter() -> None:
    crowd = [_photo_of(1, 0, px=120), _photo_of(2, 0, px=40)]
    assert enrol([crowd, *ANN[1:3]]).used == [0, 1, 2]


def test_in_a_group_photo_the_person_of_the_other_photos_is_found() -> None:
    group = [_photo_of(2, 0), _photo_of(1, 0), _photo_of(3, 0)]
    made = enrol([group, *ANN[1:3]])
    assert made.used == [0, 1, 2]
    alone = enrol(ANN[:3])
    assert np.allclose(made.template.vector, alone.template.vector)


def test_a_group_photo_without_the_person_is_left_out() -> None:
    group = [_photo_of(2, 0), _photo_of(3, 0)]
    made = enrol([*ANN[:3], group])
    assert [(out.photo, out.reason) for out in made.left_out] == [(3, "several-faces")]


def test_two_people_in_every_photo_are_refused_because_nobody_can_say_who_is_meant() -> None:
    with pytest.raises(TemplateRefused) as refusal:
        enrol([[_photo_of(1, photo), _photo_of(2, photo)] for photo in range(4)])
    assert refusal.value.reason == "several-faces"


def test_models_do_not_mix() -> None:
    other = FaceFound([0, 0, 1, 1], 0.9, 0.9, 90, ANN[0][0].embedding, "another@sha256:0")
    with pytest.raises(ValueError, match="different models"):
        enrol([*ANN[:2], [other]])
    with pytest.raises(ValueError, match="threshold"):
        enrol([[other]] * 3)


def test_every_reason_has_words_for_both_readers() -> None:
    for words in WORDS.values():
        assert words.survivor.endswith(".") and words.caseworker.endswith(".")


def test_biometric_numbers_stay_out_of_reprs() -> None:
    template = enrol(ANN[:3]).template
    assert "vector" not in repr(template) and "embedding" not in repr(ANN[0][0])


def test_a_template_survives_serialising() -> None:
    template = enrol(ANN[:3]).template
    again = deserialise(serialise(template))
    assert np.array_equal(again.vector, template.vector)
    assert (again.model, again.photos) == (template.model, template.photos)
    assert again.agreement == pytest.approx(template.agreement, abs=1e-4)


@given(st.binary(max_size=400))
def test_bytes_that_are_no_template_are_refused(data: bytes) -> None:
    with pytest.raises(TemplateUnreadable):
        deserialise(data)


@pytest.mark.parametrize("spoil", [lambda d: d[:-1], lambda d: d + b"\0", lambda d: d[:-4] + b"\0\0\xc0\x7f"])
def test_spoilt_templates_are_refused(spoil) -> None:  # type: ignore[no-untyped-def]
    good = serialise(Template(MODEL, _direction(5), 3, 0.8))
    deserialise(good)
    with pytest.raises(TemplateUnreadable):
        deserialise(spoil(good))


@settings(deadline=None)
@given(st.permutations(range(6)))
def test_the_order_of_the_photos_does_not_matter(order: list[int]) -> None:
    photos = [*ANN[:4], *BEA[:2]]
    made = enrol([photos[place] for place in order])
    assert {order[place] for place in made.used} == {0, 1, 2, 3}


def test_a_template_says_how_good_it_is_and_what_would_help() -> None:
    made = enrol(ANN[:3])
    assert 0 < made.quality < 1 and made.advice == ["more"]
    many = enrol([[_photo_of(1, photo)] for photo in range(6)])
    assert many.quality > made.quality and many.advice == []


@pytest.mark.parametrize(
    ("change", "advice"),
    [({"px": 60}, "closer"), ({"sharp": 0.2}, "sharper"), ({"turn": 0.3}, "front"), ({"turn": -0.3}, "front")],
)
def test_what_all_photos_lack_is_asked_for_first(change: dict[str, float], advice: str) -> None:
    lacking = [[replace(face, **change) for face in photo] for photo in ANN[:4]]
    assert enrol(lacking).advice[0] == advice
    assert advice not in enrol([*lacking[:3], ANN[3]]).advice, "one good photo is enough"


def test_photos_of_one_occasion_are_noticed_and_no_photo_asks_for_one() -> None:
    assert advise([ANN[0][0]] * 5, 0.97) == ["alike"]
    assert advise([], 0.0) == ["more"]
    for words in ADVICE.values():
        assert words.survivor.endswith(".") and words.caseworker.endswith(".")


def test_a_single_photo_makes_a_template_only_where_that_is_asked_for() -> None:
    with pytest.raises(TemplateRefused):
        enrol(ANN[:1])
    made = enrol(ANN[:1], least=1)
    assert made.template.photos == 1 and made.used == [0]
    with pytest.raises(TemplateRefused):
        enrol([], least=0)


def test_whoever_is_always_beside_her_is_not_enrolled_with_her() -> None:
    beside = [[_photo_of(1, photo), _photo_of(2, photo)] for photo in range(2, 6)]
    made = enrol([*ANN[:2], *beside])
    hers = np.asarray(_photo_of(1, 9).embedding)
    theirs = np.asarray(_photo_of(2, 9).embedding)
    assert made.used == [0, 1, 2, 3, 4, 5]
    assert made.template.vector @ hers > 0.5 > 0.35 > made.template.vector @ theirs


def test_one_portrait_does_not_decide_between_two_who_are_always_together() -> None:
    together = [[_photo_of(1, photo), _photo_of(2, photo)] for photo in range(4)]
    for portrait in ([_photo_of(1, 7)], [_photo_of(2, 7)]):
        with pytest.raises(TemplateRefused) as refusal:
            enrol([portrait, *together])
        assert refusal.value.reason == "several-faces"
    with_others = [[_photo_of(1, photo), _photo_of(3 + photo, photo)] for photo in range(4)]
    assert enrol([[_photo_of(1, 7)], *with_others]).used == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("hers", "theirs"), [(2, 2), (3, 2), (3, 3), (4, 3), (2, 1)])
def test_two_people_mixed_are_never_one_template(hers: int, theirs: int) -> None:
    mixed = [[_photo_of(1, photo)] for photo in range(hers)] + [[_photo_of(2, photo)] for photo in range(theirs)]
    with pytest.raises(TemplateRefused) as refusal:
        enrol(mixed)
    assert refusal.value.reason == "different-people"

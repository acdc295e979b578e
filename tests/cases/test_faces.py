"""A face template is made and kept only of attested people who allow it, where the organisation switched it on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from efface.accounts.models import FaceSearchPermission, User
from efface.cases import consents, fingerprints, guarding, opening
from efface.cases.models import Case, Fingerprint, Purpose
from efface.net.protocol import Decoded, Face, Picture
from efface.vision.faces import template as templates
from tests.conftest import NOON

MODEL = "model-of-this-test@sha256:0"


def photo(seed: int, person: Any) -> Decoded:
    """A made-up photo: an embedding near the person's, no picture."""
    noise = np.random.default_rng(seed).normal(size=192) * 0.02
    vector = (person + noise) / np.linalg.norm(person + noise)
    face = Face([0.2, 0.2, 0.4, 0.4], 0.99, 0.9, 120, vector.tolist(), MODEL)
    picture = Picture(sha256=f"{seed:064x}", md5="0" * 32, pdq=[f"{seed:064x}"] * 8, pdq_quality=100)
    return Decoded(picture, [face])


@pytest.fixture
def photos(monkeypatch: pytest.MonkeyPatch) -> list[Decoded]:
    monkeypatch.setattr(templates, "_same", lambda model: 0.4)
    monkeypatch.setattr(templates, "COPY_COSINE", 0.99999)
    monkeypatch.setattr(guarding, "_asked", [lambda model, vector: False])
    person = np.random.default_rng(7).normal(size=192)
    person /= np.linalg.norm(person)
    return [photo(number, person) for number in (1, 2, 3)]


def faces_kept(case: Case) -> int:
    return Fingerprint.objects.filter(case=case, kind="face").count()


def enrol(case: Case, photos: list[Decoded]) -> fingerprints.Enrolled:
    labels = [str(number) for number in range(len(photos))]
    return fingerprints.enrol_pictures(case, photos, labels, "adult", "survivor", NOON, with_face=True)


def test_only_then(inside: Any, photos: list[Decoded]) -> None:
    case = opening.open_case(inside.pk, "w", age="adult", country="DE", language="en", now=NOON).case
    result = enrol(case, photos)
    assert (result.pdq, result.template, faces_kept(case)) == (3, False, 0)
    assert "No face template was made" in result.face
    consents.give(case, Purpose.FACE_SEARCH, "survivor", NOON)
    Case.objects.filter(pk=case.pk).update(level="attested")
    assert not enrol(case, photos).template, "the organisation has not switched it on"
    FaceSearchPermission.objects.create(
        organisation=inside, impact_assessment="x", legal_basis="x", countries="DE", recorded_at=NOON,
        recorded_by=User.objects.create_user("c@example.org", "a long password", name="C", created=NOON),
    )  # fmt: skip
    assert enrol(case, photos).template
    assert enrol(case, photos).template
    assert faces_kept(case) == 1, "an older template is not kept beside a newer one"
    consents.withdraw(case, Purpose.FACE_SEARCH, "survivor", NOON)
    assert faces_kept(case) == 0

"""What is kept of her pictures and videos, and what is added when more is allowed later."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from efface.cases import consents, fingerprints, opening
from efface.cases.models import Case, Fingerprint, Purpose
from efface.net.protocol import Decoded, Picture, Vector, Want
from efface.vision.video import FramePrint, VideoPrint
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(inside: Any) -> Case:
    return opening.open_case(inside.pk, "w", age="adult", country="DE", language="en", now=NOON).case


def photo(seed: int = 1, marks: str = "bWFya3M=", **more: Any) -> Decoded:
    """A made-up picture: hashes and marks, no pixels."""
    facts = {"pdq": [f"{seed:064x}"] * 8, "pdq_quality": 100, "mime": "image/jpeg", **more}
    refused = "" if marks else "blank"
    return Decoded(Picture(sha256=f"{seed:064x}", md5="0" * 32, **facts), print=marks, print_refused=refused)


def enrol(case: Case, *decoded: Decoded, age: str = "adult") -> fingerprints.Enrolled:
    labels = [f"{number}.jpg" for number in range(len(decoded))]
    return fingerprints.enrol_pictures(case, decoded, labels, age, "survivor", NOON + timedelta(days=1))


def kept(case: Case) -> list[tuple[str, str]]:
    rows = Fingerprint.objects.filter(case=case, retired_at=None).order_by("created", "kind")
    return sorted((row.kind, row.age) for row in rows)


def test_marks_are_added_to_a_known_picture_once_they_are_allowed(case: Case) -> None:
    enrol(case, photo(), age="unknown")
    assert kept(case) == [("pdq", "unknown")] and not fingerprints.choose_again(case, NOON)
    consents.give(case, Purpose.COPY_MATCH, "survivor", NOON)
    assert fingerprints.choose_again(case, NOON)
    again = enrol(case, photo(), photo())
    assert (again.pdq, again.local, again.problems) == (0, 1, ["1.jpg: is enrolled already"])
    assert kept(case) == [("local", "unknown"), ("pdq", "unknown")], "the age stays the one said of this picture"
    assert not fingerprints.choose_again(case, NOON)
    assert enrol(case, photo()).problems == ["0.jpg: is enrolled already"]


def test_the_age_of_the_case_that_comes_later_counts_too(case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(age="unknown")
    consents.give(case, Purpose.COPY_MATCH, "survivor", NOON)
    assert enrol(case, photo()).local == 0 and not fingerprints.choose_again(case, NOON)
    Case.objects.filter(pk=case.pk).update(age="adult")
    assert fingerprints.choose_again(case, NOON) and enrol(case, photo()).local == 1


def test_marks_that_were_deleted_come_back_with_the_consent(case: Case) -> None:
    consents.give(case, Purpose.COPY_MATCH, "survivor", NOON)
    assert enrol(case, photo()).local == 1
    consents.withdraw(case, Purpose.COPY_MATCH, "survivor", NOON)
    assert enrol(case, photo()).local == 0
    consents.give(case, Purpose.COPY_MATCH, "survivor", NOON)
    assert enrol(case, photo()).local == 1 and len(kept(case)) == 2


def test_a_known_picture_without_details_says_why_once_more(case: Case) -> None:
    enrol(case, photo())
    consents.give(case, Purpose.COPY_MATCH, "survivor", NOON)
    result = enrol(case, photo(marks=""))
    assert (result.local, result.problems) == (0, []) and "too plain" in result.notes[0]
    assert kept(case) == [("pdq", "adult")]


def test_a_retired_picture_is_none_that_could_be_marked(case: Case) -> None:
    enrol(case, photo())
    fingerprints.retire(Fingerprint.objects.get(case=case), "survivor", NOON)
    consents.give(case, Purpose.COPY_MATCH, "survivor", NOON)
    assert not fingerprints.choose_again(case, NOON)
    assert (enrol(case, photo()).pdq, kept(case)) == (1, [("local", "adult"), ("pdq", "adult")])


def clip(*qualities: int) -> str:
    """A made-up video print with a frame a second of these qualities."""
    frames = tuple(
        FramePrint(25 * n, float(n), quality, f"{n + 1:064x}", f"{n + 9:064x}") for n, quality in enumerate(qualities)
    )
    return b64encode(VideoPrint(float(len(frames)), frames, 640, 360).to_bytes()).decode()


@pytest.mark.parametrize("shown", ["black", "broken"])
def test_a_video_that_shows_nothing_is_refused_and_not_kept(case: Case, shown: str) -> None:
    print_of_it = clip(0, 3, 49) if shown == "black" else "bm8gcHJpbnQ="
    result = enrol(case, photo(marks="", clip=print_of_it, seconds=3.0, mime="video/mp4", pdq_quality=60))
    assert result.videos == 0 and "too little detail" in result.problems[0] and kept(case) == []


def test_a_video_with_one_frame_that_shows_something_is_kept(case: Case) -> None:
    result = enrol(case, photo(marks="", clip=clip(0, 80), seconds=2.0, mime="video/mp4", pdq_quality=0))
    assert (result.videos, result.problems, kept(case)) == (1, [], [("video", "adult")])


@pytest.mark.parametrize(
    ("quality", "qualities", "kinds"),
    [(80, (0, 0), ["pdq"]), (80, (80, 80), ["pdq", "video"]), (10, (80, 80), ["video"]), (10, (0, 0), [])],
)
def test_an_animation_is_recognised_by_what_shows_something(
    case: Case, quality: int, qualities: tuple[int, ...], kinds: list[str]
) -> None:
    result = enrol(case, photo(clip=clip(*qualities), seconds=2.0, mime="image/gif", pdq_quality=quality))
    assert [kind for kind, _ in kept(case)] == kinds
    assert (result.videos, result.pdq, len(result.problems)) == ("video" in kinds, "pdq" in kinds, not kinds)


def test_what_cannot_be_read_says_why_in_words(case: Case) -> None:
    unread = [Decoded(Picture(error=reason)) for reason in ("no-key-frames", "corrupt", "anything new")]
    assert enrol(case, *unread).problems == [
        "0.jpg: The video has no key frame, so that no picture of it can be built.",
        "1.jpg: could not be read; the file may be damaged",
        "2.jpg: could not be read (anything new)",
    ]


def with_vector(seed: int = 1, **more: Any) -> Decoded:
    vector = Vector("c@sha256:1", [0.6, 0.8], [0.0, 0.0, 1.0, 1.0])
    return replace(photo(seed, **more), vectors=[vector])


def test_a_copy_vector_is_kept_with_its_model_and_its_own_consent_only(case: Case) -> None:
    enrol(case, with_vector())
    assert kept(case) == [("pdq", "adult")]
    assert not fingerprints.wanted(case, False, NOON) & Want.VECTOR
    consents.give(case, Purpose.COPY_MATCH, "survivor", NOON)
    assert fingerprints.wanted(case, False, NOON) & Want.VECTOR
    assert enrol(case, with_vector()).local == 1
    assert kept(case) == [("copy", "adult"), ("local", "adult"), ("pdq", "adult")]
    row = Fingerprint.objects.get(case=case, kind="copy")
    assert (row.value["model"], row.value["vector"], row.value["sha256"]) == ("c@sha256:1", [0.6, 0.8], f"{1:064x}")
    consents.withdraw(case, Purpose.COPY_MATCH, "survivor", NOON)
    assert kept(case) == [("pdq", "adult")]


def test_a_model_that_came_later_adds_its_vector_to_what_is_known(case: Case) -> None:
    consents.give(case, Purpose.COPY_MATCH, "survivor", NOON)
    enrol(case, photo())
    assert enrol(case, with_vector()).problems == [] and [kind for kind, _ in kept(case)] == ["copy", "local", "pdq"]
    assert enrol(case, with_vector()).problems == ["0.jpg: is enrolled already"]


def test_a_smooth_picture_is_recognised_by_its_vector(case: Case) -> None:
    consents.give(case, Purpose.COPY_MATCH, "survivor", NOON)
    made = enrol(case, with_vector(marks=""))
    assert (made.local, made.notes) == (1, []) and [kind for kind, _ in kept(case)] == ["copy", "pdq"]


def test_a_vector_that_is_taken_back_is_gone_with_the_picture(case: Case) -> None:
    consents.give(case, Purpose.COPY_MATCH, "survivor", NOON)
    enrol(case, with_vector())
    fingerprints.retire(Fingerprint.objects.get(case=case, kind="pdq"), "survivor", NOON)
    assert kept(case) == [] and not Fingerprint.objects.filter(case=case, kind="copy").exists()

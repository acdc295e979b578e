"""Names, own places, bundles and drawings in the console; the same names and places in the portal."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from django.test import Client

from efface.cases import consents, uploading
from efface.cases.models import Case, Fingerprint, OwnPlace
from efface.console.drawing import LONG_SIDE, drawings
from efface.console.reasons import sentences
from efface.engine.base import tenancy
from efface.net import bundle
from efface.net.protocol import Decoded, Picture
from tests import people

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def reader_closed() -> Any:
    yield
    uploading.close()


@pytest.fixture
def desk(organisation: Any, now: Any) -> Client:
    return people.signed_in(people.worker(organisation, "caseworker", "Kim First"))


@pytest.fixture
def opened(organisation: Any, now: Any) -> Any:
    made = people.open_case(organisation)
    with tenancy.organisation(organisation.pk):
        Case.objects.filter(pk=made.case.pk).update(level="attested", age="adult")
        for purpose in ("text_search", "hash_match"):
            consents.give(made.case, purpose, "survivor", now)
    return made


def _shown(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def test_a_worker_notes_names_and_places(organisation: Any, desk: Client, opened: Any) -> None:
    at = f"/console/cases/{opened.case.pk}/mine/"
    assert "None yet." in _shown(desk, at)
    desk.post(at + "name/", {"kind": "handle", "value": "quietlake_94"})
    desk.post(at + "place/", {"url": "https://example.org/her"})
    page = _shown(desk, at)
    assert "quietlake_94" in page and "example.org/her" in page
    with tenancy.organisation(organisation.pk):
        name, place = Fingerprint.objects.get(kind="text"), OwnPlace.objects.get()
    desk.post(f"{at}name/{name.pk}/end/")
    desk.post(f"{at}place/{place.pk}/end/")
    page = _shown(desk, at)
    assert "quietlake_94" not in page and "example.org/her" not in page


def test_what_cannot_be_looked_for_is_said_and_stays_typed(desk: Client, opened: Any) -> None:
    at = f"/console/cases/{opened.case.pk}/mine/"
    answer = desk.post(at + "name/", {"kind": "name", "value": "Anna"})
    assert answer.status_code == 422 and "Give the first and the last name" in answer.content.decode()
    assert 'value="Anna"' in answer.content.decode()
    answer = desk.post(at + "place/", {"url": "her page"})
    assert answer.status_code == 422 and "example.org/yourname" in answer.content.decode()


def test_she_does_the_same_herself(organisation: Any, opened: Any) -> None:
    her = people.entered(opened.access_code)
    her.post("/case/me/name/", {"kind": "email", "value": "someone@quiet-lake.example"})
    her.post("/case/me/place/", {"url": "example.org/me"})
    page = _shown(her, "/case/me/")
    assert "someone@quiet-lake.example" in page and "example.org/me" in page
    for name, url in re.findall(r'action="(/case/me/(name|place)/[0-9a-f-]{36}/end/)"', page):
        assert her.post(name).status_code == 302, url
    assert "quiet-lake" not in _shown(her, "/case/me/")
    answer = her.post("/case/me/name/", {"kind": "handle", "value": "abc"})
    assert answer.status_code == 422


def _bundle(label: str = "one.jpg", **more: Any) -> bytes:
    shown = Picture("a" * 64, "b" * 32, 1000, "image/jpeg", 640, 480, [f"{n:064x}" for n in range(8)], 90, **more)
    return bundle.to_json([bundle.Item(label, Decoded(shown))]).encode()


def _take_in(desk: Client, case: Case, data: bytes, age: str = "adult") -> Any:
    file = io.BytesIO(data)
    file.name = "bundle.json"
    return desk.post(f"/console/cases/{case.pk}/bundle/", {"bundle": file, "age": age})


def test_a_bundle_is_taken_into_the_case(organisation: Any, desk: Client, opened: Any) -> None:
    answer = _take_in(desk, opened.case, _bundle())
    assert "One picture was turned into a fingerprint." in answer.content.decode()
    assert "is enrolled already" in _take_in(desk, opened.case, _bundle()).content.decode()
    with tenancy.organisation(organisation.pk):
        (row,) = Fingerprint.objects.filter(case=opened.case)
        assert (row.kind, row.label, row.age, row.value["sha256"]) == ("pdq", "one.jpg", "adult", "a" * 64)


@pytest.mark.parametrize("data", [b"", b"{}", b"not json", json.dumps({"efface": "bundle", "version": 9}).encode()])
def test_what_is_no_bundle_is_refused_and_nothing_kept(
    organisation: Any, desk: Client, opened: Any, data: bytes
) -> None:
    answer = _take_in(desk, opened.case, data)
    assert answer.status_code == 422 and 'role="alert"' in answer.content.decode()
    with tenancy.organisation(organisation.pk):
        assert not Fingerprint.objects.exists()


LOCAL = {
    "kind": "local", "score": 40.0, "threshold": 6.0, "error": 0.114,
    "region": [0.1, 0.2, 0.9, 0.2, 0.9, 0.8, 0.1, 0.8],
    "width": 1000, "height": 500, "sighting": "1", "fingerprint": "f", "view": "flip-horizontal",
}  # fmt: skip


def test_a_drawing_shows_where_and_nothing_else() -> None:
    face = {"kind": "face", "region": [0.25, 0.25, 0.5, 0.5], "width": 1000, "height": 500, "sighting": "1"}
    (drawn,) = drawings([LOCAL, face, {"kind": "pdq"}])
    assert (drawn.width, drawn.height) == (LONG_SIDE, LONG_SIDE // 2)
    assert [shape.kind for shape in drawn.shapes] == ["local", "face"]
    assert drawn.shapes[0].points == "24,24 216,24 216,96 24,96"
    assert "her picture from 10 to 90 % of the width and 20 to 80 % of the height" in drawn.words


@pytest.mark.parametrize(
    "broken",
    [
        {}, {"region": None}, {"region": ["x"] * 8}, {"region": [0.1] * 5}, {"width": 0}, {"region": []},
        {"region": [0.1, 0.2]},
    ],
)  # fmt: skip
def test_a_region_that_says_nothing_is_not_drawn(broken: dict[str, Any]) -> None:
    assert drawings([{**LOCAL, "region": [], **broken}]) == ()


def test_an_absurd_region_stays_in_bounds() -> None:
    (drawn,) = drawings([{**LOCAL, "region": [-1e9, 1e9, 5.0, 0.5, 0.5, 0.5], "height": 1}])
    numbers = [int(one) for one in re.findall(r"-?\d+", drawn.shapes[0].points)]
    assert max(map(abs, numbers)) <= 1.5 * LONG_SIDE


def test_reasons_are_sentences() -> None:
    (local,) = sentences([LOCAL], {"f": "beach"})
    assert local.startswith("Part or changed copy of “beach”: 40 points agree") and "11 %" in local
    assert local.endswith("(mirrored)")
    video = {"kind": "video", "score": 21.5, "seconds": [3.0, 64.5], "fingerprint": "f"}
    assert "22 seconds agree, from 0:03 to 1:04" in sentences([video], {})[0]
    assert "one picture of it" in sentences([{**video, "seconds": []}], {})[0]
    text = {"kind": "text", "words": "handle", "strong": False}
    assert sentences([text], {}) == ("The page has a name she uses online; others may go by the same",)

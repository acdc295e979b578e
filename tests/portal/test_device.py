"""Fingerprints on her own device: what the server takes, what the page sends, and what it never does."""

from __future__ import annotations

import io
import json
import os
import re
from base64 import b64decode
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client
from PIL import Image

from bench import clips
from efface.cases import consents, guarding, ondevice, uploading
from efface.cases.models import Case, Fingerprint, Purpose
from efface.engine.base import tenancy
from efface.net.protocol import Decoded, Face, Picture, to_wire
from efface.portal import device as offered
from efface.vision import pdq
from efface.vision.models import cached, complete
from efface.vision.pictures import read_pixels
from efface.vision.video import VideoPrint
from tests import people
from tests.chromium import chromium
from tests.portal.device import built, leaks, opened
from tests.portal.test_browser_sees import axe, shot

pytestmark = pytest.mark.django_db
PORTRAITS = Path(__file__).parents[2].parent / "shared" / "data" / "portraits"
MADE = "/case/pictures/made/"


@pytest.fixture(autouse=True)
def decoder_ends() -> Any:
    yield
    uploading.close()


@pytest.fixture
def opening(organisation: Any, now: Any) -> Any:
    opening = people.open_case(organisation)
    with tenancy.organisation(organisation.pk):
        consents.give(opening.case, "hash_match", "survivor", now)
    return opening


@pytest.fixture
def her(opening: Any) -> Client:
    return people.entered(opening.access_code)


@pytest.fixture
def face_may(organisation: Any, opening: Any, now: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attested, consented, switched on, and blocked by nobody."""
    monkeypatch.setattr(guarding, "_asked", [lambda model, vector: False])
    people.permit_faces(organisation)
    with tenancy.organisation(organisation.pk):
        consents.give(opening.case, Purpose.FACE_SEARCH, "survivor", now)
        Case.objects.filter(pk=opening.case.pk).update(level="attested")


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = Path.home() / ".cache" / "efface" / "models"
    if not complete(folder):
        pytest.skip("the face models are not installed")
    monkeypatch.setattr(offered, "models_folder", lambda: cached(print))
    return folder


def photo(seed: int, size: tuple[int, int] = (900, 600)) -> bytes:
    out = io.BytesIO()
    Image.fromarray(clips.scene(seed, size)).save(out, "JPEG", quality=90)
    return out.getvalue()


def numbers(data: bytes, name: str = "a.jpg", **more: Any) -> str:
    """What a page sends of a picture."""
    import hashlib

    hashes, quality = pdq.fingerprint(read_pixels(data).rgb)
    picture = Picture(hashlib.sha256(data).hexdigest(), hashlib.md5(data).hexdigest(), len(data), "image/jpeg", 900, 600,
                      hashes, quality)  # fmt: skip
    return bundled([(name, Decoded(picture, **more))])


def bundled(items: list[tuple[str, Decoded]]) -> str:
    body = [{"label": label, "decoded": to_wire(decoded)} for label, decoded in items]
    return json.dumps({"efface": "bundle", "version": 1, "items": body})


def kept(organisation: Any) -> list[str]:
    with tenancy.organisation(organisation.pk):
        return sorted(Fingerprint.objects.values_list("kind", flat=True))


# What the server takes


def test_numbers_of_a_picture_are_taken_and_once_only(organisation: Any, her: Client) -> None:
    given = {"age": "adult", "part": "file", "bundle": numbers(photo(1))}
    answer = her.post(MADE, given)
    assert answer.status_code == 200 and answer.json() == {"refused": "", "notes": [], "template": False}
    assert kept(organisation) == ["pdq"]
    again = her.post(MADE, given)
    assert again.status_code == 422 and "enrolled already" in again.json()["refused"]
    assert kept(organisation) == ["pdq"]


def test_it_is_said_that_changed_copies_are_not_told(organisation: Any, opening: Any, her: Client, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        consents.give(opening.case, Purpose.COPY_MATCH, "survivor", now)
    answer = her.post(MADE, {"age": "adult", "part": "file", "bundle": numbers(photo(1))}).json()
    assert "does not tell changed copies" in answer["notes"][0]
    assert kept(organisation) == ["pdq"]


GOOD = Picture("1" * 64, "1" * 32, 9, "image/jpeg", 9, 9, ["0" * 64] * 8, 90)
HOSTILE = {
    "nothing": "",
    "no JSON": "{",
    "a list": "[]",
    "numbers that are none": '{"efface": "bundle", "version": 1, "items": [{"label": "a", "decoded": NaN}]}',
    "depth": "[" * 100_000,
    "two files": bundled([("a", Decoded(GOOD)), ("b", Decoded(GOOD))]),
    "no file": bundled([]),
    "too long": " " * (ondevice.MOST_CHARACTERS + 1),
    "hashes": bundled([("a", Decoded(Picture("1" * 64, "1" * 32, 9, "", 9, 9, ["0" * 63] * 8, 90)))]),
    "seven views": bundled([("a", Decoded(Picture("1" * 64, "1" * 32, 9, "", 9, 9, ["0" * 64] * 7, 90)))]),
    "quality": bundled([("a", Decoded(Picture("1" * 64, "1" * 32, 9, "", 9, 9, ["0" * 64] * 8, 900)))]),
    "digest": bundled([("a", Decoded(Picture("../../x", "1" * 32, 9, "", 9, 9, ["0" * 64] * 8, 90)))]),
    "an error": bundled([("a", Decoded(Picture("1" * 64, "1" * 32, error="corrupt")))]),
    "a clip": bundled([("a", Decoded(Picture("1" * 64, "1" * 32, clip="AAAA", seconds=1)))]),
    "size": bundled([("a", Decoded(Picture("1" * 64, "1" * 32, -5, "", 9, 9, ["0" * 64] * 8, 90)))]),
    "mime": bundled([("a", Decoded(Picture("1" * 64, "1" * 32, 5, "x" * 500, 9, 9, ["0" * 64] * 8, 90)))]),
    "another version": bundled([("a", Decoded(GOOD))]).replace('"version": 1', '"version": 2'),
    "a picture": bundled([("a", Decoded(GOOD))]).replace('"size": 9', '"size": 9, "pixels": "AAAA"'),
}


@pytest.mark.parametrize("bundle", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("part", ["file", "face"])
def test_what_is_no_bundle_of_numbers_is_refused_in_words(
    organisation: Any, her: Client, face_may: None, models: Path, bundle: str, part: str
) -> None:
    answer = her.post(MADE, {"age": "adult", "part": part, "bundle": bundle})
    assert answer.status_code == 422 and len(answer.json()["refused"]) > 20
    assert kept(organisation) == []


def test_under_18_nothing_is_taken_and_nothing_offered(organisation: Any, her: Client) -> None:
    assert her.post(MADE, {"age": "minor", "part": "file", "bundle": numbers(photo(1))}).status_code == 422
    assert her.post(MADE, {"part": "file", "age": "12", "bundle": numbers(photo(1))}).status_code == 422
    young = people.entered(people.open_case(organisation, age="minor").access_code)
    assert young.post(MADE, {"age": "adult", "part": "file", "bundle": numbers(photo(1))}).status_code == 422
    page = young.get("/case/pictures/")
    assert (
        b'type="file"' not in page.content
        and b"device-plan" not in page.content
        and b"<script type" not in page.content
    )
    assert "wasm" not in page.headers["Content-Security-Policy"]
    assert kept(organisation) == []


def test_while_everything_is_paused_nothing_is_taken(organisation: Any, her: Client) -> None:
    her.post("/case/pause/", {"choice": "stop"})
    answer = her.post(MADE, {"age": "adult", "part": "file", "bundle": numbers(photo(1))})
    assert answer.status_code == 422 and "paused" in answer.json()["refused"] and kept(organisation) == []


def test_a_form_from_elsewhere_is_not_taken(opening: Any, her: Client) -> None:
    her.handler.enforce_csrf_checks = True
    assert her.post(MADE, {"age": "adult", "part": "file", "bundle": numbers(photo(1))}).status_code == 403


def test_nobody_else_gets_in(db: Any) -> None:
    for at in (MADE, "/case/pictures/part/" + "0" * 64 + "/"):
        answer = Client().post(at) if at == MADE else Client().get(at)
        assert answer.status_code == 302 and answer.headers["Location"] == "/enter/"


def faces(model: str, dim: int = 192, **more: Any) -> str:
    person = np.random.default_rng(1).normal(size=dim)
    items = []
    for number in range(3):
        vector = person + np.random.default_rng(5 + number).normal(size=dim) * 0.5
        vector *= more.get("length", 1) / np.linalg.norm(vector)
        picture = Picture(f"{number:064x}", "1" * 32, 9, "image/jpeg", 9, 9, ["0" * 64] * 8, 90)
        items.append(
            (f"{number}.jpg", Decoded(picture, [Face([0.1, 0.1, 0.5, 0.5], 0.99, 0.8, 150, vector.tolist(), model)]))
        )
    return bundled(items)


def test_a_face_template_is_made_only_under_its_consent(
    organisation: Any, opening: Any, her: Client, models: Path, face_may: None, now: Any
) -> None:
    model = offered.nets(models)["embedder"].model_id
    given = {"age": "adult", "part": "face", "bundle": faces(model)}
    with tenancy.organisation(organisation.pk):
        consents.withdraw(opening.case, Purpose.FACE_SEARCH, "survivor", now)
    refused = her.post(MADE, given)
    assert refused.status_code == 422 and "No face template was made" in refused.json()["refused"]
    assert kept(organisation) == []
    with tenancy.organisation(organisation.pk):
        consents.give(opening.case, Purpose.FACE_SEARCH, "survivor", now)
    answer = her.post(MADE, given)
    assert answer.status_code == 200 and answer.json()["template"] and "3 photos" in answer.json()["notes"][0]
    assert kept(organisation) == ["face"]


@pytest.mark.parametrize("more", [{"model": "other@sha256:0"}, {"dim": 128}, {"length": 3.0}], ids=str)
def test_faces_of_another_model_or_of_no_model_are_refused(
    organisation: Any, her: Client, models: Path, face_may: None, more: dict[str, Any]
) -> None:
    own = {"model": offered.nets(models)["embedder"].model_id}
    answer = her.post(MADE, {"age": "adult", "part": "face", "bundle": faces(**(own | more))})
    assert answer.status_code == 422 and kept(organisation) == []


def test_models_are_handed_out_where_a_face_may_be_learned(
    organisation: Any, opening: Any, her: Client, models: Path, face_may: None, now: Any
) -> None:
    for one in offered.nets(models).values():
        answer = her.get(f"/case/pictures/part/{one.sha256}/")
        assert answer.content == (models / one.file).read_bytes() and answer.headers["Cache-Control"] == "no-store"
        last = f"/case/pictures/part/{one.sha256}/"
    assert her.get("/case/pictures/part/" + "0" * 64 + "/").status_code == 404
    with tenancy.organisation(organisation.pk):
        consents.withdraw(opening.case, Purpose.FACE_SEARCH, "survivor", now)
    assert her.get(last).status_code == 404


def test_where_the_scripts_are_absent_the_page_says_so(
    her: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(offered, "BUILT", tmp_path)
    for broken in ("", "{", '{"files": ["begin.js"], "begin": "begin.js"}'):
        if broken:
            (tmp_path / "manifest.json").write_text(broken)
        page = her.get("/case/pictures/")
        assert b"is not set up here" in page.content and b'id="upload"' in page.content
        assert b"<script type" not in page.content and "wasm" not in page.headers["Content-Security-Policy"]


def test_the_policy_is_wider_on_this_page_only(her: Client) -> None:
    built()
    policy = her.get("/case/pictures/").headers["Content-Security-Policy"]
    assert "script-src 'self' 'wasm-unsafe-eval';" in policy + ";" and "media-src blob:" in policy
    assert "unsafe-eval'" not in policy.replace("wasm-unsafe-eval", "") and "unsafe-inline" not in policy
    for other in ("/case/", "/case/allow/", "/case/me/", "/", "/enter/", MADE):
        policy = her.get(other).headers["Content-Security-Policy"]
        assert "wasm" not in policy and "blob:" not in policy, other


def test_what_is_loaded_is_not_kept_by_the_browser(her: Client) -> None:
    built()
    page = her.get("/case/pictures/").content.decode()
    script = re.search(r'<script type="module" src="([^"]+)"', page)
    assert script
    plan = json.loads(
        re.search(r'<script id="device-plan" type="application/json">(.*?)</script>', page, re.S).group(1)
    )  # type: ignore[union-attr]
    for url in (script.group(1), plan["wasm"], plan["glue"]):
        assert re.search(r"-[0-9A-Za-z]{8,}\.(js|wasm)$", url)
        answer = her.get(url, headers={"accept-encoding": "gzip"})
        assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Encoding"] == "gzip"
    assert "no-store" not in her.get("/static/efface/style.css").headers["Cache-Control"]


# What the page does


@pytest.mark.browser
def test_pictures_and_a_video_become_fingerprints_and_no_byte_of_them_leaves(organisation: Any, her: Client) -> None:
    built()
    frames = clips.film(clips.Pictures([], 3), 3, "shots", 4.0, (640, 360), 12)
    files = [("one.jpg", photo(1)), ("two.jpg", photo(2, (2600, 1700))), ("clip.mp4", clips.encode(frames, 12))]
    with opened(her) as page:
        assert page.page.is_visible("#device") and not page.page.is_visible("#upload")
        assert "has loaded 0.1 MB" in page.page.inner_text("#device")
        page.begin(files)
        assert page.wait().startswith("3 of 3 are fingerprints now.")
        assert [line.split("\n")[-1].strip() for line in page.lines()] == ["done"] * 3
        assert leaks(page.asked, files, seconds=4) == []
        stays = "[localStorage.length, sessionStorage.length, blobs.size, document.querySelectorAll('canvas, video').length]"
        assert page.page.evaluate(stays) == [0, 0, 0, 0]
        assert page.page.evaluate("indexedDB.databases().then(all => all.length)") == 0
        assert page.page.evaluate("'caches' in window ? caches.keys().then(all => all.length) : 0") == 0
        assert (
            page.page.evaluate(
                "'serviceWorker' in navigator ? navigator.serviceWorker.getRegistrations().then(all => all.length) : 0"
            )
            == 0
        )
    assert kept(organisation) == ["pdq", "pdq", "video"]
    with tenancy.organisation(organisation.pk):
        for row in Fingerprint.objects.filter(kind="pdq"):
            data = dict(files)[row.label]
            hashes, _ = pdq.fingerprint(read_pixels(data, pdq.HASH_SIDE).rgb)
            assert max(map(pdq.distance, hashes, row.value["pdq"])) <= 10
        clip = VideoPrint.from_bytes(b64decode(Fingerprint.objects.get(kind="video").value["clip"]))
        assert clip.duration == pytest.approx(4, abs=0.2) and len(clip.telling) >= 12


LEAKS = {
    "the file itself, to the same address": "fetch('/case/pictures/made/', {method: 'POST', body: file})",
    "the file in a form": "(() => { const form = new FormData(); form.set('x', file);"
    " return fetch('/case/pictures/', {method: 'POST', body: form}); })()",
    "in an address": "fetch('/case/?' + btoa(String.fromCharCode(...new Uint8Array(await file.slice(0, 9000).arrayBuffer()))))",
    "in a name": "fetch('/case/pictures/made/', {method: 'POST', body: new URLSearchParams({csrfmiddlewaretoken: '', age: '',"
    " part: '', bundle: JSON.stringify({efface: 'bundle', version: 1, items: [{label: btoa(String.fromCharCode("
    "...new Uint8Array(await file.slice(0, 9000).arrayBuffer()))), decoded: {picture: {}, look: '', print: ''}}]})})})",
    "small, as pixels": "(async () => { const bitmap = await createImageBitmap(file, {resizeWidth: 64});"
    " const canvas = new OffscreenCanvas(64, 64); const pen = canvas.getContext('2d'); pen.drawImage(bitmap, 0, 0);"
    " const read = pen.getImageData(0, 0, 64, 64).data; return fetch('/case/pictures/made/', {method: 'POST', body:"
    " new URLSearchParams({csrfmiddlewaretoken: '', age: '', part: '', bundle: JSON.stringify({efface: 'bundle',"
    " version: 1, items: [], more: Array.from(read)})})}); })()",
}


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS)
def test_a_planted_leak_is_seen(her: Client, leak: str) -> None:
    built()
    plant = (
        "document.addEventListener('submit', async () => { const file = document.getElementById('device-files').files[0];"
        f" await {leak}.catch(() => undefined); window.planted = true; }}, true);"
    )
    files = [("one.jpg", photo(1))]
    with opened(her, script=plant) as page:
        page.begin(files)
        page.wait()
        page.page.wait_for_function("window.planted")
        assert leaks(page.asked, files) != []


@pytest.mark.browser
def test_files_that_cannot_be_used_are_told_and_the_others_done(organisation: Any, her: Client) -> None:
    built()
    good, tiny = photo(1), io.BytesIO()
    Image.new("RGB", (8, 8)).save(tiny, "PNG")
    bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (60_000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0" + b"\0" * 40
    files = [
        ("empty.jpg", b""), ("text.jpg", b"hello, this is no picture"), ("half.jpg", good[: len(good) // 2]),
        ("iphone.heic", b"\0\0\0\x18ftypheic" + b"\0" * 400), ("bomb.png", bomb), ("tiny.png", tiny.getvalue()),
        ("broken.mp4", b"\0\0\0\x18ftypisom" + b"\0" * 4000), ("good.jpg", good), ("again.jpg", good),
    ]  # fmt: skip
    with opened(her) as page:
        page.begin(files)
        said = page.wait()
        lines = dict(line.replace("\n", " ").split(" ", 1) for line in page.lines())
    # Of half a picture some browsers show half, and some refuse it: either way it is not taken for the whole.
    assert "is empty" in lines["empty.jpg"] and "not a picture or video" in lines["text.jpg"]
    assert "HEIC" in lines["iphone.heic"] and "too large" in lines["bomb.png"] and "too small" in lines["tiny.png"]
    assert "cannot play" in lines["broken.mp4"] and lines["good.jpg"].strip() == "done"
    assert "could not be read" in lines["half.jpg"]
    assert "enrolled already" in lines["again.jpg"] and said.startswith("1 of 9")
    assert kept(organisation) == ["pdq"]


@pytest.mark.browser
def test_it_speaks_arabic_from_right_to_left(organisation: Any, her: Client) -> None:
    built()
    her.post("/language/", {"language": "ar"})
    with opened(her) as page:
        page.page.wait_for_selector("#device:not([hidden])", timeout=90_000)
        page.begin([("empty.jpg", b""), ("good.jpg", photo(1))])
        assert "1" in page.wait() and page.page.evaluate("document.documentElement.dir") == "rtl"
        empty, good = page.lines()
        assert "الملف فارغ" in empty and "تم" in good
        shot(page.page, "device-ar")
        assert axe(page.page) == []
    assert kept(organisation) == ["pdq"]


NOISE = """
const read = CanvasRenderingContext2D.prototype.getImageData;
CanvasRenderingContext2D.prototype.getImageData = function (...given) {
  const found = read.apply(this, given);
  found.data[(found.data.length >> 1) & ~3] ^= 1;
  return found;
};
"""


@pytest.mark.browser
def test_a_browser_that_changes_what_is_read_is_noticed(her: Client) -> None:
    built()
    with opened(her, script=NOISE) as page:
        assert "changes pictures a little" in page.page.inner_text("#device-say")
        assert not page.page.is_visible("#device-form") and page.page.is_visible("#upload")


@pytest.mark.browser
def test_minor_pictures_are_not_even_read(organisation: Any, her: Client) -> None:
    built()
    spy = "const all = Blob.prototype.arrayBuffer; Blob.prototype.arrayBuffer = function () { window.touched = true; return all.call(this); };"
    with opened(her, script=spy) as page:
        page.begin([("one.jpg", photo(1))], age="minor")
        assert "under 18 we keep nothing" in page.wait()
        assert not page.page.evaluate("window.touched") and not any(one.body for one in page.asked)
    assert kept(organisation) == []


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("how", ["stop", "close", "away"])
def test_what_was_sent_is_kept_and_nothing_else(organisation: Any, her: Client, how: str) -> None:
    built()
    files = [(f"{n}.jpg", photo(n, (2000, 1500))) for n in range(8)]
    with opened(her) as page:
        page.begin(files)
        page.page.wait_for_selector('#device-list li[data-state="good"]')
        if how == "stop":
            page.page.click("#device-stop")
            assert page.wait().startswith("Stopped.")
            page.begin(files[-1:])
            assert page.wait().startswith("1 of 1")
        elif how == "close":
            page.page.close()
        else:
            page.page.keyboard.press("Escape")
            page.page.wait_for_url("**/leave/")
        sent = sum(one.method == "POST" for one in page.asked)
    assert 1 <= len(kept(organisation)) <= sent < len(files)


@pytest.mark.browser
@pytest.mark.slow
def test_two_tabs(organisation: Any, her: Client) -> None:
    built()
    files = [("one.jpg", photo(1)), ("two.jpg", photo(2))]
    with chromium() as browser, opened(her, browser=browser) as first, opened(her, browser=browser) as second:
        first.begin(files)
        second.begin(files[::-1])
        said = [first.wait(), second.wait()]
        done = sum(int(one.split(" of ")[0]) for one in said)
    assert done == 2 and kept(organisation) == ["pdq", "pdq"]


@pytest.mark.browser
def test_a_session_that_ended_meanwhile(organisation: Any, her: Client) -> None:
    built()
    with opened(her) as page:
        her.cookies.clear()
        page.begin([("one.jpg", photo(1))])
        assert "signed out" in page.wait()
        assert page.page.get_attribute("#device-say a", "href") == "/enter/"
    assert kept(organisation) == []


@pytest.mark.browser
def test_without_scripts_the_other_way_is_open(her: Client) -> None:
    built()
    with opened(her, java_script_enabled=False) as page:
        assert page.page.is_visible("#upload") and not page.page.is_visible("#device")


@pytest.mark.browser
@pytest.mark.slow
def test_her_face_is_learned_here_and_only_hers_leaves(
    organisation: Any, her: Client, face_may: None, models: Path
) -> None:
    built()
    if not PORTRAITS.is_dir():
        pytest.skip("no portraits to try it with")
    files = [(path.name, path.read_bytes()) for path in sorted((PORTRAITS / "person-c").iterdir())[:3]]
    files += [("both.jpg", (PORTRAITS / "groups" / "c-and-d.jpg").read_bytes())]
    with opened(her) as page:
        assert not any(re.search(r"wasm|/part/", one.url) for one in page.asked), "nothing is loaded before Begin"
        assert re.search(r"\b\d+\.\d MB more", page.page.inner_text("#device"))
        page.begin(files, face=True)
        page.page.wait_for_selector("#device-ask:not([hidden])", timeout=120_000)
        assert "More than one person is in both.jpg." in page.page.inner_text("#device-ask")
        assert page.page.locator("#device-ask image, #device-ask img, #device-ask canvas").count() == 0
        if shots := os.environ.get("EFFACE_SHOTS"):
            page.page.screenshot(path=f"{shots}/device-ask-phone.png", full_page=True)
        page.page.click("#device-ask button >> nth=0")
        said = page.wait(120)
        asked = [one for one in page.asked if one.method == "POST"]
    assert "A face template was made from" in said
    assert kept(organisation) == ["face", "pdq", "pdq", "pdq", "pdq"]
    from urllib.parse import parse_qs

    bundles = [json.loads(parse_qs(one.body.decode())["bundle"][0]) for one in asked]
    counts = [[len(item["decoded"]["faces"]) for item in one["items"]] for one in bundles]
    assert counts == [[0], [0], [0], [0], [1, 1, 1, 1]]

"""The brush in a real browser: what leaves the device is covered already, and what is covered has one colour."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from efface.cases import proof_room, uploading
from efface.net.decoder import proofs
from efface.net.proofs import Proof, ProofRequest, proof_answer
from efface.vision.pictures import PictureError
from efface.vision.proof import COVER
from tests import people
from tests.chromium import ORIGIN, chromium
from tests.console.test_browser import judge

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
SIZES = {"light": ("phone", 390, 844), "dark": ("desk", 1280, 900)}
BRIGHT = (230, 40, 200)


@pytest.fixture
def decoder(monkeypatch: pytest.MonkeyPatch) -> list[ProofRequest]:
    """The decoder's own work without its process; what it was sent."""
    sent: list[ProofRequest] = []

    def answer(request: ProofRequest) -> Proof:
        sent.append(request)
        try:
            return proof_answer(json.loads(json.dumps(proofs.answer(request.to_bytes(), None, None))))
        except PictureError as error:
            return Proof(error=error.reason)

    monkeypatch.setattr(uploading, "cover_proof", answer)
    proof_room._held.clear()
    return sent


def document(folder: Path, name: str = "card.jpg") -> Path:
    """A bright field with a grey square, with metadata that must not travel."""
    pixels = np.full((900, 1400, 3), BRIGHT, np.uint8)
    pixels[300:600, 500:900] = 128
    path = folder / name
    described = Image.Exif()
    described[0x010E] = "SECRET-IN-METADATA"
    Image.fromarray(pixels).save(path, "JPEG", quality=95, exif=described)
    return path


def keep(page: Any, name: str) -> None:
    if shots := os.environ.get("EFFACE_SHOTS", ""):
        Path(shots).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{shots}/{name}.png", full_page=True)


@pytest.mark.parametrize("scheme", SIZES)
def test_only_covered_pixels_leave_the_device(
    scheme: str, organisation: Any, now: Any, decoder: list[ProofRequest], tmp_path: Path
) -> None:
    opened = people.open_case(organisation, name="Subject A")
    her, problems = people.entered(opened.access_code), list[str]()
    size, width, height = SIZES[scheme]
    with chromium() as browser, browser.page(her, width=width, height=height, color_scheme=scheme) as page:
        page.goto(ORIGIN + "/case/proof/")
        judge(page, f"proof {size}", problems, scheme)
        page.set_input_files("#picture", document(tmp_path))
        page.wait_for_selector("#canvas:visible")
        page.fill("#holder", "Subject A")
        assert decoder == []  # choosing sends nothing
        page.locator("#canvas").scroll_into_view_if_needed()
        box = page.locator("#canvas").bounding_box()
        middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.move(*middle)
        page.mouse.down()
        page.mouse.move(middle[0] + 20, middle[1], steps=4)
        page.mouse.up()
        keep(page, f"proof-brush-{size}")
        judge(page, f"proof brush {size}", problems, scheme)
        page.click("#mine")
        page.wait_for_selector("img.proof")
        keep(page, f"proof-draft-{size}")
        judge(page, f"proof draft {size}", problems, scheme)
    held = proof_room.get(opened.case.pk)
    assert held is not None and len(decoder) == 1 and not decoder[0].automatic
    for picture in (decoder[0].picture, held.picture):
        assert b"SECRET" not in picture
        pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))
        covered = (pixels == np.array(COVER, np.uint8)).all(axis=2)
        assert 0.9 < covered.mean() < 0.999
        shown = pixels[~covered]  # only what lies under the brush: the grey square
        assert np.abs(shown.astype(int) - 128).max() < 12
    assert browser.outside == [] and browser.complaints == [] and problems == []


def test_suggest_undo_turn_and_a_picture_that_cannot_be_read(
    organisation: Any, now: Any, decoder: list[ProofRequest], tmp_path: Path
) -> None:
    her = people.entered(people.open_case(organisation).access_code)
    broken = tmp_path / "photo.heic"
    broken.write_bytes(b"\0\0\0\x18ftypheic" + bytes(200))
    with chromium() as browser, browser.page(her) as page:
        page.goto(ORIGIN + "/case/proof/")
        page.set_input_files("#picture", broken)
        page.wait_for_selector("#brush-status:has-text('HEIC')")
        page.set_input_files("#picture", document(tmp_path))
        page.wait_for_selector("#canvas:visible")
        page.click("#where")
        page.wait_for_selector("#brush-status:has-text('Covered as')")
        assert decoder[0].only_areas
        corner = "[...document.getElementById('canvas').getContext('2d').getImageData(2, 2, 1, 1).data].slice(0, 3)"
        dark = [round(0.82 * cover + 0.18 * bright) for cover, bright in zip(COVER, BRIGHT, strict=True)]
        # Without a text model all but a face is covered; on the device it is seen faintly.
        assert np.abs(np.array(page.evaluate(corner)) - dark).max() < 8
        page.click("#turn")
        assert page.evaluate("document.getElementById('canvas').height") == 1400
        assert np.abs(np.array(page.evaluate(corner)) - dark).max() < 8
        page.click("#all")
        page.click("#undo")
    assert browser.outside == [] and browser.complaints == []


@pytest.mark.parametrize("scheme", SIZES)
def test_the_letter_is_signed_with_a_finger(scheme: str, organisation: Any, now: Any) -> None:
    from efface.cases.models import Authority
    from efface.engine.base import tenancy

    opened = people.open_case(organisation)
    her, problems = people.entered(opened.access_code), list[str]()
    size, width, height = SIZES[scheme]
    with chromium() as browser, browser.page(her, width=width, height=height, color_scheme=scheme) as page:
        page.goto(ORIGIN + "/statements/")
        keep(page, f"statements-{size}")
        judge(page, f"statements {size}", problems, scheme)
        page.goto(ORIGIN + "/case/letter/")
        page.fill("#signer", "Subject A")
        page.locator("#signature").scroll_into_view_if_needed()
        box = page.locator("#signature").bounding_box()
        page.mouse.move(box["x"] + 20, box["y"] + 20)
        page.mouse.down()
        page.mouse.move(box["x"] + 120, box["y"] + 60, steps=6)
        page.mouse.up()
        keep(page, f"letter-{size}")
        judge(page, f"letter {size}", problems, scheme)
        page.check("[name=agree]")
        page.click("#sign button.primary")
        page.wait_for_selector("[data-fact=standing]")
        judge(page, f"letter signed {size}", problems, scheme)
        keep(page, f"letter-signed-{size}")
    with tenancy.organisation(organisation.pk):
        assert Authority.objects.get(case=opened.case).letter["how"] == "drawn"
    assert browser.outside == [] and browser.complaints == [] and problems == []


@pytest.mark.parametrize("scheme", SIZES)
def test_the_desk_looks_once(
    scheme: str, organisation: Any, now: Any, decoder: list[ProofRequest], tmp_path: Path
) -> None:
    opened = people.open_case(organisation, name="Subject A")
    desk, problems = people.signed_in(people.worker(organisation)), list[str]()
    her = people.entered(opened.access_code)
    with document(tmp_path).open("rb") as file:
        her.post("/case/proof/", {"picture": file, "name": "Subject A", "show-1-left": "20", "show-1-top": "20",
                                  "show-1-width": "60", "show-1-height": "60"})  # fmt: skip
    her.post("/case/proof/decide/", {"choice": "hand-in", "keep": "7"})
    size, width, height = SIZES[scheme]
    with chromium() as browser, browser.page(desk, width=width, height=height, color_scheme=scheme) as page:
        page.goto(f"{ORIGIN}/console/cases/{opened.case.pk}/proof/")
        judge(page, f"desk proof {size}", problems, scheme)
        page.click("text=Look now")
        page.wait_for_selector("img.proof")
        assert page.evaluate("document.querySelector('img.proof').naturalWidth") == 1400
        keep(page, f"desk-look-{size}")
        judge(page, f"desk look {size}", problems, scheme)
        page.check("[name=name][type=checkbox]")
        page.check("[name=face]")
        page.click("text=State and sign")
        page.wait_for_selector("[data-fact=stated]")
        assert page.query_selector("img.proof") is None
        keep(page, f"desk-stated-{size}")
        judge(page, f"desk stated {size}", problems, scheme)
    assert browser.outside == [] and browser.complaints == [] and problems == []

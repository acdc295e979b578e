"""Training pages and guides in Chromium, at both widths and in both languages; guides on paper."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from efface.engine.base import tenancy
from efface.training.models import Practice
from tests import people
from tests.chromium import ORIGIN, chromium
from tests.console.test_browser import SIZES, look
from tests.training.test_exercises import CAREFUL, HASTY, Desk

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.mark.slow
def test_pages(school: Any, trainee: Any, organisation: Any, now: Any) -> None:
    desk = Desk(people.signed_in(trainee), trainee, school)
    desk.post("training/all/")
    for key, deeds in (("face", HASTY), ("claim", CAREFUL), ("handover", CAREFUL)):
        desk.key = key
        deeds[key](desk)
    with tenancy.organisation(school.pk):
        case = Practice.objects.get(exercise="wrong").content["case"]
    pages = {
        "training": "/console/training/", "training-careful": "/console/training/face/",
        "training-done": "/console/training/claim/", "training-open": "/console/training/extortion/",
        "training-queue": "/console/queue/", "training-case": f"/console/cases/{case}/", "guides": "/console/guides/",
        "guide-yourself": "/console/knowledge/yourself/", "guide-first-day": "/console/knowledge/first-day/",
        "guides-all": "/console/guides/all/", "find-none": "/console/find/",
    }  # fmt: skip
    real = people.signed_in(people.worker(organisation, "caseworker"))
    problems: list[str] = []
    with chromium() as browser:
        for scheme in SIZES:
            look(browser, desk.client, pages, problems, scheme)
            look(browser, real, {"training-at-work": "/console/training/"}, problems, scheme)
        desk.client.cookies["l"] = "de"
        for scheme in SIZES:
            look(browser, desk.client, {"de-training": "/console/training/", "de-face": "/console/training/face/",
                                        "de-guide": "/console/knowledge/first-day/"}, problems, scheme)  # fmt: skip
        assert browser.outside == [] and browser.complaints == []
    assert not problems, "\n".join(problems)


def test_guides_print_on_a4_without_the_desk_around_them(trainee: Any, now: Any) -> None:
    client = people.signed_in(trainee)
    shots = os.environ.get("EFFACE_SHOTS", "")
    with chromium() as browser, browser.page(client, width=1280, height=900, color_scheme="light") as page:
        for path, least in (("/console/knowledge/minor/", 1), ("/console/guides/all/", 11)):
            page.goto(ORIGIN + path)
            page.emulate_media(media="print")
            words = page.evaluate("document.body.innerText")
            assert "What stops" in words and "TRAINING" in words
            assert "By hand" not in words and "Help and keys" not in words and "Skip to" not in words
            data = page.pdf(prefer_css_page_size=True)
            if shots:
                (Path(shots) / f"{path.strip('/').rpartition('/')[2]}.pdf").write_bytes(data)
            boxes = re.findall(rb"/MediaBox \[0 0 (\d+)[.\d]* (\d+)[.\d]*\]", data)
            assert least <= len(boxes) <= 2 * least
            assert all(int(width) in (594, 595) and int(height) in (841, 842) for width, height in boxes)

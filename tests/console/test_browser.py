"""Every page of both doors in Chromium, at the width of a phone (light) and of a desk (dark): no accessibility
violation, no complaint of the browser (content security policy included), no request to anybody else, nothing to scroll
sideways.

``EFFACE_SHOTS=DIR`` keeps a picture of each page there, to look at.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from efface.cases import attesting, consents, messages
from efface.engine.base import tenancy
from tests import people
from tests.chromium import ORIGIN, chromium

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
SIZES = {"light": ("phone", 390, 844), "dark": ("desk", 1280, 900)}


def look(browser: Any, client: Any, pages: dict[str, str], problems: list[str], scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    shots = os.environ.get("EFFACE_SHOTS", "")
    size, width, height = SIZES[scheme]
    with browser.page(client, width=width, height=height, color_scheme=scheme) as page:
        for name, path in pages.items():
            page.goto(ORIGIN + path)
            heading = page.inner_text("h1")
            if heading in ("Sign in", "Your access code") and name not in ("sign-in", "enter"):
                problems.append(f"{name} {size}: shut out")
            if shots:
                Path(shots).mkdir(parents=True, exist_ok=True)
                page.screenshot(path=f"{shots}/{name}-{size}.png", full_page=True)
            wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if wider > 0:
                problems.append(f"{name} {size}: {wider} px too wide")
            # Only colours differ between the two; the rest is looked at once.
            rules = {"runOnly": {"type": "rule", "values": ["color-contrast"]}} if scheme == "dark" else None
            for violation in Axe().run(page, options=rules).response["violations"]:
                nodes = [node["html"][:160] for node in violation["nodes"][:3]]
                problems.append(f"{name} {size}: {violation['id']} {nodes}")


@pytest.fixture
def world(organisation: Any, now: Any) -> Any:
    """A case with one of everything that either door can show."""
    opened = people.open_case(organisation, name="A. Example")
    case = opened.case
    case.access_code = opened.access_code
    first = people.worker(organisation, "caseworker", "Kim First")
    with tenancy.organisation(organisation.pk):
        for purpose in ("hash_match", "notify"):
            consents.give(case, purpose, "survivor", now)
        people.make_match(case)
        people.make_match(case, kind="face", score=0.71, state="asked", page="https://pictures.example/p/7?x=<b>&y=1")
        finding = people.make_finding(case)
        people.make_check(finding)
        people.make_notice(finding)
        people.make_notice(finding, state="prepared", channel="form", contact="https://search.example/removal")
        people.make_notice(finding, state="sent", sent_at=now)
        people.make_finding(case, age="unknown", kind="face", page="https://pictures.example/p/3")
        people.make_finding(case, state="gone-confirmed", page="https://pictures.example/p/4")
        people.make_finding(case, state="conflict", page="https://pictures.example/p/5")
        messages.write(case, from_survivor=True, author="survivor", text="Is there anything new?", now=now)
        attesting.attest(case, first, spoke_alone=True, proof_seen="identity card, name and face", now=now)
    return case


def test_the_two_pages_that_matter_most(organisation: Any, world: Any) -> None:
    lead, her = people.signed_in(people.worker(organisation, "lead")), people.entered(world.access_code)
    problems: list[str] = []
    with chromium() as browser:
        look(browser, her, {"now": "/case/"}, problems, "light")
        look(browser, lead, {"queue": "/console/queue/"}, problems, "light")
        assert browser.outside == [] and browser.complaints == []
    assert not problems, "\n".join(problems)


@pytest.mark.slow
def test_every_page_for_everybody(organisation: Any, world: Any) -> None:
    from django.test import Client

    lead = people.signed_in(people.worker(organisation, "lead", "Lee Lead"))
    coordinator = people.signed_in(people.worker(organisation, "coordinator"))
    her = people.entered(world.access_code)
    site = people.make_site()
    console = {
        "queue": "/console/queue/", "cases": "/console/cases/", "case": f"/console/cases/{world.pk}/",
        "new-case": "/console/cases/new/", "case-timeline": f"/console/cases/{world.pk}/timeline/",
        "case-pictures": f"/console/cases/{world.pk}/pictures/", "erase": f"/console/cases/{world.pk}/erase/",
        "sites": "/console/sites/", "site": f"/console/sites/{site.pk}/", "nothing": "/console/no-such-page/",
    }  # fmt: skip
    portal = {
        "now": "/case/", "allow": "/case/allow/", "messages": "/case/messages/", "what-happened": "/case/timeline/",
        "pictures": "/case/pictures/",
    }  # fmt: skip
    public = {"start": "/", "enter": "/enter/", "plants": "/page/", "sign-in": "/console/sign-in/"}
    problems: list[str] = []
    with chromium() as browser:
        for scheme in SIZES:
            look(browser, Client(), public, problems, scheme)
            look(browser, her, portal, problems, scheme)
            look(browser, lead, console, problems, scheme)
            look(browser, coordinator, {"face-search": "/console/face-search/"}, problems, scheme)
        complaints = [words for words in browser.complaints if not re.search(r"status of (403|404|422)", words)]
        assert browser.outside == []
        assert complaints == []
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("way", ["Escape", "link"])
def test_quick_exit_leaves_at_once(world: Any, way: str) -> None:
    her = people.entered(world.access_code)
    with chromium() as browser, browser.page(her) as page:
        page.goto(ORIGIN + "/case/")
        before = page.evaluate("history.length")
        if way == "Escape":
            page.keyboard.press("Escape")
        else:
            page.click("a.exit")
        page.wait_for_function("document.title === 'House plants'")
        assert page.evaluate("history.length") == before
        page.goto(ORIGIN + "/case/")
        assert page.inner_text("h1") == "Your access code"
        assert page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0


def test_the_way_through_without_javascript(organisation: Any, world: Any) -> None:
    from efface.search.models import Match

    her = people.entered(world.access_code)
    with chromium() as browser, browser.page(her, java_script_enabled=False) as page:
        page.goto(ORIGIN + "/case/")
        page.check("form.candidate input[value=adult]")
        page.click("form.candidate button[value=not-me]")
        assert "Your answer is noted" in page.inner_text("main")
        page.click("form.stop button")
        assert "Everything is paused." in page.inner_text("main")
        page.click("a.exit")
        assert page.title() == "House plants"
    with tenancy.organisation(organisation.pk):
        assert not Match.objects.filter(state="asked").exists()


def test_text_can_be_twice_as_large(world: Any) -> None:
    """200 % zoom of a window 640 pixels wide leaves 320 of CSS: nothing scrolls sideways,
    written from the left or from the right."""
    her = people.entered(world.access_code)
    with chromium() as browser, browser.page(her, width=320, height=400) as page:
        for path in ("/", "/case/", "/case/allow/", "/case/pictures/", "/case/messages/"):
            page.goto(ORIGIN + path)
            for direction in ("ltr", "rtl"):
                page.evaluate(f"document.documentElement.dir = '{direction}'")
                wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                assert wider <= 0, (path, direction)

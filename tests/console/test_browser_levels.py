"""Pages of levels, consents, export and erasure in Chromium, at the width of a phone and of a desk (see
``test_browser``); and the conversation as it is held, with a keyboard only.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from efface.cases import attesting, consents, leaving, messages, safety, uses
from efface.cases.models import ComparedDay, FaceAlarm
from efface.engine.base import tenancy
from tests import people
from tests.chromium import ORIGIN, chromium
from tests.conftest import role
from tests.console.test_browser import SIZES, judge, look

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db]
DAY = timedelta(days=1)


@pytest.fixture
def opened(organisation: Any, now: Any) -> Any:
    """A case whose search cools off, with permissions, some of which end soon, and a history."""
    opened = people.open_case(organisation, name="A. Example")
    first, second = people.worker(organisation, "caseworker", "Kim First"), people.worker(organisation)
    with tenancy.organisation(organisation.pk):
        for purpose, days in (("hash_match", 365), ("text_search", 20), ("notify", 365)):
            consents.give(opened.case, purpose, "survivor", now - 5 * DAY, days=days)
        people.make_match(opened.case, at=now - DAY)
        people.make_notice(people.make_finding(opened.case), state="sent", sent_at=now)
        uses.note(opened.case, "hash_match", "looked-back", now, found=1)
        made = attesting.attest(opened.case, first, spoke_alone=True, proof_seen="identity card", now=now)
        attesting.approve(made, second, now)
    with role("efface_engine"):
        for number in range(-4, 1):
            ComparedDay.objects.create(day=(now + number * DAY).date(), pictures=48_211, faces=903, pages=2210)
    return opened


@pytest.mark.parametrize("language", ["ar", "en", "de", "es"])
def test_her_pages(organisation: Any, opened: Any, now: Any, language: str) -> None:
    block, leaver = people.open_case(organisation, kind="block"), people.open_case(organisation)
    her, blocked, left = (people.entered(one.access_code) for one in (opened, block, leaver))
    for client in (her, blocked, left):
        client.post(reverse("set_language"), {"language": language})
    with tenancy.organisation(organisation.pk):
        leaving.ask(leaver.case, "survivor", now)
    problems: list[str] = []
    mine = {"now": "/case/", "allow": "/case/allow/", "uses": "/case/allow/of/hash_match/", "talk": "/case/talk/",
            "everything": "/case/everything/", "erase": "/case/end/", "own-face": "/own/"}  # fmt: skip
    out = {"keep-out": "/case/", "keep-out-allow": "/case/allow/", "my-face": "/case/pictures/"}
    with chromium() as browser:
        for scheme in SIZES if language == "en" else ("light",):
            look(browser, her, {f"{name}-{language}": path for name, path in mine.items()}, problems, scheme)
            look(browser, blocked, {f"{name}-{language}": path for name, path in out.items()}, problems, scheme)
        look(browser, left, {f"leaving-{language}": "/case/"}, problems, "light")
        assert browser.outside == [] and browser.complaints == []
    assert not problems, "\n".join(problems)


def test_the_desks_pages(organisation: Any, opened: Any, now: Any) -> None:
    worker = people.worker(organisation, "caseworker", "Kim Talks")
    desk, lead = people.signed_in(worker), people.signed_in(people.worker(organisation, "lead", "Lee Lead"))
    office = people.signed_in(people.worker(organisation, "coordinator"))
    other = people.open_case(organisation).case
    problems: list[str] = []
    with tenancy.organisation(organisation.pk):
        safety.choose(opened.case, "rosmarin", now)
        messages.write(opened.case, from_survivor=True, author="survivor", text="rosmarin", now=now)
        FaceAlarm.objects.create(organisation=organisation, case=other, kind="same", pair=b"1", at=now)
    with chromium() as browser:
        for scheme in SIZES:
            look(browser, lead, {"lead-queue": "/console/queue/"}, problems, scheme)
            look(browser, office, {"members": "/console/members/"}, problems, scheme)
            look(browser, desk, {
                "talk-begin": f"/console/cases/{other.pk}/attest/",
                "talk-over": f"/console/cases/{other.pk}/attest/over/",
                "talk-shut": f"/console/cases/{opened.case.pk}/attest/",
                "level-case": f"/console/cases/{opened.case.pk}/",
            }, problems, scheme)  # fmt: skip
        with browser.page(desk, width=390, height=844) as page:
            page.goto(ORIGIN + f"/console/cases/{other.pk}/attest/")
            page.check("input[value=video]")
            page.press("input[value=video]", "Enter")
            page.wait_for_selector("#step")
            for number, given in enumerate(("yes", "no", "-", "yes", "yes"), 2):
                judge(page, f"step before {given}", problems, "light")
                if page.locator("#given").count():
                    page.fill("#given", given)
                    page.press("#given", "Enter")
                else:
                    page.focus(f"#step button[value={given}]")
                    page.keyboard.press("Enter")
                page.wait_for_selector(f"text=Step {number} of 6")
            page.fill("#given", "identity card no 123")
            page.press("#given", "Enter")
            page.wait_for_selector("#problem")
            judge(page, "a number was typed", problems, "light")
            page.fill("#given", "identity card")
            page.press("#given", "Enter")
            page.wait_for_selector("#attest-stop")
        assert browser.outside == []
    assert not problems, "\n".join(problems)

"""A scripted caseworker with a keyboard: forty prepared decisions, at most sixty presses, no picture. She decides by
what the card says, as a person would, and looks up nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from efface.cases.models import Message
from efface.console.models import Look
from efface.engine.base import tenancy
from efface.search.models import Match
from efface.sites.models import Site
from efface.takedown.models import Notice
from tests import people
from tests.chromium import ORIGIN, chromium

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
PREPARED, MOST_KEYS = 40, 60


def prepare(organisation: Any, case: Any, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        judged()
        for n in range(22):
            people.make_match(case, page=f"https://pictures.example/k/{n}")
        for n in range(4):
            people.make_match(case, score=29, strong=False, page=f"https://pictures.example/f/{n}")
        for n in range(10):
            people.make_notice(people.make_finding(case, page=f"https://pictures.example/n/{n}"))
        for n in range(4):
            Message.objects.create(
                organisation_id=case.organisation_id, case=case, from_survivor=True, author="survivor", at=now,
                text=f"Thank you ({n}).",
            )  # fmt: skip


@contextmanager
def beside(browser: Any, organisation: Any) -> Iterator[None]:
    """The organisation's rows while a browser is open: by the test's own connection (``tests.chromium``)."""
    from django.db import connections

    connections["default"] = browser.connection
    with tenancy.organisation(organisation.pk):
        yield


def judged() -> None:
    """The site is known: nobody has to say how it behaves."""
    people.make_site()
    Site.objects.update(hostility=Site.Hostility.COOPERATIVE)


def key_for(page: Any) -> str:
    """What this caseworker presses, by what stands on the card that has the focus."""
    card = page.evaluate(
        """() => { const card = document.activeElement.closest("article[data-decision]");
        return card && { kind: card.dataset.decision, proposed: card.querySelector("form p strong").textContent }; }"""
    )
    assert card, "no card has the focus"
    # To a thank-you nothing needs to be answered: the first answer is "Read". All else is done as proposed.
    return "1" if card["kind"] == "message" else "Enter"


def test_forty_decisions_by_keyboard(organisation: Any, case: Any, now: Any) -> None:
    prepare(organisation, case, now)
    client = people.signed_in(people.worker(organisation, "caseworker"))
    keys = 0
    with chromium() as browser, browser.page(client, width=1280, height=900) as page:
        page.goto(f"{ORIGIN}/console/queue/")
        left = int(page.inner_text("[data-fact=count]"))
        assert left == PREPARED
        while left and keys <= MOST_KEYS:
            page.wait_for_timeout(300)
            with page.expect_navigation():
                page.keyboard.press(key_for(page))
            keys += 1
            left = int(page.inner_text("[data-fact=count]"))
            assert page.locator("img, canvas, video").count() == 0
        assert not browser.outside and not browser.complaints
    assert left == 0 and keys <= MOST_KEYS
    with tenancy.organisation(organisation.pk):
        assert not Match.objects.filter(state="candidate").exists()
        assert Match.objects.filter(state="asked", strong=False).count() == 4
        assert not Notice.objects.filter(state="draft").exists()
        assert not Message.objects.filter(read_at=None).exists()
        assert Look.objects.count() == 0


def test_a_key_pressed_twice_by_mistake_answers_one_card(organisation: Any, case: Any, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        judged()
        for n in range(3):
            people.make_match(case, page=f"https://pictures.example/k/{n}")
    client = people.signed_in(people.worker(organisation, "caseworker"))
    with chromium() as browser, browser.page(client, width=1280, height=900) as page:
        page.goto(f"{ORIGIN}/console/queue/")
        page.wait_for_timeout(300)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        # The page is new: nobody can have read it yet.
        page.evaluate(
            """() => document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", { key: "Enter", bubbles: true, repeat: true }))"""
        )
        page.wait_for_timeout(400)
        assert page.inner_text("[data-fact=count]") == "2"


def test_what_ends_something_takes_two_presses_and_words_come_first(organisation: Any, case: Any, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        judged()
        notice = people.make_notice(people.make_finding(case))
    client = people.signed_in(people.worker(organisation, "caseworker"))
    with chromium() as browser, browser.page(client, width=1280, height=900) as page:
        page.goto(f"{ORIGIN}/console/queue/")
        page.wait_for_timeout(300)
        page.keyboard.press("2")
        assert page.evaluate("document.activeElement.name") == "why", "a refusal needs its reason first"
        page.keyboard.press("Enter")
        page.wait_for_timeout(200)
        with beside(browser, organisation):
            assert Notice.objects.get(pk=notice.pk).state == "draft", "Enter in a field never gives the first answer"
        page.keyboard.type("1 is the wrong party")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        with beside(browser, organisation):
            assert Notice.objects.get(pk=notice.pk).state == "cancelled"


def test_the_last_answer_is_undone_by_a_key(organisation: Any, case: Any, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        judged()
        match = people.make_match(case)
    client = people.signed_in(people.worker(organisation, "caseworker"))
    with chromium() as browser, browser.page(client, width=390, height=844) as page:
        page.goto(f"{ORIGIN}/console/queue/")
        page.wait_for_timeout(300)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        with beside(browser, organisation):
            assert Match.objects.get(pk=match.pk).state == "confirmed"
        with page.expect_navigation():
            page.keyboard.press("u")
        with beside(browser, organisation):
            assert Match.objects.get(pk=match.pk).state == "candidate"
        with page.expect_navigation():
            page.keyboard.press("?")
        assert page.inner_text("h1") == "Help and keys"

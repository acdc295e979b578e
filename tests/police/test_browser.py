"""The pages of police and referrals in Chromium, at the width of a phone and of a desk; axe finds nothing, nothing is
asked of a third party, no rule of the page is broken."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from efface.cases import consents
from efface.engine.base import age, clock, tenancy
from efface.evidence.models import Pack, Referral
from efface.evidence.referrals import referring, room, signalling, young
from tests import people
from tests.chromium import chromium
from tests.console.test_browser import SIZES, judge, look
from tests.police.conftest import order

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db]


@pytest.fixture
def furnished(scene: Any, now: Any) -> Any:
    with tenancy.organisation(scene.organisation.pk):
        room.give_key(scene.organisation.pk, scene.officer.pk, age.new_identity()[1], False, now)
        pack = referring.pack(scene.referral, "lead:x", now)
        Pack.objects.filter(pk=pack.pk).update(state="ready", size=48_000, sha256="ab" * 32)
        room.request(scene.referral, "hold", "3", "A house search is planned for Thursday.", now)
        asked = room.request(scene.referral, "preserve", "60", "The prosecutor's order follows.", now)
        room.decide(asked, True, "Yes.", f"lead:{scene.lead.pk}", now)
        room.ask(scene.referral, "Which platform was it, and when did she see it first?", now)
        signalling.signal(scene.case, "scene", "caseworker:x", now, "The stairs of a station can be seen.")
        referring.seen(scene.referral, "case", now)
    return scene


def test_every_page_at_both_widths(furnished: Any, now: Any) -> None:
    one = furnished
    problems: list[Any] = []
    young_one = people.open_case(one.organisation, age="minor", country="GB").case
    held = people.open_case(one.organisation)
    with tenancy.organisation(one.organisation.pk):
        wanted = young.Said("herself", 15, True, True, "The guardian is the one who did it.")
        young.note(young_one, wanted, "caseworker:x", now)
        consents.give(held.case, "police", "survivor", now)
        row = referring.refer(held.case, order(one.officer), f"lead:{one.lead.pk}", now)
        for kind, days in (("hold", "3"), ("preserve", "60")):
            room.decide(room.request(row, kind, days, "Why.", now), True, "", f"lead:{one.lead.pk}", now)
        people.make_notice(people.make_finding(held.case, page="https://pictures.example/p/held"))
        closed = people.open_case(one.organisation).case
        consents.close(closed, f"lead:{one.lead.pk}", now)
        terms = "Police units: Agencies, on agreed terms, 80.00 EUR a case"
        Referral.objects.filter(pk=one.referral.pk).update(terms=terms)
    her = people.entered(held.access_code)
    lead, officer = people.signed_in(one.lead), people.signed_in(one.officer)
    empty = people.signed_in(one.stranger)
    at = reverse("police:referral", kwargs={"id": one.referral.pk})
    with chromium() as browser:
        for scheme in SIZES:
            desk = {"police-case": reverse("console:case-police", args=[one.case.pk]),
                    "police-young": reverse("console:case-police", args=[young_one.pk]),
                    "case-held": reverse("console:case", args=[held.case.pk]),
                    "case-closed": reverse("console:case", args=[closed.pk]),
                    "erase-kept": reverse("console:case-erase", args=[held.case.pk]),
                    "police-queue": "/console/queue/"}  # fmt: skip
            look(browser, lead, desk, problems, scheme)
            look(browser, officer, {"police-room": "/police/", "police-referral": at}, problems, scheme)
            look(browser, her, {"portal-held": "/case/", "portal-erase": reverse("portal:erase")}, problems, scheme)
            look(browser, empty, {"police-none": "/police/", "police-over": at}, problems, scheme)
        with browser.page(officer) as page, clock.fixed(now):
            page.goto(f"http://localhost{at}")
            page.fill("#text", "Typed before it ended")
            with clock.fixed(one.referral.until + timedelta(minutes=1)):
                page.click("#say button")
                page.wait_for_selector("text=Typed before it ended")
            judge(page, "police-over-typed", problems, "light")
    assert problems == []
    assert browser.outside == [] and [line for line in browser.complaints if "410" not in line] == []

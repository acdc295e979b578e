"""The forms of a case that a double press would do twice: a message to her, a link, a hold; and a rule of a site."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from efface.cases import messages
from efface.cases.models import Hold, Message, ReportedLink
from efface.console import again
from efface.engine.base import clock, tenancy
from efface.search import rules
from efface.search.models import SiteRule
from tests import people

pytestmark = pytest.mark.django_db
FORMS = [
    ("message/", {"text": "Two pages are gone."}, {"text": "One more is gone."}, Message),
    ("link/", {"url": "pictures.example/p/1"}, {"url": "https://pictures.example/p/2"}, ReportedLink),
    ("hold/", {"reason": "police asked", "owner": "station 4", "hours": "72"},
     {"reason": "police asked", "owner": "station 4", "hours": "48"}, Hold),
]  # fmt: skip


@pytest.mark.parametrize(("form", "given", "other", "model"), FORMS, ids=[one[0] for one in FORMS])
def test_the_same_twice_is_one_and_something_else_is_two(
    form: str, given: Any, other: Any, model: Any, organisation: Any, case: Any, desk: Client, now: Any
) -> None:
    for _ in range(2):
        assert desk.post(f"/console/cases/{case.pk}/{form}", given).status_code == 302
    assert "already" in desk.get(f"/console/cases/{case.pk}/").content.decode()
    colleague = people.signed_in(people.worker(organisation, "lead"))
    with tenancy.organisation(organisation.pk):
        assert model.objects.count() == 1
    desk.post(f"/console/cases/{case.pk}/{form}", other)
    with tenancy.organisation(organisation.pk):
        assert model.objects.count() == 2
    with clock.fixed(now + again.WITHIN + timedelta(seconds=1)):
        colleague.post(f"/console/cases/{case.pk}/{form}", given)
    with tenancy.organisation(organisation.pk):
        assert model.objects.count() == 3, "the same words on another day are said again"


def test_a_second_short_answer_goes_when_she_asked_again(organisation: Any, case: Any, desk: Client, now: Any) -> None:
    for _ in range(2):
        with tenancy.organisation(organisation.pk):
            messages.write(case, from_survivor=True, author="survivor", text="Is it gone?", now=clock.now())
        desk.post(f"/console/cases/{case.pk}/message/", {"text": "Yes."})
    with tenancy.organisation(organisation.pk):
        assert Message.objects.filter(from_survivor=False).count() == 2


def test_the_same_rule_of_a_site_twice_is_one(organisation: Any, now: Any) -> None:
    site = people.make_site()
    with tenancy.organisation(organisation.pk):
        for seconds, reason in ((0, "They asked us to."), (2, "They asked us to."), (4, "They asked us again.")):
            given = rules.Decision(reason, 7, 5.0, None, None, None, True)
            rules.decide(site, given, organisation.pk, "coordinator:x", now + timedelta(seconds=seconds))
        assert SiteRule.objects.filter(site=site).count() == 2

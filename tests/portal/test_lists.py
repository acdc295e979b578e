"""Hash lists in the portal: the ones that fit her age and country, and only her own word for what she did."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from efface.engine.base import tenancy
from efface.takedown.channels.hash_list import kits
from efface.takedown.channels.models import Step
from tests import people

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("age", "country", "found"), [
    ("adult", "DE", ("stopncii",)),
    ("minor", "DE", ("ncmec_take_it_down",)),
    ("minor", "gb", ("report_remove", "ncmec_take_it_down")),
    ("unknown", "GB", ("stopncii", "report_remove", "ncmec_take_it_down")),
    ("unknown", "", ("stopncii", "ncmec_take_it_down")),
])  # fmt: skip
def test_the_list_is_that_of_the_age_in_the_picture(age: str, country: str, found: tuple[str, ...]) -> None:
    assert kits(age, country) == found


@pytest.mark.parametrize("age", ["adult", "minor", "unknown"])
def test_she_says_what_she_did_and_takes_it_back(organisation: Any, age: str) -> None:
    opened = people.open_case(organisation, age=age, country="GB")
    her = people.entered(opened.access_code)
    page = her.get("/case/lists/").content.decode()
    fit = kits(age, "GB")
    assert [desk for desk in ("stopncii", "report_remove", "ncmec_take_it_down") if f'data-list="{desk}"' in page] == [
        desk for desk in ("stopncii", "report_remove", "ncmec_take_it_down") if desk in fit
    ]
    assert 'type="file"' not in page, "nothing is uploaded here"
    for choice, state in (("done", "done"), ("done", "done"), ("undone", "todo"), ("dropped", "dropped"),
                          ("done", "done")):  # fmt: skip
        assert her.post(reverse("portal:list-say", args=[fit[0]]), {"choice": choice}).status_code == 302
        with tenancy.organisation(organisation.pk):
            step = Step.objects.get(case=opened.case)
            assert (step.state, step.hand, step.finding) == (state, "her", None)
    assert "You say you did it" in her.get("/case/lists/").content.decode()


def test_a_list_that_is_for_somebody_else_is_refused(organisation: Any) -> None:
    opened = people.open_case(organisation, age="minor")
    her = people.entered(opened.access_code)
    her.post(reverse("portal:list-say", args=["stopncii"]), {"choice": "done"})
    her.post(reverse("portal:list-say", args=["mastercard"]), {"choice": "done"})
    assert her.post(reverse("portal:list-say", args=["stopncii"]), {"choice": "sent"}).status_code == 404
    with tenancy.organisation(organisation.pk):
        assert not Step.objects.exists()

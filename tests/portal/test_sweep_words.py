"""How far a sweep is: told to her and to her worker, without a promise."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from efface.engine.base import tenancy
from efface.search.models import Frontier, Sweep
from tests import people

pytestmark = pytest.mark.django_db


def test_both_doors_say_how_far_it_is(organisation: Any, now: Any) -> None:
    opened = people.open_case(organisation)
    her, desk = people.entered(opened.access_code), people.signed_in(people.worker(organisation))
    url = f"/console/cases/{opened.case.pk}/"
    assert 'data-fact="sweep"' not in her.get("/case/").content.decode() + desk.get(url).content.decode()
    with tenancy.organisation(organisation.pk):
        row = Sweep.objects.create(organisation=organisation, case=opened.case, began_at=now)
    assert "0 percent so far" in her.get("/case/").content.decode()
    assert "The pages are being chosen" in desk.get(url).content.decode()
    site = people.make_site()
    Frontier.objects.create(
        site=site, digest=uuid.uuid4().bytes, found_at=now, due_at=now, sweep=True, visited_at=None
    )  # fmt: skip
    with tenancy.organisation(organisation.pk):
        Sweep.objects.filter(pk=row.pk).update(planned_at=now, pages=4)
    page = her.get("/case/").content.decode()
    assert "75 percent so far" in page and "It may take longer" in page
    assert "One of 4 pages is still to be read" in desk.get(url).content.decode()
    Frontier.objects.update(sweep=False)
    assert "looked through again for you" in her.get("/case/").content.decode()
    assert "All 4 pages that could show it were read again" in desk.get(url).content.decode()

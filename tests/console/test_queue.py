from __future__ import annotations

import re
from typing import Any

import pytest

from efface.engine.base import tenancy
from tests import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(organisation: Any, now: Any) -> Any:
    return people.open_case(organisation).case


def test_pages_open(organisation: Any, case: Any) -> None:
    with tenancy.organisation(organisation.pk):
        people.make_match(case)
        finding = people.make_finding(case, age="unknown", kind="face")
        notice = people.make_notice(finding)
        people.make_check(finding)
    lead = people.signed_in(people.worker(organisation, "lead"))
    for url in ("/console/queue/", "/console/cases/", f"/console/cases/{case.pk}/", "/console/cases/new/", "/console/sites/",
                f"/console/cases/{case.pk}/timeline/", f"/console/cases/{case.pk}/pictures/", f"/console/cases/{case.pk}/erase/",
                f"/console/sites/{finding.site_id}/", f"/console/decision/notice/{notice.pk}/"):
        answer = lead.get(url)
        assert answer.status_code == 200, url
    print(lead.get("/console/queue/").content.decode())

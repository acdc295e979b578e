from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from efface.engine.base import tenancy
from tests import people

pytestmark = pytest.mark.django_db


def test_pages_open(organisation: Any, now: Any) -> None:
    opened = people.open_case(organisation)
    with tenancy.organisation(organisation.pk):
        people.make_match(opened.case, state="asked", kind="face", score=0.7)
        people.make_finding(opened.case, age="unknown")
        people.make_notice(people.make_finding(opened.case, page="https://pictures.example/p/3"), state="sent")
    her = people.entered(opened.access_code)
    for url in ("/case/", "/case/allow/", "/case/messages/", "/case/timeline/", "/case/pictures/", "/", "/enter/"):
        assert her.get(url).status_code == 200, url
    print(her.get("/case/").content.decode())

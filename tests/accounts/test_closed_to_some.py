"""Coordinators, auditors and operators read no case contents: no page shows any, and no key opens for them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import get_resolver, path

from efface.accounts import access
from efface.accounts.models import READS_CASES
from efface.cases import messages
from efface.cases.models import Case
from efface.engine.base import objects, sealing, tenancy
from efface.engine.base.models import CaseKey
from tests import people
from tests.console.test_access import MATRIX, address, routed

pytestmark = pytest.mark.django_db
CLOSED = ("coordinator", "auditor", "operator")
NAME, SAID, PLACE = "Subject A of Somewhere", "What she wrote to us", "https://hidden-place.example/p/77"


@pytest.fixture
def case(organisation: Any, now: Any) -> Any:
    """With a name, a message and a finding that no page of theirs may show."""
    case = people.open_case(organisation, name=NAME).case
    with tenancy.organisation(organisation.pk):
        messages.write(case, from_survivor=True, author="survivor", text=SAID, now=now)
        people.make_notice(people.make_finding(case, page=PLACE))
    return case


def test_none_of_the_views_for_cases_is_theirs() -> None:
    of_cases = {name for name in MATRIX if name.startswith("console:case") or name in (
        "console:queue", "console:decision", "console:take", "console:by-hand", "console:step", "console:notice-text",
        "console:clocks", "console:notice-clocks", "console:check", "console:finding-listing", "console:attest",
        "console:plan", "console:new-code", "console:retire", "console:suspect")}  # fmt: skip
    assert len(of_cases) > 40
    assert [name for name in of_cases if MATRIX[name] & set(CLOSED)] == []


@pytest.mark.parametrize("role", CLOSED)
def test_no_page_of_theirs_shows_any(role: str, organisation: Any, case: Any) -> None:
    client = people.signed_in(people.worker(organisation, role))
    asked = 0
    for name, one in routed().items():
        if role not in MATRIX[name] or name == "account_logout":
            continue
        page = client.get(address(name, one))
        asked += 1
        body = b"".join(page.streaming_content) if page.streaming else page.content
        for secret in (NAME, SAID, "hidden-place", case.reference):
            assert secret.encode() not in body, f"{name} shows {secret!r}"
    assert asked >= 8


def _leaking(request: HttpRequest) -> HttpResponse:
    """A view with a mistake in it: open to everybody, and it reads a case."""
    case = Case.objects.get()
    try:
        key = sealing.case_key(case.pk).hex()
    except sealing.KeyMissing:
        key = "no key"
    return HttpResponse(f"{case.name} {key} {CaseKey.objects.count()} {case.messages.get().text}")


@pytest.mark.parametrize("role", [*CLOSED, "lead"])
def test_even_a_view_with_a_mistake_shows_them_nothing(role: str, organisation: Any, case: Any, settings: Any) -> None:
    class Routes:
        urlpatterns = [path("leak/", access.view(access=access.MEMBERS)(_leaking)), *get_resolver().url_patterns]

    settings.ROOT_URLCONF = Routes
    sealing.case_key.__globals__["forget_case_keys"]()
    with tenancy.organisation(organisation.pk):
        assert sealing.case_key(case.pk), "the key is in this process's memory when they ask"
    page = people.signed_in(people.worker(organisation, role)).get("/leak/").content.decode()
    if role == "lead":
        assert NAME in page and SAID in page, "the view does leak, to those who may read"
    else:
        assert page == "None no key 0 None"


@pytest.mark.parametrize("role", CLOSED)
def test_the_database_gives_them_no_key_either(role: str, organisation: Any, case: Any) -> None:
    assert role not in READS_CASES
    with tenancy.organisation(organisation.pk):
        assert CaseKey.objects.count() == 1
        name = objects.put(case.pk, b"sealed")
        with tenancy.keys_shut():
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM engine_casekey")
                assert cursor.fetchone()[0] == 0
            assert Case.objects.get(pk=case.pk).name is None
            with pytest.raises(sealing.KeyMissing):
                objects.get(case.pk, name)
            with pytest.raises(sealing.KeyMissing), transaction.atomic():
                messages.write(case, from_survivor=False, author="x", text="y", now=case.opened_at)
            with tenancy.organisation(organisation.pk):
                assert CaseKey.objects.count() == 0, "nor inside a second look"
        assert CaseKey.objects.count() == 1 and objects.get(case.pk, name) == b"sealed"


def test_the_keys_are_open_again_after_their_request(organisation: Any, case: Any) -> None:
    people.signed_in(people.worker(organisation, "coordinator")).get("/console/members/")
    lead = people.signed_in(people.worker(organisation, "lead"))
    assert SAID.encode() in lead.get(f"/console/cases/{case.pk}/").content
    assert isinstance(lead, Client)

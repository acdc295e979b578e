"""Programmes on screen: a coordinator's whole way, what is refused keeps what was typed, and no case on her pages."""

from __future__ import annotations

import re
from typing import Any

import pytest

from efface.accounts.models import Invoice, Programme, Spending
from efface.cases.models import Case
from efface.engine.base import tenancy
from tests import people

pytestmark = pytest.mark.django_db
PAGE = "/console/programmes/"


@pytest.fixture
def desk(organisation: Any, now: Any) -> Any:
    return people.signed_in(people.worker(organisation, "coordinator"))


def _key(page: str, form: str) -> str:
    found = re.search(form + r'">.*?name="key" value="([^"]+)"', page, re.DOTALL)
    assert found
    return found[1]


def test_the_whole_way_of_a_coordinator(desk: Any, organisation: Any) -> None:
    assert "Everybody is served free" in desk.get(PAGE).content.decode()
    desk.post(PAGE + "add/", {"name": "Scale", "kind": "sliding", "price": "40", "scale": "0, 50, 100"})
    desk.post(PAGE + "grants/add/", {"name": "Year", "funder": "Funds", "currency": "EUR", "budget": "100"})
    page = desk.get(PAGE).content.decode()
    assert "40.00 EUR (0, 50, 100 %)" in page and "100.00 EUR" in page
    with tenancy.organisation(organisation.pk):
        programme = Programme.objects.get()
    codes = desk.post(f"{PAGE}{programme.pk}/vouchers/", {"number": "2", "days": "9"}).content.decode()
    assert len(re.findall(r"<code>[a-z0-9-]{19}</code>", codes)) == 2
    assert "<code>" not in desk.get(PAGE).content.decode()
    spend = re.search(r'action="([^"]+/spend/)', page)
    assert spend
    form = {"amount": "85", "what": "stamps", "key": _key(page, "/spend/")}
    for _ in range(2):
        desk.post(spend[1], form)
    assert "85 % of it is spent" in desk.get(PAGE).content.decode()
    bill = {"customer": "An agency", "currency": "EUR", "words1": "Search", "each1": "10.50", "quantity1": "2",
            "tax": "19", "key": _key(page, "/invoices/add/")}  # fmt: skip
    for _ in range(2):
        desk.post(PAGE + "invoices/add/", bill)
    with tenancy.organisation(organisation.pk):
        row = Invoice.objects.get()
        assert Spending.objects.count() == 1 and (row.net, row.gross) == (2100, 2499)
    assert desk.get(f"{PAGE}invoices/{row.pk}/pdf/").content.startswith(b"%PDF")
    assert b"24.99" in desk.get(f"{PAGE}invoices/{row.pk}/xml/").content
    page = desk.get(PAGE).content.decode()
    desk.post(f"{PAGE}invoices/{row.pk}/credit/", {"key": _key(page, "/credit/")})
    assert "-24.99" in desk.get(PAGE + "export/csv/").content.decode()
    assert len(desk.get(PAGE + "export/json/").json()) == 2


@pytest.mark.parametrize(
    ("where", "form", "words"),
    [
        ("add/", {"name": "Kept words", "kind": "paying", "price": "a lot"}, "Write an amount"),
        ("add/", {"name": "Kept words", "kind": "sliding", "price": "5", "scale": "half"}, "percents"),
        ("grants/add/", {"name": "Kept words", "funder": "F", "currency": "euros", "budget": "5"}, "three letters"),
        ("grants/add/", {"name": "Kept words", "funder": "F", "currency": "EUR", "budget": "5", "ends": "May"}, "Days"),
        ("invoices/add/", {"customer": "Kept words", "currency": "EUR", "key": "k"}, "one and fifty lines"),
        ("invoices/add/", {"customer": "Kept words", "currency": "EUR", "words1": "x", "each1": "1"}, "too old"),
    ],
)
def test_what_is_refused_says_what_to_do_and_keeps_what_was_typed(desk: Any, where: str, form: Any, words: str) -> None:
    page = desk.post(PAGE + where, form)
    assert page.status_code == 422 and words in page.content.decode() and "Kept words" in page.content.decode()


def test_an_ended_programme_can_be_opened_again(desk: Any, organisation: Any) -> None:
    desk.post(PAGE + "add/", {"name": "Rights", "kind": "rights"})
    with tenancy.organisation(organisation.pk):
        row = Programme.objects.get()
    desk.post(f"{PAGE}{row.pk}/change/", {"act": "end"})
    assert "takes no new cases" in desk.get(PAGE).content.decode()
    desk.post(f"{PAGE}{row.pk}/change/", {"act": "reopen"})
    assert "takes no new cases" not in desk.get(PAGE).content.decode()


def test_a_case_s_terms_are_noted_by_who_works_on_it(desk: Any, organisation: Any, case: Any) -> None:
    desk.post(PAGE + "add/", {"name": "Rights", "kind": "rights"})
    with tenancy.organisation(organisation.pk):
        row = Programme.objects.get()
    worker = people.signed_in(people.worker(organisation, "caseworker"))
    url = f"/console/cases/{case.pk}/terms/"
    assert "free, in no programme" in worker.get(url).content.decode()
    worker.post(url, {"programme": str(row.pk)})
    with tenancy.organisation(organisation.pk):
        assert Case.objects.get(pk=case.pk).programme_id == row.pk
    code = re.search(r"<code>([a-z0-9-]{19})", desk.post(f"{PAGE}{row.pk}/vouchers/", {"number": "1", "days": "9"})
                     .content.decode())  # fmt: skip
    assert code and worker.post(url, {"code": code[1]}).status_code == 302
    again = worker.post(url, {"code": code[1]})
    assert again.status_code == 422 and b"The case can go on without it" in again.content
    assert worker.post(url, {"programme": "nonsense"}).status_code == 422
    assert desk.get(url).status_code == 403
    assert case.reference not in desk.get(PAGE).content.decode()


def test_another_organisation_sees_none_of_it(desk: Any, organisation: Any) -> None:
    desk.post(PAGE + "add/", {"name": "Ours alone", "kind": "rights"})
    stranger = people.signed_in(people.worker(people.make_organisation("Another"), "coordinator"))
    assert "Ours alone" not in stranger.get(PAGE).content.decode()

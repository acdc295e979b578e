"""Programmes on screen: a coordinator's whole way, what is refused keeps what was typed, and no case on her pages."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest

from efface.accounts.models import Grant, Invoice, Programme, Spending
from efface.cases.models import Case
from efface.engine.base import tenancy
from tests import people

pytestmark = pytest.mark.django_db
PAGE = "/console/programmes/"
PARTIES = {"address": "1 Street", "supplier": "2 Lane", "tax_number": "XX 1"}


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
            "tax": "19", "key": _key(page, "/invoices/add/"), **PARTIES}  # fmt: skip
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
        ("invoices/add/", {"customer": "Kept words", "currency": "EUR", "key": "k", "no_tax": "exempt", **PARTIES},
         "one and fifty lines"),
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


def test_hardship_is_her_word_alone(desk: Any, organisation: Any, case: Any) -> None:
    """Nothing on the page asks for papers, and none could be handed in."""
    desk.post(PAGE + "add/", {"name": "Hardship", "kind": "hardship", "price": "40"})
    with tenancy.organisation(organisation.pk):
        row = Programme.objects.get()
        assert row.free and row.price == 0
    worker = people.signed_in(people.worker(organisation, "caseworker"))
    url = f"/console/cases/{case.pk}/terms/"
    page = worker.get(url).content.decode()
    assert "nobody is asked for proof" in page and 'type="file"' not in page
    names = set(re.findall(r'<(?:input|select|textarea)[^>]* name="(\w+)"', page.partition("<main")[2]))
    assert names == {"csrfmiddlewaretoken", "programme", "code"}
    assert worker.post(url, {"programme": str(row.pk)}).status_code == 302


def test_a_grant_pays_for_a_programme_and_says_when_it_is_used_up(desk: Any, organisation: Any) -> None:
    desk.post(PAGE + "grants/add/", {"name": "Year", "funder": "Funds", "currency": "EUR", "budget": "100"})
    with tenancy.organisation(organisation.pk):
        grant = Grant.objects.get()
    desk.post(PAGE + "add/", {"name": "Helpline", "kind": "rights", "grant": str(grant.pk)})
    with tenancy.organisation(organisation.pk):
        row = Programme.objects.get()
    assert row.grant_id == grant.pk and "paid from Year" in desk.get(PAGE).content.decode()
    where, form = f"{PAGE}grants/{grant.pk}/spend/", {"what": "stamps", "programme": str(row.pk)}
    over = desk.post(where, {**form, "amount": "100.01", "key": "a"})
    assert over.status_code == 422 and "Only 100.00 EUR of it are left" in over.content.decode()
    desk.post(where, {**form, "amount": "100", "key": "b"})
    page = desk.get(PAGE).content.decode()
    assert "It is used up. Nothing stops" in page and "new ones come in as before" in page
    assert desk.post(f"{PAGE}{row.pk}/vouchers/", {"number": "1", "days": "9"}).status_code == 200
    foreign = desk.post(PAGE + "add/", {"name": "Other", "kind": "rights", "grant": str(uuid.uuid4())})
    assert foreign.status_code == 422 and "Choose from the list" in foreign.content.decode()


def test_an_invoice_is_of_a_programme_s_client_and_keeps_our_particulars(desk: Any, organisation: Any) -> None:
    desk.post(PAGE + "add/", {"name": "Agencies", "kind": "agency", "price": "50", "currency": "EUR"})
    with tenancy.organisation(organisation.pk):
        row = Programme.objects.get()
    bill = {"customer": "An agency", "currency": "EUR", "words1": "Search", "each1": "50", "tax": "19",
            "programme": str(row.pk), **PARTIES}  # fmt: skip
    refused = desk.post(PAGE + "invoices/add/", {**bill, "tax": "0", "key": "k1"})
    assert refused.status_code == 422 and "says why there is none" in refused.content.decode()
    refused = desk.post(PAGE + "invoices/add/", {**bill, "currency": "USD", "key": "k2"})
    assert refused.status_code == 422 and "prices are in EUR" in refused.content.decode()
    desk.post(PAGE + "invoices/add/", {**bill, "key": "k3"})
    with tenancy.organisation(organisation.pk):
        made = Invoice.objects.get()
    assert made.programme_id == row.pk and made.reference == "2026-0001"
    page = desk.get(PAGE).content.decode()
    assert "2 Lane" in page and 'value="XX 1"' in page, "offered for the next one"
    rows = desk.get(PAGE + "export/json/").json()
    assert rows[0]["programme"] == "Agencies" and rows[0]["number"] == "2026-0001"


def test_another_organisation_sees_none_of_it(desk: Any, organisation: Any) -> None:
    desk.post(PAGE + "add/", {"name": "Ours alone", "kind": "rights"})
    stranger = people.signed_in(people.worker(people.make_organisation("Another"), "coordinator"))
    assert "Ours alone" not in stranger.get(PAGE).content.decode()

"""Who is served on which terms: free where nothing else was said, money exact, and no case ever waits for it."""

from __future__ import annotations

import ast
import csv
import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st

from efface.accounts import invoicing, money, programmes, terms
from efface.accounts.invoicing import Bill, Line
from efface.accounts.models import Invoice, Member, Programme, Spending, Voucher
from efface.accounts.programmes import Asked, Refused
from efface.cases import may
from efface.cases.models import Case
from efface.engine.base import clock, tenancy
from efface.engine.base.models import Installation
from tests import people
from tests.conftest import role

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2] / "efface"
WORKING = ("search", "takedown", "evidence", "sites", "whereabouts", "net", "vision", "law", "portal")
MONEY = {"programme", "programmes", "Programme", "Grant", "Spending", "Voucher", "Invoice", "invoicing"}


@pytest.fixture
def member(organisation: Any, now: Any) -> Any:
    user = people.worker(organisation, "coordinator")
    with tenancy.organisation(organisation.pk):
        yield Member.objects.select_related("organisation").get(user=user)


def named(source: str) -> set[str]:
    """Every name, attribute, import and keyword of a module."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.alias):
            found |= set(node.name.split("."))
        elif isinstance(node, ast.keyword) and node.arg:
            found |= set(node.arg.split("__"))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
            found |= set(node.value.split("__"))
    return found


WRITES_TERMS = {ROOT / "evidence/referrals/referring.py"}
"""An agency's terms are written down beside a referral, in words. Whether it is made does not hang on them."""


def test_nothing_that_searches_or_removes_reads_a_programme() -> None:
    """No quota, ever: what does the work does not know of money."""
    readers = [
        (str(path), name) for room in WORKING for path in (ROOT / room).rglob("*.py")
        for name in MONEY & named(path.read_text(encoding="utf-8")) if path not in WRITES_TERMS
    ]  # fmt: skip
    assert readers == []


def test_that_guard_sees_a_reader() -> None:
    assert MONEY & named("if case.programme.free: send()")
    assert MONEY & named("from efface.accounts.models import Grant")
    assert MONEY & named('Case.objects.filter(programme__free=True)')
    assert MONEY & named('rows.values_list("programme__name")')


def test_no_terms_have_a_quota_and_survivors_are_free() -> None:
    assert terms.kinds()[terms.DEFAULT].free and terms.kinds()["hardship"].free and terms.kinds()["rights"].free
    assert {one.proof for one in terms.kinds().values()} == {"none"}
    columns = {field.name for field in Programme._meta.get_fields()}
    assert not any(word in name for name in columns for word in ("quota", "limit", "most", "max", "allow"))


def test_ending_or_changing_terms_stops_no_running_case(member: Any, organisation: Any, now: Any) -> None:
    from efface.cases import consents

    row = programmes.add(member, Asked("Paying", "paying", "EUR", 5000), now)
    case = people.open_case(organisation).case
    with tenancy.organisation(organisation.pk):
        Case.objects.filter(pk=case.pk).update(programme=row)
        consents.give(case, "hash_match", "survivor", now)
        before = may.may(Case.objects.get(pk=case.pk), "hash_match", now)
        programmes.change(member, row, Asked("Paying", "paying", "EUR", 900_000), now)
        programmes.end(member, row, now)
        after = Case.objects.get(pk=case.pk)
        assert before and may.may(after, "hash_match", now) and after.state == "open" and after.programme_id == row.pk


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Asked("", "survivors"), "name"), (Asked("A", "nobody"), "whom"), (Asked("A", "paying"), "costs"),
        (Asked("A", "sliding", "EUR", 100, (25, 100)), "begins with 0"),
        (Asked("A", "sliding", "EUR", 100, (0, 150)), "at most 100"),
    ],
)  # fmt: skip
def test_terms_that_cannot_be_are_refused_in_words(member: Any, now: Any, asked: Any, words: str) -> None:
    with pytest.raises(Refused, match=words):
        programmes.add(member, asked, now)


def test_a_free_programme_never_has_a_price(member: Any, now: Any) -> None:
    row = programmes.add(member, Asked("Hardship", "hardship", "EUR", 9900), now)
    assert row.free and row.price == 0 and programmes.owed(row) == 0
    scale = programmes.add(member, Asked("Scale", "sliding", "EUR", 999, (0, 25, 100)), now)
    assert [programmes.owed(scale, step) for step in (None, 0, 25, 100, 77)] == [0, 0, 250, 999, 0]
    with pytest.raises(Refused, match="already"):
        programmes.add(member, Asked("Scale", "survivors"), now)


# --- Grants ---


def test_a_grant_is_spent_warns_and_is_never_overdrawn(member: Any, now: Any) -> None:
    row = programmes.grant(member, "Year one", "A foundation", 100_000, "EUR", None, now)
    assert not programmes.spend(member, row, 79_999, "interpreters", "a", now).warn
    assert programmes.spend(member, row, 1, "stamps", "b", now).warn
    assert programmes.spend(member, row, 1, "stamps", "b", now).spent == 80_000, "the same form counts once"
    with pytest.raises(Refused, match=r"Only 200\.00 EUR of it are left"):
        programmes.spend(member, row, 20_001, "a busy month", "c", now)
    used = programmes.spend(member, row, 20_000, "a busy month", "c", now)
    assert used.left == 0 and used.used_up and used.warn
    assert programmes.spend(member, row, -50_000, "wrongly noted", "d", now).left == 50_000
    with pytest.raises(Refused, match=r"more can be given back than 500\.00 EUR"):
        programmes.spend(member, row, -50_001, "too much", "e", now)
    with pytest.raises(DatabaseError), transaction.atomic():
        Spending.objects.update(amount=1)


def test_a_grant_pays_for_a_programme_and_used_up_stops_nothing(member: Any, organisation: Any, now: Any) -> None:
    from efface.cases import consents, serving

    money_ = programmes.grant(member, "Year one", "A foundation", 1000, "EUR", None, now)
    row = programmes.add(member, Asked("Helpline", "rights", grant=money_), now)
    other = programmes.add(member, Asked("Other", "rights"), now)
    with pytest.raises(Refused, match="does not pay for"):
        programmes.spend(member, money_, 10, "stamps", "a", now, other)
    assert programmes.spend(member, money_, 1000, "interpreters", "b", now, row).used_up
    assert Spending.objects.get().programme == row
    running, fresh = people.open_case(organisation).case, people.open_case(organisation).case
    with tenancy.organisation(organisation.pk):
        for one in (running, fresh):
            serving.serve(one, str(row.pk), "", "caseworker:1", now)
            consents.give(one, "hash_match", "survivor", now)
            assert may.may(Case.objects.get(pk=one.pk), "hash_match", now), "money is asked by nothing that searches"
        [code] = programmes.vouchers(member, row, 1, 30, now)
        assert programmes.redeem(code, now) == row


# --- Vouchers ---


def test_a_code_is_not_guessed() -> None:
    """Sixteen signs of thirty-one: a thousand million guesses find one of a million codes once in 10^8 times."""
    codes = {programmes._code() for _ in range(2000)}
    assert len(codes) == 2000 and len(programmes.ALPHABET) == 31
    assert all(len(programmes._norm(code)) == 16 for code in codes)
    assert 10**9 * 10**6 / len(programmes.ALPHABET) ** 16 < 1e-8
    used = {sign for code in codes for sign in programmes._norm(code)}
    assert used == set(programmes.ALPHABET)


def test_a_voucher_works_once(member: Any, now: Any) -> None:
    row = programmes.add(member, Asked("Helpline", "rights"), now)
    first, second, third = programmes.vouchers(member, row, 3, 30, now)
    assert programmes.redeem(f" {first.upper()} ".replace("-", " "), now) == row
    for code in (first, "aaaa-bbbb-cccc-dddd", ""):
        with pytest.raises(Refused, match="without it"):
            programmes.redeem(code, now)
    with pytest.raises(Refused):
        programmes.redeem(second, now + timedelta(days=31))
    programmes.end(member, row, now)
    with pytest.raises(Refused):
        programmes.redeem(third, now)
    assert first.replace("-", "").encode() not in b"".join(bytes(one.digest) for one in Voucher.objects.all())
    with pytest.raises(Refused):
        programmes.vouchers(member, Programme.objects.get(pk=row.pk), 1, 30, now)


# --- Money ---


@given(st.integers(0, 10**9), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_amounts_are_read_as_they_are_written(amount: int, code: str) -> None:
    assert money.minor(money.plain(amount, code), code) == amount


@pytest.mark.parametrize("text", ["", "abc", "1.005", "-3", "1e99", "NaN", "Infinity", "1,000.00"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(money.NotMoney):
        money.minor(text, "EUR")


# --- Invoices ---


LINES = [Line("Search and removal", 3, 5000), Line("Training", 1, 33)]
BILL = Bill("An agency", "1 Street\n1000 Town", LINES, "EUR", 1900, supplier="2 Lane\n2000 Town",
            tax_number="XX 123/456", no_tax="Exempt under a rule")  # fmt: skip


def test_an_invoice_adds_up_is_numbered_and_never_changes(member: Any, now: Any) -> None:
    one = invoicing.issue(member, BILL, "k1", now)
    again = invoicing.issue(member, BILL, "k1", now)
    two = invoicing.issue(member, BILL, "k2", now)
    assert (one.pk, one.number, two.number) == (again.pk, 1, 2)
    assert (one.net, one.tax, one.gross) == (15_033, 2856, 17_889)
    with pytest.raises(DatabaseError), transaction.atomic():
        Invoice.objects.update(net=1)
    with pytest.raises(DatabaseError), transaction.atomic():
        Invoice.objects.all().delete()


def test_what_fails_leaves_no_gap(member: Any, now: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    invoicing.issue(member, BILL, "k1", now)
    with monkeypatch.context() as patch:
        patch.setattr(invoicing.audit, "record", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            invoicing.issue(member, BILL, "k2", now)
    assert invoicing.issue(member, BILL, "k3", now).number == 2


def test_after_a_backup_was_put_back_no_number_is_given_twice(member: Any, now: Any, organisation: Any) -> None:
    """The invoices of the days between are not known here; whoever writes the next one says how far they went."""
    first = invoicing.issue(member, BILL, "k1", now)
    with role("efface_owner"):
        Installation.objects.update(restored_at=clock.wall() + timedelta(seconds=1))
    with pytest.raises(Refused, match="number was given last"):
        invoicing.issue(member, BILL, "k2", now)
    with pytest.raises(Refused, match="number was given last"):
        invoicing.credit(member, first, None, "", "k2", now)
    page = people.signed_in(member.user).get("/console/programmes/").content.decode()
    assert page.count('name="last"') == 2
    with role("efface_owner"):
        Installation.objects.update(restored_at=clock.wall() - timedelta(milliseconds=5))
    assert invoicing.issue(member, BILL, "k2", now, last=17).number == 18
    assert invoicing.issue(member, BILL, "k3", now).number == 19, "and from then on by themselves"
    assert invoicing.issue(member, BILL, "k2", now).number == 18, "the same form is the same invoice"


def test_credit_notes_never_exceed_what_was_billed(member: Any, now: Any) -> None:
    one = invoicing.issue(member, BILL, "k1", now)
    part = invoicing.credit(member, one, 5000, "one case less", "c1", now)
    assert (part.number, part.net, part.tax, part.credits) == (2, -5000, -950, one)
    with pytest.raises(Refused, match=r"100\.33 EUR"):
        invoicing.credit(member, one, 10_034, "", "c2", now)
    rest = invoicing.credit(member, one, None, "", "c3", now)
    assert rest.net == -10_033 and one.net + part.net + rest.net == 0
    for row in (one, part):
        with pytest.raises(Refused):
            invoicing.credit(member, row, None, "", f"c-{row.number}", now)


@pytest.mark.parametrize(
    ("bill", "words"),
    [
        ({"customer": " "}, "who is billed"), ({"address": ""}, "address of who"), ({"supplier": ""}, "your own"),
        ({"tax_number": ""}, "names your tax number"), ({"tax_points": 0, "no_tax": ""}, "says why"),
        ({"lines": []}, "one and fifty"), ({"lines": [Line("x", 0, 5)]}, "at least one"),
        ({"lines": [Line("x", 1, 0)]}, "over nothing"), ({"tax_points": 10_001}, "between 0 and 100"),
    ],
)  # fmt: skip
def test_what_cannot_be_billed_is_refused(member: Any, now: Any, bill: Any, words: str) -> None:
    with pytest.raises(Refused, match=words):
        invoicing.issue(member, replace(BILL, **bill), "k", now)
    assert not Invoice.objects.exists()


def test_an_invoice_leaves_as_pdf_table_and_xml(member: Any, now: Any) -> None:
    lines = [Line("A & B <c> \x01 ]] #x", 2, 100)]
    hostile = replace(BILL, customer="=cmd|x", address="#eval[1]\n<b>", lines=lines, tax_points=0)
    one = invoicing.issue(member, hostile, "k1", now)
    two = invoicing.credit(member, one, 50, "less", "k2", now)
    assert invoicing.pdf(one, member.organisation).startswith(b"%PDF")
    rows = list(csv.DictReader(io.StringIO(invoicing.as_csv([two, one]))))
    assert rows[0]["customer"] == "'=cmd|x" and rows[0]["gross"] == "2.00" and rows[1]["gross"] == "-0.50"
    names = {"c": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"}
    tree = ElementTree.fromstring(invoicing.as_xml(two, member.organisation))
    assert tree.tag.endswith("CreditNote") and tree.findtext(".//c:PayableAmount", namespaces=names) == "0.50"
    assert "A & B <c>" in ElementTree.tostring(
        ElementTree.fromstring(invoicing.as_xml(one, member.organisation)), encoding="unicode"
    ).replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")


def test_an_invoice_says_what_the_law_asks_for(member: Any, now: Any) -> None:
    """Directive 2006/112/EC, article 226; and it says so to a screen reader."""
    from tests.pdf_text import runs

    taxed = invoicing.issue(member, replace(BILL, supplied="February 2026"), "k1", now)
    exempt = invoicing.issue(member, replace(BILL, tax_points=0), "k2", now)
    credit = invoicing.credit(member, taxed, None, "", "k3", now)
    said = [" ".join(runs(invoicing.pdf(one, member.organisation, "en"))) for one in (taxed, exempt, credit)]
    for one in said:
        parts = ("2 Lane", "2000 Town", "XX 123/456", "An agency", "1 Street", "1000 Town", "2026-03-02", "Net", "Tax")
        assert [part for part in (member.organisation.name, *parts) if part not in one] == []
    assert "Invoice 2026-0001" in said[0] and "February 2026" in said[0] and "Tax, 19 percent" in said[0]
    assert "Search and removal" in said[0] and "50.00" in said[0] and "178.89 EUR" in said[0]
    assert "No tax: Exempt under a rule" in said[1] and "No tax" not in said[0]
    assert "Credit note 2026-0003" in said[2] and "2026-0001 (2026-03-02)" in said[2]
    german = invoicing.pdf(taxed, member.organisation)
    assert "Rechnung 2026-0001" in " ".join(runs(german)) and b"/Lang(de)" in german.replace(b" ", b"")
    made = invoicing.pdf(taxed, member.organisation, "en")
    assert b"/StructTreeRoot" in made and b"/Lang(en)" in made.replace(b" ", b"") and b"pdfuaid" in made


def test_an_invoice_keeps_the_address_it_was_written_with(member: Any, now: Any) -> None:
    one = invoicing.issue(member, BILL, "k1", now)
    member.organisation.name, member.organisation.address = "Renamed", "9 Elsewhere"
    assert invoicing.supplier_of(one, member.organisation)[1] == "2 Lane\n2000 Town"
    assert invoicing.supplier_of(one, member.organisation)[0] != "Renamed"


def test_every_cell_that_holds_words_is_safe_in_a_table(member: Any, now: Any) -> None:
    row = programmes.add(member, Asked("@SUM(1)", "rights"), now)
    bill = replace(BILL, tax_points=0, no_tax="+cmd", customer="-1+2")
    invoicing.issue(member, bill, "k1", now, row)
    cells = next(csv.DictReader(io.StringIO(invoicing.as_csv(Invoice.objects.all()))))
    assert (cells["customer"], cells["programme"], cells["no_tax"]) == ("'-1+2", "'@SUM(1)", "'+cmd")


def test_each_year_begins_with_one(member: Any, now: Any) -> None:
    days = (0, 0, 366, 366)
    made = [invoicing.issue(member, BILL, f"k{n}", now + timedelta(days=one)) for n, one in enumerate(days)]
    assert [one.reference for one in made] == ["2026-0001", "2026-0002", "2027-0001", "2027-0002"]

"""Invoices and credit notes: numbered without gaps, never changed, to agencies, funders and clients."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from efface.accounts import audit, languages, money
from efface.accounts.models import Invoice, Member, Organisation, Programme
from efface.accounts.programmes import Refused, actor
from efface.engine.base import ids, moments, text, typeset
from efface.engine.base.models import Installation

SOURCE = Path(__file__).with_name("invoice.typ")
DUE_DAYS = 30
MOST_LINES = 50
COLUMNS = ("number", "kind", "issued", "due", "customer", "currency", "net", "tax_percent", "tax", "gross", "credits",
           "programme", "no_tax")  # fmt: skip
_AMOUNTS = frozenset({"net", "tax_percent", "tax", "gross"})
_UNPRINTED = re.compile("[\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Line:
    """``each`` in minor units."""

    words: str
    quantity: int
    each: int


@dataclass(frozen=True, slots=True)
class Bill:
    """What is to be billed to whom. ``tax_points``: hundredths of a percent; ``supplier``: the organisation's own
    address, ``tax_number`` its number at the tax office; ``no_tax``: why no tax is asked for, where none is;
    ``supplied``: when it was done, where that was another day. After Directive 2006/112/EC, article 226."""

    customer: str
    address: str
    lines: Sequence[Line]
    currency: str
    tax_points: int = 0
    supplier: str = ""
    tax_number: str = ""
    no_tax: str = ""
    supplied: str = ""


def unsure_of_numbers() -> datetime | None:
    """When a backup was put back after the last invoice that is known here: others may have been written in between,
    and their numbers given. None: the numbers go on by themselves."""
    restored = Installation.objects.values_list("restored_at", flat=True).first()
    newest = Invoice.objects.order_by("-issued_on", "-number").values_list("pk", flat=True).first()
    made = ids.born(newest) if newest else None
    return restored if restored is not None and (made is None or made <= restored) else None


def issue(
    member: Member, bill: Bill, key: str, now: datetime, programme: Programme | None = None, last: int | None = None
) -> Invoice:
    """The next invoice; the same form (``key``) again gives back the one it made. ``last``: the number given last, as
    somebody says it where that cannot be known (``unsure_of_numbers``). Raises ``Refused``."""
    lines = [one for one in bill.lines if one.words.strip()]
    if not bill.customer.strip():
        raise Refused(_("Say who is billed: an agency, a funder or a client."))
    if not bill.address.strip():
        raise Refused(_("Give the address of who is billed."))
    if not bill.supplier.strip():
        raise Refused(_("Give your own address: an invoice names who writes it."))
    if bill.tax_points and not bill.tax_number.strip():
        raise Refused(_("An invoice with tax names your tax number."))
    if not bill.tax_points and not bill.no_tax.strip():
        raise Refused(_("An invoice without tax says why there is none, such as the rule that exempts you."))
    if programme is not None and programme.currency != bill.currency and programme.price:
        raise Refused(_("The programme's prices are in %(code)s: write the invoice in it.")
                      % {"code": programme.currency})  # fmt: skip
    if not lines or len(lines) > MOST_LINES:
        raise Refused(_("An invoice has between one and fifty lines."))
    if any(one.quantity < 1 or one.each < 0 for one in lines):
        raise Refused(_("Each line has a quantity of at least one and a price."))
    if not 0 <= bill.tax_points <= 10_000:
        raise Refused(_("Tax is between 0 and 100 percent."))
    net = sum(one.quantity * one.each for one in lines)
    if not 0 < net <= money.MOST:
        raise Refused(_("An invoice over nothing is not written."))
    return _write(member, bill, lines, key, now, programme=programme, said=last)


def credit(
    member: Member, invoice: Invoice, amount: int | None, why: str, key: str, now: datetime, last: int | None = None
) -> Invoice:
    """Credit an invoice, all that is left of it (``amount`` None) or a part of its net in minor units. ``last`` as of
    ``issue``. Raises ``Refused``."""
    with transaction.atomic():
        _one_at_a_time(member)
        done = Invoice.objects.filter(key=key[:40]).first()
        if done is not None:
            return done
        if invoice.kind != Invoice.Kind.INVOICE:
            raise Refused(_("A credit note is not credited. Write a new invoice."))
        left = invoice.net + sum(Invoice.objects.filter(credits=invoice).values_list("net", flat=True))
        amount = left if amount is None else amount
        if not 0 < amount <= left:
            raise Refused(_("No more can be credited than is left of it: %(left)s.")
                          % {"left": money.text(left, invoice.currency)})  # fmt: skip
        words = why.strip() or _("Credit for invoice %(number)s") % {"number": invoice.reference}
        supplier = supplier_of(invoice, member.organisation)
        bill = Bill(
            str(invoice.customer), str(invoice.address or ""), (), invoice.currency, invoice.tax_points,
            supplier=supplier[1], tax_number=supplier[2], no_tax=invoice.no_tax, supplied=invoice.supplied,
        )  # fmt: skip
        return _write(member, bill, [Line(words, 1, -amount)], key, now, credits=invoice, programme=invoice.programme,
                      said=last)  # fmt: skip


def _write(
    member: Member, bill: Bill, lines: Sequence[Line], key: str, now: datetime, *, credits: Invoice | None = None,
    programme: Programme | None = None, said: int | None = None,
) -> Invoice:  # fmt: skip
    with transaction.atomic():
        _one_at_a_time(member)
        done = Invoice.objects.filter(key=key[:40]).first()
        if done is not None:
            return done
        of_year = Invoice.objects.filter(issued_on__year=now.year)
        last, unsure = of_year.order_by("-number").values_list("number", flat=True).first() or 0, unsure_of_numbers()
        if unsure is not None:
            last = max(last, said or 0)
        if said is None and unsure is not None:
            raise Refused(_("A backup was put back here. Invoices written after it was made are not known: say which "
                            "number was given last, so that none is given twice."))  # fmt: skip
        net = sum(one.quantity * one.each for one in lines)
        tax = money.share(net, bill.tax_points)
        row = Invoice(
            organisation_id=member.organisation_id, number=last + 1, currency=bill.currency, net=net,
            kind=Invoice.Kind.CREDIT if credits else Invoice.Kind.INVOICE, tax_points=bill.tax_points, tax=tax,
            gross=net + tax, issued_on=now.date(), due_on=None if credits else now.date() + timedelta(days=DUE_DAYS),
            credits=credits, programme=programme, key=key[:40], by=actor(member),
            supplied=_printable(bill.supplied.strip())[:60],
            no_tax="" if bill.tax_points else _printable(bill.no_tax.strip())[:200],
        )  # fmt: skip
        row.supplier = json.dumps([member.organisation.name, _printable(bill.supplier.strip())[:500],
                                   _printable(bill.tax_number.strip())[:60]])  # fmt: skip
        row.customer, row.address = _printable(bill.customer.strip())[:200], _printable(bill.address.strip())[:500]
        row.lines = json.dumps([[_printable(one.words.strip())[:200], one.quantity, one.each] for one in lines])
        row.save(force_insert=True)
        audit.record(member.organisation_id, row.by, f"invoice.{row.kind}", str(row.pk), now)
        return row


def _one_at_a_time(member: Member) -> None:
    """Numbers are given in the transaction that writes the row, in turn: what is rolled back leaves no gap."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [(member.organisation_id.int >> 7) % (1 << 62)])


# --- Out of the house ---


def lines_of(row: Invoice) -> list[Line]:
    return [Line(*one) for one in json.loads(str(row.lines))]


def supplier_of(row: Invoice, organisation: Organisation) -> tuple[str, str, str]:
    """Who wrote it, as they were then: name, address, tax number."""
    if not row.supplier:
        return organisation.name, organisation.address, ""
    name, address, number = json.loads(str(row.supplier))
    return name, address, number


def pdf(row: Invoice, organisation: Organisation, language: str = "") -> bytes:
    """A tagged PDF, in one of ``languages.NAMES``. Raises ``typeset.CannotSet``."""
    with override(languages.chosen(language, organisation)):
        return typeset.pdf(SOURCE, "invoice", _said(row, organisation))


def _said(row: Invoice, organisation: Organisation) -> dict[str, Any]:
    """Everything that stands on it, for ``SOURCE``."""
    code = row.currency
    name, address, number = supplier_of(row, organisation)
    title = _("Credit note %(number)s") if row.kind == Invoice.Kind.CREDIT else _("Invoice %(number)s")
    facts = [[_("Date"), f"{row.issued_on:%Y-%m-%d}"]]
    if row.supplied:
        facts.append([_("Carried out"), row.supplied])
    if row.due_on:
        facts.append([_("Due"), f"{row.due_on:%Y-%m-%d}"])
    if row.credits:
        facts.append([_("Credits invoice"), f"{row.credits.reference} ({row.credits.issued_on:%Y-%m-%d})"])
    if number:
        facts.append([_("Tax number"), number])
    return {
        "language": _("[en]").strip("[]"),
        "title": title % {"number": row.reference}, "from": [name, *address.splitlines()],
        "to": [str(row.customer), *str(row.address or "").splitlines()], "facts": facts,
        "heads": [_("What"), _("Quantity"), _("Each"), _("Sum")],
        "lines": [[one.words, str(one.quantity), money.plain(one.each, code),
                   money.plain(one.quantity * one.each, code)] for one in lines_of(row)],
        "sums": [[_("Net"), money.text(row.net, code)],
                 [_("Tax, %(rate)s percent") % {"rate": f"{row.tax_points / 100:g}"}, money.text(row.tax, code)],
                 [_("To pay") if row.due_on else _("Credited"), money.text(row.gross, code)]],
        "note": _("No tax: %(why)s") % {"why": row.no_tax} if row.no_tax else "",
    }  # fmt: skip


def as_rows(rows: Iterable[Invoice]) -> list[dict[str, Any]]:
    """Oldest first; amounts as decimals in words, as table programs read them."""
    return [
        {
            "number": one.reference, "kind": one.kind, "issued": f"{one.issued_on:%Y-%m-%d}",
            "due": f"{one.due_on:%Y-%m-%d}" if one.due_on else None, "customer": one.customer,
            "currency": one.currency, "net": money.plain(one.net, one.currency),
            "tax_percent": f"{one.tax_points / 100:g}", "tax": money.plain(one.tax, one.currency),
            "gross": money.plain(one.gross, one.currency), "credits": one.credits.reference if one.credits else None,
            "programme": one.programme.name if one.programme else None, "no_tax": one.no_tax,
        }
        for one in sorted(rows, key=lambda one: one.reference)
    ]  # fmt: skip


def as_csv(rows: Iterable[Invoice]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    for row in as_rows(rows):
        # A number below nothing is a number; words that begin like a formula are quoted.
        writer.writerow({name: value if name in _AMOUNTS else text.cell(value) for name, value in row.items()})
    return out.getvalue()


def as_xml(row: Invoice, organisation: Organisation) -> bytes:
    """In the manner of UBL 2.1 (names and order of its elements); not checked against a country's profile."""
    kind = "CreditNote" if row.kind == Invoice.Kind.CREDIT else "Invoice"
    sign, code = (-1 if kind == "CreditNote" else 1), row.currency
    root = ElementTree.Element(kind, {
        "xmlns": f"urn:oasis:names:specification:ubl:schema:xsd:{kind}-2",
        "xmlns:cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
        "xmlns:cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    })  # fmt: skip

    def add(parent: ElementTree.Element, name: str, text: str = "", **more: str) -> ElementTree.Element:
        one = ElementTree.SubElement(parent, name, more)
        one.text = _printable(text) or None
        return one

    def amount(parent: ElementTree.Element, name: str, minor: int) -> None:
        add(parent, name, money.plain(sign * minor, code), currencyID=code)

    add(root, "cbc:ID", row.reference)
    add(root, "cbc:IssueDate", f"{row.issued_on:%Y-%m-%d}")
    if row.due_on:
        add(root, "cbc:DueDate", f"{row.due_on:%Y-%m-%d}")
    add(root, f"cbc:{kind}TypeCode", "381" if sign < 0 else "380")
    if row.no_tax:
        add(root, "cbc:Note", row.no_tax)
    add(root, "cbc:DocumentCurrencyCode", code)
    if row.credits:
        add(add(add(root, "cac:BillingReference"), "cac:InvoiceDocumentReference"), "cbc:ID", row.credits.reference)
    own, address, tax_number = supplier_of(row, organisation)
    for role, name, where, tax in (
        ("Supplier", own, address, tax_number), ("Customer", str(row.customer), str(row.address or ""), "")
    ):  # fmt: skip
        party = add(add(root, f"cac:Accounting{role}Party"), "cac:Party")
        add(add(party, "cac:PartyName"), "cbc:Name", name)
        if where:
            add(add(add(party, "cac:PostalAddress"), "cac:AddressLine"), "cbc:Line", " ".join(where.split()))
        if tax:
            scheme = add(party, "cac:PartyTaxScheme")
            add(scheme, "cbc:CompanyID", tax)
            add(add(scheme, "cac:TaxScheme"), "cbc:ID", "VAT")
    amount(add(root, "cac:TaxTotal"), "cbc:TaxAmount", row.tax)
    total = add(root, "cac:LegalMonetaryTotal")
    amount(total, "cbc:LineExtensionAmount", row.net)
    amount(total, "cbc:TaxExclusiveAmount", row.net)
    amount(total, "cbc:TaxInclusiveAmount", row.gross)
    amount(total, "cbc:PayableAmount", row.gross)
    for number, one in enumerate(lines_of(row), 1):
        line = add(root, f"cac:{kind}Line")
        add(line, "cbc:ID", str(number))
        add(line, f"cbc:{'CreditedQuantity' if sign < 0 else 'InvoicedQuantity'}", str(one.quantity))
        amount(line, "cbc:LineExtensionAmount", one.quantity * one.each)
        add(add(line, "cac:Item"), "cbc:Name", one.words)
        amount(add(line, "cac:Price"), "cbc:PriceAmount", one.each)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def _printable(text: str) -> str:
    """What XML 1.0 and a page can carry."""
    return "".join(one for one in text if one in "\t\n" or (one >= " " and not _UNPRINTED.match(one)))


def day(text: str) -> date | None:
    """Raises ``Refused``."""
    if not text.strip():
        return None
    try:
        return moments.day_of(text)
    except ValueError:
        raise Refused(_("Days are written as 2026-03-31.")) from None

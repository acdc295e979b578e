"""Programmes, grants, vouchers and invoices, for coordinators; and on which terms a case is served, for who works on
it. No page for coordinators names a case."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from efface.accounts import audit, invoicing, languages, money, programmes, terms
from efface.accounts.access import COORDINATION, STAFF_CASES, view
from efface.accounts.models import Grant, Invoice, Programme
from efface.accounts.programmes import Asked, Refused
from efface.cases import serving
from efface.cases.models import Case
from efface.engine.base import clock, typeset

LINES = 3
SHOWN = 50


@view(access=COORDINATION)
@require_GET
def page(request: Any) -> HttpResponse:
    return render(request, "console/programmes.html", _shown())


def _shown(**more: Any) -> dict[str, Any]:
    rows = list(Programme.objects.select_related("grant").order_by("ended_at", "name"))
    balances = programmes.balances()
    by_grant = {one.grant.pk: one for one in balances}
    return {
        "programmes": [
            {"one": one, "terms": terms.WORDS[one.kind], "price": money.plain(one.price, one.currency),
             "scale": ", ".join(map(str, one.scale)), "paid": by_grant.get(one.grant_id) if one.grant_id else None}
            for one in rows
        ],
        "kinds": [(kind, terms.WORDS[kind]) for kind in terms.kinds()],
        "grants": [
            {"one": one.grant, "balance": one, "budget": money.text(one.grant.budget, one.grant.currency),
             "spent": money.text(one.spent, one.grant.currency), "left": money.text(one.left, one.grant.currency),
             "pays_for": [row for row in rows if row.grant_id == one.grant.pk], "key": uuid.uuid4()}
            for one in balances
        ],
        "own": _own(), "languages": list(languages.NAMES.items()),
        "invoices": [
            {"one": one, "gross": money.text(one.gross, one.currency), "key": uuid.uuid4()}
            for one in Invoice.objects.select_related("credits", "programme")[:SHOWN]
        ],
        "lines": range(1, LINES + 1), "key": uuid.uuid4(), "unsure": invoicing.unsure_of_numbers() is not None, **more,
    }  # fmt: skip


def _own() -> dict[str, str]:
    """The organisation's particulars as its last invoice had them."""
    last = Invoice.objects.select_related("organisation").order_by("-issued_on", "-number").first()
    if last is None:
        return {}
    _name, address, number = invoicing.supplier_of(last, last.organisation)
    return {"supplier": address, "tax_number": number, "no_tax": last.no_tax}


def _done(request: Any, act: Callable[[], str]) -> HttpResponse:
    """Do it and go back to the page; where it is refused, the page again with what was typed."""
    try:
        messages.success(request, act())
    except (Refused, money.NotMoney) as refusal:
        shown = _shown(problem=str(refusal), typed=request.POST, failed=request.resolver_match.url_name)
        return render(request, "console/programmes.html", shown, status=422)
    return redirect("console:programmes")


def _asked(post: Any) -> Asked:
    code = money.currency(post.get("currency", "") or "EUR")
    price = money.minor(post["price"], code) if post.get("price", "").strip() else 0
    try:
        scale = tuple(int(one) for one in post.get("scale", "").replace("%", "").replace(",", " ").split())
    except ValueError:
        raise Refused(_("A scale is percents, such as 0, 25, 50, 100.")) from None
    return Asked(post.get("name", ""), post.get("kind", ""), code, price, scale, _one_of(Grant, post.get("grant", "")))


def _one_of(model: Any, id: str) -> Any:
    """The row that was chosen, None where none was. Raises ``Refused`` for what is not on the list."""
    if not id:
        return None
    try:
        return model.objects.get(pk=uuid.UUID(id))
    except (ValueError, model.DoesNotExist):
        raise Refused(_("Choose from the list.")) from None


@view(access=COORDINATION)
@require_POST
def add(request: Any) -> HttpResponse:
    """``name``, ``kind``, where it is not free ``currency``, ``price``, ``scale``; ``grant``, one that pays for it."""

    def act() -> str:
        programmes.add(request.member, _asked(request.POST), clock.now())
        return _("The programme is there.")

    return _done(request, act)


@view(access=COORDINATION)
@require_POST
def change(request: Any, id: uuid.UUID) -> HttpResponse:
    """``act``: end, reopen, or change (as ``add``)."""
    row = get_object_or_404(Programme, pk=id)
    what = request.POST.get("act", "")

    def act() -> str:
        if what == "end":
            programmes.end(request.member, row, clock.now())
            return _("It takes no new cases. Those in it go on as they are.")
        if what == "reopen":
            programmes.reopen(request.member, row, clock.now())
            return _("It takes new cases again.")
        programmes.change(request.member, row, _asked(request.POST), clock.now())
        return _("The terms are changed from now on. Cases in it go on as they are.")

    return _done(request, act)


@view(access=COORDINATION)
@require_POST
def vouchers(request: Any, id: uuid.UUID) -> HttpResponse:
    """``number`` codes for ``days``: shown on the answer, once."""
    row = get_object_or_404(Programme, pk=id)
    try:
        number, days = int(request.POST.get("number", "")), int(request.POST.get("days", ""))
        codes = programmes.vouchers(request.member, row, number, days, clock.now())
    except ValueError as refusal:
        words = str(refusal) if isinstance(refusal, Refused) else _("Say how many codes, and for how many days.")
        return render(request, "console/programmes.html", _shown(problem=words), status=422)
    return render(request, "console/programmes.html", _shown(codes=codes, codes_of=row))


@view(access=COORDINATION)
@require_POST
def grant(request: Any) -> HttpResponse:
    """``name``, ``funder``, ``currency``, ``budget``, ``ends``."""
    post = request.POST

    def act() -> str:
        code = money.currency(post.get("currency", ""))
        programmes.grant(
            request.member, post.get("name", ""), post.get("funder", ""), money.minor(post.get("budget", ""), code),
            code, invoicing.day(post.get("ends", "")), clock.now(),
        )  # fmt: skip
        return _("The grant is there.")

    return _done(request, act)


@view(access=COORDINATION)
@require_POST
def spend(request: Any, id: uuid.UUID) -> HttpResponse:
    """``amount``, ``what``, ``key``, ``programme`` it was for; ``back`` yes takes money back into the grant."""
    row = get_object_or_404(Grant, pk=id)
    post = request.POST

    def act() -> str:
        amount = money.minor(post.get("amount", ""), row.currency) * (-1 if post.get("back") == "yes" else 1)
        programme = _one_of(Programme, post.get("programme", ""))
        now = programmes.spend(request.member, row, amount, post.get("what", ""), _key(post), clock.now(), programme)
        return _("Noted. %(left)s are left.") % {"left": money.text(now.left, row.currency)}

    return _done(request, act)


def _key(post: Any) -> str:
    key = post.get("key", "")
    if not key:
        raise Refused(_("This page was too old. Look at it again, then send it once more."))
    return str(key)


@view(access=COORDINATION)
@require_POST
def invoice(request: Any) -> HttpResponse:
    """``customer``, ``address``, ``programme``, ``supplier``, ``tax_number``, ``currency``, ``tax``, ``no_tax``,
    ``supplied`` and the lines ``words1``, ``quantity1``, ``each1`` and so on."""
    post = request.POST

    def act() -> str:
        code = money.currency(post.get("currency", ""))
        lines = [
            invoicing.Line(post[f"words{n}"], _whole(post.get(f"quantity{n}", "1")),
                           money.minor(post.get(f"each{n}", ""), code))
            for n in range(1, LINES + 1) if post.get(f"words{n}", "").strip()
        ]  # fmt: skip
        # A percent has two digits behind the point, as most money.
        points = money.minor(post.get("tax", "") or "0", "EUR")
        more = {name: post.get(name, "") for name in ("supplier", "tax_number", "no_tax", "supplied")}
        bill = invoicing.Bill(post.get("customer", ""), post.get("address", ""), lines, code, points, **more)
        programme = _one_of(Programme, post.get("programme", ""))
        made = invoicing.issue(request.member, bill, _key(post), clock.now(), programme, _last(post))
        return _("Invoice %(number)s is written.") % {"number": made.reference}

    return _done(request, act)


def _last(post: Any) -> int | None:
    """The number given last this year, where somebody says it: 7, or 2026-0007 as it is printed."""
    year, _dash, given = (one.strip() for one in post.get("last", "").rpartition("-"))
    if not given and not year:
        return None
    now = clock.now().year
    number = given.isascii() and given.isdigit() and len(given) < 10
    of_year = not year or (year.isascii() and year.isdigit() and len(year) == 4 and int(year) <= now)
    if not number or not of_year:
        raise Refused(_("Write the number of the last invoice in digits; 0 if there was none."))
    return 0 if year and int(year) < now else int(given)


def _whole(text: str) -> int:
    try:
        return int(text.strip() or "1")
    except ValueError:
        raise Refused(_("A quantity is a whole number.")) from None


@view(access=COORDINATION)
@require_POST
def credit(request: Any, id: uuid.UUID) -> HttpResponse:
    """``amount`` of its net, empty for all that is left; ``why``; ``key``."""
    row = get_object_or_404(Invoice, pk=id)
    post = request.POST

    def act() -> str:
        amount = money.minor(post["amount"], row.currency) if post.get("amount", "").strip() else None
        made = invoicing.credit(request.member, row, amount, post.get("why", ""), _key(post), clock.now(), _last(post))
        return _("Credit note %(number)s is written.") % {"number": made.reference}

    return _done(request, act)


@view(access=COORDINATION)
@require_GET
def invoice_file(request: Any, id: uuid.UUID, kind: str) -> HttpResponse:
    """One invoice as pdf (``l``: its language) or xml."""
    row = get_object_or_404(Invoice.objects.select_related("credits"), pk=id)
    organisation = request.member.organisation
    if kind == "xml":
        body, content_type = invoicing.as_xml(row, organisation), "application/xml"
    elif kind == "pdf":
        try:
            body, content_type = invoicing.pdf(row, organisation, request.GET.get("l", "")), "application/pdf"
        except typeset.CannotSet as problem:
            messages.warning(request, str(problem))
            return redirect("console:programmes")
    else:
        raise Http404
    return _file(body, content_type, f"{row.kind}-{row.reference}.{kind}")


@view(access=COORDINATION)
@require_GET
def export(request: Any, kind: str) -> HttpResponse:
    """All invoices as csv or json. That they were taken out is in the audit chain."""
    rows = Invoice.objects.select_related("credits", "programme")
    if kind == "csv":
        answer = _file(invoicing.as_csv(rows), "text/csv; charset=utf-8", "invoices.csv")
    elif kind == "json":
        body = json.dumps(invoicing.as_rows(rows), indent=2, ensure_ascii=False)
        answer = _file(body, "application/json", "invoices.json")
    else:
        raise Http404
    audit.record(
        request.member.organisation_id, programmes.actor(request.member), "invoices.exported", kind, clock.now()
    )
    return answer


def _file(body: str | bytes, content_type: str, name: str) -> HttpResponse:
    answer = HttpResponse(body, content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


# --- Terms of a case ---


@view(access=STAFF_CASES)
@require_http_methods(["GET", "POST"])
def of_case(request: Any, id: uuid.UUID) -> HttpResponse:
    """POST ``programme``, an id or nothing (free), or ``code``, a voucher."""
    case = get_object_or_404(Case, pk=id)
    problem = ""
    if request.method == "POST":
        try:
            serving.serve(case, request.POST.get("programme", ""), request.POST.get("code", ""),
                          programmes.actor(request.member), clock.now())  # fmt: skip
        except Refused as refusal:
            problem = str(refusal)
        else:
            messages.success(request, _("Noted. Nothing about the search or the removal changes by it."))
            return redirect("console:case-terms", id=case.pk)
    shown = {"case": case, "open_ones": programmes.open_ones(), "problem": problem}
    return render(request, "console/case_terms.html", shown, status=422 if problem else 200)

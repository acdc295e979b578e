"""The letter that goes with a referral, as a tagged PDF with a mark on every page; and the table of addresses."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path

from django.utils.translation import gettext as _

from efface.cases.models import Age
from efface.engine.base import text, typeset
from efface.evidence.models import Capture, Fact, Referral
from efface.search import revising
from efface.search.models import Finding

SOURCE = Path(__file__).parent / "letter.typ"
MOST = 500


def mark(row: Referral, name: str, now: datetime) -> str:
    """What stands on every page and every file: who, when, which referral."""
    return _("%(name)s, %(when)s, case %(case)s") % {
        "name": name, "when": now.strftime("%Y-%m-%d %H:%M UTC"), "case": row.reference,
    }  # fmt: skip


def findings(row: Referral) -> list[Finding]:
    """What was confirmed of the case, where addresses were referred."""
    if "pages" not in row.parts:
        return []
    rows = Finding.objects.filter(case_id=row.case_id).exclude(stopped=revising.TAKEN_BACK).select_related("site")
    return list(rows.order_by("confirmed_at", "pk")[:MOST])


def captures(row: Referral) -> list[Capture]:
    if "proof" not in row.parts or row.case.age != Age.ADULT:
        return []
    return list(Capture.objects.filter(case_id=row.case_id).select_related("finding__site").order_by("at")[:MOST])


def demands(row: Referral) -> list[Fact]:
    if "demands" not in row.parts:
        return []
    rows = Fact.objects.filter(case_id=row.case_id, state=Fact.State.CONFIRMED)
    return list(rows.order_by("kind", "at")[:MOST])


def pdf(row: Referral, name: str, now: datetime) -> bytes:
    """``name``: of whoever it is made for. Raises ``typeset.CannotSet``."""
    house = row.case.organisation
    ground = (
        _("The person concerned agreed that this is passed on to you.") if row.ground == Referral.Ground.CONSENT else
        _("It is passed on because the law demands it: %(law)s.") % {"law": row.statute}
    )
    sections = []
    if "name" in row.parts and row.case.age == Age.ADULT and row.case.name:
        sections.append({"title": _("Name"), "lines": [str(row.case.name)]})
    pages = findings(row)
    if pages:
        sections.append({"title": _("Pages"), "lines": [_page(one) for one in pages]})
    told = demands(row)
    if told:
        sections.append({"title": _("What is demanded"), "lines": [_demand(one) for one in told]})
    return typeset.pdf(SOURCE, "letter", {
        "title": _("Referral of case %(case)s") % {"case": row.reference}, "mark": mark(row, name, now),
        "sender": ", ".join(filter(None, (house.name, house.address))), "to": row.desk,
        "paragraphs": [
            ground,
            _("The depicted person is called by the case's reference. Please do not contact her other than through us: "
              "somebody else may read her messages."),
            _("Efface keeps no picture. Pages were captured without their pictures; digests and timestamps can be "
              "checked with tools that are not ours."),
            _("Please ask the platforms to preserve their data before you write to anybody else, and tell us whether "
              "notices of removal should wait. Access in the investigators' room ends on %(day)s.")
            % {"day": row.until.strftime("%Y-%m-%d")},
            *([_("Your office is served on these terms: %(terms)s.") % {"terms": row.terms}] if row.terms else []),
        ],
        "sections": sections, "signed": ", ".join(filter(None, (house.signatory, house.name))),
    })  # fmt: skip


def _page(one: Finding) -> str:
    return f"{one.page_url} ({one.get_state_display()}, {one.confirmed_at:%Y-%m-%d})"


def _demand(one: Fact) -> str:
    return f"{one.kind}: {one.value}"


def table(row: Referral, name: str, now: datetime) -> str:
    """Addresses as CSV, the mark in its first line. A cell that a spreadsheet would reckon with is quoted."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([text.cell(mark(row, name, now))])
    writer.writerow(["site", "page", "state", "confirmed", "capture_sha256"])
    digests = {one.finding_id: one.warc_sha256 for one in captures(row)}
    for one in findings(row):
        writer.writerow(text.cell(cell) for cell in (
            one.site.domain, str(one.page_url or ""), one.state, f"{one.confirmed_at:%Y-%m-%dT%H:%M:%SZ}",
            digests.get(one.pk, ""),
        ))  # fmt: skip
    return out.getvalue()

"""Abuse reports (XARF v4, JSON) that others send to the organisation. One becomes a draft: a person says which case its
addresses belong to, or sets it aside. Addresses and a few words are kept; a picture is never taken in any dress.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from efface.accounts import audit
from efface.cases import events, links
from efface.cases.messages import Unusable
from efface.cases.models import Case, ReportedLink
from efface.engine.base import deadlines, sealing
from efface.engine.base.models import Deadline
from efface.engine.base.text import one_line
from efface.partners.models import Partner, Report
from efface.search import stopping, urls
from efface.search.models import Asset, Match, SiteStop
from efface.sites import registry

FORGET = "partner.report"
KEPT = timedelta(minutes=15)
"""How long the addresses of a decided report are kept, so that the decision can be undone."""
MOST_ADDRESSES = 50
LONGEST_ADDRESS = 2000
LONGEST_TEXT = 200_000
WORDS = 500


class NotAReport(ValueError):
    """It has not the shape of a report; the message says what is missing."""


class Imagery(NotAReport):
    """There is something in it that is not text. It was not kept."""


class Decided(ValueError):
    """Somebody decided it before."""


def read(given: Any) -> dict[str, Any]:
    """What of a report is kept: id, kind, who reports, addresses, description. Raises ``NotAReport``. Pure."""
    if not isinstance(given, dict) or not str(given.get("xarf_version", "")).startswith("4"):
        raise NotAReport(_("This is no report in XARF version 4: it needs xarf_version."))
    id = given.get("report_id")
    if not isinstance(id, str) or not 8 <= len(id) <= 100:
        raise NotAReport(_("A report needs a report_id, so that the same one is not taken twice."))
    evidence = given.get("evidence", [])
    if not isinstance(evidence, list):
        raise NotAReport(_("evidence must be a list."))
    found = [given.get("url"), *(url for one in evidence for url in _addresses(one))]
    usable = list(dict.fromkeys(url for url in found if isinstance(url, str) and _is_address(url)))
    if not usable:
        raise NotAReport(_("No web address stands in it: put it into url, or into evidence as text, one a line."))
    reporter = given.get("reporter")
    return {
        "id": id,
        "kind": one_line(f"{given.get('category', '')}/{given.get('type', '')}")[:80],
        "reporter": one_line(str(reporter.get("org", "")) if isinstance(reporter, dict) else "")[:120],
        "description": one_line(str(given.get("description", "")))[:WORDS],
        "addresses": usable[:MOST_ADDRESSES],
        "more": max(0, len(usable) - MOST_ADDRESSES),
    }


def _addresses(one: Any) -> list[str]:
    """Of one piece of evidence: text with an address a line, maybe after a word for what stands there."""
    if not isinstance(one, dict):
        raise NotAReport(_("Each piece of evidence must be an object."))
    payload, kind = one.get("payload", ""), str(one.get("content_type", ""))
    if not payload:
        return []
    if not kind.startswith("text/") or not isinstance(payload, str) or len(payload) > LONGEST_TEXT:
        raise Imagery(_("Send addresses only, as text. Pictures and files are not taken; what you sent was not kept."))
    try:
        text = base64.b64decode(payload, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        text = payload
    return [line.split()[-1] for line in text.splitlines() if line.split()]


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and "." in (parts.hostname or "") and len(url) <= LONGEST_ADDRESS
    except ValueError:
        return False


def take(
    organisation_id: uuid.UUID, given: Any, now: datetime, partner: Partner | None = None
) -> tuple[Report, bool]:
    """Keep a report as a draft, and whether it is new. Raises ``NotAReport``. Inside the organisation."""
    content = read(given)
    whose = str(partner.pk) if partner is not None else ""
    digest = sealing.digest("xarf-report", f"{whose}:{content['id']}")
    with transaction.atomic():
        row, made = Report.objects.get_or_create(
            organisation_id=organisation_id, digest=digest, defaults={"partner": partner, "at": now}
        )
        if made:
            row.content = content
            row.save(update_fields=["content"])
    return row, made


def of_children(report: Report) -> bool:
    """Whether whoever sent it calls it child material (XARF: content/csam and content/csem)."""
    content: Any = report.content or {}
    return str(content.get("kind", "")).rpartition("/")[2] in ("csam", "csem")


def addresses(report: Report) -> list[str]:
    content: Any = report.content if isinstance(report.content, dict) else {}
    return [str(url) for url in content.get("addresses", [])]


def whose(rows: list[Report]) -> dict[uuid.UUID, list[Case]]:
    """By report the open cases in which one of its addresses is known: as part of a finding, or as a page with a match
    that was not rejected. Those in danger first. Three questions to the database, however many reports."""
    digests = {row.pk: {urls.digest(url) for url in addresses(row)} for row in rows}
    wanted = set().union(*digests.values())
    matches = Match.objects.filter(page_digest__in=wanted).exclude(state=Match.State.REJECTED)
    met: dict[bytes, set[uuid.UUID]] = {}
    for digest, case in (
        *Asset.objects.filter(url_digest__in=wanted).values_list("url_digest", "case_id"),
        *matches.values_list("page_digest", "case_id"),
    ):
        met.setdefault(bytes(digest), set()).add(case)
    known = set().union(*met.values())
    cases = list(Case.objects.filter(pk__in=known, state=Case.State.OPEN).order_by("-danger", "opened_at"))
    return {
        pk: [case for case in cases if any(case.pk in met.get(one, ()) for one in mine)]
        for pk, mine in digests.items()
    }


def link(report: Report, case: Case, actor: str, now: datetime) -> int:
    """Its addresses are links of this case, as if the worker had added them. Returns how many. Raises ``Decided``."""
    row = _open(report)
    content: Any = row.content or {}
    made: list[str] = []
    for url in addresses(row):
        try:
            made.append(str(links.report(case, url, actor, now).pk))
        except Unusable:
            continue
    _decide(row, Report.State.LINKED, actor, now, content | {"links": made})
    return len(made)


def drop(report: Report, actor: str, now: datetime) -> None:
    """Set aside: its addresses are forgotten, once it cannot be undone any more. Raises ``Decided``."""
    row = _open(report)
    _decide(row, Report.State.DROPPED, actor, now, row.content)


def stop_sites(report: Report, actor: str, now: datetime) -> int:
    """Nothing of the sites it names is looked at any more, and leads get drafts for a hotline with these addresses
    alone. Returns how many sites. Raises ``Decided``."""
    row = _open(report)
    by_site: dict[Any, list[str]] = {}
    for url in addresses(row):
        try:
            by_site.setdefault(registry.register(url, now, "report"), []).append(url)
        except registry.NotASite:
            continue
    cause = stopping.Cause(SiteStop.How.PERSON, ("report",), actor, row.organisation_id)
    for site, there in by_site.items():
        stopping.stop(site, cause, there, now)
    _decide(row, Report.State.DROPPED, actor, now, None)
    return len(by_site)


def reopen(report: Report, actor: str, now: datetime) -> None:
    """Undo a decision: links that nobody looked at yet are taken out of the case again. Raises ``Decided`` where
    that is too late."""
    row = Report.objects.select_for_update().get(pk=report.pk)
    content: Any = row.content
    if row.state == Report.State.DRAFT or not isinstance(content, dict):
        raise Decided(_("It is too late for that: its addresses are forgotten."))
    made = list(ReportedLink.objects.select_for_update(of=("self",)).filter(pk__in=content.get("links", [])))
    if any(one.handled_at is not None for one in made):
        raise Decided(_("It is too late for that: the machine has looked at the links already."))
    for one in made:
        events.record(one.case, "link.taken_back", actor, subject=one.pk, now=now)
        one.delete()
    content.pop("links", None)
    row.state, row.decided_at, row.decided_by, row.content = Report.State.DRAFT, None, "", content
    row.save(update_fields=["state", "decided_at", "decided_by", "content"])
    deadlines.cancel(kind=FORGET, subject=row.pk)
    audit.record(row.organisation_id, actor, "report.reopened", str(row.pk), now)


def _open(report: Report) -> Report:
    row = Report.objects.select_for_update().get(pk=report.pk)
    if row.state != Report.State.DRAFT:
        raise Decided(_("This was decided already. Nothing was done a second time."))
    return row


def _decide(row: Report, state: str, actor: str, now: datetime, content: Any) -> None:
    row.state, row.decided_at, row.decided_by, row.content = state, now, actor, content
    row.save(update_fields=["state", "decided_at", "decided_by", "content"])
    if content is not None:
        deadlines.set_deadline(FORGET, row.pk, now + KEPT, organisation=row.organisation_id)
    audit.record(row.organisation_id, actor, f"report.{state}", str(row.pk), now)


@deadlines.handler(FORGET)
def forget(deadline: Deadline, now: datetime) -> None:
    """The addresses of a decided report are not kept."""
    for row in Report.objects.filter(pk=deadline.subject).exclude(state=Report.State.DRAFT):
        row.content = None
        row.save(update_fields=["content"])

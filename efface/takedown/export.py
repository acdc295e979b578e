"""What an organisation's installation found, sent and saw removed, as plain data: for the score of a demo, and for
statistics. Opened from its seals, so it is handed to nobody who may not read the cases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q

from efface.accounts.models import Organisation
from efface.engine.base import clock, outbox
from efface.engine.base.models import Deadline
from efface.search.models import Finding, FindingState, Match
from efface.takedown import composing, facts
from efface.takedown.models import Check, Notice

GRACE = timedelta(hours=6)
"""A deadline acted on later than this after it was due counts as missed."""


def export(organisation: Organisation) -> dict[str, Any]:
    """Call it inside the organisation. ``case`` is the name a case was opened under; times are ISO 8601 in UTC.

    ``candidates``: page_url, media_url, case, state, kind. ``findings``: id, case, page_url, media_urls, state,
    episode, gone_confirmed_at and reappeared_at (lists). ``notices``: id, case, to, party, type, urls, state, sent_at,
    message_id, channel, step. ``deadlines``: missed (a number) and which kinds."""
    now = clock.now()
    return {
        "candidates": list(_candidates(organisation)),
        "findings": list(_findings(organisation)),
        "notices": list(_notices(organisation)),
        "deadlines": _deadlines(organisation, now),
    }


def _candidates(organisation: Organisation) -> Iterable[dict[str, Any]]:
    for match in Match.objects.filter(organisation=organisation).select_related("case").order_by("made_at", "pk"):
        # A reported page is about the page: which of its pictures is meant, nobody said.
        media = "" if match.kind == "reported" else match.media_url
        yield {
            "page_url": match.page_url, "media_url": media, "case": match.case.name, "state": match.state,
            "kind": match.kind, "strong": match.strong,
        }  # fmt: skip


def _findings(organisation: Organisation) -> Iterable[dict[str, Any]]:
    gone: dict[Any, list[str]] = defaultdict(list)
    for check in Check.objects.filter(organisation=organisation, state=FindingState.GONE_CONFIRMED).order_by("at"):
        gone[check.finding_id].append(check.at.isoformat())
    rows = Finding.objects.filter(organisation=organisation).select_related("case", "match")
    for finding in rows.order_by("confirmed_at"):
        yield {
            "id": str(finding.pk), "case": finding.case.name, "page_url": finding.page_url,
            "media_urls": [one.url for one in facts.assets(finding) if one.role != "page"], "state": finding.state,
            "episode": finding.episode, "stopped": finding.stopped, "gone_confirmed_at": gone[finding.pk],
            "reappeared_at": _reappeared(finding),
        }  # fmt: skip


def _reappeared(finding: Finding) -> list[str]:
    """When it came back to the same place; and, where it is itself a copy of something that had been gone, when it was
    met."""
    events = finding.case.caseevents.filter(kind="finding.reappeared", subject=finding.pk).order_by("at")
    times = [event.at.isoformat() for event in events]
    said = any(reason.get("kind") == "return" for reason in finding.match.reasons)
    if said or facts.copies_gone(finding):
        times.insert(0, finding.match.made_at.isoformat())
    return times


def _notices(organisation: Organisation) -> Iterable[dict[str, Any]]:
    rows = Notice.objects.filter(organisation=organisation).select_related("route", "case", "together")
    for notice in rows.order_by("drafted_at", "pk"):
        by_mail = notice.channel == "email"
        yield {
            "id": str(notice.pk), "case": notice.case.name, "to": notice.contact, "party": notice.route.party_key,
            "role": notice.route.role, "type": notice.notice_type, "urls": notice.urls, "state": notice.state,
            "sent_at": notice.sent_at.isoformat() if notice.sent_at else None,
            # The mail it left in, which may be that of another finding's notice.
            "message_id": outbox.message_id(composing.key(notice.together or notice)) if by_mail else "",
            "channel": notice.channel, "step": notice.step,
        }  # fmt: skip


def _deadlines(organisation: Organisation, now: datetime) -> dict[str, Any]:
    """Fired more than six hours late, or still waiting past that, or given up."""
    rows = Deadline.objects.filter(Q(organisation=organisation) | Q(organisation=None))
    late = rows.filter(
        Q(state=Deadline.State.DONE, done_at__gt=F("original_due") + GRACE)
        | Q(state=Deadline.State.WAITING, original_due__lt=now - GRACE)
        | Q(state=Deadline.State.FAILED)
    )
    kinds: dict[str, int] = defaultdict(int)
    for kind in late.values_list("kind", flat=True):
        kinds[kind] += 1
    return {"missed": sum(kinds.values()), "kinds": dict(kinds)}

"""What takedown adds to an evidence pack: letters that went out, and what looks at the page saw."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from efface.evidence.packs import sections
from efface.search.models import Finding
from efface.takedown.models import Check, Notice


def _letters(finding: Finding) -> Iterable[dict[str, Any]]:
    rows = Notice.objects.filter(finding=finding, sent_at__isnull=False).select_related("route").order_by("sent_at")
    for one in rows:
        yield {
            "sent_at": one.sent_at, "to": one.route.party_name or one.route.role, "role": one.route.role,
            "contact": one.contact, "channel": one.channel, "notice_type": one.notice_type,
            "reference": one.reference, "their_reference": one.outside_reference, "subject": one.subject_line,
            "text": one.text,
        }  # fmt: skip


def _looks(finding: Finding) -> Iterable[dict[str, Any]]:
    for one in Check.objects.filter(finding=finding).order_by("at").iterator(500):
        yield {"at": one.at, "state": one.state, "reason": one.reason, "places": one.places}


def register() -> None:
    sections.register(
        sections.Section(
            "letters", "letters", "Letters that went out",
            ("sent_at", "to", "role", "contact", "channel", "notice_type", "reference", "their_reference", "subject",
             "text"),
            _letters, address=("contact", "subject", "text"),
        )
    )  # fmt: skip
    sections.register(
        sections.Section("looks", "looks", "What looks at the page saw", ("at", "state", "reason", "places"), _looks)
    )

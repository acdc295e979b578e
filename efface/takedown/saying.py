"""She says that something is gone. Her word starts a check at once, and is no verdict: what counts is what is seen."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from efface.cases import events
from efface.cases.models import Age, Case, CaseEvent
from efface.search.models import Finding
from efface.takedown import verifying

SAID = "finding.said_gone"
PAUSE = timedelta(hours=1)
"""Between two words about the same page that start a look."""


class NotNow(ValueError):
    """No look can be taken as things stand; the message says why, and what would help."""


def gone(finding: Finding, actor: str, now: datetime) -> bool:
    """Note her word and look. False where she said so a moment ago and it is being looked at. Raises ``NotNow``."""
    if finding.case.state != Case.State.OPEN:
        raise NotNow(_("Everything is paused. Press Continue first, then we look."))
    if finding.age == Age.UNKNOWN:
        raise NotNow(_("Please say first how old you were. Until then we do not look at the page."))
    if not verifying.allowed(finding, now):
        raise NotNow(_("We may not look at this page at the moment. Your caseworker can tell you why."))
    said = last_said(finding)
    if said is not None and said > now - PAUSE:
        return False
    events.record(finding.case, SAID, actor, subject=finding.pk, now=now)
    verifying.request(finding)
    return True


def last_said(finding: Finding) -> datetime | None:
    rows = CaseEvent.objects.filter(case=finding.case_id, kind=SAID, subject=finding.pk).order_by("-at")
    return rows.values_list("at", flat=True).first()

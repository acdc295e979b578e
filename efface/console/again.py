"""The same form sent twice, by a double press or after the page was reloaded: what it says was done already.

The rows of the case are waited for first, so that two that come at the same moment are seen one after the other."""

from __future__ import annotations

from datetime import datetime, timedelta

from efface.cases.models import Case, Hold, Message, ReportedLink

WITHIN = timedelta(minutes=10)
"""The same words of the same worker, so soon, are one; unless she wrote in between."""


def _wait(case: Case) -> None:
    Case.objects.select_for_update(of=("self",)).filter(pk=case.pk).values_list("pk", flat=True).first()


def message(case: Case, actor: str, text: str, now: datetime) -> bool:
    _wait(case)
    hers = Message.objects.filter(case=case, from_survivor=True).order_by("-at").values_list("at", flat=True).first()
    since = max(now - WITHIN, hers or now - WITHIN)
    rows = Message.objects.filter(case=case, author=actor, from_survivor=False, at__gt=since)
    return any(one.text == text.strip() for one in rows)


def link(case: Case, actor: str, url: str, now: datetime) -> bool:
    _wait(case)
    rows = ReportedLink.objects.filter(case=case, by=actor, at__gt=now - WITHIN)
    return any(str(one.url).removeprefix("https://") == url.strip().removeprefix("https://") for one in rows)


def hold(case: Case, reason: str, owner: str, hours: int, now: datetime) -> bool:
    _wait(case)
    rows = Hold.objects.filter(case=case, reason=reason, owner=owner, lifted_at=None, begins__gt=now - WITHIN)
    return any(one.ends - one.begins == timedelta(hours=hours) for one in rows)

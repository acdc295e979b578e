"""Where a partner is told of news: set, its secret rotated, ended, and what got stuck sent again."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Count, Max, Min, Q
from django.utils.translation import gettext as _

from efface.accounts import audit
from efface.engine.base.models import Installation
from efface.partners import delivering
from efface.partners.models import Hook, News, Partner

PREFIX = "efs_"
BOTH_SIGN = timedelta(days=7)
"""After a rotation the secret before signs too for so long, so that the partner can change over in its own time."""
LONGEST = 500


class NotSet(ValueError):
    """The address cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Line:
    """News of one case that have not arrived. ``stuck``: given up, a person decides."""

    case: Any
    waiting: int
    stuck: bool
    since: datetime
    tries: int
    answer: str


def usable(url: str) -> str:
    """The address, if news may be sent there. Whether it may be dialled the fetcher's guard says, each time anew.
    Raises ``NotSet``."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise NotSet(_("This is no web address.")) from None
    if parts.scheme != "https" and Installation.current().kind == Installation.Kind.PRODUCTION:
        raise NotSet(_("The address must begin with https://"))
    if parts.scheme not in ("http", "https") or "." not in host or len(url) > LONGEST or not url.isascii():
        raise NotSet(_("This is no web address. It usually begins with https://"))
    if parts.username or parts.password or parts.fragment or any(letter.isspace() for letter in url):
        raise NotSet(_("The address must hold no user name, password or # part."))
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return url
    raise NotSet(_("Please give a host name, not a number."))


def set_hook(partner: Partner, url: str, actor: str, now: datetime) -> tuple[Hook, str]:
    """News go there from now on; an earlier address ends, and what waited for it is sent to the new one. Returns the
    secret, told once. Raises ``NotSet``."""
    url, secret = usable(url), PREFIX + secrets.token_urlsafe(32)
    Partner.objects.select_for_update().get(pk=partner.pk)
    before = standing(partner)
    if before is not None:
        before.url, before.secrets, before.old_until = url, [secret], None
        before.save(update_fields=["url", "secrets", "old_until"])
        audit.record(partner.organisation_id, actor, "hook.moved", str(before.pk), now)
        delivering.wake(before, now)
        return before, secret
    row = Hook(organisation_id=partner.organisation_id, partner=partner, made_at=now, made_by=actor)
    row.url, row.secrets = url, [secret]
    row.save()
    audit.record(partner.organisation_id, actor, "hook.made", str(row.pk), now)
    return row, secret


def standing(partner: Partner) -> Hook | None:
    return Hook.objects.filter(partner=partner, ended_at=None).first()


def rotate(hook: Hook, actor: str, now: datetime) -> str:
    """A new secret, told once; the one before signs beside it for a week."""
    row = Hook.objects.select_for_update().get(pk=hook.pk)
    secret = PREFIX + secrets.token_urlsafe(32)
    row.secrets, row.old_until = [secret, *(row.secrets or [])[:1]], now + BOTH_SIGN
    row.save(update_fields=["secrets", "old_until"])
    audit.record(row.organisation_id, actor, "hook.rotated", str(row.pk), now)
    return secret


def end(hook: Hook, actor: str, now: datetime) -> bool:
    """Nothing is told there any more; what waited is dropped. False where it had ended."""
    if not Hook.objects.filter(pk=hook.pk, ended_at=None).update(ended_at=now):
        return False
    News.objects.filter(hook=hook, state__in=(News.State.WAITING, News.State.STUCK)).update(state=News.State.DROPPED)
    audit.record(hook.organisation_id, actor, "hook.ended", str(hook.pk), now)
    return True


def lines(hook: Hook) -> list[Line]:
    """What has not arrived, by case, the stuck ones first."""
    rows = (
        News.objects.filter(hook=hook, state__in=(News.State.WAITING, News.State.STUCK))
        .values("case_id")
        .annotate(
            waiting=Count("id"), stuck=Count("id", filter=Q(state="stuck")), since=Min("at"), tries=Max("attempts")
        )
        .order_by("-stuck", "since")
    )
    answers = dict(
        News.objects.filter(hook=hook, state__in=(News.State.WAITING, News.State.STUCK), attempts__gt=0)
        .values_list("case_id", "answer")
    )  # fmt: skip
    return [
        Line(row["case_id"], row["waiting"], bool(row["stuck"]), row["since"], row["tries"],
             answers.get(row["case_id"], ""))
        for row in rows
    ]  # fmt: skip


def resend(hook: Hook, actor: str, now: datetime) -> int:
    """Try everything that has not arrived again, now, in order. Returns how many pieces of news."""
    rows = News.objects.filter(hook=hook, state__in=(News.State.WAITING, News.State.STUCK))
    count = rows.update(state=News.State.WAITING, attempts=0)
    if count:
        audit.record(hook.organisation_id, actor, "hook.resent", str(hook.pk), now)
        delivering.wake(hook, now)
    return count

"""What a coordinator decided about visiting a site: an exception from robots.txt, its pace, its hours, its own search.

Each decision is a row with a reason and stays on record; the latest one of a site counts. Sites are everybody's, so is
their pace; an exception from robots.txt ends by itself.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from efface.accounts import audit
from efface.engine.base import settings, statements
from efface.search.models import SiteRule
from efface.sites.models import Site

LONGEST_EXCEPTION = timedelta(days=180)
LEAST_DELAY_S, MOST_DELAY_S = 1.0, 3600.0
LEAST_REASON = 10
MOST_PAGES = 400


class NotDecided(ValueError):
    """A decision that cannot stand; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What counts for a site now. Nothing decided: everything as the installation says."""

    ignore_robots: bool = False
    delay_s: float | None = None
    from_hour: int | None = None
    to_hour: int | None = None
    pages: int | None = None
    search_words: bool = False
    organisation: uuid.UUID | None = None

    def opens(self, now: datetime) -> datetime | None:
        """None while the site may be visited; else when it may be again. From 22 to 6 is a night."""
        if self.from_hour is None or self.to_hour is None or self.from_hour == self.to_hour:
            return None
        hour = now.hour
        inside = (
            self.from_hour <= hour < self.to_hour
            if self.from_hour < self.to_hour
            else hour >= self.from_hour or hour < self.to_hour
        )
        if inside:
            return None
        opening = now.replace(hour=self.from_hour, minute=0, second=0, microsecond=0)
        return opening if opening > now else opening + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a coordinator says. ``robots_days``: for how many days robots.txt is not to bind the crawl, 0 for not at
    all."""

    reason: str
    robots_days: int = 0
    delay_s: float | None = None
    from_hour: int | None = None
    to_hour: int | None = None
    pages: int | None = None
    search_words: bool = False


def of(site: uuid.UUID, now: datetime) -> Rule:
    """The latest decision about a site."""
    found = statements.read(SiteRule, _LATEST, [site, now])
    if not found:
        return Rule()
    row = found[0]
    return Rule(
        ignore_robots=row.robots_until is not None and row.robots_until > now,
        delay_s=row.delay_s, from_hour=row.from_hour, to_hour=row.to_hour, pages=row.pages,
        search_words=row.search_words, organisation=row.decided_in,
    )  # fmt: skip


_LATEST = "WHERE site_id = %s AND decided_at <= %s ORDER BY decided_at DESC, id DESC LIMIT 1"


def delay(site: Site, now: datetime) -> float:
    """Seconds between two pages of a site: what robots.txt asks for, unless a coordinator decided that it does not
    bind, and never less than what was decided, or is set for all."""
    rule = of(site.pk, now)
    delay_s = float(settings.get("crawl_delay")) if rule.delay_s is None else rule.delay_s
    return delay_s if rule.ignore_robots else max(delay_s, site.robots_delay)


def problem(given: Decision) -> str:
    """What is wrong with a decision; "" where it can stand. Pure."""
    if len(given.reason.strip()) < LEAST_REASON:
        return _("Say in a sentence why, so that others can understand it later.")
    if not 0 <= given.robots_days <= LONGEST_EXCEPTION.days:
        return _("An exception from robots.txt lasts at most %(days)s days.") % {"days": LONGEST_EXCEPTION.days}
    if given.delay_s is not None and not LEAST_DELAY_S <= given.delay_s <= MOST_DELAY_S:
        return _("Between two pages lie at least one second and at most an hour.")
    hours = (given.from_hour, given.to_hour)
    if (hours[0] is None) != (hours[1] is None) or any(hour is not None and not 0 <= hour <= 23 for hour in hours):
        return _("Hours are two whole numbers from 0 to 23, or none.")
    if given.pages is not None and not 1 <= given.pages <= MOST_PAGES:
        return _("A visit reads between 1 and %(most)s pages.") % {"most": MOST_PAGES}
    return ""


SAME_WITHIN = timedelta(minutes=10)


def _says(row: SiteRule, words: Mapping[str, Any], until: datetime | None) -> bool:
    """Whether a decision says the same; of an exception that ends, that it ends at about the same moment."""
    if (row.robots_until is None) != (until is None):
        return False
    if row.robots_until is not None and until is not None and abs(until - row.robots_until) > SAME_WITHIN:
        return False
    return all(getattr(row, name) == value for name, value in words.items())


def decide(site: Site, given: Decision, organisation: uuid.UUID, actor: str, now: datetime) -> SiteRule:
    """Write a decision down, and into the audit chain. Raises ``NotDecided``."""
    wrong = problem(given)
    if wrong:
        raise NotDecided(wrong)
    words = {
        "decided_in": organisation, "decided_by": actor[:60], "reason": given.reason.strip()[:300],
        "delay_s": given.delay_s, "from_hour": given.from_hour, "to_hour": given.to_hour, "pages": given.pages,
        "search_words": given.search_words,
    }  # fmt: skip
    until = now + timedelta(days=given.robots_days) if given.robots_days else None
    last = SiteRule.objects.filter(site=site).order_by("-decided_at", "-pk").first()
    if last is not None and now - last.decided_at < SAME_WITHIN and _says(last, words, until):
        return last  # the same form twice
    row = SiteRule.objects.create(site=site, decided_at=now, robots_until=until, **words)
    audit.record(organisation, actor, "site.rule", f"{site.domain} {row.pk}", now)
    return row

"""How far the crawl reaches: which sites are read, which are not and why, how fast it goes. No address of any page."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypedDict

from django.core.cache import cache
from django.db.models import Case, Count, Q, QuerySet, Sum, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from efface.search import frontier
from efface.search.models import Frontier, Sighting
from efface.sites.models import Site

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

PAGE = 100
STALE = timedelta(days=14)
WALLS = {
    "challenge": gettext_lazy("a test for robots"), "login": gettext_lazy("a log-in"),
    "paywall": gettext_lazy("a payment"), "age": gettext_lazy("a question of age"),
    "geo": gettext_lazy("closed to the country we ask from"), "suspended": gettext_lazy("taken down by its host"),
    "parked": gettext_lazy("the domain is for sale"), "blocked": gettext_lazy("our requests are refused"),
}  # fmt: skip
"""What stands in the place of a site's pages, by the word that the crawl writes down."""
ERRORS = {
    "timeout": gettext_lazy("no answer in time"), "reset": gettext_lazy("it hung up"),
    "refused": gettext_lazy("its address may not be dialled"), "nxdomain": gettext_lazy("its name does not exist"),
    "servfail": gettext_lazy("its name server fails"), "tls": gettext_lazy("no safe connection"),
    "bad-answer": gettext_lazy("it answers nonsense"),
}  # fmt: skip
ROBOTS = "robots.txt forbids"
DAY = timedelta(days=1)

WORDS = {
    "read": gettext_lazy("read"), "new": gettext_lazy("not visited yet"), "stale": gettext_lazy("not read lately"),
    "blocked": gettext_lazy("blocks us"), "browser": gettext_lazy("needs a browser"),
    "robots": gettext_lazy("robots.txt forbids"), "dead": gettext_lazy("does not answer"),
    "paused": gettext_lazy("paused"), "stopped": gettext_lazy("stopped"),
    "budget": gettext_lazy("more than its budget"),
}  # fmt: skip
"""What a site's coverage may be, in the order in which it is shown."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a site. ``unseen``: pages that needed a browser and had none; ``over_budget``: the pages that a
    day allows are read."""

    state: str
    visited_at: datetime | None
    last_error: str
    failures: int
    unseen: int
    over_budget: bool


def kind(site: Standing, now: datetime) -> str:
    """One of ``WORDS``. Pure; ``_kinds`` says the same in SQL."""
    if site.state == Site.State.PAUSED:
        return "paused"
    if site.state == Site.State.STOPPED:
        return "stopped"
    if site.state == Site.State.GONE:
        return "dead"
    if site.last_error.startswith(ROBOTS):
        return "robots"
    if site.last_error in WALLS:
        return "blocked"
    if site.failures:
        return "dead"
    if site.unseen:
        return "browser"
    if site.visited_at is None:
        return "new"
    if site.over_budget:
        return "budget"
    return "stale" if site.visited_at < now - STALE else "read"


def why(kind: str, last_error: str, failures: int = 0, *, offline: bool = False) -> str:
    """What it means, and what a person can do. ``offline``: a person said that it is. Never a URL."""
    if offline:
        return _("Somebody noted that it is offline. It is not visited; its page among the sites can be changed.")
    return {
        "read": _("Its pages are read as they become due."),
        "new": _("It is known, and waits for its first visit."),
        "stale": _("It was not read for more than two weeks; its next visit is later than usual."),
        "blocked": _("It shows a wall (%(wall)s) instead of its pages. That is no empty page: what is behind it is not "
                     "known. Links that a person reports are looked at all the same.")
                   % {"wall": WALLS.get(last_error, last_error)},
        "browser": _("Only scripts write its pages, and no browser could be used here. An operator can install "
                     "Chromium; doctor says whether it works."),
        "robots": _("Its robots.txt asks crawlers to stay away. A coordinator can decide an exception, with a reason, "
                    "for at most half a year."),
        "dead": f"{_silent(last_error, failures)} {_('It is tried again, each time after a longer wait.')}",
        "paused": _("Somebody paused it. It is not visited until it is resumed."),
        "stopped": _("Suspected child material. Nothing of it is looked at or kept, and nobody should open it. A lead "
                     "reports it to a hotline; two leads can say that it was a false alarm."),
        "budget": _("More of its pages are due than its budget of a day allows. They are read on the following days; a "
                    "lead or coordinator can raise the budget."),
    }[kind]  # fmt: skip


def _silent(last_error: str, failures: int) -> str:
    words = ERRORS.get(last_error)
    if words and failures > 1:
        return _("It did not answer %(times)s times in a row (%(error)s).") % {"times": failures, "error": words}
    return _("It did not answer (%(error)s).") % {"error": words} if words else _("It did not answer.")


class _Coverage(TypedDict):
    coverage: str


def _kinds(now: datetime, a_day: int) -> QuerySet[WithAnnotations[Site, _Coverage]]:
    """Sites with their kind as ``coverage``: ``kind`` in SQL."""
    steps = [
        (Q(state=Site.State.PAUSED), "paused"), (Q(state=Site.State.STOPPED), "stopped"),
        (Q(state=Site.State.GONE), "dead"), (Q(last_error__startswith=ROBOTS), "robots"),
        (Q(last_error__in=list(WALLS)), "blocked"), (Q(failures__gt=0), "dead"), (Q(lore__unseen__gt=0), "browser"),
        (Q(visited_at=None), "new"), (Q(day=now.date(), day_pages__gte=a_day), "budget"),
        (Q(visited_at__lt=now - STALE), "stale"),
    ]  # fmt: skip
    whens = [When(condition, then=Value(word)) for condition, word in steps]
    return Site.objects.annotate(coverage=Case(*whens, default=Value("read")))


@dataclass(frozen=True, slots=True)
class Row:
    site: Site
    kind: str
    words: str
    why: str


def of(site: Site, now: datetime, a_day: int) -> Row:
    """A site that was read with its lore."""
    lore = getattr(site, "lore", None)
    over = site.day == now.date() and site.day_pages >= a_day
    unseen = lore.unseen if lore is not None else 0
    found = kind(Standing(site.state, site.visited_at, site.last_error, site.failures, unseen, over), now)
    told = why(found, site.last_error, site.failures, offline=site.state == Site.State.GONE)
    return Row(site, found, str(WORDS[found]), told)


def sites(wanted: str, after: str, now: datetime, a_day: int) -> tuple[list[Row], str]:
    """One page of sites of a kind, by domain, behind ``after``; and behind which domain the next page begins ("" where
    there is none). One query, however many sites there are."""
    rows = _kinds(now, a_day).filter(domain__gt=after)
    if wanted:
        rows = rows.filter(coverage=wanted)
    found = list(rows.select_related("lore").defer("dossier").order_by("domain")[: PAGE + 1])
    shown = [of(site, now, a_day) for site in found[:PAGE]]
    return shown, shown[-1].site.domain if len(found) > PAGE else ""


def counts(now: datetime, a_day: int) -> list[tuple[str, str, int]]:
    """Kind, its words, how many sites."""
    rows = _kinds(now, a_day).order_by().values_list("coverage").annotate(n=Count("pk"))
    numbers = dict(rows.values_list("coverage", "n"))
    return [(one, str(words), numbers.get(one, 0)) for one, words in WORDS.items()]


@dataclass(frozen=True, slots=True)
class Speed:
    """Of the last 24 hours, by hour; ``due``: pages that wait now; ``hours`` until they are read at this speed, None
    where nothing was read."""

    pages: int
    media: int
    due: int
    sweep: int
    hours: float | None


def speed(now: datetime) -> Speed:
    active = Q(site__state=Site.State.ACTIVE)
    read = Frontier.objects.filter(visited_at__gte=now - DAY).count()
    media = Sighting.objects.filter(fetched_at__gte=now - DAY).count()
    due = Frontier.objects.filter(active, due_at__lte=now).count()
    swept = Frontier.objects.filter(active, sweep=True).count()
    return Speed(round(read / 24), round(media / 24), due, swept, until(read, due))


def speed_lately(now: datetime) -> Speed:
    """The same, at most a minute old: pages that wait are counted one by one, once for everybody who looks."""
    key = f"coverage-speed:{now:%Y%m%d%H%M}"
    known = cache.get(key)
    if known is None:
        known = astuple(speed(now))
        cache.set(key, known, 120)
    return Speed(*known)


def until(read_a_day: int, due: int) -> float | None:
    """Hours until what is due is read, at the speed of the last day. Pure."""
    if not due:
        return 0.0
    return due / read_a_day * 24 if read_a_day else None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a site's log: what kind of page, what came of it. Never which one."""

    at: datetime
    what: str
    outcome: str
    media: int


def log(site: uuid.UUID, most: int = 50) -> Sequence[Line]:
    """The pages of a site that were read last. Addresses stay out: they may be those of somebody's findings."""
    rows = Frontier.objects.filter(site=site, visited_at__isnull=False).order_by("-visited_at", "pk")
    rows = rows.only("visited_at", "depth", "opened", "status", "wall", "failures", "shows")
    return [
        Line(row.visited_at, _what(row.depth, row.opened), outcome(row.status, row.wall, row.failures), row.shows)
        for row in rows[:most]
        if row.visited_at is not None
    ]


def _what(depth: int, opened: int) -> str:
    if depth == 0:
        return _("front page")
    return _("list") if opened else _("page")


def outcome(status: int, wall: str, failures: int) -> str:
    """Pure."""
    if wall == frontier.DOUBLE:
        return _("read, the same as another page")
    if wall:
        return _("wall: %(wall)s") % {"wall": WALLS.get(wall, wall)}
    if failures:
        return _("no answer")
    if status == 404 or status == 410:
        return _("not there")
    return _("read") if status in (200, 304) else _("status %(status)s") % {"status": status}


@dataclass(frozen=True, slots=True)
class Pages:
    """How many pages of a site are known, read, due, and swept."""

    known: int
    read: int
    due: int
    sweep: int
    media: int


def pages(site: uuid.UUID, now: datetime) -> Pages:
    rows = Frontier.objects.filter(site=site).aggregate(
        known=Count("pk"), read=Count("pk", filter=Q(read_at__isnull=False)),
        due=Count("pk", filter=Q(due_at__lte=now)), sweep=Count("pk", filter=Q(sweep=True)), media=Sum("shows"),
    )  # fmt: skip
    return Pages(rows["known"], rows["read"], rows["due"], rows["sweep"], rows["media"] or 0)

"""The registry of sites: one row for each registered domain."""

from __future__ import annotations

import re
import threading
import unicodedata
import uuid
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from urllib.parse import urlsplit

from django.db.models import Q
from django.utils.translation import gettext as _
from publicsuffixlist import PublicSuffixList

from efface.engine.base import deadlines, training
from efface.sites.models import Site

_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
VISIT = "site.visit"
"""Kind of the deadline at which a site is visited next."""
LOOKUP = "site.lookup"
"""Kind of the deadline at which it is asked again who stands behind a site."""
MOST_WAITING = 2000
"""Discovered sites that wait for a person; a page full of links cannot bury them."""


class NotASite(ValueError):
    """What was given is not a domain or link of a public site; the message says what would do."""


_reading = threading.Lock()


@cache
def _read_suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=True)


def _suffixes() -> PublicSuffixList:
    with _reading:  # a tenth of a second's work, which every thread would do that asks while the first is at it
        return _read_suffixes()


def warm() -> None:
    """Read the list of public suffixes now, before somebody waits for it."""
    _suffixes()


def registered_domain(host: str) -> str:
    """The registered domain of a host name, lower case, in ASCII ("www.shop.example.co.uk" -> "example.co.uk"); ""
    where there is none (an address, one label, a public suffix). Private suffixes count: "a.blogspot.com" is a site."""
    host = host.strip().rstrip(".").lower()
    try:
        host = host.encode("idna").decode("ascii")
    except (UnicodeError, ValueError):
        return ""
    labels = host.split(".")
    if len(labels) < 2 or len(host) > 253 or not all(_label(part) for part in labels) or _NUMBER.fullmatch(labels[-1]):
        return ""
    return str(_suffixes().privatesuffix(host) or "")


def reads_as(domain: str) -> str:
    """How a domain reads to people: its Unicode form where it has one, without signs that turn text around."""
    if "xn--" not in domain:
        return domain
    try:
        reads = domain.encode("ascii").decode("idna")
    except (UnicodeError, ValueError):
        return domain
    return "".join(one for one in reads if unicodedata.category(one)[0] != "C")


def _label(part: str) -> bool:
    return 0 < len(part) <= 63 and part.replace("-", "").replace("_", "").isalnum()


def parse(text: str) -> tuple[str, str]:
    """(registered domain, start URL) of a domain or link. The start URL is the front page of the host that was named.
    Raises ``NotASite``."""
    text = text.strip()
    given = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(given)
        port = parts.port
    except ValueError:
        raise NotASite(_("This is not a web address.")) from None
    if parts.scheme not in ("http", "https") or len(given) > 2000:
        raise NotASite(_("A site has an address that begins with http:// or https://."))
    host = (parts.hostname or "").lower()
    domain = registered_domain(host)
    if not domain:
        raise NotASite(_("This is not the domain of a public site."))
    if training.is_invented(domain) != training.here():
        raise NotASite(
            _("Training knows invented sites only: their names end in .invalid.")
            if training.here() else _("This is not the domain of a public site.")
        )  # fmt: skip
    host = host.rstrip(".").encode("idna").decode("ascii")
    start = f"{parts.scheme}://{host}" + (f":{port}" if port else "") + "/"
    return domain, start


def register(text: str, now: datetime, origin: str = "person") -> Site:
    """The site of a domain or link, made where it was not known; a new one is visited at once. Raises ``NotASite``.

    ``origin`` says how it came here. What nobody chose ("report": a link that was reported) waits for a person's word
    in the discovery queue; it is visited meanwhile, for somebody waits for what stands there."""
    domain, start = parse(text)
    review = Site.Review.NEW if origin == "report" else Site.Review.ACCEPTED
    site, made = Site.objects.get_or_create(
        domain=domain, defaults={"start_url": start, "added_at": now, "review": review, "origin": origin}
    )
    if made:
        visit_at(site.pk, now)
        lookup_at(site.pk, soon(domain, now))
    return site


def discover(text: str, origin: str, now: datetime) -> Site | None:
    """A site that was only met ("redirect", "link"): kept for a person to say whether it is to be watched, with a first
    look-up of who stands behind it. Not visited. Returns it where it is new; while many wait, no more are taken."""
    try:
        domain, start = parse(text)
    except NotASite:
        return None
    if Site.objects.filter(domain=domain).exists():
        return None
    if Site.objects.filter(review=Site.Review.NEW).count() >= MOST_WAITING:
        return None
    site, made = Site.objects.get_or_create(
        domain=domain,
        defaults={"start_url": start, "added_at": now, "review": Site.Review.NEW, "origin": origin,
                  "state": Site.State.PAUSED},
    )  # fmt: skip
    if made:
        lookup_at(site.pk, soon(domain, now))
    return site if made else None


def soon(domain: str, now: datetime) -> datetime:
    """Within ten minutes, always the same for a domain: many new sites are not looked up in one breath."""
    return now + timedelta(seconds=zlib.crc32(domain.encode()) % 600)


def lookup_at(site: uuid.UUID, due: datetime) -> None:
    deadlines.set_deadline(LOOKUP, site, due)


def visit_at(site: uuid.UUID, due: datetime) -> None:
    """Set, or move, the site's next visit."""
    deadlines.set_deadline(VISIT, site, due)


def visit_soon(site: uuid.UUID, now: datetime) -> None:
    """Have a site visited now, unless it is stopped, paused or backing off."""
    if Site.objects.filter(
        Q(backoff_until=None) | Q(backoff_until__lte=now), pk=site, state=Site.State.ACTIVE
    ).exists():
        visit_at(site, now)


def visit_many_soon(visits: Mapping[uuid.UUID, datetime]) -> None:
    """The same for many sites at once, each at its moment."""
    rows = Site.objects.filter(pk__in=visits, state=Site.State.ACTIVE).values_list("pk", "backoff_until")
    due = [(pk, visits[pk]) for pk, until in rows if until is None or until <= visits[pk]]
    if due:
        deadlines.set_many(VISIT, sorted(due, key=lambda one: str(one[0])))


def find(text: str) -> Site | None:
    """The site of a domain or link, where it is known."""
    try:
        domain, _start = parse(text)
    except NotASite:
        return None
    site = Site.objects.select_related("merged").filter(domain=domain).first()
    return site.merged or site if site else None


def pause(site: Site) -> None:
    """Visit it no more until ``resume``."""
    Site.objects.filter(pk=site.pk, state=Site.State.ACTIVE).update(state=Site.State.PAUSED)
    deadlines.cancel(subject=site.pk, kind=VISIT)


def resume(site: Site, now: datetime) -> None:
    """Visit it again, at once; where it asked us to wait, or did not answer, after that."""
    if Site.objects.filter(pk=site.pk, state=Site.State.PAUSED).update(state=Site.State.ACTIVE):
        until = Site.objects.filter(pk=site.pk).values_list("backoff_until", flat=True).first()
        visit_at(site.pk, max(now, until or now))

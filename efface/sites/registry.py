"""The registry of sites: one row for each registered domain."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from functools import cache
from urllib.parse import urlsplit

from django.db.models import Q
from django.utils.translation import gettext as _
from publicsuffixlist import PublicSuffixList

from efface.engine.base import deadlines
from efface.sites.models import Site

_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
VISIT = "site.visit"
"""Kind of the deadline at which a site is visited next."""


class NotASite(ValueError):
    """What was given is not a domain or link of a public site; the message says what would do."""


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=True)


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
    host = host.rstrip(".").encode("idna").decode("ascii")
    start = f"{parts.scheme}://{host}" + (f":{port}" if port else "") + "/"
    return domain, start


def register(text: str, now: datetime) -> Site:
    """The site of a domain or link, made where it was not known; a new one is visited at once. Raises ``NotASite``."""
    domain, start = parse(text)
    site, made = Site.objects.get_or_create(domain=domain, defaults={"start_url": start, "added_at": now})
    if made:
        visit_at(site.pk, now)
    return site


def visit_at(site: uuid.UUID, due: datetime) -> None:
    """Set, or move, the site's next visit."""
    deadlines.set_deadline(VISIT, site, due)


def visit_soon(site: uuid.UUID, now: datetime) -> None:
    """Have a site visited now, unless it is stopped, paused or backing off."""
    if Site.objects.filter(
        Q(backoff_until=None) | Q(backoff_until__lte=now), pk=site, state=Site.State.ACTIVE
    ).exists():
        visit_at(site, now)


def find(text: str) -> Site | None:
    """The site of a domain or link, where it is known."""
    try:
        domain, _start = parse(text)
    except NotASite:
        return None
    return Site.objects.filter(domain=domain).first()


def pause(site: Site) -> None:
    """Visit it no more until ``resume``."""
    Site.objects.filter(pk=site.pk, state=Site.State.ACTIVE).update(state=Site.State.PAUSED)
    deadlines.cancel(subject=site.pk, kind=VISIT)


def resume(site: Site, now: datetime) -> None:
    if Site.objects.filter(pk=site.pk, state=Site.State.PAUSED).update(state=Site.State.ACTIVE, backoff_until=None):
        visit_at(site.pk, now)

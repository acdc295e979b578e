"""Other sites that a visit meets: where a page moved to, and what a page links to that holds a match. They wait in the
registry's discovery queue; nobody visits them before a person says so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from efface.search import urls
from efface.sites import registry
from efface.sites.models import Site

MOST_LINKS = 5
"""New sites taken from the links of one page."""
_EVERYWHERE = frozenset({
    "google.com", "gstatic.com", "facebook.com", "instagram.com", "twitter.com", "x.com", "youtube.com", "tiktok.com",
    "reddit.com", "pinterest.com", "linkedin.com", "whatsapp.com", "wikipedia.org", "apple.com", "microsoft.com",
    "cloudflare.com", "wordpress.org", "w3.org", "gravatar.com", "amazon.com", "vk.com", "tumblr.com", "t.me",
})  # fmt: skip
"""Linked from pages of every kind: that says nothing."""


def moved(site: Site, final_url: str, now: datetime) -> Site | None:
    """A page of ``site`` leads to another site now."""
    domain = registry.registered_domain(urls.host_of(final_url))
    if not domain or domain == site.domain or domain in _EVERYWHERE:
        return None
    return registry.discover(final_url, "redirect", now)


def linked(site: Site, links: Sequence[str], now: datetime) -> int:
    """Other sites that a page with a match links to. Returns how many are new."""
    found: dict[str, str] = {}
    for link in links:
        domain = registry.registered_domain(urls.host_of(link))
        if domain and domain != site.domain and domain not in _EVERYWHERE:
            found.setdefault(domain, link)
        if len(found) >= MOST_LINKS:
            break
    return sum(1 for link in found.values() if registry.discover(link, "link", now) is not None)

"""Onion sites, through the SOCKS proxy of a Tor client. They are crawled like others, where one is configured."""

from __future__ import annotations

from datetime import datetime

from efface.search.sources.contract import Asks, Contract, Setup, SourceRefused, missing
from efface.sites import registry
from efface.sites.models import Site

SOURCE = Asks(
    Contract(
        "onion", ("tor_proxy",), "nothing", "", 0,
        "Names of onion sites go to the proxy alone, never to a name server; other sites are fetched without it.",
    )  # fmt: skip
)


def register(address: str, setup: Setup, now: datetime) -> Site:
    """An onion site to be crawled. Raises ``SourceRefused`` where no proxy is configured, ``registry.NotASite``."""
    if missing(SOURCE.contract, setup):
        raise SourceRefused("an onion site needs EFFACE_TOR_PROXY, the address of a Tor client")
    text = address if "://" in address else f"http://{address}"
    domain, _start = registry.parse(text)
    if not domain.endswith(".onion"):
        raise registry.NotASite("This is not an onion address.")
    site = registry.register(text, now)
    Site.objects.filter(pk=site.pk).update(kind="onion")
    return site

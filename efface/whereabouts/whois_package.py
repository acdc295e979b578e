"""A second reader: the per-suffix parser of ``asyncwhois``, asked only for what our own reader did not find.

Its transport is never used: importing and parsing open no socket (a test holds that). What it says is believed only
where the same words stand in the answer, and never for an address: it takes a registrant's for a desk's.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from efface.whereabouts import whois_dates
from efface.whereabouts.whois_facts import Facts, registrar_name

MOST_TEXT = 16_000
"""Characters given to its regular expressions, which are not all linear."""


def complete(found: Facts, text: str, suffix: str) -> None:
    """Fill what is still empty. Never raises."""
    if all((found.registrar, found.registrar_url, found.created, found.updated, found.expires, found.nameservers)):
        return
    parsed = parse(text, suffix)
    for name in ("registrar", "registrar_url"):
        value = parsed.get(name)
        if not getattr(found, name) and isinstance(value, str) and value in text and "\n" not in value:
            setattr(found, name, registrar_name(value)[:200] if name == "registrar" else _url(value))
    for name in ("created", "updated", "expires"):
        value = parsed.get(name)
        if not getattr(found, name) and value:
            setattr(found, name, whois_dates.read(str(value)))


def _url(value: str) -> str:
    return value if value.lower().startswith(("http://", "https://", "www.")) and " " not in value else ""


def parse(text: str, suffix: str) -> dict[str, Any]:
    """What the package reads, by the plain names of its keys; empty where it fails."""
    from asyncwhois.parse_tld import DomainParser

    try:
        parsed = DomainParser(ignore_not_found=True).parse(text[:MOST_TEXT], suffix or "com")
        return {str(getattr(key, "value", key)): value for key, value in parsed.items()}
    except Exception:  # any of its many regular expressions may stumble over a stranger's text
        return {}


@lru_cache(maxsize=1)
def servers() -> dict[str, str]:
    """Suffix to WHOIS server, from the package's table of the root zone."""
    from asyncwhois.servers import domains

    found: dict[str, str] = {}
    for name in ("CountryCodeTLD", "GenericTLD", "SponsoredTLD"):
        for suffix, server in vars(getattr(domains, name, object)).items():
            if isinstance(server, str) and not suffix.startswith("_") and "." in server:
                found[suffix.lower().strip("_")] = server.strip().lower()
    return found

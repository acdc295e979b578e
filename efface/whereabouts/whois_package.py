"""A second reader: the per-suffix parser of ``asyncwhois``, asked only for what our own reader did not find.

Its transport is never even loaded: its modules are taken one by one, under another name, without the package's own
start, which brings HTTP clients along. Importing and parsing open no socket (a test holds that). What it says is
believed only where the same words stand in the answer, and never for an address: it takes a registrant's for a desk's.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from efface.whereabouts import whois_dates, whois_words
from efface.whereabouts.whois_facts import Facts, registrar_name

MOST_TEXT = 5_000
"""Characters given to its regular expressions, which are not all linear."""


def complete(found: Facts, text: str, suffix: str) -> None:
    """Fill what is still empty. Never raises."""
    if all((found.registrar, found.registrar_url, found.created, found.updated, found.expires, found.nameservers)):
        return
    if whois_words.correction(suffix).get("package") is False:
        return
    parsed = parse(text, suffix)
    for name in ("registrar", "registrar_url"):
        value = parsed.get(name)
        if not getattr(found, name) and isinstance(value, str) and value in text and "\n" not in value:
            setattr(found, name, registrar_name(value)[:200] if name == "registrar" else _url(value))
    for name in ("created", "updated", "expires"):
        value = parsed.get(name)
        if not getattr(found, name) and value:
            setattr(found, name, whois_dates.read(str(value).removesuffix(" 00:00:00")))


def _url(value: str) -> str:
    return value if value.lower().startswith(("http://", "https://", "www.")) and " " not in value else ""


@lru_cache(maxsize=4)
def _module(name: str) -> ModuleType:
    """A module of the package. Raises ``ImportError``."""
    alias = "_asyncwhois_parser"
    if alias not in sys.modules:
        spec = importlib.util.find_spec("asyncwhois")
        if spec is None or not spec.submodule_search_locations:
            raise ImportError("asyncwhois is not installed")
        bare = ModuleType(alias)
        bare.__path__ = list(spec.submodule_search_locations)
        sys.modules[alias] = bare
    return importlib.import_module(f"{alias}.{name}")


def parse(text: str, suffix: str) -> dict[str, Any]:
    """What the package reads, by the plain names of its keys; empty where it fails."""
    try:
        parsed = _module("parse_tld").DomainParser(ignore_not_found=True).parse(text[:MOST_TEXT], suffix or "com")
        return {str(getattr(key, "value", key)): value for key, value in parsed.items()}
    except Exception:  # any of its many regular expressions may stumble over a stranger's text
        return {}


@lru_cache(maxsize=1)
def servers() -> dict[str, str]:
    """Suffix to WHOIS server, from the package's table of the root zone."""
    domains = _module("servers.domains")
    found: dict[str, str] = {}
    for name in ("CountryCodeTLD", "GenericTLD", "SponsoredTLD"):
        for suffix, server in vars(getattr(domains, name, object)).items():
            if isinstance(server, str) and not suffix.startswith("_") and "." in server:
                found[suffix.lower().strip("_")] = server.strip().lower()
    return found


@lru_cache(maxsize=1)
def servers_date() -> str:
    """The day the package's table was taken from the root zone database, "" where it does not say."""
    path = Path(str(_module("servers.domains").__file__))
    stamp = re.search(r"(\d{4})[:-](\d{2})[:-](\d{2})", path.read_text(encoding="utf-8")[:400])
    return "-".join(stamp.groups()) if stamp else ""

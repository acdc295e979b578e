"""For each element a notice type may require: what a set of facts lacks to fill it, in words; "" when nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from efface.takedown.notice import NoticeFacts

_ADDRESS = re.compile(r"[^@\s<>\"',;:()\[\]\\]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z0-9-]{2,}", re.IGNORECASE)
MOST_URLS = 200
LONGEST_URL = 2_048


def bad_url(url: str) -> str:
    """Why ``url`` cannot stand in a notice, "" when it can."""
    if not url or len(url) > LONGEST_URL:
        return "an address is empty or longer than 2,048 characters"
    if any(not letter.isprintable() or letter.isspace() for letter in url):
        return "an address holds a space or a control character"
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return "an address cannot be read"
    if parts.scheme not in ("http", "https") or not host:
        return "an address is not http or https"
    if parts.username is not None or parts.password is not None:
        return "an address holds a user name"
    return ""


def _where(facts: NoticeFacts) -> str:
    if not facts.locations:
        return "give at least one address"
    if len(facts.locations) > MOST_URLS:
        return f"more than {MOST_URLS} addresses: divide the notice"
    return next((reason for one in facts.locations if (reason := bad_url(one.url))), "")


def _where_and_when(facts: NoticeFacts) -> str:
    return _where(facts) or _seen(facts)


def _seen(facts: NoticeFacts) -> str:
    if facts.seen is None:
        return "say when it was last seen there"
    if facts.seen.tzinfo is None or facts.prepared.tzinfo is None:
        return "times must have a zone"
    return "it cannot have been seen after the notice was written" if facts.seen > facts.prepared else ""


def _who(facts: NoticeFacts) -> str:
    if not facts.organisation.name.strip():
        return "the organisation's name"
    if not _ADDRESS.fullmatch(facts.organisation.email):
        return "an e-mail address that answers"
    return ""


def _authority(facts: NoticeFacts) -> str:
    return "" if facts.authorised else "the depicted person's authority for the organisation is not on file"


def _signed(facts: NoticeFacts) -> str:
    if not facts.organisation.signatory.strip() or not facts.organisation.name.strip():
        return "who signs for the organisation"
    return _authority(facts)


def _belief(facts: NoticeFacts) -> str:
    if not facts.not_consensual:
        return "the depicted person has not said that it was published without consent"
    return "" if facts.believed else "no member of staff has confirmed the finding"


def _believed_and_seen(facts: NoticeFacts) -> str:
    return _belief(facts) or _seen(facts)


def _sender(facts: NoticeFacts) -> str:
    return _who(facts) or ("" if facts.reference.strip() else "a reference")


def _domain(facts: NoticeFacts) -> str:
    return _where_and_when(facts) or ("" if facts.domain else "the domain")


def _attempts(facts: NoticeFacts) -> str:
    return "" if facts.earlier_notices else "what was sent to the host before, and when"


def _country(facts: NoticeFacts) -> str:
    return "" if re.fullmatch(r"[A-Z]{2}", facts.residence) else "the depicted person's country, as two letters"


def _nature(facts: NoticeFacts) -> str:
    known = facts.nature in ("authentic", "altered", "fully_synthetic", "mixed")
    return "" if known else "whether it is real or made by a computer"


def _unpaid(facts: NoticeFacts) -> str:
    if facts.paid is None:
        return "ask whether she is paid for this content"
    return "this route is closed to content she is paid for" if facts.paid else ""


def _authorised_sender(facts: NoticeFacts) -> str:
    return _authority(facts) or _who(facts)


LACKING: dict[str, Callable[[NoticeFacts], str]] = {
    "signature": _signed,
    "identification_location": _where_and_when,
    "good_faith_statement": _belief,
    "contact": _who,
    "explanation": _belief,
    "exact_location": _where_and_when,
    "name_email": _who,
    "bona_fide": _belief,
    "urls": _where,
    "url": _where,
    "country": _country,
    "authority": _authorised_sender,
    "real_or_fake": _nature,
    "not_paid": _unpaid,
    "urls_ip_time": _where_and_when,
    "classification": _belief,
    "request": lambda facts: "",
    "reporter": _sender,
    "category": lambda facts: "",
    "description": _believed_and_seen,
    "forwarding_choice": lambda facts: "",
    "domain_url": _domain,
    "illegality": _belief,
    "attempts": _attempts,
}
"""Keyed by element id, which means the same in every notice type."""

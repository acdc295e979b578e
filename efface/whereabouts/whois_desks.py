"""Who takes reports of abuse, and whose addresses are nobody's desk: a registrant's, and those of its contacts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from efface.whereabouts import whois_words
from efface.whereabouts.whois_text import Line

MAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}+@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6}"
)
URL = re.compile(r"https?://[^\s<>\"')\]]{3,300}", re.IGNORECASE)
_PHONE = re.compile(r"\+?[\d][\d .()/-]{5,30}(?:\s?x\.?\s?\d{1,6})?")
_DESK = re.compile(r"^(?:[a-z0-9]+[._-])?abuse(?:[._-]?[a-z0-9]+)*$|^(?:dns|domain)-?abuse$", re.IGNORECASE)
_REPORT = re.compile(
    r"\b(?:report|complain|notify|contact|send|e-?mail|write|inform|address|meld|signal|denunci|reclam|сообщ|жалоб|zgł)",
    re.IGNORECASE,
)
_OF_WHOIS = re.compile(
    r"abuse of (?:this|the|our) (?:service|whois|system|data)|whois abuse|against abuse", re.IGNORECASE
)
_SPELT = re.compile(r"\s{0,3}(?:[\[({<]\s?(?:at|@)\s?[\])}>]|\sAT\s)\s{0,3}", re.IGNORECASE)
_DOT = re.compile(r"\s{0,3}[\[({<]\s?(?:dot|\.)\s?[\])}>]\s{0,3}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Desk:
    """Somebody who takes reports of abuse: ``channel`` email, form or phone; ``party`` registrar or registry;
    ``source`` the words of the answer that say so."""

    channel: str
    value: str
    party: str
    source: str


def people(lines: list[Line]) -> Iterator[str]:
    """Addresses of registrants and their contacts: never a desk."""
    for line in lines:
        if line.owner in whois_words.CONTACTS and not line.comment and whois_words.field(line.key) != "abuse":
            yield from (one.lower() for one in MAIL.findall(line.value))


def desks(lines: list[Line]) -> Iterator[Desk]:
    """Who is named under a key, in a section or in a remark of this record for reports of abuse."""
    persons = set(people(lines))
    for line in lines:
        name = whois_words.field(line.key)
        if name in ("abuse", "abuse_phone") and _trusted(line):
            party = "registry" if "registry" in line.key else "registrar"
            yield from _channels(line.value, party, line.written)
        elif line.owner == "abuse" and not line.comment:
            yield from _channels(line.value, "registrar", line.written or "abuse contact")
        elif line.key and not line.comment and line.owner not in whois_words.CONTACTS:
            asks = line.key in whois_words.remarks() and _asks(line.value)
            for one in MAIL.findall(line.value)[:4]:
                named = line.owner == "registrar" and _DESK.match(one.partition("@")[0])
                if (asks or named) and one.lower() not in persons:
                    yield Desk("email", one.lower(), line.owner or "registry", line.written)


def small_print(lines: list[Line]) -> Iterator[Desk]:
    """Addresses that the text around the record names for reports of abuse or spam: a registry's own, if anybody's."""
    persons = set(people(lines))
    before = ""
    for line in lines:
        aside = line.comment or not line.key or line.key in whois_words.remarks()
        if aside and line.owner not in whois_words.CONTACTS and not _OF_WHOIS.search(f"{before} {line.value}"):
            for one in MAIL.findall(line.value)[:4]:
                if _DESK.match(one.partition("@")[0]) and one.lower() not in persons:
                    yield Desk("email", one.lower(), "registry", "small print")
        before = line.value if aside else ""


def _asks(sentence: str) -> bool:
    """Does it ask for reports of abuse, and not of abuse of WHOIS itself?"""
    return "abuse" in sentence.lower() and bool(_REPORT.search(sentence)) and not _OF_WHOIS.search(sentence)


def _trusted(line: Line) -> bool:
    """May this key name a desk here? Never inside the words of a person."""
    return not line.comment and (
        line.owner not in whois_words.CONTACTS
        or line.owner == "contact"
        or (line.key.startswith(("registrar", "sponsoring")) and line.indent == 0)
    )


def _channels(value: str, party: str, source: str) -> Iterator[Desk]:
    """The addresses of a desk. "abuse[at]names.example" is one, too: said in ``source``."""
    mails = MAIL.findall(value)
    if not mails and (spelt := _SPELT.sub("@", value, count=1)) != value:
        mails, source = MAIL.findall(_DOT.sub(".", spelt)), f"{source} (at-sign-word)"
    yield from (Desk("email", one.lower(), party, source) for one in mails)
    for url in URL.findall(value)[:2]:
        yield Desk("form", url.rstrip(".,;"), party, source)
    if not mails and (match := _PHONE.fullmatch(value.strip())):
        yield Desk("phone", match[0], party, source)

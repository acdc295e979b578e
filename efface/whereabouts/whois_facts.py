"""From the lines of a WHOIS answer to what it says of the domain. Nothing here knows a single registry by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from efface.whereabouts import whois_dates, whois_words
from efface.whereabouts.whois_text import Line

MAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}+@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6}"
)
_URL = re.compile(r"https?://[^\s<>\"')\]]{3,300}", re.IGNORECASE)
_BARE_URL = re.compile(r"(?:www\.)?[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,5}(?:/\S{0,200})?", re.IGNORECASE)
_HOST = re.compile(r"(?:(?!-)[A-Za-z0-9_-]{1,63}\.){1,8}[A-Za-z][A-Za-z0-9-]{1,62}\.?(?![@\w])")
_PHONE = re.compile(r"\+?[\d][\d .()/-]{5,30}(?:\s?x\.?\s?\d{1,6})?")
_DESK = re.compile(r"^(?:[a-z0-9]+[._-])?abuse(?:[._-]?[a-z0-9]+)*$|^(?:dns|domain)-?abuse$", re.IGNORECASE)
_REPORT = re.compile(
    r"\b(?:report|complain|notify|contact|send|e-?mail|write|inform|melden|meld|signal|denunci|reclam|сообщ|жалоб|zgłoś|zgłaszać)",
    re.IGNORECASE)  # fmt: skip
_OF_WHOIS = re.compile(r"abuse of (?:this|the|our) (?:service|whois|system|data)|whois abuse|against abuse", re.IGNORECASE)
_TAG = re.compile(r"\s*[\[(]\s*(?:tag\s*=|r\d+-|iana|id\b|https?:|www\.)[^\])]*[\])]", re.IGNORECASE)
_CODE = re.compile(r"\s+\(?(?:R|D)\d{1,5}-[A-Z]{2,8}\)?$")
_CODE_NAME = re.compile(r"^[A-Za-z]{1,6}-?\d{1,6}(?:-[A-Za-z]+)?\s*\(([^)]{2,100})\)$")
_DIRECT = re.compile(r"registered directly (?:with|by|at) (\w[\w .-]{1,60})", re.IGNORECASE)
_STREET = re.compile(r"^(?:tel|phone|fax|url|e-?mail|web|http|www)\b|^\+?\d[\d\s().-]+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Desk:
    """Somebody who takes reports of abuse: ``channel`` email, form or phone; ``party`` registrar or registry;
    ``source`` the words of the answer that say so."""

    channel: str
    value: str
    party: str
    source: str


@dataclass(slots=True)
class Facts:
    """What was read, as the answer writes it."""

    domain: str = ""
    registrar: str = ""
    registrar_id: str = ""
    registrar_url: str = ""
    desks: list[Desk] = field(default_factory=list)
    status: list[str] = field(default_factory=list)
    created: str = ""
    updated: str = ""
    expires: str = ""
    nameservers: list[str] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    referral: str = ""


def extract(lines: list[Line], month_first: bool = False) -> Facts:
    """Everything an answer says. Pure; bounded by the number of lines."""
    found = Facts()
    values = _values(lines)
    found.domain = _domain(values.get("domain", [])) or _heading(lines)
    found.registrar = _registrar(lines, values)
    found.registrar_id = next((one for one in values.get("registrar_id", []) if one.isdigit()), "")
    found.registrar_url = _url(values.get("registrar_url", []))
    found.status = list(_status(values.get("status", [])))[:20]
    for name in ("created", "updated", "expires"):
        dates = (whois_dates.read(value, month_first) for value in values.get(name, []))
        setattr(found, name, next(filter(None, dates), ""))
    found.nameservers = list(dict.fromkeys(_nameservers(lines, values.get("ns", []))))[:20]
    found.people = list(dict.fromkeys(_people(lines)))[:20]
    found.desks = list(dict.fromkeys(_desks(lines)))[:8]
    found.referral = next(iter(values.get("refer", [])), "").removeprefix("whois://").strip("/ ").lower()[:200]
    return found


def _values(lines: list[Line]) -> dict[str, list[str]]:
    """Field -> values of the best rank that has any: said of the domain, said in a section of somebody else."""
    ranked: dict[str, dict[int, list[str]]] = {}
    for number, line in enumerate(lines):
        for name, value in _said(lines, number, line):
            rank = _rank(line, name)
            if rank == 3 and name in ("status", "domain"):
                continue
            ranked.setdefault(name, {}).setdefault(rank, []).append(value)
    return {name: ranks[min(ranks)] for name, ranks in ranked.items()}


def _said(lines: list[Line], number: int, line: Line) -> Iterator[tuple[str, str]]:
    name = whois_words.field(line.key)
    if not name or line.comment:
        if line.owner == "registrar" and whois_words.generic(line.key, "registrar_url"):
            yield "registrar_url", line.value
        elif line.owner == "domain" and line.key == "name":
            yield "domain", line.value
        return
    if line.value:
        if not whois_words.nothing(line.value) or name == "domain":
            yield name, line.value
        return
    for below in _below(lines, number):
        yield name, below


def _below(lines: list[Line], number: int) -> Iterator[str]:
    """The values some registries write under a key: indented deeper, or all that stands there up to a blank line."""
    head = lines[number]
    for line in lines[number + 1 : number + 14]:
        deeper = line.indent > head.indent
        if line.comment or line.block - head.block > 1 or (line.block != head.block and not deeper):
            return
        if line.title or (line.key and whois_words.field(line.key)):
            return
        if line.key and not deeper:
            return
        if not line.key and not whois_words.nothing(line.value) and (deeper or head.bare):
            yield line.value
        elif not line.key:
            return


def _rank(line: Line, name: str) -> int:
    if line.owner in ("", "ns", "domain") or (name == "registrar" and line.owner == "registrar"):
        return 0
    if line.owner in whois_words.CONTACTS:
        return 1 if " " in line.key and name != "registrar" else 3
    return 1


def _domain(values: Iterable[str]) -> str:
    for value in values:
        name = value.split()[0].strip("\"'.,()[]").rstrip(".").lower() if value.split() else ""
        if "." in name and len(name) < 254 and not set(name) & set("@/:<>"):
            return name
    return ""


def _heading(lines: list[Line]) -> str:
    """The domain where an answer begins with nothing but its name."""
    first = next((line for line in lines if not line.comment), None)
    return _domain([first.value.rstrip(": ")]) if first and not first.key and _HOST.fullmatch(first.value.rstrip(": ")) else ""


def _registrar(lines: list[Line], values: dict[str, list[str]]) -> str:
    """The name: a readable one inside a registrar's section before a code beside the key, an organisation before both."""
    inside = [line for line in lines if line.owner == "registrar" and line.value and not line.comment]
    block = inside[0].block if inside else -1
    inside = [line for line in inside if line.block - block <= 1 or line.key.startswith("registrar")]
    organisation = [one.value for one in inside if whois_words.generic(one.key, "registrar")]
    name = [one.value for one in inside if one.key == "name" or whois_words.generic(one.key, "registrar_name")]
    said = values.get("registrar", [])
    for value in [*organisation, *_readable(said), *name, *said]:
        if cleaned := registrar_name(value):
            return cleaned
    for value in values.get("reseller", []):
        if cleaned := registrar_name(value):
            return cleaned
    for value in values.get("registrar_id", []):
        if match := _CODE_NAME.match(value):
            return match[1].strip()
    return next((one for value in values.get("registrar_id", []) if (one := registrar_name(value)) and not one.isdigit()), "")


def _readable(values: Iterable[str]) -> list[str]:
    """Names that are not a registry's code for one (REG-ACTIVE24)."""
    return [value for value in values if not re.fullmatch(r"[\w.-]+", value) or value.istitle()]


def registrar_name(value: str) -> str:
    """A registrar's name without tags, codes and links, "" where it says that there is none."""
    if match := _DIRECT.search(value):
        return match[1].strip(" .")
    if match := _CODE_NAME.match(value):
        return match[1].strip()
    value = _CODE.sub("", _TAG.sub("", value)).strip(" \t,;")
    if whois_words.nothing(value) or _STREET.match(value) or value.lower().startswith("no registrar"):
        return ""
    return " ".join(value.split())[:200]


def _url(values: Iterable[str]) -> str:
    for value in values:
        if match := _URL.search(value):
            return match[0].rstrip(".,;")
        if match := _BARE_URL.fullmatch(value.strip()):
            return match[0]
    return ""


def _status(values: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for value in values:
        value = re.sub(r"https?://\S+|www\.\S+", "", value)
        for part in re.split(r"\s*[,;]\s*|\s+/\s+", value):
            word = re.sub(r"\(.*?\)|\(.*$", "", part).strip(" .*-")[:80]
            word = whois_words.epp(word)
            if word and not whois_words.nothing(word) and word.lower() not in seen:
                seen.add(word.lower())
                yield word


def _nameservers(lines: list[Line], values: Iterable[str]) -> Iterator[str]:
    for value in values:
        for match in list(_HOST.finditer(value))[:4]:
            yield match[0].rstrip(".").lower()
            if not re.search(r"[,;]\s", value):
                break
    column = -1
    for line in lines:
        if line.comment:
            continue
        if line.key and not (line.owner == "ns" and whois_words.generic(line.key, "ns")):
            column = line.indent if whois_words.field(line.key) == "ns" else -1
            continue
        match = _HOST.search(line.value.lstrip("- "))
        if match and match.start() < 3 and (line.owner == "ns" or -1 < column < line.indent):
            yield match[0].rstrip(".").lower()


def _people(lines: list[Line]) -> Iterator[str]:
    """Addresses of registrants and their contacts: never a desk."""
    for line in lines:
        if line.owner in whois_words.CONTACTS and not line.comment and whois_words.field(line.key) != "abuse":
            yield from (one.lower() for one in MAIL.findall(line.value))


def _desks(lines: list[Line]) -> Iterator[Desk]:
    people = set(_people(lines))
    before = ""
    for line in lines:
        name = whois_words.field(line.key)
        if name in ("abuse", "abuse_phone") and _trusted(line):
            party = "registry" if "registry" in line.key else "registrar"
            yield from _channels(line.value, party, line.written)
        elif line.owner == "abuse":
            yield from _channels(line.value, "registrar", line.written or "abuse")
        elif line.owner not in whois_words.CONTACTS or line.key in whois_words.remarks():
            yield from _told(line, before, people)
        before = line.value if not line.key else ""


def _trusted(line: Line) -> bool:
    """May this key name a desk here? Never inside the words of a person."""
    return not line.comment and (
        line.owner not in whois_words.CONTACTS or line.owner == "contact" or line.key.startswith(("registrar", "sponsoring"))
    )


def _channels(value: str, party: str, source: str) -> Iterator[Desk]:
    mails = MAIL.findall(value)
    yield from (Desk("email", one.lower(), party, source) for one in mails)
    for url in _URL.findall(value)[:2]:
        yield Desk("form", url.rstrip(".,;"), party, source)
    if not mails and (match := _PHONE.fullmatch(value.strip())):
        yield Desk("phone", match[0], party, source)


def _told(line: Line, before: str, people: set[str]) -> Iterator[Desk]:
    """Free text, remarks and a registrar's own address, where they name a desk: its name is abuse, or the sentence asks
    for reports of abuse. Sentences about abuse of WHOIS itself name none."""
    sentence = f"{before} {line.value}" if not line.key or line.comment else f"{line.written} {line.value}"
    if _OF_WHOIS.search(sentence):
        return
    asks = "abuse" in sentence.lower() and bool(_REPORT.search(sentence))
    for one in MAIL.findall(line.value)[:4]:
        if one.lower() in people:
            continue
        if _DESK.match(one.partition("@")[0]) or (asks and (line.owner in ("", "registrar") and not line.comment)):
            party = "registrar" if line.owner == "registrar" or line.key.startswith("registrar") else "registry"
            yield Desk("email", one.lower(), party, line.written or "text")

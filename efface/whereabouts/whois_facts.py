"""From the lines of a WHOIS answer to what it says of the domain. Nothing here knows a single registry by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from efface.whereabouts import whois_dates, whois_words
from efface.whereabouts.whois_desks import URL, Desk, desks, people, small_print
from efface.whereabouts.whois_text import Line

_BARE_URL = re.compile(r"(?:www\.)?[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,5}(?:/\S{0,200})?", re.IGNORECASE)
_HOST = re.compile(r"(?:(?!-)[A-Za-z0-9_-]{1,63}\.){1,8}[A-Za-z][A-Za-z0-9-]{1,62}\.?(?![@\w])")
_TAG = re.compile(
    r"\s*[\[(]\s*(?:tag\s*=|r\d+-|iana|id\b|https?:|www\.|\d{1,6}\s*(?=[\])]))[^\])]*[\])]", re.IGNORECASE
)
_CODE = re.compile(r"\s+\(?(?:R|D)\d{1,5}-[A-Z]{2,8}\)?$")
_CODE_NAME = re.compile(r"^[A-Za-z]{1,6}-?\d{1,6}(?:-[A-Za-z]+)?\s*\(([^)]{2,100})\)$")
_DIRECT = re.compile(r"registered directly (?:with|by|at) (\w[\w .-]{1,60})", re.IGNORECASE)
_STREET = re.compile(r"^(?:tel|phone|fax|url|e-?mail|web|http|www)\b|^\+?\d[\d\s().-]+$", re.IGNORECASE)


@dataclass(slots=True)
class Facts:
    """What was read, as the answer writes it."""

    domain: str = ""
    registrar: str = ""
    registrar_id: str = ""
    registrar_url: str = ""
    desks: list[Desk] = field(default_factory=list)
    small_print: list[Desk] = field(default_factory=list)
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
    found.registrar_url = _url(values.get("registrar_url", [])) or _beside(values.get("registrar", []))
    found.status = list(_status(values.get("status", [])))[:20]
    for name in ("created", "updated", "expires"):
        dates = (whois_dates.read(value, month_first) for value in values.get(name, []))
        setattr(found, name, next(filter(None, dates), ""))
    names = list(dict.fromkeys(_nameservers(lines, values.get("ns", []))))
    found.nameservers = [name for name in names if name != found.domain or len(names) == 1][:20]
    if not found.expires and (until := re.search(r"\buntil (\d{8})", " ".join(found.status), re.IGNORECASE)):
        found.expires = whois_dates.read(until[1])
    found.people = list(dict.fromkeys(people(lines)))[:20]
    found.desks = list(dict.fromkeys(desks(lines)))[:8]
    known = {desk.value for desk in found.desks}
    found.small_print = [desk for desk in dict.fromkeys(small_print(lines)) if desk.value not in known][:4]
    referral = next(iter(values.get("refer", [])), "").removeprefix("whois://").strip("/ ").lower()
    found.referral = referral if _HOST.fullmatch(referral) else ""
    return found


def _values(lines: list[Line]) -> dict[str, list[str]]:
    """Field -> values of the best rank that has any: said of the domain, said in a section of somebody else."""
    ranked: dict[str, dict[int, list[str]]] = {}
    home = next((line.block for line in lines if whois_words.field(line.key) == "domain" and line.value), -1)
    for number, line in enumerate(lines):
        for name, value in _said(lines, number, line):
            rank = _rank(line, name, home)
            if (rank == 3 and name in ("status", "domain")) or (name == "refer" and line.owner in whois_words.CONTACTS):
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
        if name == "status":
            yield from ((name, one) for one in _below(lines, number) if whois_words.is_epp(one.split()[0]))
        return
    for below in _below(lines, number):
        yield name, below


def _below(lines: list[Line], number: int) -> Iterator[str]:
    """The values some registries write under a key: indented deeper, or all that stands there up to a blank line."""
    head = lines[number]
    alone = number == 0 or lines[number - 1].block != head.block
    for line in lines[number + 1 : number + 14]:
        deeper = line.indent > head.indent
        if line.comment or line.block - head.block > 1 or (line.block != head.block and not deeper):
            return
        if line.title or (line.key and whois_words.field(line.key)):
            return
        if line.key and not deeper:
            return
        if not line.key and not whois_words.nothing(line.value) and (deeper or head.bare or (alone and not head.value)):
            yield line.value
        elif not line.key:
            return


def _rank(line: Line, name: str, home: int) -> int:
    """0 said of the domain, 1 in its paragraph or by a key that speaks for itself, 2 in a paragraph before it, which
    may be about a name server of the same name, 3 within the words of a contact."""
    if line.block < home and name in ("registrar", "registrar_url", "refer"):
        return 2
    if line.owner in ("", "ns", "domain") or (name == "registrar" and line.owner == "registrar"):
        return 0
    if line.owner in whois_words.CONTACTS and line.block != home:
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
    name = first.value.rstrip(": ") if first and not first.key else ""
    return _domain([name]) if _HOST.fullmatch(name) else ""


def asked(lines: list[Line]) -> str:
    """The domain that an answer says it does not have, "" where it names none."""
    for line in lines:
        sentence = f"{line.written} {line.value}"
        if whois_words.says("available", sentence) and (match := _HOST.search(sentence)):
            return match[0].rstrip(".").lower()
    return ""


def _registrar(lines: list[Line], values: dict[str, list[str]]) -> str:
    """The name: an organisation's within the registrar's section, else a readable name, else a registry's code."""
    inside = [line for line in lines if line.owner == "registrar" and line.value and not line.comment]
    block = inside[0].block if inside else -1
    inside = [line for line in inside if line.block - block <= 1 or line.key.startswith("registrar")]
    organisation = [one.value for one in inside if whois_words.generic(one.key, "registrar")]
    name = [one.value for one in inside if one.key == "name" or whois_words.generic(one.key, "registrar_name")]
    said = sorted(values.get("registrar", []), key=lambda value: not value.isascii())
    for value in [*organisation, *_readable(said), *name, *said]:
        if cleaned := registrar_name(value):
            return cleaned
    for value in values.get("reseller", []):
        if cleaned := registrar_name(value):
            return cleaned
    for value in values.get("registrar_id", []):
        if match := _CODE_NAME.match(value):
            return match[1].strip()
    codes = map(registrar_name, values.get("registrar_id", []))
    return next((code for code in codes if code and not code.isdigit()), "")


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
        if match := URL.search(value):
            return match[0].rstrip(".,;")
        if match := _BARE_URL.fullmatch(value.strip()):
            return match[0]
    return ""


def _beside(values: Iterable[str]) -> str:
    """A link in brackets beside a registrar's name."""
    return next((match[0].rstrip(".,;") for value in values if (match := URL.search(value))), "")


def _status(values: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for value in values:
        value = re.sub(r"https?://\S+|www\.\S+", "", value)
        for part in re.split(r"\s*[,;]\s*|\s+/\s+", value):
            word = re.sub(r"\(.*?\)|\(.*$| - .*$", "", part).strip(" .*-")[:80]
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
        first = _HOST.search(line.value.lstrip("- "))
        if first and first.start() < 3 and (line.owner == "ns" or -1 < column < line.indent):
            yield first[0].rstrip(".").lower()

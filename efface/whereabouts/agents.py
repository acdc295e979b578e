"""Designated agents for copyright notices (17 U.S.C. 512(c)(2)), from a list a worker exported from the directory.

There is no feed of the directory. An entry ends three years after it was made or renewed; such a contact serves a
copyright notice, which only whoever took the picture (or got the rights) can give.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from efface.net.protocol import DesignatedAgent
from efface.whereabouts import facts
from efface.whereabouts.decode import ADDRESS, plausible
from efface.whereabouts.model import Contact
from efface.whereabouts.securitytxt import past

LARGEST = 20_000_000
MOST_ROWS = 200_000
CURRENT, OVER, UNDATED = 0.9, 0.3, 0.7
NOTE = "designated agent: for copyright notices only"
_COLUMNS = {
    "domain": ("domain", "website", "url of service", "service provider url", "site"),
    "name": ("agent", "agent name", "name", "service provider", "organization"),
    "email": ("email", "agent email", "e-mail", "mail"),
    "phone": ("phone", "agent phone", "telephone"),
    "url": ("form", "form url", "web form"),
    "expires": ("expires", "expiration", "expiration date", "valid until", "renew by"),
    "renewed": ("effective", "effective date", "renewed", "registered", "date"),
}


class AgentsError(ValueError):
    """The file as a whole cannot be read; the message says what it lacks."""


@dataclass(frozen=True, slots=True)
class Agents:
    """``problems`` name the line (header = 1) and what is wrong with it; such a line is left out."""

    entries: list[DesignatedAgent] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read(data: bytes) -> Agents:
    """A CSV with a header line: a domain, a mail address or form, and when the entry expires or was last renewed (as
    YYYY-MM-DD). Raises ``AgentsError``."""
    if len(data) > LARGEST:
        raise AgentsError(f"the file is larger than {LARGEST // 1_000_000} MB: split it")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise AgentsError("the file is not UTF-8: save it as CSV in UTF-8") from None
    rows = csv.reader(io.StringIO(text, newline=""))
    try:
        heads = [one.strip().lower() for one in next(rows)]
    except (StopIteration, csv.Error):
        raise AgentsError("the file is empty") from None
    columns = {name: heads.index(head) for name, known in _COLUMNS.items() for head in known[::-1] if head in heads}
    if "domain" not in columns or not columns.keys() & {"email", "url"}:
        raise AgentsError("the first line must name a column 'domain' and a column 'email' or 'form'")
    found = Agents()
    try:
        for number, row in enumerate(rows, start=2):
            if number > MOST_ROWS:
                found.problems.append(f"line {number}: only the first {MOST_ROWS} lines were read")
                break
            if any(cell.strip() for cell in row):
                _line(number, {name: row[at].strip()[:300] for name, at in columns.items() if at < len(row)}, found)
    except csv.Error as error:
        found.problems.append(f"the rest could not be read: {error}")
    return found


def _line(number: int, given: dict[str, str], found: Agents) -> None:
    host = facts.host_of(given["domain"] if "://" in given.get("domain", "") else f"http://{given.get('domain', '')}")
    domain = facts.registered(host)
    mail = given.get("email", "").lower()
    form = given.get("url", "")
    if not domain:
        found.problems.append(f"line {number}: {given.get('domain', '')[:60]!r} is no domain")
    elif not (ADDRESS.fullmatch(mail) and plausible(mail)) and not form.startswith(("https://", "http://")):
        found.problems.append(f"line {number}: neither a mail address nor a form")
    else:
        expires = _date(given.get("expires", "")) or _after(_date(given.get("renewed", "")))
        if given.get("expires") and not expires:
            found.problems.append(f"line {number}: {given['expires'][:30]!r} is no date (YYYY-MM-DD); read as undated")
        entry = DesignatedAgent(domain, given.get("name", ""), mail, given.get("phone", ""), form, expires)
        found.entries.append(entry)


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        return ""


def _after(renewed: str) -> str:
    """Three years on (37 C.F.R. 201.38(c)(4))."""
    if not renewed:
        return ""
    day = date.fromisoformat(renewed)
    try:
        return day.replace(year=day.year + 3).isoformat()
    except ValueError:
        return day.replace(year=day.year + 3, day=28).isoformat()


def contacts(agents: Sequence[DesignatedAgent], domains: Iterable[str], now: str = "") -> list[Contact]:
    """The agents' contacts for any of the domains; an entry that is over is worth less, as its mailbox may be."""
    wanted = set(domains)
    made = []
    for one in agents:
        if one.domain not in wanted:
            continue
        worth = OVER if past(one.expires, now) else CURRENT if one.expires else UNDATED
        if one.email:
            made.append(Contact("email", one.email, "dmca-agent", "", worth, note=NOTE, expires=one.expires))
        if one.url:
            made.append(
                Contact("form", one.url, "dmca-agent", "", round(worth - 0.05, 3), note=NOTE, expires=one.expires)
            )
    return made

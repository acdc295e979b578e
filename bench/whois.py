"""Real WHOIS answers with what they say: our reader, and the package's parser alone, on the same files.

The collection is a tar of ``SERVER/TLD/NAME.txt`` with a ``NAME.expected`` beside most (whois-parser's fixtures). An
address is true where a key of the answer that speaks of abuse has it; everything else listed as a desk is false.
"""

from __future__ import annotations

import re
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from efface.whereabouts import record, whois, whois_package

_ABUSE = re.compile(r"^[^\n:]*abuse[^\n:@]*:\s*(\S+@\S+)", re.IGNORECASE | re.MULTILINE)
_REGISTRANT = re.compile(
    r"^\s*(?:registrant|admin\w*|tech\w*|billing)\b[^\n:]*:\s*(\S+@\S+)", re.IGNORECASE | re.MULTILINE
)
_DATES = (("created", "created_on"), ("updated", "updated_on"), ("expires", "expires_on"))


@dataclass(frozen=True, slots=True)
class Case:
    """``said``: what the expectation file says, attribute -> rows."""

    name: str
    suffix: str
    data: bytes
    said: dict[str, list[str]]

    def value(self, attribute: str, part: str = "") -> str:
        """A plain expected value, "" where the file has none or nil."""
        for row in self.said.get(attribute, ()):
            if match := re.match(rf"{re.escape(part)}\s*==\s*(.*)$", row):
                return "" if match[1] == "nil" else match[1].strip('":')
        return ""


@dataclass(slots=True)
class Score:
    """Right and asked by field; addresses of desks: found, in the answers, listed, a contact's own."""

    fields: dict[str, list[int]] = field(default_factory=dict)
    desks: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    failures: int = 0
    seconds: float = 0.0

    def note(self, name: str, right: bool) -> None:
        count = self.fields.setdefault(name, [0, 0])
        count[0] += right
        count[1] += 1

    def result(self) -> dict[str, Any]:
        found, true, listed, personal = self.desks
        return {
            "failures": self.failures,
            "fields": {name: {"right": right, "of": asked} for name, (right, asked) in self.fields.items()},
            "abuse": {"found": found, "of": true, "listed": listed, "registrants_own": personal},
            "seconds": round(self.seconds, 3),
        }


def cases(path: Path) -> Iterator[Case]:
    with tarfile.open(path) as archive:
        members = {one.name: one for one in archive.getmembers() if one.isfile()}
        for name, member in sorted(members.items()):
            handle = archive.extractfile(member) if name.endswith(".txt") else None
            if handle is None:
                continue
            expected = members.get(name.removesuffix(".txt") + ".expected")
            stream = archive.extractfile(expected) if expected else None
            said = _expected(stream.read().decode("utf-8", "replace")) if stream else {}
            yield Case(name, whois.suffix_of(Path(name)), handle.read(), said)


def _expected(text: str) -> dict[str, list[str]]:
    said: dict[str, list[str]] = {}
    current = ""
    for line in text.splitlines():
        if line.startswith("#"):
            current = line[1:].strip()
        elif current and line.strip().startswith("%s"):
            said.setdefault(current, []).append(line.strip()[2:].strip())
    return said


def _ours(case: Case) -> dict[str, Any]:
    found = record.read(case.data, case.suffix)
    return {**found.as_dict(), "abuse": [one.value for one in found.abuse if one.channel == "email"]}


def _theirs(case: Case) -> dict[str, Any]:
    parsed = whois_package.parse(case.data.decode("utf-8", "replace"), case.suffix)
    mail = str(parsed.get("registrar_abuse_email") or "").lower()
    return {
        "registrar": parsed.get("registrar") or "",
        "status": [str(one).split()[0] for one in parsed.get("status") or () if str(one).split()],
        "abuse": [mail] if mail else [],
        **{name: str(parsed.get(name) or "")[:10] for name, _ in _DATES},
        "nameservers": [str(one) for one in parsed.get("name_servers") or ()],
    }


def _plain(text: str) -> str:
    return re.sub(r"[^\w]+", "", text.lower())


def judge(case: Case, found: dict[str, Any], score: Score) -> None:
    names = [case.value("registrar", ".name"), case.value("registrar", ".organization")]
    names = [*filter(None, names)] or [*filter(None, [case.value("registrar", ".id")])]
    if names:
        score.note("registrar", _plain(found["registrar"]) in map(_plain, names))
    quoted = re.findall(r'"([^"]+)"', case.value("status") + '"')
    words = {re.sub(r"\s*https?://\S+", "", one).lower() for one in quoted}
    if case.value("status").startswith("[") and words:
        score.note("status", words == {one.lower() for one in found["status"]})
    if "state" in found and case.value("available?"):
        score.note("available", (found["state"] == "available") == (case.value("available?") == "true"))
    for name, attribute in _DATES:
        stamp = next((row[6:16] for row in case.said.get(attribute, ()) if row.startswith("%TIME{")), "")
        if stamp:
            score.note(name, found[name][:10] == stamp)
    servers = {name.lower().rstrip(".") for row in case.said.get("nameservers", ())
               for name in re.findall(r'^\[\d+\]\.name\s*==\s*"([^"]*)"', row)}  # fmt: skip
    if servers:
        score.note("nameservers", servers == {one.lower().rstrip(".") for one in found["nameservers"]})
    text = case.data.decode("utf-8", "replace").lower().replace("[at]", "@")
    true, listed = set(_ABUSE.findall(text)), set(found["abuse"])
    personal = (set(_REGISTRANT.findall(text)) - true) & listed
    score.desks = [a + len(b) for a, b in zip(score.desks, (true & listed, true, listed, personal), strict=True)]


def run(path: Path) -> dict[str, Any]:
    """Both readers on every file of the collection."""
    scores = {"ours": (Score(), _ours), "asyncwhois_alone": (Score(), _theirs)}
    count = 0
    for case in cases(path):
        count += 1
        for score, read in scores.values():
            started = time.process_time()
            try:
                found = read(case)
            except Exception:
                score.failures += 1
                continue
            finally:
                score.seconds += time.process_time() - started
            judge(case, found, score)
    return {"answers": count, **{name: score.result() for name, (score, _) in scores.items()}}

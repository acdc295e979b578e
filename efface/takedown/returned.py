"""A mail that came back: what a delivery report or a complaint about our mail says, in its own words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml

from efface.net.protocol import Mail
from efface.takedown.reading import sentences, short

Report = Literal["bounce", "delay"]
Refusal = Literal["", "gone", "full", "policy"]
WORDS = Path(__file__).parent / "returned.yaml"
_DAEMON = re.compile(r"^(mailer-daemon|postmaster|mail-daemon|mail\.daemon)@", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Returned:
    kind: Report
    confidence: float
    because: str
    address: str
    permanent: bool = False
    refusal: Refusal = ""


def is_report(mail: Mail) -> bool:
    """A delivery report: said so by the parser, or written by a mail system about a mail of ours. A postmaster is
    also a person who writes about mail: then only the subject counts."""
    if mail.is_bounce or mail.bounce:
        return True
    daemon = not mail.sender or bool(_DAEMON.match(mail.sender))
    person = mail.sender.lower().startswith("postmaster@") and not mail.auto_submitted
    words = (mail.subject if person else f"{mail.subject}\n{mail.text[:4000]}").lower()
    return daemon and any(pattern.search(words) for kind in ("bounce", "delay") for pattern in patterns()[kind])


def report(mail: Mail) -> Returned:
    failed = next(iter([*mail.bounce_permanent, *mail.bounce, *mail.recipients[:1]]), "").lower()
    hard, because = _says(mail, "bounce")
    soft, waiting = _says(mail, "delay")
    why = _refusal(mail)
    if mail.bounce_permanent:
        final = why not in ("full", "policy")
        return Returned("bounce", 0.98, because or short(mail.subject), failed, final, why)
    if soft and (mail.bounce or not hard):
        return Returned("delay", 0.9, waiting, failed)
    if hard and not soft:
        return Returned("bounce", 0.85, because, failed, why not in ("full", "policy"), why)
    return Returned("bounce", 0.6, because or waiting or short(mail.subject), failed, refusal=why)


def feedback(mail: Mail) -> str:
    """What a complaint about our mail says of its kind (RFC 5965), else its first sentence."""
    for line in mail.text.split("\n")[:400]:
        if line.lower().startswith("feedback-type:"):
            return short(line)
    return next(sentences(mail.text), short(mail.subject))


_FULL = re.compile(
    r"\b[45]\.2\.2\b|over ?quota|quota (?:is )?exceeded|(?:mailbox|inbox) .{0,20}\bfull\b|postfach .{0,20}voll"
)
_POLICY = re.compile(
    r"\b5\.7\.\d{1,3}\b|black ?list|block ?list|\bspam\b|\bdmarc\b|\bspf\b|\bdkim\b|reputation|blocked|banned|policy"
    r"|authenticat|\b5\.3\.4\b|too (?:large|big)"
)
_NOBODY = re.compile(
    r"\b5\.1\.[0-9]{1,2}\b|\b5\.2\.1\b|unknown|no such|does not exist|doesn't exist|not found|no longer|disabled"
    r"|inactive"
    r"|unbekannt|existiert nicht|no existe|desconocido"
)


def _refusal(mail: Mail) -> Refusal:
    """Why it came back (RFC 3463 subjects first), from the report's own words."""
    text = f"{mail.subject}\n{mail.text[:6000]}".lower()
    if _FULL.search(text):
        return "full"
    if _POLICY.search(text):
        return "policy"
    return "gone" if _NOBODY.search(text) else ""


def _says(mail: Mail, kind: Report) -> tuple[bool, str]:
    for sentence in (*sentences(mail.text), short(mail.subject)):
        if any(pattern.search(sentence.lower()) for pattern in patterns()[kind]):
            return True, sentence
    return False, ""


@lru_cache(maxsize=1)
def patterns() -> dict[str, tuple[re.Pattern[str], ...]]:
    """All languages together: a report often speaks two."""
    data: dict[str, dict[str, list[str]]] = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    return {kind: tuple(re.compile(one) for found in spoken.values() for one in found) for kind, spoken in data.items()}

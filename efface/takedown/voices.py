"""What the sentences of a mail say, each for itself: asked of the phrases of its language, with what turns it round.

Nothing is decided here. "Removed" is heard only where the same clause does not deny it, nothing in the sentence makes
it a condition, a plan, a rule or a question, and it is not said of somebody else's claim.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from efface.takedown.phrasebook import Language, aside, languages
from efface.takedown.reading import sentences

_MOST_MATCHES = 6
BRIEF = 5
"""Up to so many words a removal needs no name of what went: "c'est supprimé". In a longer sentence it must be named."""
_PLAIN = (
    "refuses_hint", "not_ours", "asks_hint", "counter_hint", "away", "closed", "off_topic", "partial", "thanks",
    "automatic",
)  # fmt: skip
_UNDENIED = ("forwards", "forwards_hint", "received", "asks", "removed_hint")

_FEE = re.compile(
    r"\b(?:fee|price|gebuhr|preis|tarifa|tarif)\b.{0,60}\d.{0,40}\b(?:per|each|pro|por|par|advance|vorkasse)\b"
)
"""What something costs for each picture, or before anything is done: said where the removal was offered before."""


@dataclass(slots=True)
class Voices:
    """Sentences by what they say, in order."""

    said: dict[str, list[str]] = field(default_factory=dict)

    def add(self, section: str, sentence: str) -> None:
        found = self.said.setdefault(section, [])
        if sentence not in found:
            found.append(sentence)

    def of(self, section: str) -> list[str]:
        return self.said.get(section, [])

    def first(self, section: str) -> str:
        return next(iter(self.of(section)), "")


def listen(words: str, subject: str, tongues: list[str]) -> Voices:
    """``words`` are the sender's own; ``subject`` counts as a hint only; English is read beside every language."""
    heard = Voices()
    spoken = [languages()[code] for code in dict.fromkeys([*tongues, "en"])]
    for sentence in sentences(words):
        for code in dict.fromkeys([*tongues, "en", *aside(sentence)]):
            _hear(languages()[code], sentence, heard)
    if subject:
        title = Voices()
        for language in spoken:
            _hear(language, subject, title)
        for section in ("off_topic", "away", "closed"):
            if title.of(section):
                heard.add(section, subject)
        for section in ("removed", "refuses", "asks", "counter", "forwards"):
            if title.of(section) and not heard.of(section):
                heard.add(f"{section}_hint", subject)
        for section in ("received", "automatic"):
            if title.of(section):
                heard.add(section, subject)
    return heard


def _hear(language: Language, sentence: str, heard: Voices) -> None:
    folded = language.folded(sentence)
    asks = "?" in folded
    conditional = language.found("if", folded)
    for section in _PLAIN:
        if language.found(section, folded):
            heard.add(section, sentence)
    offered = language.found("removal", folded) or _FEE.search(folded)
    if language.found("price", folded) and offered and not language.found("free", folded):
        heard.add("price", sentence)
    if language.found("content", folded):
        heard.add("content", sentence)
    _removed(language, folded, sentence, heard, asks or conditional)
    counter = language.find("counter", folded)
    if counter and not language.found("may", _clause(folded, counter)):
        heard.add("counter", sentence)
    if language.found("court", folded) and not asks:
        heard.add("refuses", sentence)
    elif language.found("refuses", folded) and not asks:
        until = conditional or language.found("without", folded)
        heard.add("refuses_hint" if until else "refuses", sentence)
    for section in _UNDENIED:
        found = language.find(section, folded)
        if not found or language.found("not", _before(folded, found)):
            continue
        if section.startswith("forwards") and (asks or conditional or _inside(language, folded)):
            continue
        if section == "asks" and language.found("why", folded):
            continue
        heard.add("asks_if" if section == "asks" and conditional else section, sentence)


def _removed(language: Language, folded: str, sentence: str, heard: Voices, unsure: bool) -> None:
    for section in ("gone", "removed"):
        pattern = language.patterns[section]
        for number, match in enumerate(pattern.finditer(folded) if pattern else ()):
            if number == _MOST_MATCHES:
                break
            before = _before(folded, match)
            denied = language.found("not", before if section == "gone" else before + match[0] + _after(folded, match))
            if denied:
                if sentence not in heard.of("removed"):  # "n'est plus accessible" is its own denial
                    heard.add("not_removed", sentence)
            elif language.found("closing", match[0] + " ") and not _of_content(language, folded, match):
                heard.add("closed_hint", sentence)
            elif not unsure and not language.found("plan", before + match[0]):
                heard.add("closed_hint" if _of_something_else(language, folded, match) else "removed", sentence)


def _of_content(language: Language, folded: str, match: re.Match[str]) -> bool:
    """What is said to be closed is a page or an account, not a ticket."""
    clause = _clause(folded, match) + _after(folded, match)
    return language.found("content", clause) and not language.found("request", clause)


def _of_something_else(language: Language, folded: str, match: re.Match[str]) -> bool:
    """What went is our mail, our account or the report itself, not the content."""
    before, told = _before(folded, match), match[0] + _after(folded, match)
    close = " " + " ".join(before.split()[-4:]) + " "
    if language.found("ours", close + told.lstrip()):
        return True
    if not language.spaceless and len(folded.split()) > BRIEF and not language.found("content", folded):
        return True
    if language.spaceless or language.found("content", told) or language.found("content", before):
        return False
    return language.found("request", " " + " ".join(before.split()[-2:]) + " ") or language.found("request", told)


def _inside(language: Language, folded: str) -> bool:
    """Passed on, but inside the house."""
    return language.found("inside", folded) and not language.found("party", folded)


def _before(folded: str, match: re.Match[str]) -> str:
    """The clause up to the match."""
    return folded[folded.rfind(",", 0, match.start()) + 1 : match.start()] + " "


def _after(folded: str, match: re.Match[str]) -> str:
    """Three words after the match, in its clause."""
    rest = folded[match.end() :].split(",")[0]
    return " " + " ".join(rest.split()[:3]) + " "


def _clause(folded: str, match: re.Match[str]) -> str:
    start = folded.rfind(",", 0, match.start()) + 1
    return folded[start : match.end()] + " "

"""What the sentences of a mail say, each for itself: asked of the phrases of its language, with what turns it round.

Nothing is decided here. "Removed" is heard only where the same clause does not deny it, nothing in the sentence makes
it a condition, a plan, a rule or a question, and it is not said of somebody else's claim.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from efface.takedown.phrasebook import Language, aside, fold, languages

_MOST_MATCHES = 6
BRIEF = 5
"""Up to so many words a removal needs no name of what went: "c'est supprimé". In a longer sentence it must be named."""
LONG = 6
"""A sentence of so many words (ideographs) says something of its own; shorter ones greet, thank or sign."""
_PLAIN = (
    "refuses_hint", "not_ours", "asks_hint", "counter_hint", "away", "closed", "off_topic", "partial", "thanks",
    "automatic",
)  # fmt: skip
_SMALL = ("content", "partial", "thanks", "automatic")
_UNDENIED = ("forwards", "forwards_hint", "received", "asks", "removed_hint")

_UNIT = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\s,\u3040-\u30ff\u3400-\u9fff]+")
_FEE = re.compile(
    r"\b(?:fee|price|gebuhr|preis|tarifa|tarif)\b.{0,60}\d.{0,40}\b(?:per|each|pro|por|par|advance|vorkasse)\b"
)
"""What something costs for each picture, or before anything is done: said where the removal was offered before."""


@dataclass(slots=True)
class Voices:
    """Sentences by what they say, in order."""

    said: dict[str, list[str]] = field(default_factory=dict)
    order: dict[str, int] = field(default_factory=dict)
    unheard: list[str] = field(default_factory=list)
    """Sentences of some length of which no phrase says anything: the mail may mean what they say."""

    def add(self, section: str, sentence: str) -> None:
        self.order.setdefault(sentence, len(self.order))
        found = self.said.setdefault(section, [])
        if sentence not in found:
            found.append(sentence)

    def of(self, section: str) -> list[str]:
        return self.said.get(section, [])

    def later(self, sentence: str, than: str) -> bool:
        return self.order.get(sentence, 0) > self.order.get(than, 0)

    def understood(self, sentence: str) -> bool:
        """Whether more is known of a sentence than that it thanks, or names pages."""
        return any(sentence in told for section, told in self.said.items() if section not in _SMALL)

    def first(self, section: str) -> str:
        return next(iter(self.of(section)), "")


_REPEATED = 0.7
_FEW = 4


def own(said: Iterable[str], tongues: list[str], sent: str = "") -> list[str]:
    """The sentences that are not our notice come back without any mark of quotation.

    Of a notice that is known, what repeats it is left out wherever it stands. Otherwise a notice gives itself away by
    asking the desk for the removal: it is left out, and so is all below it."""
    pairs = _pairs(sent)
    kept: list[str] = []
    for sentence in said:
        if pairs and _repeats(sentence, pairs):
            continue
        spoken = (languages()[code] for code in dict.fromkeys([*tongues, "en", *aside(sentence)]))
        if any(language.found("notice", language.folded(sentence)) for language in spoken):
            break
        kept.append(sentence)
    return kept


def _pairs(text: str) -> frozenset[tuple[str, str]]:
    """Neighbouring words of our notice (of a language without spaces: letters), at most 20,000."""
    words = _units(text[:100_000])[:20_000]
    return frozenset(itertools.pairwise(words))


def _repeats(sentence: str, pairs: frozenset[tuple[str, str]]) -> bool:
    words = _units(sentence)
    own_pairs = list(itertools.pairwise(words))
    return len(words) >= _FEW and sum(pair in pairs for pair in own_pairs) >= _REPEATED * len(own_pairs)


def _units(text: str) -> list[str]:
    """Words; ideographs and kana one by one."""
    return _UNIT.findall(fold(text))


def listen(said: Iterable[str], subject: str, tongues: list[str]) -> Voices:
    """``said`` are the sender's own sentences; ``subject`` counts as a hint only; English is read beside every language."""  # noqa: E501
    heard = Voices()
    spoken = [languages()[code] for code in dict.fromkeys([*tongues, "en"])]
    for sentence in said:
        for code in dict.fromkeys([*tongues, "en", *aside(sentence)]):
            _hear(languages()[code], sentence, heard)
        if len(_units(sentence)) >= LONG and not heard.understood(sentence):
            heard.unheard.append(sentence)
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
    folded = _without_silence(language, language.folded(sentence))
    asks = "?" in folded
    condition = language.found("if", folded)
    conditional = condition or language.found("doubt", folded)
    for section in _PLAIN:
        if language.found(section, folded):
            heard.add(section, sentence)
    offered = language.found("removal", folded) or _FEE.search(folded)
    if language.found("price", folded) and offered and not language.found("free", folded):
        heard.add("price", sentence)
    if language.found("content", folded):
        heard.add("content", sentence)
    told = _told(language, folded, asks)
    if told:
        heard.add("forwards", sentence)
    done = _removed(language, folded, sentence, heard, asks or conditional, told)
    _promise(language, folded, sentence, heard, asks, condition)
    counter = language.find("counter", folded)
    if counter and not language.found("may", _clause(folded, counter)):
        heard.add("counter", sentence)
    if language.found("court", folded) and not asks:
        heard.add("refuses", sentence)
        heard.add("court", sentence)
    elif _refused(language, folded, done) and not asks and not _promised(language, folded):
        until = conditional or language.found("without", folded)
        heard.add("refuses_hint" if until else "refuses", sentence)
    for section in _UNDENIED:
        found = language.find(section, folded)
        if not found or language.found("not", _close(folded, found) if section == "asks" else _before(folded, found)):
            continue
        if section.startswith("forwards") and (asks or _kept_back(language, folded, found)):
            continue
        if section == "asks" and language.found("why", folded):
            continue
        heard.add("asks_if" if section == "asks" and conditional else section, sentence)


def _without_silence(language: Language, folded: str) -> str:
    """"The customer did not answer" is another clause: its denial is none of what was done then."""
    silent = language.patterns["silent"]
    return silent.sub(" ," if not language.spaceless else ",", folded) if silent else folded


def _refused(language: Language, folded: str, done: int) -> bool:
    """``done`` is where a removal is claimed, -1 where it is not: "although we are not obliged to, we removed it"."""
    match = language.find("refuses", folded)
    if not match:
        return False
    return not (match.start() < done and language.found("although", folded[:done]))


def _promised(language: Language, folded: str) -> bool:
    """A removal that is still to come is said, and not denied: "will be removed" is no "will not"."""
    match = language.find("promise", folded)
    return bool(match) and not language.found("not", folded)


def _promise(language: Language, folded: str, sentence: str, heard: Voices, asks: bool, condition: bool) -> None:
    """A removal to come: ``promise`` where there is no condition, ``offer`` where the condition is a thing to send."""
    match = language.find("promise", folded)
    if not match or asks or language.found("rule", folded):
        return
    when = language.patterns["if"]
    before = when.sub(" ", _before(folded, match)) if when else _before(folded, match)
    if language.found("not", before + match[0] + _after(folded, match)):
        return
    if condition and (language.found("thing", folded) or language.found("send", folded)):
        heard.add("offer", sentence)
    elif not language.found("if", folded[: match.end()] + _after(folded, match)):
        heard.add("promise", sentence)


def _told(language: Language, folded: str, asks: bool) -> re.Match[str] | None:
    """Where somebody else was asked to act: what they are to do has not been done. "Until tomorrow" is no condition."""
    match = None if asks else language.find("told", folded)
    if match is None or language.found("not", _close(folded, match)) or language.found("if", _before(folded, match)):
        return None
    return match


def _removed(
    language: Language, folded: str, sentence: str, heard: Voices, unsure: bool, told: re.Match[str] | None
) -> int:
    """Where the last removal is claimed that is believed; -1: nowhere.

    What follows ``told`` in its clause is a task."""
    claimed = -1
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
            elif told and told.start() < match.end() and _asked(language, folded[told.end() : match.end()]):
                continue
            elif language.found("closing", match[0] + " ") and not _of_content(language, folded, match):
                heard.add("closed_hint", sentence)
            elif not unsure and not language.found("plan", before + match[0]) and not language.found("rule", folded):
                other = _of_something_else(language, folded, match)
                heard.add("closed_hint" if other else "removed", sentence)
                claimed = claimed if other else max(claimed, match.start())
                if not other and language.found("undone", before + match[0]):
                    heard.add("undone", sentence)
    if sentence not in heard.of("removed") and not unsure and _left_alone(language, folded):
        heard.add("not_removed", sentence)
    return claimed


def _asked(language: Language, between: str) -> bool:
    """Whether a removal is still what was asked for: in the same clause, or in one that a word like "that" opens."""
    _, comma, after = between.partition(",")
    return not comma or language.spaceless or language.found("task", f" {' '.join(after.split()[:1])} ")


def _left_alone(language: Language, folded: str) -> bool:
    """The word for "removed", with a denial shortly before it: "has not yet been removed", "none were taken down"."""
    pattern = language.patterns["done"]
    if pattern is None or language.spaceless:
        return False
    found = (match for _, match in zip(range(_MOST_MATCHES), pattern.finditer(folded), strict=False))
    return any(language.found("not", _close(folded, match)) for match in found)


def _of_content(language: Language, folded: str, match: re.Match[str]) -> bool:
    """What is said to be closed is a page or an account, not a ticket."""
    clause = _clause(folded, match) + _after(folded, match)
    return language.found("content", clause) and not language.found("request", clause)


def _of_something_else(language: Language, folded: str, match: re.Match[str]) -> bool:
    """What went is our mail, our account or the report itself, not the content."""
    before, told = _before(folded, match), match[0] + _after(folded, match)
    close = _close(folded, match)
    if language.found("ours", close + told.lstrip()) or language.found("house", close):
        return True
    if not language.spaceless and len(folded.split()) > BRIEF and not _named(language, folded):
        return True
    if language.spaceless or language.found("content", told) or language.found("content", before):
        return False
    return language.found("request", " " + " ".join(before.split()[-2:]) + " ") or language.found("request", told)


def _named(language: Language, folded: str) -> bool:
    return language.found("content", folded) or language.found("count", folded)


def _inside(language: Language, folded: str) -> bool:
    """Passed on, but inside the house."""
    return language.found("inside", folded) and not language.found("party", folded)


def _kept_back(language: Language, folded: str, match: re.Match[str]) -> bool:
    """Passed on only under a condition, or inside the house."""
    return _on_condition(language, folded, match) or _inside(language, folded)


def _on_condition(language: Language, folded: str, match: re.Match[str]) -> bool:
    """A condition before the match, or after it in the same clause; "given them until noon" is none."""
    return language.found("if", folded[: match.start()] + " ") or language.found("if", _after_all(folded, match))


def _after_all(folded: str, match: re.Match[str]) -> str:
    return folded[match.end() :].split(",")[0] + " "


def _before(folded: str, match: re.Match[str]) -> str:
    """The clause up to the match."""
    return folded[folded.rfind(",", 0, match.start()) + 1 : match.start()] + " "


def _close(folded: str, match: re.Match[str]) -> str:
    """The last four words before the match, in its clause."""
    return " " + " ".join(_before(folded, match).split()[-4:]) + " "


def _after(folded: str, match: re.Match[str]) -> str:
    """Three words after the match, in its clause."""
    rest = folded[match.end() :].split(",")[0]
    return " " + " ".join(rest.split()[:3]) + " "


def _clause(folded: str, match: re.Match[str]) -> str:
    start = folded.rfind(",", 0, match.start()) + 1
    return folded[start : match.end()] + " "

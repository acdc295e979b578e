"""What a mail that came in means, and the sentence that says so. Anything uncertain goes to a person.

The mail is hostile text: it is read as data only, bounded, and nothing in it is followed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

from efface.net.protocol import Mail
from efface.takedown import phrasebook, voices
from efface.takedown.reading import disguised, own_words, sentences, short, unquoted, visible
from efface.takedown.returned import Refusal, feedback, is_report, report
from efface.takedown.voices import Voices

Kind = Literal[
    "auto-acknowledgement", "asks-for-more", "refuses", "claims-removal", "counter-notice", "forwards", "bounce",
    "delay", "feedback-report", "other",
]  # fmt: skip

DOUBT = 0.7
"""Below this a person reads the mail before anything follows from it."""
_CERTAINTY = Path(__file__).parent / "certainty.yaml"
FEW_WORDS = 6
"""Of so few words the language is told with the help of what is quoted below them."""


@cache
def certainty() -> dict[str, float]:
    """How far each ground is believed, counted on replies that no phrase had been written for (``certainty.yaml``).
    What a person reads whatever was counted stays below ``DOUBT``."""
    rows: dict[str, dict[str, float]] = yaml.safe_load(_CERTAINTY.read_text(encoding="utf-8"))
    return {
        ground: min(row["believed"], row["hand"], DOUBT - 0.05) if row.get("person") else row["believed"]
        for ground, row in rows.items()
    }


@dataclass(frozen=True, slots=True)
class Classification:
    """``because`` is the sentence (at most 600 characters) that says so. ``address`` is the mailbox the mail is about:
    of a bounce or delay the one that failed, otherwise the sender. ``permanent`` True: writing there again is useless.
    ``refusal`` says why a bounce came back: "gone" (no such mailbox), "full", "policy" (they refuse our mail: the
    mailbox lives, our name suffers), "" where it does not say. ``mentions`` are other mail addresses the sender named
    (a network that hides the host names it so), at most 10. ``demands_money`` True: a removal is offered for money;
    nobody pays, and a person looks at the operator again. ``partial``: only some of it is gone, or only for some.
    ``reference`` is the desk's own number for the matter. ``automatic``: a machine wrote it. ``language``: ISO 639-1
    code, "" where the words do not tell."""

    kind: Kind
    confidence: float
    because: str
    address: str
    permanent: bool = False
    refusal: Refusal = ""
    mentions: tuple[str, ...] = ()
    demands_money: bool = False
    partial: bool = False
    reference: str = ""
    automatic: bool = False
    language: str = ""
    ground: str = ""

    @property
    def needs_person(self) -> bool:
        return self.confidence < DOUBT


def classify(mail: Mail, sent: str = "") -> Classification:
    """``sent`` is the text of the notice that was answered, where it is known: what the mail repeats of it is not read.
    Never raises: what cannot be read is "other" with no confidence."""
    sender = mail.sender.lower()
    if mail.error:
        return Classification("other", 0.0, f"The mail could not be read ({mail.error}).", sender)
    if mail.is_feedback:
        about = next(iter(mail.bounce), sender)
        return Classification("feedback-report", 0.9, feedback(mail), about, refusal="policy", automatic=True)
    if is_report(mail):
        told = report(mail)
        return Classification(told.kind, told.confidence, told.because, told.address, told.permanent, told.refusal,
                              automatic=True)  # fmt: skip
    said, spoken, tongues = reading(mail, sent)
    heard = voices.listen(said, _subject(mail), spoken)
    kind, ground, because = decide(heard, automatic=mail.auto_submitted, threaded=_threaded(mail))
    if kind == "claims-removal" and disguised(own_words(mail.text)):
        ground = "removed, in disguise"
    words = "\n".join(said)
    if not because:
        because = short(mail.subject) if mail.auto_submitted else next(iter(said), "")
    return Classification(
        kind, certainty()[ground], because, sender,
        mentions=_mentions(mail, sender),
        demands_money=ground == "price",
        partial=kind == "claims-removal" and bool(heard.of("partial")),
        reference=_reference(mail.subject, words),
        automatic=mail.auto_submitted,
        language=tongues[0] if tongues else "",
        ground=ground,
    )  # fmt: skip


def reading(mail: Mail, sent: str = "") -> tuple[list[str], list[str], list[str]]:
    """The sender's own sentences, the languages they are read in (one at least), and those that the words tell."""
    words = visible(own_words(mail.text))
    brief = len(words.split()) < FEW_WORDS
    tongues = phrasebook.tongues(f"{words}\n{mail.text if brief else _subject(mail)}") or phrasebook.tongues(mail.text)
    spoken = tongues or list(phrasebook.LATIN)
    return voices.own(sentences(words), spoken, sent), spoken, tongues


def decide(heard: Voices, *, automatic: bool, threaded: bool) -> tuple[Kind, str, str]:
    """Kind, ground and sentence. What costs most when it is overlooked comes first, and what was done counts more than
    that it was received; a removal is believed only where nothing in the mail speaks against it."""
    counter, price = heard.first("counter"), heard.first("price")
    removed, refused = heard.first("removed"), heard.first("refuses")
    asked = next((one for one in heard.of("asks") if one not in heard.of("court")), "")
    passed, received = heard.first("forwards"), heard.first("received")
    not_theirs, offered, promised = heard.first("not_ours"), heard.first("offer"), heard.first("promise")
    off, away, closed = heard.first("off_topic"), heard.first("away"), heard.first("closed")
    substance = counter or removed or refused or asked or passed
    if price and (threaded or not off):
        return "refuses", "price", price
    if off:
        if not (substance or heard.first("not_ours")) or not threaded:
            return "other", "off topic", off
        return "other", "off topic, and more", off
    if counter:
        return "counter-notice", "counter", counter
    if away and not (removed or refused or asked or (not_theirs and not automatic)):
        taken_in = next((one for one in heard.of("received") if one not in heard.of("thanks")), "")
        return ("auto-acknowledgement", "received", taken_in) if taken_in else ("other", "away", away)
    if removed:
        return "claims-removal", _belief(heard, automatic, threaded), removed
    if closed and not (refused or passed or (asked and not asked.endswith("?"))):
        return "other", "closed", closed
    if asked and set(heard.of("refuses")) <= set(heard.of("not_removed")):
        return "asks-for-more", "asked, and more" if passed or refused else "asked", asked
    if refused:
        if asked or heard.first("asks_if"):
            return "asks-for-more", "asked, and refused", asked or heard.first("asks_if")
        only_not_theirs = set(heard.of("refuses")) <= set(heard.of("not_ours"))
        if passed and (only_not_theirs or not heard.later(heard.of("refuses")[-1], passed)):
            return "forwards", "passed on, and more", passed
        return "refuses", "refused, and more" if passed or heard.first("asks_hint") else "refused", refused
    if offered:
        return "asks-for-more", "asked, on condition", offered
    if passed:
        return "forwards", "passed on", passed
    if promised:
        return "auto-acknowledgement", "promised", promised
    if heard.first("not_removed") and not heard.first("asks_hint"):
        return "refuses", "not removed", heard.first("not_removed")
    if not_theirs:
        taken_in = next((one for one in heard.of("received") if one not in heard.of("thanks")), "")
        if taken_in and automatic:
            return "auto-acknowledgement", "received, and not theirs", taken_in
        return "refuses", "not theirs, and more unread" if heard.unheard or taken_in else "not theirs", not_theirs
    return _weaker(heard, received, automatic)


def _belief(heard: Voices, automatic: bool, threaded: bool) -> str:
    """How far a sentence that says "removed" is believed."""
    sentence = heard.first("removed")
    against = ("refuses", "asks", "asks_if", "offer", "not_removed", "price", "counter_hint")
    if any(heard.first(section) for section in against):
        here = sentence in heard.of("partial") and not heard.first("asks") and not heard.first("offer")
        return "removed, here and not there" if here else "removed, and the contrary"
    if set(heard.of("removed")) <= set(heard.of("undone")):
        return "removed, and perhaps undone"
    if not threaded and sentence not in heard.of("content"):
        return "removed, of something"
    return "removed, by machine" if automatic else "removed"


HINTS: tuple[tuple[str, Kind], ...] = (
    ("counter_hint", "counter-notice"),
    ("not_removed", "refuses"),
    ("refuses_hint", "refuses"),
    ("asks_if", "asks-for-more"),
    ("asks_hint", "asks-for-more"),
    ("removed_hint", "claims-removal"),
    ("forwards_hint", "forwards"),
    ("closed_hint", "other"),
)


def _weaker(heard: Voices, received: str, automatic: bool) -> tuple[Kind, str, str]:
    hints = [(section, kind) for section, kind in HINTS if heard.first(section)]
    if received and (not hints or received not in heard.of("thanks")):
        thanks = all(one in heard.of("thanks") for one in heard.of("received"))
        ground = "thanks" if thanks else "received"
        return "auto-acknowledgement", f"{ground}, and more unread" if heard.unheard else ground, received
    if hints:
        section, kind = hints[0]
        twice = len(heard.of(section)) > 1 or (len(hints) > 1 and hints[1][1] == kind)
        return kind, "two hints" if twice else "hint", heard.first(section)
    if automatic or heard.first("automatic"):
        ground = "machine, and more unread" if heard.unheard else "machine"
        return "auto-acknowledgement", ground, heard.first("automatic")
    return "other", "silence", ""


_MAIL_ADDRESS = re.compile(
    r"(?<![a-z0-9._%+-])[a-z0-9][a-z0-9._%+-]{0,63}+@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,5}", re.IGNORECASE
)
_REPLY_PREFIX = re.compile(
    r"^((re|aw|sv|vs|fwd?|fw|tr|wg|rv|enc|res|r|i|odp|pd|ynt|ilt|antw|doorst|отв|ha|hа|на|回复|回覆|答复|转发|轉寄|返信|رد"
    r"|automatic reply|automatische antwort|respuesta automática)\s?[:：]\s*){1,20}",
    re.IGNORECASE,
)  # fmt: skip
_REFERENCE = re.compile(
    r"\[#?\s?((?=[^\]]{0,39}\d)[\w./#-]{3,40})\]"
    r"|(?:ticket|case|ref|reference|number|no|nr|n\.º|№|vorgang|dossier|expediente|caso|zgłoszenie|номер|talep|ärende"
    r"|受付番号|编号|編號|برقم|#)\s?[:#.№]{0,3}\s?#?((?=[\w./-]{0,29}\d)[\w][\w./-]{2,30})",
    re.IGNORECASE,
)


def _subject(mail: Mail) -> str:
    """The subject where it is the desk's own, not ours sent back."""
    stripped = _REPLY_PREFIX.sub("", mail.subject)
    return "" if stripped != mail.subject else short(mail.subject)


def _threaded(mail: Mail) -> bool:
    """Whether the mail says that it answers one of ours."""
    return (
        "in-reply-to" in mail.headers or "references" in mail.headers or _REPLY_PREFIX.match(mail.subject) is not None
    )


def _reference(subject: str, words: str) -> str:
    for text in (subject, *list(sentences(words))[:20]):
        found = _REFERENCE.search(text[:400])
        if found:
            return (found[1] or found[2]).strip(".,-")[:40]
    return ""


def _mentions(mail: Mail, sender: str) -> tuple[str, ...]:
    named = dict.fromkeys(one.lower().rstrip(".") for one in _MAIL_ADDRESS.findall(unquoted(mail.text)))
    ours = {sender, *(one.lower() for one in mail.recipients)}
    return tuple(one for one in named if one not in ours)[:10]

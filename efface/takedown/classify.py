"""What a mail that came in means, and the sentence that says so. Anything uncertain goes to a person.

The mail is hostile text: it is read as data only, bounded, and nothing in it is followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast

import yaml

from efface.net.protocol import Mail

Kind = Literal[
    "auto-acknowledgement", "asks-for-more", "refuses", "claims-removal", "counter-notice", "forwards", "bounce",
    "delay", "feedback-report", "other",
]  # fmt: skip

Refusal = Literal["", "gone", "full", "policy"]
PHRASES = Path(__file__).parent / "phrases.yaml"
SURE, HINT = 0.9, 0.5
DOUBT = 0.7
"""Below this a person reads the mail before anything follows from it."""
LONGEST_TEXT = 20_000
LONGEST_SENTENCE = 600
MOST_SENTENCES = 200


@dataclass(frozen=True, slots=True)
class Classification:
    """``because`` is the sentence (at most 600 characters) that says so. ``address`` is the mailbox the mail is about:
    of a bounce or delay the one that failed, otherwise the sender. ``permanent`` True: writing there again is useless.
    ``refusal`` says why a bounce came back: "gone" (no such mailbox), "full", "policy" (they refuse our mail: the
    mailbox lives, our name suffers), "" where it does not say. ``mentions`` are other mail addresses the sender named
    (a network that hides the host names it so), at most 10. ``demands_money`` True: a removal is offered for money;
    nobody pays, and a person looks at the operator again."""

    kind: Kind
    confidence: float
    because: str
    address: str
    permanent: bool = False
    refusal: Refusal = ""
    mentions: tuple[str, ...] = ()
    demands_money: bool = False

    @property
    def needs_person(self) -> bool:
        return self.confidence < DOUBT


def classify(mail: Mail) -> Classification:
    """Never raises: what cannot be read is "other" with no confidence."""
    sender = mail.sender.lower()
    if mail.error:
        return Classification("other", 0.0, f"The mail could not be read ({mail.error}).", sender)
    if mail.is_feedback:
        about = next(iter(mail.bounce), sender)
        return Classification("feedback-report", SURE, _feedback(mail), about, refusal="policy")
    if _is_report(mail):
        return _report(mail)
    mentions = _mentions(mail, sender)
    price = next((one for one in sentences(unquoted(mail.text)) if _money.search(one.lower())), "")
    if price:
        return Classification("refuses", 0.6, price, sender, mentions=mentions, demands_money=True)
    found = _voices(mail)
    if not found and mail.auto_submitted:
        return Classification("auto-acknowledgement", 0.8, _short(mail.subject), sender, mentions=mentions)
    if not found:
        return Classification("other", 0.0, next(sentences(mail.text), ""), sender, mentions=mentions)
    kind, confidence, because = _decide(found, mail.auto_submitted)
    return Classification(kind, confidence, because, sender, mentions=mentions)


def _decide(found: dict[Kind, tuple[float, str]], automatic: bool) -> tuple[Kind, float, str]:
    """Substance beats courtesy; two kinds of substance in one mail are for a person."""
    substance = {kind: voice for kind, voice in found.items() if kind not in ("auto-acknowledgement", "forwards")}
    strongest = max((voice[0] for voice in substance.values()), default=0.0)
    if not substance or (strongest < DOUBT and found.get("forwards", (0.0, ""))[0] >= SURE):
        # "received, and passed to our customer": what was done counts more than that it came
        kind: Kind = "forwards" if "forwards" in found else "auto-acknowledgement"
        confidence, because = found[kind]
        return kind, max(confidence, 0.95) if automatic and kind == "auto-acknowledgement" else confidence, because
    ranked = sorted(substance, key=lambda one: (-substance[one][0], ORDER.index(one)))
    best = ranked[0]
    confidence, because = substance[best]
    if len(ranked) > 1 and substance[ranked[1]][0] >= confidence and {best, ranked[1]} != {"refuses", "asks-for-more"}:
        return best, 0.4, because
    if {"refuses", "asks-for-more"} <= set(ranked) and substance[ranked[1]][0] >= confidence:
        # "we cannot act without ..." asks for something rather than refusing
        return "asks-for-more", 0.6, substance["asks-for-more"][1]
    if automatic and best == "claims-removal":
        confidence = min(confidence, 0.75)
    return best, confidence, because


ORDER: tuple[Kind, ...] = (
    "counter-notice",
    "refuses",
    "asks-for-more",
    "claims-removal",
    "forwards",
    "auto-acknowledgement",
)
"""Of equally sure kinds the one that costs most when it is overlooked comes first."""


def _mentions(mail: Mail, sender: str) -> tuple[str, ...]:
    named = dict.fromkeys(one.lower().rstrip(".") for one in _mail_address.findall(unquoted(mail.text)))
    ours = {sender, *(one.lower() for one in mail.recipients)}
    return tuple(one for one in named if one not in ours)[:10]


def _voices(mail: Mail) -> dict[Kind, tuple[float, str]]:
    """Per kind the surest sentence."""
    found: dict[Kind, tuple[float, str]] = {}
    for sentence in (*sentences(unquoted(mail.text)), _short(_reply_prefix.sub("", mail.subject))):
        low = sentence.lower()
        for kind in ORDER:
            worth = _worth(kind, low)
            if worth:
                before, because = found.get(kind, (0.0, sentence))
                sure = worth if worth > before else before + 0.15 if before == worth == HINT else before
                found[kind] = (sure, sentence if worth > before else because)
    return found


def _worth(kind: Kind, sentence: str) -> float:
    sure, hint = phrases()[kind]
    if any(pattern.search(sentence) for pattern in sure):
        if kind == "claims-removal" and (_open.search(sentence) or _negated.search(sentence)):
            return 0.0
        if kind == "counter-notice" and _open.search(sentence):
            return HINT
        return SURE
    return HINT if any(pattern.search(sentence) for pattern in hint) else 0.0


_open = re.compile(
    r"\b(if|once|when|unless|until|whether|as soon as|before|should|will be|may be|might be|can be|could be|to be)\b"
    r"|\b(wenn|falls|sobald|sofern|ob|bevor|werden wir|wird geprüft|soll)\b"
    r"|\b(si|cuando|una vez|hasta que|antes de|será|serán)\b|\?"
)
"""A condition, a plan or a question: nothing has been done yet."""
_negated = re.compile(
    r"\b(not|never|n't|cannot|unable|refuse[sd]?|decline[sd]?|no (content|image|material|page|action))\b|n't\b"
    r"|\b(nicht (entfernt|gelöscht|gesperrt)|kein(e|en)?)\b|\bno (ha|han|hemos|fue|fueron|se ha)\b"
)
_money = re.compile(
    r"\b(fee|price|payment|payable|deposit|pay us|gebühr|zahlung|bezahlen|tarifa|pago|pagar|cuota)\b.{0,80}"
    r"(\d|bitcoin|btc|usdt|crypto|advance|vorkasse|remov|remove|lösch|entfern|retir|elimin)"
    r"|\b(remove|removal|delete|takedown|löschung|entfernung|eliminación|retirada)\b.{0,80}"
    r"\b(costs?|fee|price|eur|usd|bitcoin|btc|usdt|paid service|kostet|gebühr|cuesta|tarifa|[€$]\s?\d)"
    r"|(\d+ ?(eur|usd|euros?|dollars?|btc|usdt)|[€$] ?\d+).{0,80}(goes away|remov|delete|takedown|lösch|entfern|elimin)"
)
"""A price for a removal."""
_mail_address = re.compile(
    r"(?<![a-z0-9._%+-])[a-z0-9][a-z0-9._%+-]{0,63}+@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,5}", re.IGNORECASE
)
_reply_prefix = re.compile(
    r"^((re|aw|fwd?|wg|rv|automatic reply|automatische antwort|respuesta automática)\s*:\s*)+", re.IGNORECASE
)

_QUOTE_START = re.compile(
    r"^\s*(-{2,}\s*(original message|forwarded message|ursprüngliche nachricht|mensaje original).*"
    r"|on .{5,120} wrote:|am .{5,120} schrieb.*:|el .{5,120} escribió:|_{10,}|from: .{1,120}@.*)\s*$",
    re.IGNORECASE,
)
_QUOTE_NEXT = re.compile(r"(wrote|schrieb[^:]{0,120}|escribió)\s*:\s*$", re.IGNORECASE)


def unquoted(text: str) -> str:
    """What the sender wrote themselves: quoted lines and everything below a quotation's head left out, so that our own
    notice, quoted back, is not taken for their words."""
    kept: list[str] = []
    lines = text[:LONGEST_TEXT].replace("\r\n", "\n").split("\n")
    for number, line in enumerate(lines):
        follows = lines[number + 1] if number + 1 < len(lines) else ""
        starts = line.lower().startswith(("on ", "am ", "el ")) and _QUOTE_NEXT.search(follows)
        if len(line) < 300 and (_QUOTE_START.match(line) or starts):
            break
        if not line.lstrip().startswith((">", "|")):
            kept.append(line)
    return "\n".join(kept)


def sentences(text: str) -> Iterator[str]:
    """At most 200, each on one line and at most 600 characters."""
    joined = re.sub(r"[ \t]*\n(?=[^\n])", " ", text[:LONGEST_TEXT])
    count = 0
    for piece in re.split(r"(?<=[.!?:;])\s+|\n+", joined):
        sentence = _short(piece)
        if sentence:
            yield sentence
            count += 1
            if count == MOST_SENTENCES:
                return


def _short(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:LONGEST_SENTENCE]


@lru_cache(maxsize=1)
def phrases() -> dict[Kind, tuple[tuple[re.Pattern[str], ...], tuple[re.Pattern[str], ...]]]:
    """Sure and hinting patterns of every kind, all languages together: replies mix them."""
    data: dict[str, dict[str, dict[str, list[str]]]] = yaml.safe_load(PHRASES.read_text(encoding="utf-8"))
    return {cast(Kind, kind): (_compiled(entry["sure"]), _compiled(entry["hint"])) for kind, entry in data.items()}


def _compiled(languages: dict[str, list[str]]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for patterns in languages.values() for pattern in patterns)


_DAEMON = re.compile(r"^(mailer-daemon|postmaster|mail-daemon|mail\.daemon)@", re.IGNORECASE)


def _is_report(mail: Mail) -> bool:
    """A delivery report: said so by the parser, or written by a mail system about a mail of ours."""
    if mail.is_bounce or mail.bounce:
        return True
    daemon = not mail.sender or bool(_DAEMON.match(mail.sender))
    words = f"{mail.subject}\n{mail.text[:4000]}".lower()
    return daemon and any(pattern.search(words) for kind in ("bounce", "delay") for pattern in phrases()[kind][0])


def _report(mail: Mail) -> Classification:
    failed = next(iter([*mail.bounce_permanent, *mail.bounce, *mail.recipients[:1]]), "").lower()
    hard, because = _says(mail, "bounce")
    soft, waiting = _says(mail, "delay")
    why = _refusal(mail)
    if mail.bounce_permanent:
        final = why not in ("full", "policy")
        return Classification("bounce", 0.98, because or _short(mail.subject), failed, final, why)
    if soft and (mail.bounce or not hard):
        return Classification("delay", 0.9, waiting, failed)
    if hard and not soft:
        return Classification("bounce", 0.85, because, failed, why not in ("full", "policy"), why)
    return Classification("bounce", 0.6, because or waiting or _short(mail.subject), failed, refusal=why)


def _feedback(mail: Mail) -> str:
    """What a complaint about our mail says of its kind (RFC 5965), else its first sentence."""
    for line in mail.text.split("\n")[:400]:
        if line.lower().startswith("feedback-type:"):
            return _short(line)
    return next(sentences(mail.text), _short(mail.subject))


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
    text = f"{mail.subject}\n{unquoted(mail.text)[:6000]}".lower()
    if _FULL.search(text):
        return "full"
    if _POLICY.search(text):
        return "policy"
    return "gone" if _NOBODY.search(text) else ""


def _says(mail: Mail, kind: Kind) -> tuple[bool, str]:
    sure, _ = phrases()[kind]
    for sentence in (*sentences(mail.text), _short(mail.subject)):
        if any(pattern.search(sentence.lower()) for pattern in sure):
            return True, sentence
    return False, ""

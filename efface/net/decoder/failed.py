"""Which addresses a delivery report is about: asked of its fields first, then of its words.

``flufl.bounce`` knows many mail systems and is asked too; but it takes the address of the sender, or a message's id,
for the failed one now and then. What the report was sent to is never the failed address while any other is named.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

from flufl.bounce import all_failures

ADDRESS = re.compile(r"[^\s<>()\[\]\",;:\\@\x00-\x1f]{1,64}@[^\s<>()\[\]\",;:\\@\x00-\x1f]{1,255}")
MOST = 100
MOST_LINES = 600
_MACHINE = re.compile(
    r"^(mailer-daemon|postmaster|mail-?daemon|mail[._]delivery[._]system|mdaemon|mailmarshal|mailsweeper)@",
    re.IGNORECASE,
)
_MACHINE_NAME = re.compile(
    r"^\W*(?:mail (?:delivery|system|administrator|router)|system ?administrator|internet mail"
    r"|delivery (?:system|agent)"
    r"|administrador del? sistema|administrateur syst|systemadministrator|amministratore di sistema|systeembeheerder"
    r"|administrator systemu)",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"undeliver|delivery|failure|failed|returned|unzustellbar|unable to|could not|not delivered|mail system|bounce"
    r"|warning: (?:could not|message)|delayed|no entregado|non remis|nicht zugestellt|не доставлено|配信|送信",
    re.IGNORECASE,
)
_SAYS_SO = re.compile(
    r"(?:could|can|was|has|did|were|have) ?not (?:yet )?(?:be(?:en)? )?(?:deliver|reach|accept)|undeliverable"
    r"|(?:unable|wasn't able|failed|impossible) to (?:be )?deliver"
    r"|(?<![\d.])5\.\d\.\d{1,3}(?![\d.])|<-- 5\d\d |message .{0,80}(?:was|been) (?:rejected|refused|blocked|returned)"
    r"|no such (?:user|mailbox|recipient)|(?:user|recipient|mailbox) (?:unknown|not found|does not exist)|unknown user",
    re.IGNORECASE,
)
"""What only a mail system says of a message."""
_ONLY_LATE = re.compile(
    r"warning (?:message )?only|do not need to resend|transient non-?fatal|still being retried"
    r"|delivery attempts will continue"
    r"|not yet (?:been )?delivered|will (?:be retried|(?:continue|keep) (?:to )?(?:re)?try)|retrying to deliver"
    r"|noch nicht zugestellt|weitere zustellversuche|pas encore été (?:remis|distribué)|aún no se ha entregado"
    r"|se seguirá intentando|non è stato ancora recapitato|nog niet (?:afgeleverd|bezorgd)|ainda não foi entregue"
    r"|nie został\w* jeszcze dostarczon",
    re.IGNORECASE,
)
_FIELD = re.compile(r"(?i)^\s*(original|final|x-actual)-recipient:\s*(?:[\w/-]+\s*;)?\s*<?([^\s<>;]+@[^\s<>;]+)")
_ACTION = re.compile(r"^\s*action:\s*([a-z]+)", re.IGNORECASE)
_ALONE = re.compile(
    r"(?i)^\s*(?:recipient|to|rcpt to|address|user)?\s*:?\s*<?([^\s<>:;,\"]+@[^\s<>:;,\"]+?)>?\.?\s*(?:[:,]|$|\()"
)
_REFUSAL = re.compile(
    r"(?i)(?<![\d.])[45]\d\d[ -]|(?<![\d.])[45]\.\d\.\d{1,3}(?![\d.])|permanent|\berror\b|rejected|unknown|failed"
)
_HARD = re.compile(
    r"(?i)(?<![\d.])5\d\d[ -]|(?<![\d.])5\.\d\.\d{1,3}(?![\d.])|permanent (?:error|failure)|giving up|given up"
)
_COPY = re.compile(
    r"(?:copy|headers?|text|part|content)s? of (?:the|your) (?:original |returned )?(?:message|mail)|below this line"
    r"|(?:original|returned|unsent|undelivered|forwarded) (?:message|mail)\b(?! has| could| was| is)"
    r"|message headers? follow"
    r"|header of the original|^\s*(?:received|return-path|message-id|x-mailer|user-agent):\s",
    re.IGNORECASE,
)  # fmt: skip
_SENT_TO = re.compile(r"^\s*(?:to|x-original-to|delivered-to|cc):", re.IGNORECASE)
_ID_LINE = re.compile(r"(?i)^\s*(?:message-id|references|in-reply-to|x-[a-z-]*id|return-path|from|reply-to|sender):")


@dataclass(frozen=True, slots=True)
class Failed:
    """``addresses`` best first; ``permanent`` those the report gave up on. ``report`` False: it is no report at all."""

    addresses: list[str] = field(default_factory=list)
    permanent: list[str] = field(default_factory=list)
    report: bool = False


def read(message: Message, headers: dict[str, str], text: str) -> Failed:
    """``headers`` lower-case names; ``text`` as the mail's reader cut it out. Never raises for what a mail contains."""
    notification = _notification(text)
    if notification is not None:
        return notification
    if not is_report(message, headers, text) or arrived(text):
        return Failed()
    ours = set(_addresses(headers, ("to", "delivered-to", "x-original-to", "envelope-to", "from", "reply-to")))
    scores: dict[str, int] = {}
    delayed: set[str] = set()
    gave_up: set[str] = set()

    def add(address: str, score: int) -> None:
        address = address.lower().strip(".'`*")
        if len(scores) < MOST or address in scores:
            scores[address] = scores.get(address, 0) + score

    for address, action, final in _fields(text):
        add(address, 12 if final else 6)
        (delayed if action == "delayed" else gave_up).add(address.lower())
    for address in _addresses(headers, ("x-failed-recipients",)):
        add(address, 12)
        gave_up.add(address)
    before, after = _halves(text)
    for address in _named(before):
        add(address, 4)
    temporary, permanent = _flufl(message)
    for address in [*permanent, *temporary]:
        add(address, 3)
    for address in _sent_to(after):
        add(address, 2)
    if not any(one not in ours for one in scores):
        for address in _anywhere(before):
            add(address, 3)
    writers = _only_in_ids(text, scores)
    ranked = sorted(scores, key=lambda one: (one in ours or one in writers, -scores[one]))
    named = [one for one in ranked if one not in ours and one not in writers] or ranked[:1]
    sure = [one for one in named if scores[one] >= 3] or named[:1]
    late = any(_ONLY_LATE.search(line[:500]) for line in before)
    final_word = gave_up if late else gave_up | set(permanent) | _refused(before)
    kept = [one for one in sure if one in final_word and one not in delayed - gave_up]
    return Failed(sure[:MOST], kept[:MOST], True)


def is_report(message: Message, headers: dict[str, str], text: str = "") -> bool:
    """A delivery report by its shape (RFC 3464), or two signs that a mail system wrote it about a delivery."""
    kind = headers.get("content-type", "").lower()
    if message.get_content_type() == "multipart/report" and "delivery-status" in kind:
        return True
    if any(part.get_content_type() == "message/delivery-status" for part in _parts(message)):
        return True
    sender = _first(headers.get("from", ""))
    signs = [
        not sender or bool(_MACHINE.match(sender)),
        "return-path" in headers and headers["return-path"].strip() in ("<>", "", "<MAILER-DAEMON>"),
        bool(_SUBJECT.search(headers.get("subject", ""))),
        "x-failed-recipients" in headers,
    ]
    if _says_so(headers, text, machine=signs[0], empty=signs[1]):
        return True
    written_by_somebody = "in-reply-to" in headers and bool(sender) and not _MACHINE.match(sender)
    return sum(signs) >= 2 and (signs[2] or signs[3] or signs[0]) and not (written_by_somebody and not signs[1])


def _says_so(headers: dict[str, str], text: str, *, machine: bool, empty: bool) -> bool:
    """What only a mail system says, said by one: by its name, an empty return path or RFC 3834, two of the three."""
    if not _SAYS_SO.search("\n".join(_halves(text)[0])[:4000]):
        return False
    automatic = headers.get("auto-submitted", "no").strip().lower() not in ("", "no")
    return (machine or bool(_MACHINE_NAME.match(headers.get("from", "")))) + empty + automatic >= 2


def arrived(text: str) -> bool:
    """A report of success (RFC 3464 section 2.3.3): every recipient it lists got the mail, or it was handed on."""
    acted = [found[1].lower() for line in text.split("\n")[: 4 * MOST_LINES] if (found := _ACTION.match(line[:200]))]
    return bool(acted) and all(action in ("delivered", "relayed", "expanded") for action in acted)


def feedback(message: Message) -> bool:
    """Somebody's mail system tells us that a mail of ours was called unwanted (ARF, RFC 5965), not that it failed."""
    kind = str(message.get("content-type", "")).lower()
    return (message.get_content_type() == "multipart/report" and "feedback-report" in kind) or any(
        part.get_content_type() == "message/feedback-report" for part in _parts(message)
    )


def _parts(message: Message) -> list[Message]:
    payload: Any = message.get_payload()
    return [part for part in payload[:MOST] if isinstance(part, Message)] if isinstance(payload, list) else []


def _fields(text: str) -> Iterator[tuple[str, str, bool]]:
    """(address, action, whether it is the final recipient) of each recipient a report lists (RFC 3464 section 2.3)."""
    block: list[tuple[str, bool]] = []
    action = "failed"
    for line in [*text.split("\n")[: 4 * MOST_LINES], ""]:
        found = _FIELD.match(line[:500])
        if found and found[1].lower() == "final" and any(final for _, final in block):
            yield from ((address, action, final) for address, final in block if action in ("failed", "delayed"))
            block, action = [], "failed"
        if found:
            block.append((found[2].lower().strip("."), found[1].lower() == "final"))
        acted = _ACTION.match(line[:200])
        if acted:
            action = acted[1].lower()
        if not line.strip() and block:
            yield from ((address, action, final) for address, final in block if action in ("failed", "delayed"))
            block, action = [], "failed"


def _halves(text: str) -> tuple[list[str], list[str]]:
    """What the mail system says, and the message it returns."""
    lines = text.split("\n")[:MOST_LINES]
    for number, line in enumerate(lines):
        if number > 1 and _COPY.search(line[:300]) and not _REFUSAL.search(line[:300]):
            return lines[:number], lines[number:]
    return lines, lines


def _anywhere(lines: list[str]) -> Iterator[str]:
    """Every address in what the mail system says: asked where no other line named one."""
    for line in lines:
        if not _ID_LINE.match(line[:500]):
            yield from ADDRESS.findall(line[:500])[:3]


def _named(lines: list[str]) -> Iterator[str]:
    """Addresses that stand alone on a line or begin one, and those beside a refusal or just before it."""
    for number, line in enumerate(lines):
        line = line[:500]
        if _ID_LINE.match(line) or _FIELD.match(line):
            continue
        alone = _ALONE.match(line)
        if alone:
            yield alone[1]
        elif _REFUSAL.search(line) or any(_REFUSAL.search(near[:500]) for near in lines[number + 1 : number + 3]):
            yield from ADDRESS.findall(line)[:2]


def _refused(lines: list[str]) -> set[str]:
    """Addresses that stand beside or just before a permanent refusal (SMTP 5yz, RFC 5321, or 5.y.z, RFC 3463)."""
    found: set[str] = set()
    for number, line in enumerate(lines):
        if _HARD.search(line[:500]):
            for near in lines[max(0, number - 5) : number + 4]:
                found.update(one.lower().strip(".") for one in ADDRESS.findall(near[:500]))
    return found


def _sent_to(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if _SENT_TO.match(line[:500]):
            yield from ADDRESS.findall(line[:500])[:3]


def _only_in_ids(text: str, scores: dict[str, int]) -> set[str]:
    """Addresses that stand only where a message's id or its writer does: none of them failed."""
    elsewhere: set[str] = set()
    for line in text.split("\n")[: 4 * MOST_LINES]:
        if not _ID_LINE.match(line[:500]):
            elsewhere.update(one.lower().strip(".") for one in ADDRESS.findall(line[:1000]))
    low = text.lower()
    return {one for one in scores if one in low and one not in elsewhere}


def _flufl(message: Message) -> tuple[list[str], list[str]]:
    try:
        temporary, permanent = all_failures(message)
    except Exception:  # one heuristic tripping over a hostile report must not cost the mail
        return [], []
    return _plain(temporary), _plain(permanent)


def _plain(values: Any) -> list[str]:
    found = []
    for value in sorted(values, key=str)[:MOST]:
        match = ADDRESS.search(value.decode("ascii", "replace") if isinstance(value, bytes) else str(value))
        if match:
            found.append(match[0].lower().strip("."))
    return found


def _addresses(headers: dict[str, str], names: tuple[str, ...]) -> list[str]:
    return [one.lower() for name in names for one in ADDRESS.findall(headers.get(name, ""))[:MOST]]


def _first(value: str) -> str:
    match = ADDRESS.search(value)
    return match[0].lower() if match else ""


def _notification(text: str) -> Failed | None:
    """A report as JSON, as sending services post it to a mailbox: {"notificationType": "Bounce", "bounce": {...}}."""
    start = text.find('{"notificationType"')
    if start < 0 or start > 2000:
        return None
    try:
        told, _ = json.JSONDecoder().raw_decode(text[start : start + 50_000].replace("\n", ""))
    except (ValueError, RecursionError):
        return None
    bounce = told.get("bounce") if isinstance(told, dict) else None
    if not isinstance(bounce, dict):
        return Failed()
    rows = bounce.get("bouncedRecipients")
    found = [
        _first(str(row.get("emailAddress", "")))
        for row in (rows if isinstance(rows, list) else [])[:MOST]
        if isinstance(row, dict)
    ]
    addresses = [one for one in found if one]
    return Failed(addresses, addresses if bounce.get("bounceType") == "Permanent" else [], True)

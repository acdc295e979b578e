"""A mail's bytes to plain facts: parsed in the sandbox, because MIME is hostile input like everything else."""

from __future__ import annotations

import email
import email.policy
import email.utils
import hashlib
import re
from collections.abc import Iterator
from email.message import Message
from html import unescape
from typing import Any

from efface.net.decoder import failed
from efface.net.decoder.failed import ADDRESS as _ADDRESS
from efface.net.protocol import Mail, MailPart

MAX_BYTES = 25_000_000
MAX_TEXT = 100_000
MAX_HEADER = 2_000
MAX_HEADERS = 200
MAX_PARTS = 100
MAX_RECIPIENTS = 100
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_DROPPED = re.compile(r"(?is)<(script|style|head|title|template|svg)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)")
_UNSEEN = re.compile(
    r"(?i)\bhidden\b|display\s{0,5}:\s{0,5}none|visibility\s{0,5}:\s{0,5}hidden|mso-hide|font-size\s{0,5}:\s{0,5}0(?![.\d])"
    r"|opacity\s{0,5}:\s{0,5}0(?![.\d])|color\s{0,5}:\s{0,5}transparent|max-height\s{0,5}:\s{0,5}0(?![.\d])"
)
"""An element that no reader sees."""
_ELEMENT = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})([^<>]{0,4000})>")
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_BREAK = re.compile(r"(?i)</?(?:p|div|br|tr|li|ul|ol|table|h[1-6]|blockquote|hr|pre)\b[^>]*>")
_PARAGRAPH = re.compile(r"(?i)</(?:p|div|table|h[1-6]|ul|ol)\s*>")
_QUOTED = re.compile(r"(?i)</?blockquote\b[^>]*>")
_ENTER, _LEAVE = "\x01", "\x02"
_TAG = re.compile(r"<[^<>]{0,4000}>")


def read_mail(data: bytes) -> Mail:
    """``data`` as a ``Mail``; ``error`` says what was wrong where it could not be read. Never raises."""
    if len(data) > MAX_BYTES:
        return Mail(error="too-large")
    if not data.strip():
        return Mail(error="empty")
    try:
        return _read(data)
    except RecursionError:
        return Mail(error="nested too deep")
    except MemoryError:
        return Mail(error="memory")
    except Exception as error:  # the standard library's parser raises many kinds on hostile headers
        return Mail(error=f"unreadable ({type(error).__name__})")


def _read(data: bytes) -> Mail:
    # compat32 keeps broken headers as they are, where the newer policies raise on some of them.
    message = email.message_from_bytes(data, policy=email.policy.compat32)
    headers = _headers(message)
    if not headers:
        return Mail(error="no headers")
    parts, text = _content(message)
    report = failed.read(message, headers, text)
    return Mail(
        headers=headers,
        recipients=_recipients(message),
        sender=_first_address(headers.get("from", "")),
        subject=headers.get("subject", ""),
        message_id=_message_id(headers.get("message-id", "")),
        text=text,
        parts=parts,
        bounce=report.addresses[:MAX_RECIPIENTS],
        bounce_permanent=report.permanent[:MAX_RECIPIENTS],
        is_bounce=report.report,
        is_feedback=failed.feedback(message),
        auto_submitted=_is_automatic(headers),
    )


def _headers(message: Message) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in message.items()[: 4 * MAX_HEADERS]:
        key = name.lower()[:100]
        if key not in found and len(found) < MAX_HEADERS:
            found[key] = _decoded(str(value))
    return found


def _decoded(value: str) -> str:
    """A header as text (RFC 2047), unfolded, cut at ``MAX_HEADER``."""
    from email.header import decode_header, make_header

    value = value[: 4 * MAX_HEADER]
    try:
        text = str(make_header(decode_header(value)))
    except (ValueError, LookupError, UnicodeError):
        text = value
    return _CONTROL.sub("", re.sub(r"\s*[\r\n]+\s*", " ", text)).strip()[:MAX_HEADER]


def _recipients(message: Message) -> list[str]:
    raw = [str(value)[: 4 * MAX_HEADER] for name in ("to", "cc", "delivered-to", "x-original-to") for value in
           message.get_all(name, [])[:20]]  # fmt: skip
    found = [match.lower() for value in raw for match in _ADDRESS.findall(_decoded(value))]
    return list(dict.fromkeys(found))[:MAX_RECIPIENTS]


def _first_address(value: str) -> str:
    address = email.utils.parseaddr(value)[1]
    match = _ADDRESS.fullmatch(address) or _ADDRESS.search(value)
    return match.group(0).lower() if match else ""


def _message_id(value: str) -> str:
    match = re.search(r"<[^<>\s]{1,900}>", value)
    return match.group(0) if match else ""


def _walk(message: Message) -> Iterator[Message]:
    """Parts in order, without those of an attached message."""
    waiting: list[Message] = [message]
    for _ in range(10 * MAX_PARTS):
        if not waiting:
            return
        part = waiting.pop(0)
        yield part
        payload: Any = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting[:0] = [item for item in payload[:MAX_PARTS] if isinstance(item, Message)]


def _content(message: Message) -> tuple[list[MailPart], str]:
    plain: list[str] = []
    html: list[str] = []
    parts: list[MailPart] = []
    for part in _walk(message):
        if part.get_content_maintype() == "multipart":
            if isinstance(part.get_payload(), str):
                # Its boundary stands nowhere in it: what was meant as parts is read as it is.
                plain.append(str(part.get_payload())[: 2 * MAX_TEXT])
            continue
        kind = part.get_content_type()
        if kind in ("message/delivery-status", "message/feedback-report", "message/rfc822"):
            body = _report_text(part)
            plain.append(body)
            parts.append(_part(part, body.encode("utf-8", "replace")))
            continue
        data: Any = part.get_payload(decode=True)
        body_bytes = data if isinstance(data, bytes) else b""
        attached = part.get_content_disposition() == "attachment" or part.get_filename() is not None
        if kind in ("text/plain", "text/rfc822-headers") and not attached:
            plain.append(_text(part, body_bytes))
        elif kind == "text/html" and not attached:
            html.append(_stripped(_text(part, body_bytes)))
        elif len(parts) < MAX_PARTS:
            parts.append(_part(part, body_bytes))
    text = "\n".join(plain if any(piece.strip() for piece in plain) else html)
    return parts[:MAX_PARTS], _CONTROL.sub("", text)[:MAX_TEXT]


def _part(part: Message, body: bytes) -> MailPart:
    name = _decoded(str(part.get_filename() or ""))[:200].replace("/", "_").replace("\\", "_")
    return MailPart(name, part.get_content_type()[:100], len(body), hashlib.sha256(body).hexdigest())


def _report_text(part: Message) -> str:
    payload: Any = part.get_payload()
    pieces = payload if isinstance(payload, list) else [part]
    lines: list[str] = []
    for piece in pieces[:50]:
        if isinstance(piece, Message):
            lines += [f"{name}: {_decoded(str(value))}" for name, value in piece.items()[:60]]
    return "\n".join(lines)[:MAX_TEXT]


def _text(part: Message, body: bytes) -> str:
    charset = part.get_content_charset("utf-8") or "utf-8"
    for name in (charset, "utf-8"):
        try:
            return body[: 4 * MAX_TEXT].decode(name, "replace").replace("\r\n", "\n")[: 2 * MAX_TEXT]
        except (LookupError, ValueError):
            continue
    return body[: 2 * MAX_TEXT].decode("latin-1")


def _seen(html: str) -> str:
    """Without elements that are styled so that nobody sees them, up to their end. One pass over the tags."""
    kept: list[str] = []
    place = depth = 0
    name = ""
    for tag in _ELEMENT.finditer(html):
        closes, kind = bool(tag[1]), tag[2].lower()
        if depth:
            if kind == name and not tag[3].endswith("/"):
                depth += -1 if closes else 1
                place = tag.end()
        elif not closes and kind not in _VOID and _UNSEEN.search(tag[3]):
            kept.append(html[place : tag.start()])
            name, depth, place = kind, 1, tag.end()
    if not depth:
        kept.append(html[place:])
    return "".join(kept)


def _stripped(html: str) -> str:
    """HTML as lines of text. What it quotes is marked with ">", as programs mark it in plain text."""
    source = _CONTROL.sub("", _seen(_DROPPED.sub(" ", html[: 2 * MAX_TEXT])))
    if "<pre" not in source.lower():
        source = " ".join(source.split("\n"))
    marked = _QUOTED.sub(lambda tag: f"\n{_LEAVE if tag[0].startswith('</') else _ENTER}\n", source)
    text = unescape(_TAG.sub("", _BREAK.sub("\n", _PARAGRAPH.sub("\n\n", marked))))
    depth, lines = 0, []
    for line in text.split("\n"):
        depth = min(50, max(0, depth + line.count(_ENTER) - line.count(_LEAVE)))
        plain = re.sub(r"[ \t\u00a0]+", " ", line.replace(_ENTER, "").replace(_LEAVE, "")).strip()
        lines.append(f"> {plain}" if depth and plain else plain)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _is_automatic(headers: dict[str, str]) -> bool:
    """Sent by a machine (RFC 3834 and its forerunners): never to be answered."""
    if headers.get("auto-submitted", "no").strip().lower().split(";")[0] not in ("no", ""):
        return True
    if headers.get("precedence", "").strip().lower() in ("bulk", "junk", "auto_reply"):
        return True
    return any(name in headers for name in ("x-autoreply", "x-autorespond", "x-auto-response-suppress"))

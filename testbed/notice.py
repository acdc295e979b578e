"""Reading the mail a desk gets: addresses, step, type, and every URL named in text or in an attached JSON report."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from urllib.parse import urlsplit

_URL = re.compile(r"h(?:tt|xx)ps?://[^\s<>\"'\\|{}]+", re.IGNORECASE)
_ENCODED = re.compile(r"\b[A-Za-z0-9+/]{40,}={0,2}")
STEP = "X-Efface-Step"
TYPE = "X-Efface-Notice-Type"


@dataclass(frozen=True, slots=True)
class Notice:
    """``step`` counts the sender's own steps, 1 for the first, 0 for a mail of a conversation (an answer that names no
    step); ``kind`` is the notice type where it says so."""

    message_id: str
    sender: str
    reply_to: str
    recipients: list[str]
    subject: str
    urls: list[str]
    step: int = 1
    kind: str = ""
    automatic: bool = False
    attachments: list[str] = field(default_factory=list)


def canonical(url: str) -> str:
    """Scheme and host in lower case, https read as http (the world has no TLS), default port and fragment dropped."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return url.strip()
    path = parts.path or "/"
    return f"http://{host}{path}" + (f"?{parts.query}" if parts.query else "")


def find_urls(text: str) -> list[str]:
    """Every http(s) or defanged URL in ``text``, refanged, canonical, in order, once."""
    found: dict[str, None] = {}
    for match in _URL.finditer(text.replace("[.]", ".").replace("(.)", ".").replace("[:]", ":").replace("\\/", "/")):
        url = re.sub(r"^hxxp", "http", match.group().rstrip(".,;:!?)]*"), flags=re.IGNORECASE)
        found[canonical(url)] = None
    return list(found)


def _texts(message: EmailMessage) -> list[str]:
    texts = []
    for part in message.walk():
        if part.is_multipart():
            continue
        payload = part.get_payload(decode=True)
        if not isinstance(payload, bytes):
            continue
        text = payload[:400_000].decode("utf-8", "replace")
        texts.append(text)
        if part.get_content_type() == "application/json" or "json" in (part.get_filename() or ""):
            for match in _ENCODED.finditer(text):
                try:
                    texts.append(base64.b64decode(match.group(), validate=True).decode("utf-8", "replace"))
                except (binascii.Error, ValueError):
                    continue
    return texts


def _text(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, "")).strip()
    except (ValueError, IndexError, KeyError):
        return ""


def read(data: bytes, sender: str, recipients: list[str]) -> Notice:
    """Read one mail. Never raises: what cannot be read is empty."""
    message = message_from_bytes(data, policy=policy.default)
    assert isinstance(message, EmailMessage)
    urls: dict[str, None] = {}
    try:
        for text in _texts(message):
            urls.update(dict.fromkeys(find_urls(text)))
    except (ValueError, LookupError, KeyError):
        pass
    step = _text(message, STEP)
    reply = re.search(r"[^\s<>,;]+@[^\s<>,;]+", _text(message, "Reply-To") or _text(message, "From"))
    names = [str(part.get_filename()) for part in message.walk() if part.get_filename()]
    return Notice(
        message_id=_text(message, "Message-ID"),
        sender=sender,
        reply_to=reply.group() if reply else sender,
        recipients=[address.lower() for address in recipients],
        subject=_text(message, "Subject"),
        urls=list(urls),
        step=int(step) if step.isdigit() else 0 if _text(message, "In-Reply-To") else 1,
        kind=_text(message, TYPE),
        automatic=_text(message, "Auto-Submitted").lower() not in {"", "no"} or sender in {"", "<>"},
        attachments=names,
    )

"""An entry packed as a raw mail (RFC 5322, 2045), in the charset, transfer encoding and form that it states."""

from __future__ import annotations

import base64
import hashlib
import quopri
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.utils import format_datetime, parseaddr
from functools import cache
from html import escape

import yaml

from bench.replies.entries import HERE, Entry

TO = "Helpline B <reply@helpline-b.example>"
NOTICE_ID = "<notice-2026@helpline-b.example>"
_EPOCH = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
_LOGO = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b")


@cache
def _notices() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = yaml.safe_load((HERE / "notices.yaml").read_text(encoding="utf-8"))
    return found


def text(entry: Entry) -> str:
    """The plain text: what the desk wrote and, below it, the notice as its program quotes it."""
    body = entry.body.rstrip("\n") + "\n"
    if entry.below is None:
        return body
    name, style = entry.below
    notice = _notices()[name]
    if style == "angle":
        quoted = "".join(f"> {line}".rstrip() + "\n" for line in notice["text"].splitlines())
        return f"{body}\n{notice['wrote']}\n{quoted}"
    if style == "outlook":
        return f"{body}\n{notice['original']}\n\n{notice['text']}"
    if style == "unmarked":
        return f"{body}\n{notice['text']}"
    return f"{body}\n{'_' * 32}\n{notice['text']}"


def html(entry: Entry) -> str:
    """The HTML of the mail: by hand where the entry has it, otherwise paragraph by paragraph from its text."""
    if entry.html:
        return entry.html
    paragraphs = "\n".join(_paragraph(part) for part in entry.body.strip().split("\n\n"))
    if entry.below is not None:
        notice = _notices()[entry.below[0]]
        quoted = "\n".join(_paragraph(part) for part in notice["text"].strip().split("\n\n"))
        paragraphs += f'\n<div class="gmail_quote"><p>{escape(notice["wrote"])}</p>\n<blockquote type="cite">{quoted}'
        paragraphs += "</blockquote></div>"
    style = "<style>p{margin:0 0 1em}.foot{color:#888}</style>"
    return f"<!DOCTYPE html>\n<html><head>{style}</head><body>\n{paragraphs}\n</body></html>\n"


def _paragraph(part: str) -> str:
    return "<p>" + escape(part, quote=False).replace("\n", "<br>\n") + "</p>"


def mail(entry: Entry) -> bytes:
    """The mail as it would come over the wire: CRLF, encoded headers, one part or several."""
    mark = hashlib.sha256(entry.id.encode()).hexdigest()
    head = _head(entry, mark)
    plain = _part(text(entry), "plain", entry)
    if entry.form == "plain":
        return head + plain
    if entry.form == "html":
        return head + _part(html(entry), "html", entry)
    if entry.form == "both":
        return head + _multi("alternative", mark[:20], [plain, _part(html(entry), "html", entry)])
    logo = (
        b'Content-Type: image/gif; name="logo.gif"\r\nContent-Transfer-Encoding: base64\r\n'
        b'Content-Disposition: attachment; filename="logo.gif"\r\n\r\n'
        + base64.encodebytes(_LOGO).replace(b"\n", b"\r\n")
    )
    inner = _multi("alternative", mark[20:40], [plain, _part(html(entry), "html", entry)])
    return head + _multi("mixed", mark[:20], [inner, logo])


def _head(entry: Entry, mark: str) -> bytes:
    number = int(mark[:8], 16)
    name, address = parseaddr(entry.sender)
    domain = address.rpartition("@")[2]
    charset = "utf-8" if entry.charset == "us-ascii" else entry.charset
    sender = f"{_words(name, charset)} <{address}>" if name else address
    fields: dict[str, str] = {
        "Received": f"from mx.{domain} by mx.helpline-b.example with ESMTPS id {mark[8:16]};"
        f"\r\n\t{format_datetime(_EPOCH + timedelta(minutes=number % 400_000 + 1))}",
        "From": sender,
        "To": TO,
        "Subject": _words(entry.subject, charset),
        "Date": format_datetime(_EPOCH + timedelta(minutes=number % 400_000)),
        "Message-ID": f"<{mark[40:60]}@{domain}>",
    }
    if entry.kind and entry.threaded:
        fields |= {"In-Reply-To": NOTICE_ID, "References": NOTICE_ID}
    fields |= {key: _words(str(value), charset) for key, value in entry.headers.items()}
    fields["MIME-Version"] = "1.0"
    return "".join(f"{key}: {value}\r\n" for key, value in fields.items()).encode("ascii")


def _words(value: str, charset: str) -> str:
    if any(letter in value for letter in "\r\n"):
        raise ValueError(f"a header has a line break: {value!r}")
    if value.isascii():
        return value
    return Header(value, charset, maxlinelen=70).encode(linesep="\r\n")


def _part(content: str, subtype: str, entry: Entry) -> bytes:
    raw = content.encode(entry.charset)
    if entry.encoding == "base64":
        packed = base64.encodebytes(raw.replace(b"\n", b"\r\n"))
    elif entry.encoding == "quoted-printable":
        packed = quopri.encodestring(raw)
    else:
        packed = raw
    if entry.encoding == "7bit" and any(byte > 127 for byte in packed):
        raise ValueError(f"{entry.id}: 7bit is stated and the text has eight")
    head = f'Content-Type: text/{subtype}; charset="{entry.charset}"\r\nContent-Transfer-Encoding: {entry.encoding}\r\n'
    return head.encode() + b"\r\n" + packed.replace(b"\n", b"\r\n")


def _multi(subtype: str, boundary: str, parts: list[bytes]) -> bytes:
    lines = [f'Content-Type: multipart/{subtype}; boundary="={boundary}"\r\n\r\n'.encode()]
    lines += [f"--={boundary}\r\n".encode() + part.rstrip(b"\r\n") + b"\r\n" for part in parts]
    return b"".join(lines) + f"--={boundary}--\r\n".encode()

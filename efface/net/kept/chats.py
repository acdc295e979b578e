"""Chat exports of the common messengers to messages. Each reader takes text or JSON and gives messages or None.

WhatsApp and Viber write a line a message; Telegram Desktop JSON or HTML; Instagram and Facebook JSON; Snapchat and
Discord (DiscordChatExporter) JSON. What is none of these is read as plain lines, so that nothing she kept is lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from efface.net.kept.model import MOST_LINE, MOST_MESSAGES, KeptMessage

Read = list[KeptMessage] | None
_MARKS = dict.fromkeys(map(ord, "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"))
_LINE = re.compile(
    r"^\[?(?P<a>\d{1,4})[./\-](?P<b>\d{1,2})[./\-](?P<c>\d{2,4}),?[ \u00a0]{1,3}"
    r"(?P<time>\d{1,2}[:.]\d{2}(?:[:.]\d{2})?)"
    r"(?:[ \u00a0\u202f]?(?P<half>[AaPp]\.?\u202f? ?[Mm]\.?))?\]?(?: ?[-–] | )(?P<rest>.*)$"
)
_MEDIUM = re.compile(r"(?:<attached: (?P<a>[^<>]{1,120})>|^(?P<b>[\w .()-]{3,120}\.\w{2,5}) \([^()]{3,40}\)$)")


def read_text(text: str) -> tuple[str, list[KeptMessage]]:
    """(app, messages): of a text export, or its plain lines with an empty app."""
    found = whatsapp(text)
    if found:
        return "whatsapp", found
    return "", lines(text)


def whatsapp(text: str) -> Read:
    """WhatsApp's "Export chat". Whether day or month comes first is told by days beyond the twelfth; where none is, the
    date stays as it was written."""
    met: list[tuple[re.Match[str], list[str]]] = []
    for line in text.translate(_MARKS).splitlines():
        head = _LINE.match(line[:MOST_LINE])
        if head:
            if len(met) >= MOST_MESSAGES:
                break
            met.append((head, [head["rest"]]))
        elif met:
            met[-1][1].append(line[:MOST_LINE])
    if not met or (len(met) < 2 and ":" not in met[0][1][0]):
        return None
    order = _order([head for head, _ in met])
    return [_line(head, "\n".join(said), order) for head, said in met]


def _order(heads: list[re.Match[str]]) -> str:
    if any(len(head["a"]) == 4 for head in heads):
        return "ymd"
    first = max(int(head["a"]) for head in heads)
    second = max(int(head["b"]) for head in heads)
    if first > 12 >= second:
        return "dmy"
    return "mdy" if second > 12 >= first else ""


def _line(head: re.Match[str], said: str, order: str) -> KeptMessage:
    by, colon, text = said.partition(": ")
    if not colon or "\n" in by or len(by) > 80:
        by, text = "", said
    medium = _MEDIUM.search(text)
    return KeptMessage(_moment(head, order), by, text, (medium["a"] or medium["b"]) if medium else "")


def _moment(head: re.Match[str], order: str) -> str:
    half = (head["half"] or "").lower().replace(".", "").replace("\u202f", "").replace(" ", "")
    written = f"{head['a']}.{head['b']}.{head['c']} {head['time']}{' ' + half if half else ''}"
    if not order:
        return written
    parts = dict(zip(order, (int(head["a"]), int(head["b"]), int(head["c"])), strict=True))
    year = parts["y"] + 2000 if parts["y"] < 100 else parts["y"]
    clock = [int(one) for one in re.split("[:.]", head["time"])]
    hour = clock[0] % 12 + (12 if half == "pm" else 0) if half else clock[0]
    try:
        second = clock[2] if len(clock) > 2 else 0
        return datetime(year, parts["m"], parts["d"], hour, clock[1], second).isoformat()  # noqa: DTZ001 - the phone's own time
    except ValueError:
        return written


def lines(text: str) -> list[KeptMessage]:
    return [KeptMessage(text=line.strip()[:MOST_LINE]) for line in text.splitlines()[:MOST_MESSAGES] if line.strip()]


def read_json(data: bytes) -> tuple[str, list[KeptMessage]] | None:
    """(app, messages) of a JSON export; None where it is none of those known."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    for app, reader in _JSON.items():
        try:
            messages = reader(found)
        except (TypeError, ValueError, AttributeError, KeyError, OverflowError):
            continue
        if messages:
            return app, messages[:MOST_MESSAGES]
    return None


def _telegram(found: Any) -> Read:
    chats = found.get("chats", {}).get("list") if "chats" in found else [found]
    messages = []
    for chat in chats:
        for one in chat["messages"]:
            if not isinstance(one, dict) or "date" not in one or not ({"from", "actor", "from_id"} & set(one)):
                continue
            text = one.get("text", "")
            if isinstance(text, list):
                text = "".join(part if isinstance(part, str) else str(part.get("text", "")) for part in text)
            by = one.get("from") or one.get("actor") or one.get("from_id") or ""
            named = one.get("from_id")
            who = f"{by} ({named})" if named and named != by else str(by)
            messages.append(
                KeptMessage(str(one["date"]), who, str(text), str(one.get("file") or one.get("photo") or ""))
            )
    return messages


def _meta(found: Any) -> Read:
    """Instagram and Facebook: newest first, and letters beyond ASCII written as Latin-1 of UTF-8."""
    messages = []
    for one in found["messages"]:
        if "sender_name" not in one or "timestamp_ms" not in one:
            return None
        at = datetime.fromtimestamp(int(one["timestamp_ms"]) / 1000, UTC).isoformat(timespec="seconds")
        media = [item.get("uri", "") for kind in ("photos", "videos", "audio_files") for item in one.get(kind, ())]
        shared = one.get("share", {}).get("link", "")
        text = " ".join(part for part in (_mended(str(one.get("content", ""))), str(shared)) if part)
        messages.append(KeptMessage(at, _mended(str(one["sender_name"])), text, str(media[0]) if media else ""))
    return messages[::-1]


def _mended(text: str) -> str:
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _snapchat(found: Any) -> Read:
    messages = []
    for chat in found.values():
        for one in chat:
            by = one.get("From") or one.get("from")
            at = one.get("Created") or one.get("Created(microseconds)")
            if not by or not at:
                return None
            text = one.get("Content") or one.get("Text") or ""
            kind = one.get("Media Type", "")
            messages.append(KeptMessage(str(at), str(by), str(text), str(kind) if kind != "TEXT" else ""))
    return messages


def _discord(found: Any) -> Read:
    messages = []
    for one in found["messages"]:
        author = one["author"]
        name = str(author["name"])
        number = author.get("id")
        media = one.get("attachments") or [{}]
        messages.append(
            KeptMessage(
                str(one["timestamp"]), f"{name} ({number})" if number else name, str(one.get("content", "")),
                str(media[0].get("fileName", "")),
            )
        )  # fmt: skip
    return messages


_JSON: dict[str, Callable[[Any], Read]] = {
    "discord": _discord, "meta": _meta, "telegram": _telegram, "snapchat": _snapchat,
}  # fmt: skip


def read_html(data: bytes) -> tuple[str, list[KeptMessage]]:
    """(app, messages) of a page: Telegram's export, else the lines of its text. Scripts and styles are dropped."""
    page = LexborHTMLParser(data)
    messages = list(_telegram_page(page))
    if messages:
        return "telegram", messages[:MOST_MESSAGES]
    for node in page.css("script, style, noscript, template, svg"):
        node.decompose()
    body = page.body
    return "", lines(body.text(separator="\n") if body is not None else "")


def _telegram_page(page: LexborHTMLParser) -> Iterator[KeptMessage]:
    by = ""
    for node in page.css("div.message.default"):
        name, when, said = node.css_first(".from_name"), node.css_first(".date"), node.css_first(".text")
        if when is None:
            return
        by = name.text(strip=True) if name is not None else by
        at = (when.attributes.get("title") or when.text(strip=True) or "").strip()
        medium = node.css_first(".media .title, a.photo_wrap, a.video_file_wrap")
        named = (medium.attributes.get("href") or medium.text(strip=True)) if medium is not None else ""
        yield KeptMessage(at, by, said.text(separator="\n", strip=True) if said is not None else "", named or "")

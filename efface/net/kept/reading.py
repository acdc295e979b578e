"""A kept file, and what is inside an archive, to facts. Never raises for what the bytes are."""

from __future__ import annotations

import hashlib
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace

from efface.net.decoder.mail import read_mail
from efface.net.kept import chats
from efface.net.kept.model import MOST_BYTES, MOST_INFLATED, MOST_MEMBER, MOST_MEMBERS, KeptFile, KeptMessage
from efface.net.protocol import Picture
from efface.vision.formats import is_media, sniff_video

Look = Callable[[bytes], Picture] | None
"""Fingerprints of a picture; None where pictures may not be looked at: only their digests are taken then."""
_TEXTS = (".txt", ".csv", ".log", ".md")
_PAGES = (".html", ".htm", ".xhtml")
_READ = 1 << 20


def read(name: str, data: bytes, look: Look) -> list[KeptFile]:
    """The file itself first, then the members of an archive, in their order."""
    if not data:
        return [KeptFile(name, error="empty")]
    if len(data) > MOST_BYTES:
        return [KeptFile(name, size=len(data), error="too-large")]
    if data[:4] == b"PK\x03\x04":
        return _archive(name, data, look)
    return [_one(name, data, look)]


def _one(name: str, data: bytes, look: Look) -> KeptFile:
    base = KeptFile(
        name, size=len(data), sha256=hashlib.sha256(data).hexdigest(),
        md5=hashlib.md5(data, usedforsecurity=False).hexdigest(),
    )  # fmt: skip
    if not data:
        return replace(base, error="empty")
    lower = name.lower()
    if is_media(data) or sniff_video(data[:512]):
        return _medium(base, data, look)
    if lower.endswith((".eml", ".msg")) or _looks_like_mail(data):
        return _mail(base, data)
    if lower.endswith(".json") or data.lstrip()[:1] in (b"{", b"["):
        found = chats.read_json(data)
        if found:
            return replace(base, kind="chat", app=found[0], messages=found[1])
    if lower.endswith(_PAGES) or b"<html" in data[:2000].lower() or b"<!doctype html" in data[:200].lower():
        app, messages = chats.read_html(data)
        return replace(base, kind="chat" if app else "text", app=app, messages=messages)
    text = _text(data)
    if text is None:
        return replace(base, error="unknown-format")
    if lower.endswith(_TEXTS) or "." not in lower or lower.endswith(".json"):
        app, messages = chats.read_text(text)
        return replace(base, kind="chat" if app else "text", app=app, messages=messages)
    return replace(base, error="unknown-format")


def _medium(base: KeptFile, data: bytes, look: Look) -> KeptFile:
    if look is None:
        return replace(base, kind="picture", error="left-out")
    seen = look(data)
    return replace(
        base, kind="picture", mime=seen.mime, pdq=seen.pdq[0] if seen.pdq else "", quality=seen.pdq_quality,
        error=seen.error,
    )  # fmt: skip


def _looks_like_mail(data: bytes) -> bool:
    head = data[:4000].lower()
    return b"\nreceived:" in head or head.startswith((b"received:", b"return-path:", b"delivered-to:"))


def _mail(base: KeptFile, data: bytes) -> KeptFile:
    """All headers, in order and with those that repeat (each server on the way adds a line): that is what tells where a
    mail came from."""
    mail = read_mail(data)
    if mail.error:
        return replace(base, kind="mail", error="corrupt")
    said = KeptMessage(mail.headers.get("date", ""), mail.headers.get("from", ""), mail.text)
    return replace(base, kind="mail", app="mail", messages=[said], headers=list(_headers(data)))


def _headers(data: bytes) -> Iterator[str]:
    line = ""
    for raw in data[:200_000].decode("utf-8", "replace").splitlines():
        if not raw.strip():
            break
        if raw[:1] in (" ", "\t"):
            line += " " + raw.strip()
            continue
        if line:
            yield line
        line = raw.rstrip()
    if line:
        yield line


def _text(data: bytes) -> str | None:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    if b"\0" in data[:4000]:
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _archive(name: str, data: bytes, look: Look) -> list[KeptFile]:
    base = KeptFile(
        name, "archive", size=len(data), sha256=hashlib.sha256(data).hexdigest(),
        md5=hashlib.md5(data, usedforsecurity=False).hexdigest(),
    )  # fmt: skip
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        infos = [one for one in archive.infolist() if not one.is_dir()]
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RecursionError):
        return [replace(base, error="corrupt")]
    found, left = [replace(base, cut=len(infos) > MOST_MEMBERS)], MOST_INFLATED
    for info in infos[:MOST_MEMBERS]:
        inner = info.filename.rsplit("/", 1)[-1]
        if info.flag_bits & 1:
            found.append(KeptFile(inner, error="encrypted"))
            continue
        part, problem = _inflated(archive, info, min(MOST_MEMBER, left))
        left -= len(part)
        if problem:
            found.append(KeptFile(inner, size=len(part), error=problem))
        elif part[:4] == b"PK\x03\x04":
            found.append(replace(_one(inner + ".", part, look), name=inner, kind="other", error="unknown-format"))
        else:
            found.append(_one(inner, part, look))
        if left <= 0:
            found[0] = replace(found[0], cut=True)
            break
    return found


def _inflated(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> tuple[bytes, str]:
    """The member, and a word where it is not whole. Never more than ``most`` bytes, whatever it claims."""
    out = bytearray()
    try:
        with archive.open(info) as file:
            while part := file.read(_READ):
                out += part
                if len(out) > most:
                    return bytes(out[:0]), "too-large"
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        OSError,
        ValueError,
        NotImplementedError,
        RuntimeError,
    ):
        return b"", "corrupt"
    return bytes(out), ""

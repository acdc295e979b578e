"""A page as a WARC 1.1 file (ISO 28500:2017) that holds no picture and no video.

Records, each gzipped for itself: warcinfo, request, response (HTML with its embedded media cut out), one metadata
record about the page, and one about each medium: digests, size, type, never a payload. The same capture gives the
same bytes.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import io
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from efface import __version__
from efface.engine.base.text import one_line
from efface.net.protocol import Captured, ScannedMedia

_NAMES = uuid.UUID("6f6a3a0e-43b5-5c0e-9a55-0f5c6a1a7e11")
NO_PAYLOAD = "payload left out on purpose; digests and fingerprints only"
#: Headers of the answer that described the bytes on the wire and not what is kept here.
WIRE = {"content-encoding", "transfer-encoding", "content-length"}
VIEW = "urn:view:"
"""What the address of a screenshot begins with, as other archives write it."""
MEDIA_TYPES = ("image/", "video/", "audio/")


@dataclass(frozen=True, slots=True)
class Kept:
    """One record read back: its type, the address it is about, content type and length of its payload."""

    kind: str
    url: str
    content_type: str
    length: int


def build(captured: Captured, url: str, at: datetime) -> bytes:
    """The file for what the fetcher captured of ``url`` at ``at``."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True, warc_version="1.1")
    writer.hostname = ""  # the machine's name is nobody's business
    date = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    target = captured.facts.final_url or url

    def put(kind: str, payload: bytes, about: str, number: int, **more: Any) -> str:
        name = f"<urn:uuid:{uuid.uuid5(_NAMES, f'{url} {date} {number}')}>"
        headers = {"WARC-Record-ID": name, "WARC-Date": date, **more.pop("warc", {})}
        record = writer.create_warc_record(
            about, kind, payload=io.BytesIO(payload), length=len(payload), warc_headers_dict=headers, **more
        )
        writer.write_record(record)
        return name

    info = (
        f"software: Efface/{__version__}\r\nformat: WARC File Format 1.1\r\n"
        "conformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n"
        f"description: a page without its media; {NO_PAYLOAD}\r\n"
    )
    info_id = put("warcinfo", info.encode(), "", 0, warc_content_type="application/warc-fields")
    link = {"WARC-Warcinfo-ID": info_id}
    html = _html(captured)
    response = put(
        "response", html, target, 1, http_headers=_response_headers(captured, len(html)), warc=_address(captured) | link
    )
    put("request", b"", target, 2, http_headers=_request_headers(captured, target),
        warc=link | {"WARC-Concurrent-To": response})  # fmt: skip
    about = link | {"WARC-Refers-To": response}
    put("metadata", _json(_page(captured, url)), target, 3, warc_content_type="application/json", warc=about)
    if captured.tls_chain:
        put("metadata", _json(_tls(captured)), target, 100_001, warc_content_type="application/json", warc=about)
    shot = _shot(captured)
    if shot:
        put("resource", shot, VIEW + target, 100_002, warc_content_type="image/png", warc=about)
    for number, one in enumerate(captured.media, start=4):
        put("metadata", _json(_medium(one)), one.ref.url, number, warc_content_type="application/json", warc=about)
    return out.getvalue()


def read(data: bytes) -> Iterator[Kept]:
    """Every record of a file. Raises ``ValueError`` for bytes that are none, or whose digests do not hold."""
    try:
        for record in ArchiveIterator(io.BytesIO(data), check_digests="raise"):
            body = record.content_stream().read()
            kind = record.http_headers.get_header("Content-Type") if record.http_headers else record.content_type
            yield Kept(record.rec_type, record.rec_headers.get_header("WARC-Target-URI") or "", kind or "", len(body))
    except (ArchiveLoadFailed, EOFError, gzip.BadGzipFile) as error:
        raise ValueError(f"not a whole WARC file: {type(error).__name__}") from None


def screenshot(data: bytes) -> bytes:
    """The picture of the page with its pictures blocked (PNG); empty where the file has none. Raises ``ValueError``."""
    try:
        for record in ArchiveIterator(io.BytesIO(data)):
            if record.rec_type == "resource" and (record.rec_headers.get_header("WARC-Target-URI") or "").startswith(
                VIEW
            ):
                return bytes(record.content_stream().read())
    except (ArchiveLoadFailed, EOFError, gzip.BadGzipFile) as error:
        raise ValueError(f"not a whole WARC file: {type(error).__name__}") from None
    return b""


def _html(captured: Captured) -> bytes:
    """Only text is kept: an answer that is itself a picture leaves nothing."""
    if captured.facts.mime.startswith(MEDIA_TYPES):
        return b""
    try:
        return base64.b64decode(captured.html_b64, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _response_headers(captured: Captured, length: int) -> StatusAndHeaders:
    facts = captured.facts
    headers = [(_title(name), one_line(value)) for name, value in facts.headers.items() if name.lower() not in WIRE]
    headers.append(("Content-Length", str(length)))
    try:
        phrase = HTTPStatus(facts.status).phrase
    except ValueError:
        phrase = ""
    return StatusAndHeaders(f"{facts.status} {phrase}".strip(), headers, protocol="HTTP/1.1")


def _request_headers(captured: Captured, target: str) -> StatusAndHeaders:
    parts = urlsplit(target)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = [(_title(name), one_line(value)) for name, value in captured.request_headers.items()]
    if not any(name == "Host" for name, _ in headers):
        headers.insert(0, ("Host", parts.netloc))
    return StatusAndHeaders(f"GET {path} HTTP/1.1", headers, is_http_request=True)


def _address(captured: Captured) -> dict[str, str]:
    return {"WARC-IP-Address": captured.facts.claimed_ip} if captured.facts.claimed_ip else {}


def _page(captured: Captured, url: str) -> dict[str, Any]:
    facts = captured.facts
    return {
        "asked": url, "answered": facts.final_url, "redirects": facts.redirects, "status": facts.status,
        "error": facts.error, "title": captured.title, "dns": captured.dns, "received-sha256": captured.html_sha256,
        "received-bytes": facts.size, "altered": "data: media were cut out of the HTML after it was digested",
        "screenshot": captured.screenshot_error or ("pictures blocked" if captured.screenshot_b64 else ""),
    }  # fmt: skip


def _tls(captured: Captured) -> dict[str, Any]:
    """The connection, and the certificates as the server sent them, its own first."""
    return {"tls": captured.tls, "certificates": [
        {"der": one, "sha256": hashlib.sha256(base64.b64decode(one)).hexdigest()} for one in captured.tls_chain
    ]}  # fmt: skip


def _shot(captured: Captured) -> bytes:
    try:
        shot = base64.b64decode(captured.screenshot_b64, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return shot if shot.startswith(b"\x89PNG\r\n\x1a\n") else b""


def _medium(one: ScannedMedia) -> dict[str, Any]:
    picture = one.picture
    return {
        "payload": NO_PAYLOAD, "role": one.ref.role, "source": one.ref.source, "status": one.facts.status,
        "error": one.facts.error or picture.error, "sha256": picture.sha256, "size": picture.size,
        "type": picture.mime, "width": picture.width, "height": picture.height,
        "pdq": picture.pdq[:1], "pdq-quality": picture.pdq_quality,
    }  # fmt: skip


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")


def _title(name: str) -> str:
    return "-".join(part.capitalize() for part in one_line(name).split("-"))

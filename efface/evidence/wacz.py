"""A capture as a WACZ 1.1.1 file (Web Archive Collection Zipped): the WARC, an index, the page list, all digests.

Any replay tool opens it; ``wacz validate`` checks it. The same capture gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from efface import __version__
from efface.evidence.packs.container import Writer

WARC, INDEX, PAGES = "archive/data.warc.gz", "indexes/index.cdx", "pages/pages.jsonl"
_INDEXED = frozenset({"response", "resource", "metadata"})


@dataclass(frozen=True, slots=True)
class Indexed:
    """One record of a WARC and where it lies in it. ``digest`` is of its payload, as the WARC says it."""

    kind: str
    url: str
    at: str
    mime: str
    status: str
    digest: str
    offset: int
    length: int


def build(warc: bytes, url: str, title: str, at: datetime) -> bytes:
    """The file of one capture of ``url``. Raises ``ValueError`` where ``warc`` is none."""
    moment = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    records = [one for one in index(warc) if one.kind in _INDEXED and one.url]
    members = {
        WARC: warc, INDEX: _cdxj(records), PAGES: _pages(url, title, moment),
    }  # fmt: skip
    package = _json(
        {
            "profile": "data-package", "wacz_version": "1.1.1", "created": moment, "modified": moment,
            "software": f"Efface {__version__}", "title": "A page without its pictures", "mainPageUrl": url,
            "mainPageDate": moment,
            "resources": [
                {"name": name.rsplit("/", 1)[-1], "path": name, "hash": _hash(data), "bytes": len(data)}
                for name, data in members.items()
            ],
        }
    )  # fmt: skip
    digest = _json({"path": "datapackage.json", "hash": _hash(package)})
    writer, out = Writer(), bytearray()
    for name, data in {**members, "datapackage.json": package, "datapackage-digest.json": digest}.items():
        for part in writer.add(name, data):
            out += part
    for part in writer.end():
        out += part
    return bytes(out)


def index(warc: bytes) -> Iterator[Indexed]:
    """Every record of ``warc`` and where it lies. Raises ``ValueError``."""
    records = ArchiveIterator(io.BytesIO(warc))
    try:
        for record in records:
            heads, http = record.rec_headers, record.http_headers
            offset = records.get_record_offset()
            record.content_stream().read()
            said = (http.get_header("Content-Type") if http else "") or record.content_type or ""
            yield Indexed(
                record.rec_type, heads.get_header("WARC-Target-URI") or "", heads.get_header("WARC-Date") or "",
                said.partition(";")[0].strip(), http.get_statuscode() if http else "200",
                heads.get_header("WARC-Payload-Digest") or heads.get_header("WARC-Block-Digest") or "",
                offset, records.get_record_length(),
            )  # fmt: skip
    except (ArchiveLoadFailed, EOFError, OSError) as error:
        raise ValueError(f"not a whole WARC file: {type(error).__name__}") from None


def surt(url: str) -> str:
    """``url`` as a sort-friendly key: host turned around, then the path, in lower case."""
    if url.startswith("urn:"):
        return url.lower()
    parts = urlsplit(url)
    host = ",".join(reversed((parts.hostname or "").split(".")))
    port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    return f"{host}{port}){parts.path or '/'}{'?' + parts.query if parts.query else ''}".lower()


def _cdxj(records: list[Indexed]) -> bytes:
    lines = []
    for one in records:
        stamp = "".join(letter for letter in one.at if letter.isdigit())[:14]
        about = {
            "url": one.url, "mime": one.mime if one.kind != "metadata" else "text/x-metadata", "status": one.status,
            "digest": one.digest, "length": str(one.length), "offset": str(one.offset), "filename": "data.warc.gz",
        }  # fmt: skip
        key = surt(one.url).replace(" ", "%20")
        lines.append(f"{key} {stamp} {json.dumps(about, ensure_ascii=True)}\n")
    return "".join(sorted(lines)).encode("ascii", "backslashreplace")


def _pages(url: str, title: str, moment: str) -> bytes:
    head = {"format": "json-pages-1.0", "id": "pages", "title": "Pages"}
    page = {"id": "1", "url": url, "ts": moment, "title": title}
    return b"".join(json.dumps(line, ensure_ascii=True).encode() + b"\n" for line in (head, page))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=True, indent=2).encode() + b"\n"


def _hash(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"

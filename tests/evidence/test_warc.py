"""The file: whole, honest about what was left out, and without a picture."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from dataclasses import replace

import pytest
from warcio.archiveiterator import ArchiveIterator

from efface.evidence import warc
from efface.net.protocol import FetchFacts
from tests.casework import FULL, PAGE, captured
from tests.conftest import NOON


def test_the_records_of_a_page() -> None:
    data = warc.build(captured(), PAGE, NOON)
    kept = list(warc.read(data))
    assert [(one.kind, one.url) for one in kept] == [
        ("warcinfo", ""), ("response", PAGE), ("request", PAGE), ("metadata", PAGE), ("metadata", FULL),
    ]  # fmt: skip
    assert data[:2] == b"\x1f\x8b" and gzip.decompress(data).startswith(b"WARC/1.1\r\n")


def test_the_same_capture_gives_the_same_bytes() -> None:
    assert warc.build(captured(), PAGE, NOON) == warc.build(captured(), PAGE, NOON)


def test_html_stays_and_its_first_digest_is_named() -> None:
    data = warc.build(captured(html="<p>her page</p>"), PAGE, NOON)
    bodies = {}
    for record in ArchiveIterator(io.BytesIO(data)):
        bodies.setdefault(record.rec_type, []).append(record.content_stream().read())
        if record.rec_type == "response":
            assert record.http_headers.get_header("Content-Encoding") is None
            assert record.rec_headers.get_header("WARC-IP-Address") == "203.0.113.80"
    assert bodies["response"] == [b"<p>her page</p>"]
    page, medium = map(json.loads, bodies["metadata"])
    assert page["received-sha256"] == hashlib.sha256(b"<p>her page</p>").hexdigest()
    assert medium["sha256"] == "ab" * 32 and medium["size"] == 50_000 and medium["type"] == "image/jpeg"
    assert "left out" in medium["payload"] and medium["pdq"]


def test_a_header_cannot_open_another() -> None:
    data = gzip.decompress(warc.build(captured(), PAGE, NOON))
    assert b"X-Odd: a x: b\r\n" in data


def test_an_answer_that_is_a_picture_leaves_no_payload() -> None:
    seen = captured()
    picture = replace(seen, facts=replace(seen.facts, mime="image/jpeg"))
    response = next(one for one in warc.read(warc.build(picture, FULL, NOON)) if one.kind == "response")
    assert response.length == 0


def test_strange_captures_still_make_a_file() -> None:
    odd = replace(captured(), html_b64="***", facts=FetchFacts(PAGE, status=799), title="\ud800")
    assert len(list(warc.read(warc.build(odd, PAGE, NOON)))) == 5


@pytest.mark.parametrize("at", [60, 200, 600])
def test_a_changed_byte_is_noticed(at: int) -> None:
    data = bytearray(warc.build(captured(), PAGE, NOON))
    data[at] ^= 0x40
    with pytest.raises(ValueError):
        list(warc.read(bytes(data)))


def test_certificates_and_a_screenshot_stand_beside_the_page() -> None:
    import base64

    png = b"\x89PNG\r\n\x1a\n" + b"x" * 20
    der = base64.b64encode(b"certificate").decode()
    seen = replace(captured(), tls="TLSv1.3 AES", tls_chain=[der], screenshot_b64=base64.b64encode(png).decode())
    data = warc.build(seen, PAGE, NOON)
    assert warc.screenshot(data) == png and warc.screenshot(warc.build(captured(), PAGE, NOON)) == b""
    bodies = [record.content_stream().read() for record in ArchiveIterator(io.BytesIO(data))
              if record.rec_type == "metadata"]  # fmt: skip
    tls = next(json.loads(one) for one in bodies if b"certificates" in one)
    assert tls["tls"] == "TLSv1.3 AES"
    assert tls["certificates"] == [{"der": der, "sha256": hashlib.sha256(b"certificate").hexdigest()}]
    other = replace(captured(), screenshot_b64=base64.b64encode(b"\xff\xd8\xff no PNG").decode())
    assert warc.screenshot(warc.build(other, PAGE, NOON)) == b""

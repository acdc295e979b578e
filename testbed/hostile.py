"""Pages that mean harm, all below ``/lab/`` of the hostile site. Bodies are made on first use and kept.

``answer`` returns (status, body, mime, headers, raw); ``raw`` names what the server must play itself: "drip" (a byte
now and then), "lying" (a content length that is never reached), "headers" (headers without end), "hang" (no answer).
"""

from __future__ import annotations

import binascii
import struct
import zlib
from functools import cache
from urllib.parse import parse_qs

_HTML = "text/html; charset=utf-8"
Found = tuple[int, bytes, str, dict[str, str], str]

PAGES = [
    "bomb",
    "nested",
    "drip",
    "lying",
    "headers",
    "xss",
    "metadata",
    "loopback",
    "hops?n=20",
    "crlf",
    "charset",
    "pictures",
    "session?sid=1",
]
PICTURES = ["corrupt.jpg", "truncated.jpg", "enormous.png", "page.jpg", "polyglot.jpg", "empty.png", "vector.svg"]


@cache
def bomb() -> bytes:
    """Gzip of 100 MB of spaces: about a tenth of a megabyte on the wire."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    block = b" " * (1 << 20)
    parts = [packer.compress(b"<html><body>")]
    parts += [packer.compress(block) for _ in range(100)]
    return b"".join(parts) + packer.flush()


@cache
def enormous_png() -> bytes:
    """A true PNG of 30,000 x 30,000 one-bit pixels."""
    side = 30_000
    packer = zlib.compressobj(6)
    row = b"\x00" * (1 + side // 8)
    body = b"".join(packer.compress(row * 1000) for _ in range(side // 1000)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", binascii.crc32(kind + body))


def warm() -> None:
    """Make the large bodies, about a second of work, before somebody waits for them."""
    bomb()
    enormous_png()


_START = bytes.fromhex("ffd8ffe000104a46494600010100000100010000")


def picture(name: str) -> tuple[bytes, str] | None:
    """One broken picture and its mime type, None when there is none of that name."""
    if name == "corrupt.jpg":
        return _START + bytes(range(256)) * 20, "image/jpeg"
    if name == "truncated.jpg":
        return _START + b"\xff\xdb\x00\x43", "image/jpeg"
    if name == "enormous.png":
        return enormous_png(), "image/png"
    if name == "page.jpg":
        return b"<html><body>not a picture</body></html>", "image/jpeg"
    if name == "polyglot.jpg":
        return b"GIF89a/*" + b"\x00" * 40 + b"*/=1;alert(1)", "image/jpeg"
    if name == "empty.png":
        return b"", "image/png"
    if name == "vector.svg":
        return (
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script>"
            b"<image href='http://169.254.169.254/'/></svg>"
        ), "image/svg+xml"
    return None


def _page(body: str, title: str = "Lab") -> Found:
    return 200, f"<!doctype html><title>{title}</title><body>{body}</body>".encode(), _HTML, {}, ""


def answer(domain: str, name: str, query: str) -> Found | None:
    """What ``/lab/<name>`` says; None where there is nothing of that name."""
    if name == "":
        links = "".join(f"<li><a href='/lab/{page}'>{page}</a></li>" for page in PAGES)
        odd = (
            "<a href='file:///etc/passwd'>f</a><a href='gopher://x/'>g</a><a href='javascript:alert(1)'>j</a>"
            f"<a href='http://user@{domain}:99999/'>p</a><a href='//[::1'>v</a><a href='http://2130706433/'>d</a>"
        )
        return _page(f"<ul>{links}</ul>{odd}")
    if name == "bomb":
        return 200, bomb(), _HTML, {"content-encoding": "gzip"}, ""
    if name == "nested":
        return 200, b"<!doctype html><title>Nested</title>" + b"<div>" * 100_000, _HTML, {}, ""
    if name in {"drip", "lying", "headers"}:
        return 200, b"", _HTML, {}, name
    if name == "xss":
        return _page(
            "<h1 onclick='alert(1)'>&lt;img src=x onerror=alert(1)&gt;</h1>",
            "&lt;/title&gt;&lt;script&gt;alert(document.cookie)&lt;/script&gt;",
        )
    if name == "metadata":
        return 302, b"", _HTML, {"location": "http://169.254.169.254/latest/meta-data/"}, ""
    if name == "loopback":
        return 302, b"", _HTML, {"location": "http://127.0.0.1:22/"}, ""
    if name == "hops":
        left = parse_qs(query).get("n", ["0"])[0]
        number = int(left) if left.isdigit() else 0
        return (302, b"", _HTML, {"location": f"/lab/hops?n={number - 1}"}, "") if number else _page("arrived")
    if name == "crlf":
        return 302, b"", _HTML, {"location": "/lab/%0d%0aset-cookie:%20a=b"}, ""
    if name == "charset":
        return (
            200,
            b"<title>\xff\xfe\x00bad \xc3\x28</title>\x00<p>" + b"\xed\xa0\x80" * 50,
            "text/html; charset=utf-16",
            {},
            "",
        )
    if name == "pictures":
        return _page("".join(f"<img src='/lab/{entry}' alt=''>" for entry in PICTURES))
    if name == "session":
        sid = parse_qs(query).get("sid", ["1"])[0]
        following = int(sid) + 1 if sid.isdigit() and len(sid) < 9 else 1
        return _page(f"<a href='/lab/session?sid={following}'>more</a><a href='a/b/'>deeper</a>")
    found = picture(name)
    return (200, found[0], found[1], {}, "") if found else None

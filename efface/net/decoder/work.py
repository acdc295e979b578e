"""What a sealed child does with one job: pictures, a page or a mail. Everything it needs is loaded before the seal."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import struct
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import AvifImagePlugin, Image

from efface.net.decoder.mail import read_mail
from efface.net.page.model import Page
from efface.net.page.read import read_page
from efface.net.protocol import Decoded, Face, FetchFacts, Limits, Picture, from_wire, to_wire
from efface.vision import pdq
from efface.vision.pictures import FACE_SIDE, PictureError, read_pixels

MOST_FACES = 32

AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # a sealed process cannot start threads


class Engine(Protocol):
    """What is asked of ``efface.vision.faces.FaceEngine``."""

    def analyse(self, rgb: NDArray[np.uint8]) -> list[Any]: ...


def picture(data: bytes, engine: Engine | None, faces: bool) -> Decoded:
    """Fingerprints of ``data``, and its faces when asked for. The first frame only."""
    facts = Picture(hashlib.sha256(data).hexdigest(), hashlib.md5(data, usedforsecurity=False).hexdigest(), len(data))
    try:
        pixels = read_pixels(data, FACE_SIDE if faces and engine is not None else pdq.LONG_SIDE)
        hashes, quality = _fingerprint(pixels.rgb, min(pixels.width, pixels.height))
        met = _faces(pixels.rgb, pixels.width, engine) if faces and engine is not None else []
    except PictureError as error:
        return Decoded(dataclasses.replace(facts, error=error.reason))
    except MemoryError:
        return Decoded(dataclasses.replace(facts, error="memory"))
    return Decoded(
        dataclasses.replace(
            facts,
            mime=pixels.mime,
            width=pixels.width,
            height=pixels.height,
            pdq=hashes,
            pdq_quality=quality,
            faces=len(met),
            face_px=max((face.px for face in met), default=0),
        ),
        met,
    )


def _fingerprint(rgb: NDArray[np.uint8], shorter: int) -> tuple[list[str], int]:
    if shorter < pdq.LEAST_SIDE:
        return [], 0
    try:
        return pdq.fingerprint(rgb)
    except ValueError:
        return [], 0


def _faces(rgb: NDArray[np.uint8], width: int, engine: Engine) -> list[Face]:
    """Faces with ``px`` counted in the picture as published, however small it was decoded."""
    scale = width / rgb.shape[1]
    faces = [_face(item) for item in engine.analyse(rgb)[:MOST_FACES]]
    return [dataclasses.replace(face, px=round(face.px * scale)) for face in faces]


def _face(item: Any) -> Face:
    values = {field.name: _of(item, field.name) for field in dataclasses.fields(Face)}
    return Face(
        box=[float(value) for value in values["box"]],
        score=float(values["score"]),
        quality=float(values["quality"]),
        px=int(values["px"]),
        embedding=[float(value) for value in values["embedding"]],
        model=str(values["model"]),
    )


def _of(item: Any, name: str) -> Any:
    return item[name] if isinstance(item, dict) else getattr(item, name)


def page(data: bytes) -> Page:
    """The page in ``data``: length of a JSON head (four bytes), the head, the body."""
    (size,) = struct.unpack_from("!I", data)
    head = json.loads(data[4 : 4 + size])
    return read_page(
        from_wire(FetchFacts, head["facts"]),
        data[4 + size :],
        str(head["charset"]),
        from_wire(Limits, head["limits"]),
        bool(head["keep_html"]),
    )


def samples() -> list[bytes]:
    """One small picture of each format, and mails: decoded once before the seal so that nothing is loaded after it."""
    shade = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)
    rgb = Image.fromarray(np.stack([shade, shade.T, 255 - shade], axis=2))
    made: list[bytes] = []
    for kind, source in (
        ("JPEG", rgb),
        ("JPEG", rgb.convert("CMYK")),
        ("JPEG", rgb.convert("L")),
        ("PNG", rgb),
        ("PNG", rgb.convert("P")),
        ("PNG", rgb.convert("RGBA")),
        ("PNG", Image.fromarray(shade.astype(np.uint16) * 257)),
        ("GIF", rgb),
        ("WEBP", rgb),
        ("AVIF", rgb),
    ):
        out = io.BytesIO()
        source.save(out, kind)
        made.append(out.getvalue())
    return made


def rehearse(engine: Engine | None) -> list[str]:
    """Decode one of everything. The formats that did not work here."""
    broken: list[str] = []
    for data in samples():
        decoded = picture(data, engine, faces=engine is not None)
        if decoded.picture.error:
            broken.append(decoded.picture.error)
    if engine is not None:
        engine.analyse(np.full((480, 640, 3), 127, dtype=np.uint8))
    read_page(FetchFacts("http://example.org/", "http://example.org/"), _PAGE, "", Limits(), keep_html=True)
    read_mail(_MAIL)
    read_mail(b"\xff\x00 not a mail")
    return broken


def perform(kind: str, data: bytes, engine: Engine | None, faces: bool) -> Any:
    """One job, JSON-ready."""
    if kind == "picture":
        return to_wire(picture(data, engine, faces))
    if kind == "page":
        return to_wire(page(data))
    if kind == "mail":
        return to_wire(read_mail(data))
    raise ValueError("unknown job")


_PAGE = b"""<!doctype html><html lang=en><head><title>A</title><meta http-equiv=refresh content="0;url=/b">
<script type="application/ld+json">{"image": "/c.jpg"}</script></head><body><nav>N</nav><main><h1>H</h1><p>words
of a page that are long enough to be read</p><a href="http://b\xc3\xbccher.example/"><img src="/a.jpg"
srcset="/b.jpg 2x"></a><svg></svg><img
src="data:image/gif;base64,R0lGODlhAQABAAAAACw="><form><input type=password></form></main></body></html>"""

_MAIL = b"""\
From: =?utf-8?q?M=C3=A4iler?= <MAILER-DAEMON@example.org>\r
To: a@example.org\r
Subject: =?iso-8859-1?b?VW56dXN0ZWxsYmFy?=\r
Date: Sat, 21 Nov 2026 10:00:00 +0000\r
Auto-Submitted: auto-replied\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r
\r
--b\r
Content-Type: text/html; charset=utf-8\r
Content-Transfer-Encoding: quoted-printable\r
\r
<p>Not delivered =C3=BC</p>\r
--b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mail.example.org\r
\r
Final-Recipient: rfc822; nobody@example.org\r
Action: failed\r
Status: 5.1.1\r
\r
--b\r
Content-Type: text/rfc822-headers\r
\r
Subject: x\r
\r
--b\r
Content-Type: application/octet-stream; name="x.bin"\r
Content-Transfer-Encoding: base64\r
\r
AAECAw==\r
--b--\r
"""

"""What a sealed child does with one job: pictures, a page or a mail. Everything it needs is loaded before the seal."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import io
import json
import struct
import zipfile
from base64 import b64encode
from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import AvifImagePlugin, Image

from efface.net import bundle, sitelist
from efface.net.decoder import moving, proofs, shading
from efface.net.decoder.mail import read_mail
from efface.net.kept.model import KeptFile
from efface.net.kept.reading import read as read_kept
from efface.net.page.listing import read_listing
from efface.net.page.model import Page
from efface.net.page.read import read_page
from efface.net.protocol import Decoded, Face, FetchFacts, Limits, Listed, Picture, Vector, Want, from_wire, to_wire
from efface.vision import local, pdq
from efface.vision.animation import is_animated
from efface.vision.copyvector import WHOLE, pictures_within, piece
from efface.vision.formats import sniff_video
from efface.vision.local.tiles import Affine
from efface.vision.pictures import FACE_SIDE, PictureError, read_pixels
from efface.vision.proof import TextEngine

MOST_FACES = 32
LEAST_LOOK_SIDE = 64
"""Pictures with a side shorter than this (pixels, as published) are icons: not looked at for local features."""

AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # a sealed process cannot start threads


class Engine(Protocol):
    """What is asked of ``efface.vision.faces.FaceEngine``."""

    @property
    def thresholds(self) -> Any: ...

    def analyse(self, rgb: NDArray[np.uint8]) -> list[Any]: ...


class Copies(Protocol):
    """What is asked of ``efface.vision.copyvector.CopyEngine``."""

    @property
    def manifest(self) -> Any: ...

    def embed(self, pictures: Sequence[NDArray[np.uint8]]) -> Sequence[Any]: ...


def picture(data: bytes, engine: Engine | None, want: Want, copies: Copies | None = None) -> Decoded:
    """Fingerprints of ``data``, a picture or video, and what else is wanted. Of an animation the first frame is the
    picture."""
    facts = Picture(hashlib.sha256(data).hexdigest(), hashlib.md5(data, usedforsecurity=False).hexdigest(), len(data))
    try:
        if sniff_video(data[:512]):
            find = partial(_faces, engine=engine) if engine is not None and want & Want.FACES else None
            return moving.video(data, facts, want, find)
        return _picture(data, facts, engine, want, copies)
    except PictureError as error:
        return Decoded(dataclasses.replace(facts, error=error.reason))
    except MemoryError:
        return Decoded(dataclasses.replace(facts, error="memory"))


def _picture(data: bytes, facts: Picture, engine: Engine | None, want: Want, copies: Copies | None) -> Decoded:
    faces = bool(want & Want.FACES) and engine is not None
    closer = want & (Want.LOOK | Want.PRINT) or (want & Want.VECTOR and copies is not None)
    side = FACE_SIDE if faces else pdq.LONG_SIDE if closer else pdq.HASH_SIDE
    pixels = read_pixels(data, side)
    shorter = min(pixels.width, pixels.height)
    hashes, quality = _fingerprint(pixels.rgb, shorter)
    met = _faces(pixels.rgb, pixels.width, engine) if faces and engine is not None else []
    features = local.look(pixels.rgb) if want & Want.LOOK and shorter >= LEAST_LOOK_SIDE else None
    enrolled, refused = _print(pixels.rgb) if want & Want.PRINT else ("", "")
    vectors: list[Vector] = []
    if want & Want.VECTOR and copies is not None and shorter >= LEAST_LOOK_SIDE:
        vectors = _vectors(pixels.rgb, copies, within=not want & Want.PRINT)
    clip = moving.animation(data) if is_animated(data) else moving.sheet(pixels.rgb)
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
            clip=b64encode(clip.to_bytes()).decode() if clip is not None else "",
            seconds=round(clip.duration, 2) if clip is not None else 0.0,
        ),
        met,
        b64encode(features.to_bytes()).decode() if features is not None and any(map(len, features.groups)) else "",
        enrolled,
        refused,
        vectors,
    )


def _vectors(rgb: NDArray[np.uint8], copies: Copies, within: bool) -> list[Vector]:
    """The copy vectors of a picture and, where asked for, of pictures ``within`` it; of blank ones there are none."""
    boxes = [WHOLE, *(pictures_within(rgb) if within else [])]
    model = str(copies.manifest.model_id)
    return [
        Vector(model, [round(float(value), 5) for value in vector], [round(share, 4) for share in box])
        for box, vector in zip(boxes, copies.embed([piece(rgb, box) for box in boxes]), strict=True)
        if vector is not None
    ]


def _print(rgb: NDArray[np.uint8]) -> tuple[str, str]:
    """The local print of a picture, or the reason why it has none."""
    try:
        return b64encode(local.enrol(rgb).to_bytes()).decode(), ""
    except local.LocalRefused as refusal:
        return "", refusal.reason


def tiles(data: bytes) -> list[str]:
    """What the picture in ``data`` shows at the places that its head names: length of a JSON head (four bytes), the
    head, the picture."""
    (size,) = struct.unpack_from("!I", data)
    transforms = [_affine(one) for one in json.loads(data[4 : 4 + size])["transforms"]]
    pixels = read_pixels(data[4 + size :], pdq.LONG_SIDE)
    return [b64encode(one.to_bytes()).decode() for one in local.tiles(pixels.rgb, transforms)]


def _affine(values: Any) -> Affine:
    a, b, c, d, e, f = (float(value) for value in values)
    return a, b, c, d, e, f


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
        sharp=float(values["sharp"]),
        turn=float(values["turn"]),
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


def listing(data: bytes) -> Listed:
    """The list in ``data``: length of a JSON head (four bytes), the head, the body."""
    (size,) = struct.unpack_from("!I", data)
    url = str(json.loads(data[4 : 4 + size])["url"])
    found = read_listing(data[4 + size :], url)
    return Listed(FetchFacts(url), found.kind, found.entries, found.template, found.more)


def kept(data: bytes) -> list[KeptFile]:
    """What is in a file that was kept as proof: length of a JSON head (four bytes; ``name``, ``look``), the head, the
    file. Pictures in it are looked at only where ``look`` says so."""
    (size,) = struct.unpack_from("!I", data)
    head = json.loads(data[4 : 4 + size])

    def fingerprint(inner: bytes) -> Picture:
        return picture(inner, None, Want.PLAIN).picture

    return read_kept(str(head["name"]), data[4 + size :], fingerprint if head["look"] else None)


def cover_proof(data: bytes, engine: Engine | None, text: TextEngine | None) -> dict[str, Any]:
    """A photographed identity document with its parts covered, or what to cover: see ``proofs``."""
    try:
        return proofs.answer(data, engine, text)
    except PictureError as error:
        return {"error": error.reason}
    except MemoryError:
        return {"error": "memory"}


def preview(data: bytes) -> dict[str, Any]:
    """A picture tiny, grey and blurred, or why not."""
    try:
        width, height, grey = shading.shade(read_pixels(data, shading.PREVIEW_SIDE).rgb)
    except PictureError as error:
        return {"error": error.reason}
    except MemoryError:
        return {"error": "memory"}
    return {"width": width, "height": height, "grey": b64encode(grey).decode()}


def read_sites(data: bytes) -> dict[str, Any]:
    """The lines of a list of sites, or what is wrong with it."""
    try:
        return sitelist.to_wire(sitelist.parse(data))
    except sitelist.ListError as error:
        return {"error": str(error)}


_DEEPEST = 8


def read_object(data: bytes) -> dict[str, Any]:
    """``data`` as one JSON object of at most ``_DEEPEST`` levels, or what is wrong with it."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {"error": "not JSON, or nested too deeply"}
    if not isinstance(found, dict):
        return {"error": "not a JSON object"}
    level: list[Any] = [found]
    for _ in range(_DEEPEST):
        level = [inner for one in level for inner in (one.values() if isinstance(one, dict) else one)
                 if isinstance(inner, dict | list)]  # fmt: skip
    return {"error": "not JSON, or nested too deeply"} if level else {"object": found}


def read_bundle(data: bytes) -> dict[str, Any]:
    """The items of a bundle, or what is wrong with it."""
    try:
        return {"items": [{"label": one.label, "decoded": to_wire(one.decoded)} for one in bundle.from_json(data)]}
    except bundle.BundleError as error:
        return {"error": str(error)[:200]}


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
    frames = [rgb.rotate(turn) for turn in (0, 90, 180)]
    for kind in ("GIF", "WEBP"):
        out = io.BytesIO()
        frames[0].save(out, kind, save_all=True, append_images=frames[1:], duration=500)
        made.append(out.getvalue())
    return [*made, moving.sample()]


def kept_samples() -> dict[str, bytes]:
    """One kept file of each kind, an archive of every way of packing among them, so that nothing is loaded later."""
    texts = {
        "a.txt": b"01/02/2026, 21:15 - A: hello\n13/02/2026, 21:16 - B: \xc3\xa9", "b.txt": "x".encode("utf-16"),
        "c.json": b'{"messages": [{"sender_name": "A", "timestamp_ms": 1, "content": "x"}]}', "d.eml": _MAIL,
        "e.html": b"<html><body><div class='message default'><div class='date' title='1'></div></div></body></html>",
    }  # fmt: skip
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for way in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
            archive.writestr(f"{way}.txt", b"01/02/2026, 21:15 - A: hello\n" * 9, way)
    return {**texts, "f.zip": out.getvalue()}


def everything(engine: Engine | None, copies: Copies | None = None) -> Want:
    """All that can be wanted here."""
    faces = Want.FACES if engine is not None else Want.PLAIN
    return Want.LOOK | Want.PRINT | faces | (Want.VECTOR if copies is not None else Want.PLAIN)


def rehearse(engine: Engine | None, copies: Copies | None = None, text: TextEngine | None = None) -> list[str]:
    """Decode one of everything. The formats that did not work here."""
    broken: list[str] = []
    for data in samples():
        decoded = picture(data, engine, everything(engine, copies), copies)
        if decoded.picture.error:
            broken.append(decoded.picture.error)
    if preview(samples()[0]).get("error"):
        broken.append("preview")
    if engine is not None:
        engine.analyse(np.full((480, 640, 3), 127, dtype=np.uint8))
    _rehearse_local()
    if cover_proof(proofs.sample(), engine, text).get("error"):
        broken.append("proof")
    read_bundle(b"{}")
    for sample in (b"url;type\nhttp://a.example/;tube", b'["a.example"]', b"a.example\n", "a.b".encode("utf-16")):
        read_sites(sample)
    read_object(b'{"a": [1.5, "\\u00e9", null, {}]}')
    read_object(b"not JSON")
    read_page(FetchFacts("http://example.org/", "http://example.org/"), _PAGE, "", Limits(), keep_html=True)
    read_page(FetchFacts("http://example.org/", "http://example.org/"), b'{"next": "/b"}', "", Limits())
    for sample in _LISTS:
        read_listing(sample, "http://example.org/")
    for name, sample in kept_samples().items():
        read_kept(name, sample, lambda _: Picture())
    read_mail(_MAIL)
    read_mail(b"\xff\x00 not a mail")
    return broken


def _rehearse_local() -> None:
    """Everything a look can come to: a picture in a frame, two beside each other, and the places asked about."""
    speckled = np.random.default_rng(0).integers(0, 256, (40, 56, 1), np.uint8)
    pattern = np.repeat(np.repeat(np.repeat(speckled, 6, axis=0), 6, axis=1), 3, axis=2)
    framed = np.full((480, 720, 3), 245, np.uint8)
    framed[80:320, 40:376] = pattern
    framed[80:320, 384:720] = pattern
    local.look(framed)
    local.enrol(pattern)
    local.tiles(framed, [(0.4, 0.0, 0.1, 0.0, 0.5, 0.2)])


def perform(
    kind: str,
    data: bytes,
    engine: Engine | None,
    want: Want,
    copies: Copies | None = None,
    text: TextEngine | None = None,
) -> Any:
    """One job, JSON-ready."""
    if kind == "picture":
        return to_wire(picture(data, engine, want, copies))
    if kind == "tiles":
        return tiles(data)
    if kind == "kept":
        return [to_wire(one) for one in kept(data)]
    if kind == "proof":
        return cover_proof(data, engine, text)
    if kind == "preview":
        return preview(data)
    if kind == "bundle":
        return read_bundle(data)
    if kind == "sites":
        return read_sites(data)
    if kind == "object":
        return read_object(data)
    if kind == "page":
        return to_wire(page(data))
    if kind == "listing":
        return to_wire(listing(data))
    if kind == "mail":
        return to_wire(read_mail(data))
    raise ValueError("unknown job")


_PAGE = b"""<!doctype html><html lang=en><head><title>A</title><meta http-equiv=refresh content="0;url=/b">
<script type="application/ld+json">{"image": "/c.jpg"}</script></head><body><nav>N</nav><main><h1>H</h1><p>words
of a page that are long enough to be read</p><a href="http://b\xc3\xbccher.example/"><img src="/a.jpg"
srcset="/b.jpg 2x"></a><svg></svg><img
src="data:image/gif;base64,R0lGODlhAQABAAAAACw="><form><input type=password></form></main></body></html>"""

_LISTS = (
    b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc>/a</loc><lastmod>2026-01-02</lastmod></url>"
    b"</urlset>",
    b"<rss><channel><item><link>/a</link><pubDate>Sat, 21 Nov 2026 10:00:00 +0000</pubDate></item></channel></rss>",
    b'{"items": [{"url": "/a"}]}',
    gzip.compress(b"http://example.org/a"),
    b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>",
)

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

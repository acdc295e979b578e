"""A bundle: fingerprints made on somebody's own computer, to be taken into a case. Never a picture.

A JSON object: ``{"efface": "bundle", "version": 1, "items": [{"label": ..., "decoded": {...}}]}``, each item what the
decoder answered for one file (``efface.net.protocol.Decoded``). It is read as hostile input.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from efface.net.decoded import check
from efface.net.protocol import Decoded, ProtocolError, from_wire, to_wire
from efface.vision.local import LocalFormatError, LocalPrint
from efface.vision.video import VideoPrint

VERSION = 1
MOST_BYTES = 15_000_000
"""Less than ``efface.net.protocol.MAX_FRAME``: the decoder hands a bundle back as one message."""
MOST_ITEMS = 200
_HEX64 = re.compile(r"[0-9a-f]{64}")
_HEX32 = re.compile(r"[0-9a-f]{32}")


class BundleError(ValueError):
    """The bytes are not a bundle; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Item:
    """``label`` is what its owner calls the file; ``decoded`` its fingerprints."""

    label: str
    decoded: Decoded


def to_json(items: Sequence[Item]) -> str:
    """The bundle as text. Raises ``BundleError`` where there is more than ``from_json`` would take."""
    if len(items) > MOST_ITEMS:
        raise BundleError("more files than a bundle may have")
    body = [{"label": one.label, "decoded": _written(one.decoded)} for one in items]
    text = json.dumps({"efface": "bundle", "version": VERSION, "items": body}, separators=(",", ":")) + "\n"
    if len(text) > MOST_BYTES:
        raise BundleError("larger than a bundle may be")
    return text


def _written(decoded: Decoded) -> Any:
    """Without copy vectors where there are none: so a bundle reads as before there were any."""
    body = to_wire(decoded)
    if not decoded.vectors:
        del body["vectors"]
    return body


def from_json(data: bytes) -> list[Item]:
    """The items of a bundle, each checked. Raises ``BundleError``."""
    if len(data) > MOST_BYTES:
        raise BundleError("larger than a bundle may be")
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise BundleError("not JSON") from None
    if not isinstance(found, dict) or found.get("efface") != "bundle":
        raise BundleError("not a bundle of fingerprints")
    if found.get("version") != VERSION:
        raise BundleError("made by another version of Efface")
    return checked(found.get("items"))


def checked(given: Any) -> list[Item]:
    """A bundle's list of files, each checked. Raises ``BundleError``."""
    if not isinstance(given, list):
        raise BundleError("no list of files")
    if len(given) > MOST_ITEMS:
        raise BundleError("more files than a bundle may have")
    return [_item(one, number) for number, one in enumerate(given, 1)]


def _item(given: Any, number: int) -> Item:
    if not isinstance(given, dict) or not isinstance(given.get("label"), str):
        raise BundleError(f"file {number}: no label")
    try:
        decoded: Decoded = from_wire(Decoded, given.get("decoded"))
        _check(decoded)
    except (ProtocolError, LocalFormatError, ValueError) as error:
        raise BundleError(f"file {number}: {str(error)[:160]}") from None
    return Item("".join(sign for sign in given["label"][:120] if sign.isprintable()), decoded)


def _check(decoded: Decoded) -> None:
    """Raises ``ValueError``, saying which part has not its form."""
    picture = decoded.picture
    if decoded.look:
        raise ValueError("what strangers' pictures are compared by has no place in a bundle")
    if not _HEX64.fullmatch(picture.sha256) or not _HEX32.fullmatch(picture.md5):
        raise ValueError("digests")
    check(decoded)
    if not picture.error and not picture.pdq and not picture.clip:
        raise ValueError("no fingerprint")
    if picture.clip and not VideoPrint.from_bytes(b64decode(picture.clip, validate=True)).frames:
        raise ValueError("a video without a frame")
    if decoded.print:
        LocalPrint.from_bytes(b64decode(decoded.print, validate=True))

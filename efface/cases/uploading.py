"""Uploaded pictures and videos become fingerprints in memory, in the sandboxed decoder, and their bytes are dropped.

One decoder serves the process it is asked in. Nothing here writes a file.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from efface.engine.base import settings
from efface.net.bundle import BundleError, Item
from efface.net.kept.model import KeptFile
from efface.net.proofs import Proof, ProofRequest
from efface.net.protocol import Decoded, Picture, Want
from efface.net.sitelist import ListError, SiteList

MAX_FILES = 40
MAX_FILE = 25_000_000
MAX_TOTAL = 58_000_000

_lock = threading.Lock()


def objection(chosen: Sequence[Any], length: int) -> str:
    """Why these uploaded files cannot be taken, in words; "" where they can. ``length`` is the request's, bytes."""
    if length > MAX_TOTAL:
        return _("Together these files are too large. Please choose fewer at a time.")
    if not chosen:
        return _("No file was chosen.")
    if len(chosen) > MAX_FILES:
        return _("Please choose at most %(n)d files at a time.") % {"n": MAX_FILES}
    if any(one.size > MAX_FILE for one in chosen):
        return _("One of the files is larger than %(n)d megabytes.") % {"n": MAX_FILE // 1_000_000}
    return ""


def label(name: str, number: int) -> str:
    """What a picture is called: its file name without folders and control characters, or its number."""
    shown = "".join(one for one in name.rsplit("/", 1)[-1] if one.isprintable()).strip()[:80]
    return shown or _("picture %(n)d") % {"n": number}


_decoder: Any = None


def _open() -> Any:
    global _decoder
    if _decoder is None:
        from efface.net.decoder import Decoder

        models = settings.data_folder() / "models"
        _decoder = Decoder(models=models if models.is_dir() else None)
    return _decoder


def read(files: Sequence[bytes], want: Want) -> list[Decoded]:
    """Fingerprints of each file, in order, and what else is wanted. A file that cannot be read has a typed reason in
    ``picture.error``; where the decoder cannot run at all, every reason is "off"."""
    global _decoder
    try:
        with _lock:
            decoder = _open()
        return list(decoder.decode_pictures(list(files), want))
    except (OSError, RuntimeError):
        with _lock:
            # Another one is started at the next upload.
            _close(_decoder)
            _decoder = None
        return [Decoded(Picture(size=len(one), error="off")) for one in files]


def read_bundle(data: bytes) -> list[Item]:
    """The items of a bundle of fingerprints. Raises ``efface.net.bundle.BundleError``."""
    try:
        with _lock:
            decoder = _open()
        items: list[Item] = decoder.decode_bundle(data)
    except (OSError, RuntimeError):
        close()
        raise BundleError(_("the safe reader is not running")) from None
    return items


def read_sites(data: bytes) -> SiteList:
    """The lines of a list of sites. Raises ``efface.net.sitelist.ListError``."""
    try:
        with _lock:
            decoder = _open()
        found: SiteList = decoder.decode_sites(data)
    except (OSError, RuntimeError):
        close()
        raise ListError(_("the safe reader is not running")) from None
    return found


def read_object(data: bytes) -> dict[str, Any] | str:
    """An uploaded file as one JSON object, or in words why it could not be read."""
    try:
        with _lock:
            decoder = _open()
        found: dict[str, Any] | str = decoder.decode_object(data)
    except (OSError, RuntimeError):
        close()
        return _("the safe reader is not running")
    return found


def read_kept(name: str, data: bytes, look: bool) -> list[KeptFile]:
    """A file that was kept as proof, read in the sandbox; ``look``: pictures in it may be fingerprinted."""
    try:
        with _lock:
            decoder = _open()
        found: list[KeptFile] = decoder.decode_kept(name, data, look)
    except (OSError, RuntimeError):
        close()
        return [KeptFile(name, size=len(data), error="off")]
    return found


def cover_proof(request: ProofRequest) -> Proof:
    """A photographed identity document covered in the sandbox; ``error`` says why not."""
    try:
        with _lock:
            decoder = _open()
        found: Proof = decoder.cover_proof(request)
    except (OSError, RuntimeError):
        close()
        return Proof(error="off")
    return found


def _close(decoder: Any) -> None:
    if decoder is not None:
        try:
            decoder.close()
        except (OSError, RuntimeError):
            pass


def close() -> None:
    """End the decoder of this process, if it has one."""
    global _decoder
    with _lock:
        _close(_decoder)
        _decoder = None

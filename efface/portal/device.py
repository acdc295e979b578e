"""What a page needs to make fingerprints on her own device: the built scripts, and the face models of the installation.

Where either is absent, that is said instead of offered.
"""

from __future__ import annotations

import functools
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.templatetags.static import static

from efface.engine.base import settings
from efface.vision.models.errors import ModelError
from efface.vision.models.manifest import Manifest, active
from efface.vision.models.store import read_checked

BUILT = Path(__file__).parent / "static" / "efface" / "device"
ROLES = {"face-detector": "detector", "face-landmarks": "landmarks", "face-embedder": "embedder"}
KINDS = {"face-detector": "rfb", "face-landmarks": "onet", "face-embedder": "embedder"}
"""How the page runs each: a model of another kind is left to the server."""


@dataclass(frozen=True, slots=True)
class Scripts:
    """Addresses of the built scripts; ``begin_bytes`` and ``face_bytes`` are what loading them costs, packed."""

    begin: str
    glue: str
    wasm: str
    begin_bytes: int
    face_bytes: int


def scripts() -> Scripts | None:
    """None where they were not built, or not whole."""
    try:
        stamp = (BUILT / "manifest.json").stat().st_mtime_ns
    except OSError:
        return None
    return _scripts(BUILT, stamp)


@functools.lru_cache(maxsize=4)
def _scripts(folder: Path, stamp: int) -> Scripts | None:
    try:
        held = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if not all((folder / name).is_file() for name in held["files"]):
            return None
        at = {name: static(f"efface/device/{held[name]}") for name in ("begin", "glue", "wasm")}
        return Scripts(**at, begin_bytes=int(held["begin_bytes"]), face_bytes=int(held["face_bytes"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def models_folder() -> Path:
    """Where the installation keeps its models."""
    return settings.data_folder() / "models"


def nets(folder: Path) -> dict[str, Manifest]:
    """The installed face models by the page's word for them; empty where they are not all there, or one is not of the
    kind that the page can run."""
    try:
        found = {ROLES[one.role]: one for one in active(folder) if one.role in ROLES}
    except ModelError:
        return {}
    whole = len(found) == len(ROLES) and all(
        KINDS[one.role] == one.kind and (folder / one.file).is_file() for one in found.values()
    )
    return found if whole else {}


def net_plan(folder: Path) -> dict[str, dict[str, Any]]:
    """For each net its file, digest, bytes, and what of its manifest the page runs it by."""
    return {
        word: {
            "file": one.file,
            "sha256": one.sha256,
            "bytes": one.bytes,
            "manifest": {
                "input": asdict(one.input), "outputs": dict(one.outputs), "flip": one.flip, "model": one.model_id,
            },
        }
        for word, one in nets(folder).items()
    }  # fmt: skip


def net_bytes(folder: Path, sha256: str) -> bytes | None:
    """The file of an installed face model, checked; None where there is none with that digest."""
    for one in nets(folder).values():
        if one.sha256 == sha256:
            try:
                return read_checked(folder, one)
            except ModelError:
                return None
    return None

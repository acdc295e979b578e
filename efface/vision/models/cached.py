"""The default models in the user's own cache: for what runs beside an installation, a demo or a measurement."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from efface.vision.models.acquire import install
from efface.vision.models.store import list_models


def cached(say: Callable[[str], None]) -> Path:
    """The folder, with the models installed in it: the first time they are fetched. Raises ``ModelError``."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "efface" / "models"
    if not complete(cache):
        say(f"Installing the face models in {cache} (once) ...")
        install(cache)
    return cache


def complete(folder: Path) -> bool:
    """Whether every default model is installed there."""
    return all(row.state == "installed" for row in list_models(folder))

"""The way to the fetcher for this room and those above it."""

from __future__ import annotations

from efface.engine.base import settings
from efface.net.client import Fetcher


def fetcher() -> Fetcher:
    return Fetcher(str(settings.run_folder() / "fetcher.sock"))

"""The list that this installation compares with: what the setting ``child_list`` names. Off without it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from efface.engine.base import sealing, settings
from efface.search.suspicion import terms
from efface.search.suspicion.contract import Digests, KnownList, ListRefused, ListUnavailable
from efface.search.suspicion.endpoint import Endpoint
from efface.search.suspicion.listfile import ListFile
from efface.search.suspicion.page import Suspicion

log = logging.getLogger(__name__)


def configured() -> KnownList | None:
    """Read once a process. Raises ``ListRefused``: with a list that cannot be read nothing is crawled, for it would not
    be compared."""
    return _of(settings.get("child_list").strip())


@cache
def _of(given: str) -> KnownList | None:
    if not given:
        return None
    if "://" not in given:
        return ListFile(Path(given))
    if given.startswith("file://"):
        raise ListRefused("child_list: give a file by its path alone")
    try:
        token = (sealing.secrets_folder() / "child-list").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        token = ""
    return Endpoint(given, token)


def suspicion() -> Suspicion:
    """What the crawl of this installation holds pages against. Raises ``ListRefused``."""
    return Suspicion(configured(), terms.read(settings.get("child_terms").strip()))


class _Broken:
    """In the place of a list or of terms that cannot be read: whatever is met waits until they can."""

    name = "none"

    def holds(self, met: Sequence[Digests]) -> bool:
        raise ListUnavailable("child_list or child_terms cannot be read; `efface doctor` says why")


def for_crawl() -> Suspicion:
    """The same for a job: where the settings will not do, nothing that shows media is read until they do."""
    try:
        return suspicion()
    except ListRefused as refusal:
        log.error("nothing that shows media is read: %s", refusal)
        return Suspicion(_Broken(), terms.read())


def forget_cache() -> None:
    """Read the setting's list again (tests)."""
    _of.cache_clear()
    terms.read.cache_clear()

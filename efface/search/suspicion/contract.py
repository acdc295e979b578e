"""What a list of known child material must keep, whatever stands behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from efface.search.matcher.client import MatcherUnavailable


class ListUnavailable(MatcherUnavailable):
    """The list that was configured cannot be asked: what was met is not compared, and must be met again."""


class ListRefused(ValueError):
    """The setting or the file will not do; the message says what would, and nothing of what stands in the file."""


@dataclass(frozen=True, slots=True)
class Digests:
    """Of one picture or video: MD5 and SHA-256 in hexadecimal, and its PDQ as it stands and turned in the seven other
    ways (64 digits each; none where its quality is so low that it says little)."""

    md5: str = ""
    sha256: str = ""
    pdq: tuple[str, ...] = ()


class KnownList(Protocol):
    """A list of digests of known child material.

    ``holds`` says whether any of these is on it: yes or no for the page as a whole, never which. It keeps nothing of
    what it was asked, in no table, file or log. It raises ``ListUnavailable`` where it cannot say. ``name`` is what
    stands as the reason: a word for the list, nothing of its contents."""

    name: str

    def holds(self, met: Sequence[Digests]) -> bool: ...

"""The entries of the corpus: what was written, how it is packed into a mail, and what kind of reply it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
HALVES = ("open", "kept")
MORE = ("more/worked", "more/aside", "more/desks", "more/second", "more/third", "more/fourth")
"""Written later, to develop on and to calibrate (see README.md)."""
LARGER = ("en", "es", "fr", "de")
LANGUAGES = (*LARGER, "pt", "it", "pl", "nl", "ru", "uk", "tr", "ja", "zh", "ar", "sv", "cs")
KINDS = (
    "auto-acknowledgement",
    "asks-for-more",
    "refuses",
    "claims-removal",
    "counter-notice",
    "forwards",
    "other",
)
CHARSETS = (
    "us-ascii",
    "utf-8",
    "iso-8859-1",
    "iso-8859-2",
    "iso-8859-9",
    "iso-8859-15",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1254",
    "windows-1256",
    "koi8-r",
    "koi8-u",
    "iso-2022-jp",
    "shift_jis",
    "euc-jp",
    "gb18030",
    "gb2312",
    "big5",
)
ENCODINGS = ("7bit", "8bit", "quoted-printable", "base64")
FORMS = ("plain", "html", "both", "mixed")
QUOTES = ("angle", "outlook", "bare", "unmarked")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same rules, ten times as fast where it was built


@dataclass(frozen=True, slots=True)
class Entry:
    """One mail. ``kind`` is empty for ordinary mail; ``because`` is the sentence of ``body`` that decides the kind.

    ``below`` is (name of a notice, how it is quoted); ``html`` is given where the HTML was written by hand.
    """

    id: str
    language: str
    half: str
    sender: str
    subject: str
    body: str
    kind: str = ""
    because: str = ""
    tags: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    charset: str = "utf-8"
    encoding: str = "quoted-printable"
    form: str = "plain"
    html: str = ""
    below: tuple[str, str] | None = None
    threaded: bool = True


class Malformed(ValueError):
    """An entry cannot be read. The message names the entry and the field to mend."""


def replies(half: str) -> Iterator[Entry]:
    """The labelled replies of one half (or of a folder in ``more``), language by language."""
    for language in LANGUAGES:
        path = HERE / half / f"{language}.yaml"
        if path.is_file():
            yield from _read(path, half, language)


def ordinary(half: str) -> Iterator[Entry]:
    """Ordinary mails of one half: neither replies to a notice nor delivery reports."""
    yield from _read(HERE / "ordinary" / f"{half}.yaml", half, "")


def _read(path: Path, half: str, language: str) -> Iterator[Entry]:
    for row in yaml.load(path.read_text(encoding="utf-8"), _LOADER) or []:
        yield entry(row, half, language)


def entry(row: dict[str, Any], half: str, language: str) -> Entry:
    """One row of a file, checked."""
    row = dict(row)
    name = row.get("id", "an entry without id")
    below = tuple(str(row.pop("below", "")).split())
    try:
        found = Entry(
            half=half,
            language=language or row.pop("language"),
            sender=row.pop("from"),
            tags=tuple(row.pop("tags", ())),
            below=(below[0], below[1]) if below else None,
            **row,
        )
    except (KeyError, TypeError, IndexError) as wrong:
        raise Malformed(f"{name}: {wrong}") from wrong
    for value, allowed in (
        (found.charset, CHARSETS),
        (found.encoding, ENCODINGS),
        (found.form, FORMS),
        (found.below[1] if found.below else "angle", QUOTES),
        (found.kind, ("", *KINDS)),
    ):
        if value not in allowed:
            raise Malformed(f"{name}: {value!r} is none of {', '.join(allowed)}")
    return found

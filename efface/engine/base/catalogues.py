"""Translations: ``.po`` files beside the rooms become one ``.mo`` file a language in the data folder.

No compiler of catalogues is needed on the machine. The format is GNU gettext's (manual, section "The Format of GNU MO
Files"): sorted messages, a plural's forms parted by NUL.
"""

from __future__ import annotations

import ast
import logging
import os
import re
import struct
from collections.abc import Iterable
from pathlib import Path

from efface.engine.base import settings

log = logging.getLogger(__name__)
MAGIC = 0x950412DE
_LINE = re.compile(r'(msgid_plural|msgid|msgstr(?:\[(\d+)\])?)?\s*("(?:[^"\\]|\\.)*")\s*$')


class CatalogueBroken(ValueError):
    """A ``.po`` file does not have the form of one; the message names file and line."""


def read(text: str, name: str = "") -> dict[str, str]:
    """Message to translation of a ``.po`` file. A message with a plural is keyed ``singular NUL plural``; its forms are
    parted by NUL. The header stands under "". Untranslated messages are left out."""
    found: dict[str, str] = {}
    parts: dict[str, str] = {}
    current = ""

    def finish() -> None:
        if "msgid" in parts:
            forms = [parts[key] for key in sorted(parts) if key.startswith("msgstr")]
            key = parts["msgid"] + ("\0" + parts["msgid_plural"] if "msgid_plural" in parts else "")
            if all(forms) and forms:
                found[key] = "\0".join(forms)
        parts.clear()

    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.match(line)
        if match is None:
            raise CatalogueBroken(f"{name}:{number}: not a line of a catalogue")
        keyword, quoted = match[1], ast.literal_eval(match[3])
        if keyword == "msgid":
            finish()
        if keyword:
            current = keyword
            parts[current] = quoted
        elif current:
            parts[current] += quoted
        else:
            raise CatalogueBroken(f"{name}:{number}: text that belongs to nothing")
    finish()
    return found


def compiled(messages: dict[str, str]) -> bytes:
    """The ``.mo`` file of these messages."""
    rows = sorted((key.encode(), value.encode()) for key, value in messages.items())
    keys, values = b"".join(key + b"\0" for key, _ in rows), b"".join(value + b"\0" for _, value in rows)
    start = 28 + 16 * len(rows)
    key_table, value_table = b"", b""
    key_at, value_at = start, start + len(keys)
    for key, value in rows:
        key_table += struct.pack("<II", len(key), key_at)
        value_table += struct.pack("<II", len(value), value_at)
        key_at, value_at = key_at + len(key) + 1, value_at + len(value) + 1
    head = struct.pack("<7I", MAGIC, 0, len(rows), 28, 28 + 8 * len(rows), 0, start)
    return head + key_table + value_table + keys + values


def folder() -> Path:
    return settings.data_folder() / "locale"


def install(rooms: Iterable[Path]) -> int:
    """Compile every language found under ``<room>/locale``. Returns how many files were written; those that are as
    they should be are left alone. Where the data folder cannot be written, everything stays in English."""
    languages: dict[str, dict[str, str]] = {}
    for room in rooms:
        for path in sorted((room / "locale").glob("*/LC_MESSAGES/django.po")):
            languages.setdefault(path.parts[-3], {}).update(read(path.read_text(encoding="utf-8"), str(path)))
    written = 0
    for language, messages in languages.items():
        target, data = folder() / language / "LC_MESSAGES" / "django.mo", compiled(messages)
        try:
            if target.exists() and target.read_bytes() == data:
                continue
            target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            part = target.with_suffix(f".{os.getpid()}")
            part.write_bytes(data)
            part.replace(target)
            written += 1
        except OSError as error:
            log.warning("translations into %s cannot be kept: %s", language, error.strerror)
    return written

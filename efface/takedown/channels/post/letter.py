"""The letter as a PDF (PDF/UA-1), set by typst with the fonts it brings: no system library, no file, no network. Pure.

Words are handed over as data, never as source: nothing a stranger wrote is ever read as a command."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from efface.takedown.channels.contract import CannotPrepare, Task

SOURCE = Path(__file__).parent / "letter.typ"
WORDS = {
    "en": ("Our reference:", "Enclosures"), "de": ("Unser Zeichen:", "Anlagen"),
    "es": ("Nuestra referencia:", "Anexos"),
    "fr": ("Notre référence :", "Pièces jointes"), "pt": ("Nossa referência:", "Anexos"),
    "it": ("Nostro riferimento:", "Allegati"), "pl": ("Nasz znak:", "Załączniki"), "nl": ("Ons kenmerk:", "Bijlagen"),
}  # fmt: skip
LONGEST = 200_000
_GLYPH = re.compile(r'text `"(.{1,8}?)"` could not be displayed')


def pdf(task: Task) -> bytes:
    """The finished letter. Raises ``CannotPrepare`` for one that is too long, or whose letters no font here has."""
    import typst  # here, because few processes set a letter

    if len(task.text) > LONGEST:
        raise CannotPrepare("the text is too long for a letter: divide the notice")
    given = {"letter": json.dumps(_data(task), ensure_ascii=False)}
    for bundled in (True, False):
        # The fonts it brings first, so that the same letter looks the same everywhere; the machine's own for the rest.
        try:
            compiler = typst.Compiler(_source(), ignore_system_fonts=bundled, sys_inputs=given)
            made: bytes = compiler.compile(format="pdf", pdf_standards=["ua-1"])
            return made
        except typst.TypstError as error:
            glyph = _GLYPH.search(str(error))
            if glyph is None:
                raise CannotPrepare("the letter could not be set in type") from None
    raise CannotPrepare(f"no font on this machine has the letter {glyph.group(1)!r}: install Noto fonts for its script")


@cache
def _source() -> bytes:
    return SOURCE.read_bytes()


def _data(task: Task) -> dict[str, object]:
    language = task.language.lower().split("-")[0]
    reference, enclosures = WORDS.get(language, WORDS["en"])
    paragraphs = [part.splitlines() for part in re.split(r"\n\s*\n", task.text.strip()) if part.strip()]
    return {
        "language": language, "organisation": _line(task.organisation), "signatory": _line(task.signatory),
        "sender": [_line(one) for one in task.sender or (task.organisation, task.reply_to) if one.strip()],
        "postal": [_line(one) for one in (task.name, *task.postal) if one.strip()],
        "date": task.written.date().isoformat() if task.written else "", "reference": _line(task.reference),
        "subject": _line(task.subject) or _line(task.reference), "enclosures": [_line(one) for one in task.enclosures],
        "paragraphs": [[_line(line) for line in part] for part in paragraphs],
        "words": {"reference": reference, "enclosures": enclosures},
    }  # fmt: skip


def _line(value: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in value).split())

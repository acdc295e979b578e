"""The letter as a PDF (PDF/UA-1), set by typst with the fonts it brings: no system library, no file, no network. Pure.

Words are handed over as data, never as source: nothing a stranger wrote is ever read as a command."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from efface.engine.base.text import one_line
from efface.takedown.channels.contract import CannotPrepare, Task

SOURCE = Path(__file__).parent / "letter.typ"
WORDS = {
    "en": ("Our reference:", "Enclosures"), "de": ("Unser Zeichen:", "Anlagen"),
    "es": ("Nuestra referencia:", "Anexos"),
    "fr": ("Notre référence :", "Pièces jointes"), "pt": ("Nossa referência:", "Anexos"),
    "it": ("Nostro riferimento:", "Allegati"), "pl": ("Nasz znak:", "Załączniki"), "nl": ("Ons kenmerk:", "Bijlagen"),
}  # fmt: skip
LONGEST = 200_000
WIDTH = 72
"""Letters of one word that stand on a line."""
_LONG = re.compile(rf"\S{{{WIDTH + 1},}}")
_GLYPH = re.compile(r'text `"(.{1,8}?)"` could not be displayed')


def pdf(task: Task) -> bytes:
    """The finished letter. Raises ``CannotPrepare`` for one that is too long, or whose letters no font here has."""
    import typst  # here, because few processes set a letter

    if len(task.text) > LONGEST:
        raise CannotPrepare("the text is too long for a letter: divide the notice")
    missing = ""
    given = {"letter": json.dumps(_data(task), ensure_ascii=False)}
    for bundled in (True, False):
        # The fonts it brings first, so that the same letter looks the same everywhere; the machine's own for the rest.
        try:
            compiler = typst.Compiler(_source(), ignore_system_fonts=bundled, sys_inputs=given)
            made = compiler.compile(format="pdf", pdf_standards=["ua-1"])
        except typst.TypstError as error:
            found = _GLYPH.search(str(error))
            if found is None:
                raise CannotPrepare("the letter could not be set in type") from None
            missing = found.group(1)
            continue
        if isinstance(made, bytes):
            return made
        raise CannotPrepare("the letter could not be set in type")
    raise CannotPrepare(f"no font on this machine has the letter {missing!r}: install Noto fonts for its script")


@cache
def _source() -> bytes:
    return SOURCE.read_bytes()


def _data(task: Task) -> dict[str, object]:
    language = task.language.lower().split("-")[0]
    reference, enclosures = WORDS.get(language, WORDS["en"])
    paragraphs = [part.splitlines() for part in re.split(r"\n\s*\n", task.text.strip()) if part.strip()]
    return {
        "language": language, "organisation": one_line(task.organisation), "signatory": one_line(task.signatory),
        "sender": [one_line(one) for one in task.sender or (task.organisation, task.reply_to) if one.strip()],
        "postal": [one_line(one) for one in (task.name, *task.postal) if one.strip()],
        "date": task.written.date().isoformat() if task.written else "", "reference": one_line(task.reference),
        "subject": one_line(task.subject) or one_line(task.reference),
        "enclosures": [one_line(one) for one in task.enclosures],
        "paragraphs": [[piece for line in part for piece in _broken(one_line(line))] for part in paragraphs],
        "words": {"reference": reference, "enclosures": enclosures},
    }  # fmt: skip


def _broken(line: str) -> list[str]:
    """An address longer than a line is broken by a new line, and by nothing that would be copied out with it."""
    pieces = [line]
    while (run := _LONG.search(pieces[-1])) is not None:
        last = pieces.pop()
        cut = run.start() + WIDTH
        pieces += [last[:cut], last[cut:]]
    return pieces

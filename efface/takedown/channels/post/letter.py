"""The letter as a PDF (``engine.base.typeset``): no file, no network. Pure."""

from __future__ import annotations

import re
from pathlib import Path

from efface.engine.base import typeset
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


def pdf(task: Task) -> bytes:
    """The finished letter. Raises ``CannotPrepare`` for one that is too long, or whose letters no font here has."""
    if len(task.text) > LONGEST:
        raise CannotPrepare("the text is too long for a letter: divide the notice")
    try:
        return typeset.pdf(SOURCE, "letter", _data(task))
    except typeset.CannotSet as error:
        raise CannotPrepare(str(error)) from None


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

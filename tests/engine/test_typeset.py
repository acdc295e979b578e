"""What is printed for her can be read back: no letter of any language offered is missing from the fonts."""

from __future__ import annotations

from pathlib import Path

import pytest

import efface
from efface.cases import authority_letter
from efface.engine.base import catalogues, typeset
from efface.takedown.record import gathering
from tests.conftest import NOON
from tests.pdf_text import LEFT_TO_RIGHT, read_back

PORTAL = Path(efface.__file__).parent / "portal"


def page(lines: list[str], language: str) -> dict[str, object]:
    words = {"title": "x", "author": "x", "footer": "x", "lines": lines, "sections": []}
    return {"language": language, "rtl": language in typeset.RIGHT_TO_LEFT, **words}


@pytest.mark.parametrize("language", LEFT_TO_RIGHT)
def test_a_record_has_every_letter_of_the_language(language: str) -> None:
    path = PORTAL / "locale" / language / "LC_MESSAGES" / "django.po"
    words = catalogues.read(path.read_text(encoding="utf-8"), path.name)
    wanted = {letter for key, text in words.items() if key for letter in text if letter.isalnum()}
    lines = [" ".join(text.replace("\0", " ").split()) for key, text in words.items() if key]
    made = typeset.pdf(gathering.SOURCE, "record", page(lines, language))
    assert len(wanted) > 50 and wanted - set(read_back(made)) == set()


@pytest.mark.parametrize("language", ["en", *LEFT_TO_RIGHT])
def test_the_letter_of_authority_is_there_in_each_language(language: str) -> None:
    text = authority_letter.letter(language, "Example Helpline", "XK2P-7M4Q")
    assert text.language == language and "Example Helpline" in text.paragraphs[0]
    made = authority_letter.pdf(text, "Subject A", [], NOON)
    assert {one for one in "".join(text.paragraphs) if one.isalnum()} - set(read_back(made)) == set()


def test_a_letter_no_font_has_is_told_of() -> None:
    rare = "\u1980"  # New Tai Lue
    with pytest.raises(typeset.CannotSet, match="install Noto fonts"):
        typeset.pdf(gathering.SOURCE, "record", page([f"a {rare} b"], "en"))


def test_what_is_not_in_a_pdf_is_not_read_back_from_it() -> None:
    made = typeset.pdf(gathering.SOURCE, "record", page(["abc"], "fr"))
    assert {"a", "b", "c"} <= set(read_back(made)) and "é" not in set(read_back(made))

"""The letter of authority: in every language her pages speak, with every letter of it."""

from __future__ import annotations

import pytest

from efface.cases import authority_letter
from tests.conftest import NOON
from tests.pdf_text import LEFT_TO_RIGHT, Unreadable, bare, read_back


@pytest.mark.parametrize("language", ["en", *LEFT_TO_RIGHT])
def test_the_letter_can_be_read_back(language: str) -> None:
    letter = authority_letter.letter(language, "Example Help", "REF-1")
    assert letter.language == language
    text = bare(read_back(authority_letter.pdf(letter, "Subject A", [], NOON)))
    for said in (letter.title, *letter.paragraphs, letter.typed, letter.reference):
        assert bare(said) in text, said
    assert "{" not in text and "ExampleHelp" in text and "SubjectA" in text


def test_a_glyph_that_stands_for_nothing_is_seen() -> None:
    made = authority_letter.pdf(authority_letter.letter("pl", "Example Help", "REF-1"), "Subject A", [], NOON)
    with pytest.raises(Unreadable):
        read_back(made.replace(b"/ToUnicode", b"/ToNothing"))

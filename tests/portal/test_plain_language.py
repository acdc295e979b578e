"""What she reads is plain, in every language there is a catalogue of: no long sentence, and easy as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

import efface
from efface.engine.base import catalogues
from tests.portal import plain

FOLDER = Path(efface.__file__).parent / "portal/locale"
LANGUAGES = sorted({"en", *(path.parts[-3] for path in FOLDER.glob("*/LC_MESSAGES/django.po"))})


def texts(language: str) -> list[str]:
    """Everything her pages say: of English the messages, of others their translations."""
    path = FOLDER / ("de" if language == "en" else language) / "LC_MESSAGES/django.po"
    known = catalogues.read(path.read_text(encoding="utf-8"), path.name)
    held = [key if language == "en" else value for key, value in known.items() if key]
    return [form for one in held for form in one.split("\0")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_long(language: str) -> None:
    found = plain.too_long(language, texts(language))
    assert not found, "\n".join(f"{words} words: {one.strip()}" for words, one in found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_as_a_whole_it_is_easy_to_read(language: str, record_property: object) -> None:
    found = plain.measured(language, texts(language))
    assert callable(record_property)
    record_property("plain", f"{language}: {found.measure} {found.value:.1f}, {found.words:.1f} words in a sentence")
    assert 3 < found.words <= 12 and found.value <= found.bound, found


HARD = {
    "en": "Notwithstanding previously established procedural requirements, applicants irrevocably acknowledge "
          "comprehensive responsibilities concerning documentation.",
    "de": "Unbeschadet vorstehender Verfahrensvorschriften anerkennen Antragstellende unwiderruflich umfassende "
          "Mitwirkungspflichten.",
    "es": "Independientemente de las disposiciones procedimentales anteriormente establecidas, reconocen "
          "irrevocablemente responsabilidades documentales.",
    "fr": "Indépendamment des dispositions procédurales précédemment établies, reconnaissent irrévocablement "
          "certaines responsabilités documentaires.",
    "pt": "Independentemente das disposições procedimentais anteriormente estabelecidas, reconhecem "
          "irrevogavelmente responsabilidades documentais.",
    "pl": "Niezależnie od wcześniejszych postanowień proceduralnych wnioskodawcy nieodwołalnie potwierdzają "
          "odpowiedzialność dokumentacyjną.",
    "uk": "Незалежно від попередньо встановлених процедурних вимог заявники безповоротно підтверджують "
          "відповідальність за документування.",
    "ar": "وبالرغم من الاستثناءات والاشتراطات والمسؤوليات الإجرائية المنصوص عليها فالمستفيدون يستكملون "
          "مستنداتهم واستماراتهم باستقلالية",
}  # fmt: skip


@pytest.mark.parametrize("language", sorted(HARD))
def test_what_officials_write_is_seen_in_every_language(language: str) -> None:
    found = plain.measured(language, [HARD[language]])
    assert found.value > found.bound, found
    long = " ".join(["ab"] * (plain.LONGEST.get(language, plain.LONGEST_ELSEWHERE) + 1)) + "."
    assert len(plain.too_long(language, [f"Short. {long}"])) == 1
    assert plain.too_long(language, [long.replace(" ", ". ", 1)]) == []


def test_words_on_buttons_do_not_make_it_look_easier() -> None:
    hard = HARD["en"]
    assert plain.measured("en", [hard]) == plain.measured("en", [hard, *["Go in"] * 500])


def test_placeholders_are_words_and_no_ends_of_sentences() -> None:
    assert plain.sentences("Call %(who)s at help.example now. Then wait.") == ["Call x at x now.", "Then wait."]

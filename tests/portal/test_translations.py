"""Every word a survivor reads is there in each language offered, with the same placeholders."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import ngettext, override

import efface
from efface.cases import consents, fingerprints, naming, opening
from efface.cases.models import Case
from efface.engine.base import catalogues
from efface.net.protocol import Decoded, Picture
from efface.takedown.channels import hash_list
from efface.vision import faces, text, video
from tests.conftest import NOON
from tests.messages import in_python, in_template, messages

PORTAL = Path(efface.__file__).parent / "portal"
LANGUAGES = sorted(path.parts[-3] for path in PORTAL.glob("locale/*/LC_MESSAGES/django.po"))


def catalogue(language: str) -> dict[str, str]:
    path = PORTAL / "locale" / language / "LC_MESSAGES" / "django.po"
    return catalogues.read(path.read_text(encoding="utf-8"), path.name)


def test_the_finder_finds() -> None:
    page = '{% translate "a" %}{% blocktranslate count n=x %}{{ n }} b{% plural %}{{ n }} c{% endblocktranslate %}'
    assert list(in_template(page)) == [("a", ""), ("%(n)s b", "%(n)s c")]
    assert list(in_python('_("a" "b")\ngettext(x)\nother("c")')) == [("ab", "")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_left_in_english(language: str) -> None:
    known = catalogue(language)
    wanted = messages(PORTAL)
    missing = [one for one, plural in wanted.items() if (f"{one}\0{plural}" if plural else one) not in known]
    assert len(wanted) > 150 and missing == []
    for key, value in known.items():
        if key:
            asked = set(re.findall(r"%\(\w+\)[sd]", key))
            assert asked == set(re.findall(r"%\(\w+\)[sd]", value)), key


SENTENCES = [
    *(said.survivor for said in (*faces.WORDS.values(), *faces.ADVICE.values())),
    *video.WORDS.values(), *text.WORDS.values(),
    *(str(one) for kit in hash_list.STEPS.values() for one in kit),
]  # fmt: skip
"""What the rooms below say, translated only when it is shown to her."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_rooms_below_say_is_translated_too(language: str) -> None:
    known = catalogue(language)
    cases = PORTAL.parent / "cases"
    labels = dict(in_python((cases / "models.py").read_text(encoding="utf-8")))
    wanted = [*SENTENCES, *(one for one in messages(cases) if one not in labels)]
    assert len(SENTENCES) > 30 and [one for one in wanted if one not in known] == []
    assert [one for one in wanted if known[one] == one] == []


@pytest.fixture
def case(inside: Any) -> Case:
    made = opening.open_case(inside.pk, "w", age="adult", country="DE", language="en", now=NOON).case
    Case.objects.filter(pk=made.pk).update(level="attested")
    return made


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_video_that_cannot_be_read_is_told_of_in_her_words(case: Case, language: str) -> None:
    unread = [Decoded(Picture(error=reason)) for reason in video.WORDS]
    with override(language):
        problems = fingerprints.enrol_pictures(case, unread, ["x"] * len(unread), "adult", "survivor", NOON).problems
    assert len(problems) == len(video.WORDS)
    assert [one for one in problems if one.removeprefix("x: ") not in catalogue(language).values()] == []


@pytest.mark.parametrize(
    ("language", "said"), [("de", "Einen Namen allein"), ("es", "Un solo nombre"), ("ar", "الاسم الواحد")]
)
def test_a_name_that_is_not_looked_for_is_refused_in_her_words(case: Case, language: str, said: str) -> None:
    consents.give(case, "text_search", "survivor", NOON)
    with override(language), pytest.raises(naming.NameRefused, match=said):
        naming.add(case, "name", "Anna", "survivor", NOON)


@pytest.mark.parametrize(
    ("language", "title"),
    [("de", "Dein Zugangscode"), ("es", "Tu código de acceso"), ("ar", "رمز الدخول الخاص بك")],
)
def test_pages_speak_it(db: None, language: str, title: str) -> None:
    page = Client(headers={"accept-language": language}).get("/enter/").content.decode()
    assert f'<html lang="{language}"' in page and f"<h1>{title}</h1>" in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_count_has_its_form(language: str) -> None:
    """As many forms as the header says; each that stands for many numbers names the number."""
    known = catalogue(language)
    forms = int(re.search(r"nplurals=(\d)", known[""])[1])  # type: ignore[index]
    plurals = {key: value.split("\0") for key, value in known.items() if "\0" in key}
    assert len(plurals) > 20 and {len(one) for one in plurals.values()} == {forms}
    for key, (*_few, last) in plurals.items():
        assert set(re.findall(r"%\(\w+\)[sd]", key.split("\0")[1])) == set(re.findall(r"%\(\w+\)[sd]", last)), key


@pytest.mark.parametrize(
    ("n", "said"),
    [(0, "لا صفحات"), (1, "صفحة واحدة"), (2, "صفحتان"), (3, "%(n)s صفحات"), (10, "%(n)s صفحات"), (11, "%(n)s صفحة"),
     (99, "%(n)s صفحة"), (102, "%(n)s صفحة"), (103, "%(n)s صفحات")],
)  # fmt: skip
def test_arabic_counts_in_six_ways(n: int, said: str) -> None:
    with override("ar"):
        assert ngettext("one page", "%(n)s pages", n) == said


def test_plurals() -> None:
    with override("de"):
        assert ngettext("We found one page.", "We found %(n)s pages.", 2) == "Wir haben %(n)s Seiten gefunden."

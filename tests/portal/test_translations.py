"""Every word a survivor reads is there in each language offered, with the same placeholders."""

from __future__ import annotations

import gettext as gnu
import io
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import ngettext, override

from efface.cases import consents, fingerprints, intake, naming, opening
from efface.cases.models import Case
from efface.engine.base import catalogues, settings
from efface.engine.base.django import _NAMES
from efface.law import load
from efface.net.protocol import Decoded, Picture
from efface.portal.templatetags import doors
from efface.takedown.channels import hash_list
from efface.vision import faces, text, video
from tests.conftest import NOON
from tests.messages import LANGUAGES, PORTAL, in_python, in_template, messages


def catalogue(language: str) -> dict[str, str]:
    path = PORTAL / "locale" / language / "LC_MESSAGES" / "django.po"
    return catalogues.read(path.read_text(encoding="utf-8"), path.name)


def test_the_finder_finds() -> None:
    page = '{% translate "a" %}{% blocktranslate count n=x %}{{ n }} b{% plural %}{{ n }} c{% endblocktranslate %}'
    assert list(in_template(page)) == [("a", ""), ("%(n)s b", "%(n)s c")]
    assert list(in_python('_("a" "b")\ngettext(x)\nother("c")')) == [("ab", "")]


def test_every_language_there_is_offered_under_its_own_name() -> None:
    """Where an installation says nothing else, each catalogue can be chosen, and none is offered without one."""
    offered = next(one.default for one in settings.SETTINGS if one.name == "languages").split(",")
    assert offered[0] == "en" and sorted(offered[1:]) == sorted(LANGUAGES) and len(offered) > 6
    assert [one for one in offered if one not in _NAMES] == []


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


@pytest.mark.parametrize(("language", "said"), [
    ("de", "Einen Namen allein"), ("es", "Un solo nombre"), ("fr", "Un seul nom"), ("pl", "Samo imię"),
    ("pt", "Um só nome"), ("ar", "الاسم الواحد"), ("uk", "Саме лише ім’я"),
])  # fmt: skip
def test_a_name_that_is_not_looked_for_is_refused_in_her_words(case: Case, language: str, said: str) -> None:
    consents.give(case, "text_search", "survivor", NOON)
    with override(language), pytest.raises(naming.NameRefused, match=said):
        naming.add(case, "name", "Anna", "survivor", NOON)


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_speak_it(db: None, language: str) -> None:
    title = catalogue(language)["Your access code"]
    page = Client(headers={"accept-language": language}).get("/enter/").content.decode()
    assert f'<html lang="{language}"' in page and f"<h1>{title}</h1>" in page and "access code" not in page


@pytest.mark.parametrize(
    ("path", "named"), [("/", "Niemcy"), ("/places/", "Szkocja"), ("/places/de/", "<h1><bdi>Niemcy</bdi></h1>")]
)
def test_countries_are_called_as_her_language_calls_them(db: None, path: str, named: str) -> None:
    page = Client(headers={"accept-language": "pl"}).get(path).content.decode()
    assert named in page and ">Germany<" not in page


def test_countries_to_choose_from_are_too() -> None:
    with override("uk"):
        assert ("DE", "Німеччина") in intake.countries()


@pytest.mark.parametrize(("code", "language", "said"), [("PL", "pl", "Niebieska Linia"), ("UA", "uk", "кіберполіція")])
def test_the_law_is_told_in_the_language_of_the_place(db: None, code: str, language: str, said: str) -> None:
    page = Client(headers={"accept-language": language}).get(f"/places/{code.lower()}/").content.decode()
    assert said in page and "In Poland it is" not in page and "has no single crime" not in page
    assert 'lang="en"' not in page.partition("<main")[2].partition("</main>")[0]


def test_what_is_only_known_in_english_says_so_to_a_screen_reader(db: None) -> None:
    page = Client(headers={"accept-language": "pl"}).get("/places/jp/").content.decode()
    assert f'<p dir="auto" lang="en">{load().plainly("JP")[:20]}' in page


@pytest.mark.parametrize(
    ("language", "number", "said"),
    [
        ("de", 2, "Wir haben %(n)s Seiten gefunden."),
        ("pl", 1, "Znaleźliśmy jedną stronę."), ("pl", 2, "Znaleźliśmy %(n)s strony."),
        ("pl", 5, "Znaleźliśmy %(n)s stron."), ("pl", 12, "Znaleźliśmy %(n)s stron."),
        ("pl", 21, "Znaleźliśmy %(n)s stron."), ("pl", 24, "Znaleźliśmy %(n)s strony."),
        ("uk", 1, "Ми знайшли %(n)s сторінку."), ("uk", 3, "Ми знайшли %(n)s сторінки."),
        ("uk", 11, "Ми знайшли %(n)s сторінок."), ("uk", 21, "Ми знайшли %(n)s сторінку."),
    ],
)  # fmt: skip
def test_plurals(language: str, number: int, said: str) -> None:
    with override(language):
        assert ngettext("We found one page.", "We found %(n)s pages.", number) == said


def plural_troubles(messages: dict[str, str]) -> list[str]:
    """What is wrong with plural forms: too many or few of them; one that stands for several numbers and says none."""
    rule = gnu.GNUTranslations(io.BytesIO(catalogues.compiled(messages))).plural  # type: ignore[attr-defined]
    declared = re.search(r"nplurals=(\d+)", messages[""])
    used = {form: [n for n in range(1000) if rule(n) == form] for form in range(int(declared[1]) if declared else 0)}
    found = []
    for key, value in messages.items():
        if "\0" not in key:
            continue
        forms, number = value.split("\0"), re.search(r"%\(n\)[sd]", key)
        if len(forms) != len(used):
            found.append(f"{len(forms)} forms: {key}")
        elif number:
            found += [f"no number: {one}" for form, one in enumerate(forms)
                      if len(used[form]) > 1 and number[0] not in one]  # fmt: skip
        found += [f"not its own: {one}" for one in forms
                  if not set(re.findall(r"%\(\w+\)[sd]", one)) <= set(re.findall(r"%\(\w+\)[sd]", key))]  # fmt: skip
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_plural_form_counts_wrongly(language: str) -> None:
    assert plural_troubles(catalogue(language)) == []


def test_a_wrong_plural_form_is_seen() -> None:
    head = catalogue("uk")[""]
    right = {"": head, "a page\0%(n)s pages": "%(n)s сторінка\0%(n)s сторінки\0%(n)s сторінок"}
    assert plural_troubles(right) == []
    for wrong in ("сторінка\0%(n)s сторінки\0%(n)s сторінок", "%(n)s сторінка\0%(n)s сторінок",
                  "%(n)s сторінка\0%(m)s %(n)s сторінки\0%(n)s сторінок"):  # fmt: skip
        assert len(plural_troubles({"": head, "a page\0%(n)s pages": wrong})) == 1, wrong


@pytest.mark.parametrize(("language", "said"), [
    ("en", "29 November 2026"), ("de", "29. November 2026"), ("pl", "29 listopada 2026"),
    ("uk", "29 листопада 2026 р."),
])  # fmt: skip
def test_a_month_stands_as_it_does_beside_a_day(language: str, said: str) -> None:
    with override(language):
        shown = doors.day(datetime(2026, 11, 29, 12, tzinfo=UTC))
    assert f">{said}<" in shown


@pytest.mark.parametrize(
    ("n", "said"),
    [(0, "لا صفحات"), (1, "صفحة واحدة"), (2, "صفحتان"), (3, "%(n)s صفحات"), (10, "%(n)s صفحات"), (11, "%(n)s صفحة"),
     (99, "%(n)s صفحة"), (102, "%(n)s صفحة"), (103, "%(n)s صفحات")],
)  # fmt: skip
def test_arabic_counts_in_six_ways(n: int, said: str) -> None:
    with override("ar"):
        assert ngettext("one page", "%(n)s pages", n) == said

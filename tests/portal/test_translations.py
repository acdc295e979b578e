"""Every word a survivor reads is there in each language offered, with the same placeholders."""

from __future__ import annotations

import gettext
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import ngettext, override

import efface
from efface.cases import consents, fingerprints, naming, opening
from efface.cases.models import Case
from efface.engine.base import catalogues, settings
from efface.engine.base.django import _NAMES
from efface.net.protocol import Decoded, Picture
from efface.takedown.channels import hash_list
from efface.vision import faces, text, video
from tests.conftest import NOON
from tests.messages import LANGUAGES, in_python, in_template, messages

PORTAL = Path(efface.__file__).parent / "portal"


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
    assert offered[0] == "en" and sorted(offered[1:]) == sorted(LANGUAGES) and {"de", "es", "fr", "pt"} <= set(offered)
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
    ("de", "Einen Namen allein"), ("es", "Un solo nombre"), ("fr", "Un seul nom"), ("pt", "Um só nome"),
])  # fmt: skip
def test_a_name_that_is_not_looked_for_is_refused_in_her_words(case: Case, language: str, said: str) -> None:
    consents.give(case, "text_search", "survivor", NOON)
    with override(language), pytest.raises(naming.NameRefused, match=said):
        naming.add(case, "name", "Anna", "survivor", NOON)


@pytest.mark.parametrize(("language", "title"), [
    ("de", "Dein Zugangscode"), ("es", "Tu código de acceso"), ("fr", "Votre code d’accès"),
    ("pt", "O seu código de acesso"),
])  # fmt: skip
def test_pages_speak_it(db: None, language: str, title: str) -> None:
    page = Client(headers={"accept-language": language}).get("/enter/").content.decode()
    assert f'<html lang="{language}"' in page and f"<h1>{title}</h1>" in page


@pytest.mark.parametrize(("language", "counted"), [
    ("de", ("0 Seiten", "eine Seite", "2 Seiten")), ("fr", ("0 pages", "une page", "2 pages")),
    ("pt", ("0 páginas", "uma página", "2 páginas")),
])  # fmt: skip
def test_plurals(language: str, counted: tuple[str, ...]) -> None:
    with override(language):
        told = [ngettext("We found one page.", "We found %(n)s pages.", n) % {"n": n} for n in range(3)]
    assert [words in said for words, said in zip(counted, told, strict=True)] == [True, True, True]


def untrue_counts(known: dict[str, str]) -> list[str]:
    """Forms that leave the number out although they are used for more numbers than one: "one is gone" said of none."""
    rule = re.search(r"plural=([^;]+)", known[""])
    assert rule is not None
    form = gettext.c2py(rule[1])
    used = Counter(form(n) for n in range(1000))
    found = []
    for key, value in known.items():
        if "%(n)" in key.partition("\0")[2]:
            found += [one for at, one in enumerate(value.split("\0")) if used[at] > 1 and "%(n)" not in one]
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_form_says_one_of_none(language: str) -> None:
    known = catalogue(language)
    assert len([key for key in known if "\0" in key]) > 20 and untrue_counts(known) == []


def test_a_form_that_says_one_of_none_would_be_seen() -> None:
    known = catalogue("fr")
    assert untrue_counts({**known, "": known[""].replace("n != 1", "n > 1")})

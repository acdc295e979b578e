"""Every word a survivor reads is there in each language offered, with the same placeholders."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client
from django.utils.translation import ngettext, override

import efface
from efface.engine.base import catalogues
from tests.messages import in_python, in_template, messages

PORTAL = Path(efface.__file__).parent / "portal"
LANGUAGES = ("de", "es")


def test_the_finder_finds() -> None:
    page = '{% translate "a" %}{% blocktranslate count n=x %}{{ n }} b{% plural %}{{ n }} c{% endblocktranslate %}'
    assert list(in_template(page)) == [("a", ""), ("%(n)s b", "%(n)s c")]
    assert list(in_python('_("a" "b")\ngettext(x)\nother("c")')) == [("ab", "")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_left_in_english(language: str) -> None:
    path = PORTAL / "locale" / language / "LC_MESSAGES" / "django.po"
    known = catalogues.read(path.read_text(encoding="utf-8"), path.name)
    wanted = messages(PORTAL)
    missing = [one for one, plural in wanted.items() if (f"{one}\0{plural}" if plural else one) not in known]
    assert len(wanted) > 150 and missing == []
    for key, value in known.items():
        if key:
            asked = set(re.findall(r"%\(\w+\)[sd]", key))
            assert asked == set(re.findall(r"%\(\w+\)[sd]", value)), key


@pytest.mark.parametrize(("language", "title"), [("de", "Dein Zugangscode"), ("es", "Tu código de acceso")])
def test_pages_speak_it(db: None, language: str, title: str) -> None:
    page = Client(headers={"accept-language": language}).get("/enter/").content.decode()
    assert f'<html lang="{language}"' in page and f"<h1>{title}</h1>" in page


def test_plurals() -> None:
    with override("de"):
        assert ngettext("We found one page.", "We found %(n)s pages.", 2) == "Wir haben %(n)s Seiten gefunden."

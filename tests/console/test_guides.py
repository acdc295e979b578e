"""Guides in both languages, with the help of the desk in them; and finding them, for each role what it may see."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.translation import override

from efface.console import handbook, helping, seeking
from efface.engine.base import tenancy
from efface.search import urls
from efface.search.models import Match
from tests import people
from tests.pdf_text import bare, read_back

pytestmark = pytest.mark.django_db
ROLES = ("caseworker", "lead", "coordinator", "investigator", "auditor", "operator")


def texts(language: str) -> dict[str, list[str]]:
    with override(language):
        return {
            one.code: [one.title, *(line for part in one.parts for line in (part.head, *part.lines))]
            for one in handbook.guides()
        }


def test_every_line_of_every_guide_is_there_in_german() -> None:
    english, german = texts("en"), texts("de")
    assert len(english) >= 8
    for code, lines in english.items():
        assert len(lines) == len(german[code]) and all(lines) and all(german[code])
        # Names of foreign services stay.
        assert [one for one, other in zip(lines, german[code], strict=True) if one == other] == [], code


def test_topics_are_the_words_of_the_help_itself() -> None:
    topic = next(one for one in helping.TOPICS if one.key == "four-eyes")
    guide = handbook.find("first-notice")
    assert guide is not None
    part = next(one for one in guide.parts if one.head == str(topic.title))
    assert part.lines == tuple(str(line) for line in topic.lines)


def test_help_is_there_in_german() -> None:
    with override("de"):
        german = {one.key: [str(one.title), *map(str, one.lines)] for one in helping.TOPICS}
    with override("en"):
        for one in helping.TOPICS:
            assert all(a != b for a, b in zip([str(one.title), *map(str, one.lines)], german[one.key], strict=True))


def test_everybody_reads_guides_and_prints_them(organisation: Any, now: Any) -> None:
    for role in ROLES:
        client = people.signed_in(people.worker(organisation, role))
        assert "Looking after yourself" in client.get("/console/guides/").content.decode()
        assert client.get("/console/guides/all/").content.decode().count('<article class="sheet">') == 11
        page = client.get("/console/knowledge/minor/").content.decode()
        assert "What stops" in page and 'class="no-print"' in page
    assert client.get("/console/knowledge/nothing/").status_code == 404
    client.cookies["l"] = "de"
    page = client.get("/console/knowledge/minor/").content.decode()
    assert "Was anhält" in page
    data = b"".join(client.get("/console/knowledge/minor/pdf/"))
    assert bare("Wenn sie unter 18 ist oder war") in bare(read_back(data))


def found(client: Any, words: str) -> str:
    return str(client.post("/console/find/", {"q": words}).content.decode())


def test_guides_helplines_and_help_are_found(organisation: Any, now: Any) -> None:
    client = people.signed_in(people.worker(organisation, "caseworker"))
    assert "/console/knowledge/extortion/" in found(client, "blackmail wallets")
    assert "/console/knowledge/yourself/" in found(client, "burnout")
    assert "Hilfetelefon" in found(client, "hilfetelefon")
    assert "/console/help/#four-eyes" in found(client, "four eyes")
    nothing = found(client, "zzzz qqqq")
    assert "Nothing was found." in nothing and "/console/guides/" in nothing and "/console/knowledge/" in nothing


def test_who_opens_no_case_finds_none(organisation: Any, now: Any) -> None:
    case = people.open_case(organisation).case
    with tenancy.organisation(organisation.pk):
        match = people.make_match(case, page="https://pictures.example/p/1")
        Match.objects.filter(pk=match.pk).update(page_digest=urls.digest(str(match.page_url)))
        people.make_notice(people.make_finding(case))
    for role in ROLES:
        client = people.signed_in(people.worker(organisation, role))
        works = role in ("caseworker", "lead")
        assert (case.reference in found(client, case.reference).replace(f'value="{case.reference}"', "")) is works, role
        shown = found(client, str(match.page_url))
        assert (f"/console/cases/{case.pk}/" in shown) is works, role
        sites = role in ("caseworker", "lead", "coordinator")
        assert ("/console/sites/" in found(client, "pictures.example").partition("<main")[2]) is sites, role
        assert "/console/knowledge/minor/" in found(client, "under 18"), role
        assert ("What is sealed" in client.get("/console/find/").content.decode()) is works
    with tenancy.organisation(organisation.pk):
        assert [name for name, _hits in seeking.seek(case.reference, "auditor")] == []


def test_exercises_are_found_in_training_alone(organisation: Any, now: Any) -> None:
    client = people.signed_in(people.worker(organisation, "caseworker"))
    assert "/console/training/batch/" not in found(client, "many at once")

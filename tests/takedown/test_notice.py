"""A notice is complete or it is an error that names the statute."""

import base64
import json
import uuid
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efface.law import load
from efface.takedown.notice import (
    Location,
    NoticeFacts,
    NoticeForbidden,
    NoticeIncomplete,
    NoticeUnknown,
    Organisation,
    draft,
    missing,
)
from efface.takedown.templates import CONDITIONS, HOME, PLACES, TemplateError, read, template
from tests.takedown.goldens import HOME as GOLDEN
from tests.takedown.goldens import WRITTEN, made, name, text, wanted
from tests.takedown.notice_facts import COMPLETE, complete, facts


@pytest.mark.parametrize(("type", "language", "again"), wanted())
def test_the_notice_reads_as_the_lawyers_saw_it(type: str, language: str, again: bool) -> None:
    golden = (GOLDEN / name(type, language, again)).read_text(encoding="utf-8")
    assert text(made(type, language, again)) == golden


def test_every_golden_notice_is_one_of_ours() -> None:
    assert {path.name for path in GOLDEN.glob("*.txt")} == {name(*one) for one in wanted()}


LACK: list[tuple[str, dict[str, Any], str, str]] = [
    ("us_tida", {"authorised": False}, "signature", "47 U.S.C. 223a(a)(1)(B)(i)"),
    ("us_tida", {"locations": ()}, "identification_location", "47 U.S.C. 223a(a)(1)(B)(ii)"),
    ("us_tida", {"not_consensual": False}, "good_faith_statement", "47 U.S.C. 223a(a)(1)(B)(iii)"),
    ("us_tida", {"believed": False}, "good_faith_statement", "47 U.S.C. 223a(a)(1)(B)(iii)"),
    ("us_tida", {"organisation": Organisation("H", "nobody", "h.example")}, "contact", "47 U.S.C. 223a(a)(1)(B)(iv)"),
    ("eu_dsa_art16", {"not_consensual": False}, "explanation", "Regulation (EU) 2022/2065 Art. 16(2)(a)"),
    ("eu_dsa_art16", {"seen": None}, "exact_location", "Regulation (EU) 2022/2065 Art. 16(2)(b)"),
    ("eu_dsa_art16", {"organisation": Organisation("", "a@h.example", "h.example")}, "name_email", "Art. 16(2)(c)"),
    ("eu_dsa_art16", {"believed": False}, "bona_fide", "Regulation (EU) 2022/2065 Art. 16(2)(d)"),
    ("search_google", {"residence": "Germany"}, "country", "Google Search Help 9116649"),
    ("search_google", {"paid": None}, "not_paid", "Google Search Help 6302812"),
    ("search_google", {"paid": True}, "not_paid", "Google Search Help 6302812"),
    ("search_google", {"nature": "unknown"}, "real_or_fake", "Google Search"),
    ("search_google", {"authorised": False}, "authority", "Google Search Help 6302812"),
    ("search_google", {"locations": ()}, "urls", "Google Search Help 6302812"),
    ("registrar_abuse", {"earlier_notices": ()}, "attempts", ""),
    ("registrar_abuse", {"domain": ""}, "domain_url", ""),
    ("generic_host_abuse", {"reference": " "}, "reporter", ""),
    ("generic_host_abuse", {"seen": datetime(2027, 1, 1, tzinfo=UTC)}, "urls_ip_time", ""),
    ("cdn_cloudflare", {"locations": (Location("page", "ftp://a.example/"),)}, "url", "Cloudflare"),
]


@pytest.mark.parametrize(("type", "change", "element", "citation"), LACK)
def test_a_missing_element_names_its_statute(type: str, change: dict[str, Any], element: str, citation: str) -> None:
    lacking = {one.element: one for one in missing(type, facts(**change))}
    assert element in lacking
    assert citation in lacking[element].citation
    assert lacking[element].words
    with pytest.raises(NoticeIncomplete) as caught:
        draft(type, facts(**change))
    assert element in str(caught.value) and citation in str(caught.value)


def test_complete_facts_lack_nothing() -> None:
    types = set(load().notices)
    assert {path.parent.name for path in HOME.glob("*/*.yaml")} == types
    assert {type: missing(type, complete(type)) for type in types} == {type: [] for type in types}


@pytest.mark.parametrize(
    "url",
    [
        "", "javascript:alert(1)", "data:image/png;base64,AAAA", "https://", "https://a.example/a b", "http://[::1",
        "https://a.example:99999/",
        "https://good.example@evil.example/", "https://a.example/\r\nBcc: x@y.example", "https://a.example/\u202egpj.1",
        "https://a.example/" + "a" * 2_100,
    ],
)  # fmt: skip
def test_an_address_that_is_none_never_goes_out(url: str) -> None:
    with pytest.raises(NoticeIncomplete):
        draft("us_tida", facts(locations=(Location("page", url),)))


def test_too_many_addresses_are_divided_by_a_person() -> None:
    many = tuple(Location("page", f"https://a.example/{number}") for number in range(501))
    assert "divide" in missing("us_tida", facts(locations=many))[0].words


def test_one_notice_for_five_hundred_addresses_of_one_operator() -> None:
    many = tuple(Location("page", f"https://a.example/{number}") for number in range(500))
    found = draft("eu_dsa_art16", facts(locations=many))
    assert found.text.count("  page: https://a.example/") == 500
    assert base64.b64decode(found.xarf["evidence"][0]["payload"]).count(b"https://") == 500  # type: ignore[index]


def test_no_notice_for_somebody_who_may_have_been_a_minor() -> None:
    """But for the hotline that is there for them, which is told an address and never that of an adult."""
    for type in set(load().notices) - {"csam_hotline_report"}:
        with pytest.raises(NoticeForbidden) as caught:
            draft(type, complete(type, adult=False))
        assert caught.value.rule == "S1_minor"
    hotline = draft("csam_hotline_report", complete("csam_hotline_report"))
    assert hotline.form and hotline.xarf == {} and "adult" not in hotline.text
    lacking = missing("csam_hotline_report", complete("csam_hotline_report", adult=True))
    assert [one.element for one in lacking] == ["age_context"]


def test_an_unknown_type_is_an_error() -> None:
    with pytest.raises(NoticeUnknown):
        draft("us_dmca", COMPLETE)


@pytest.mark.parametrize(
    ("type", "asked", "got"),
    [
        ("eu_dsa_art16", "de-AT", "de"),
        ("eu_dsa_art16", "ES", "es"),
        ("eu_dsa_art16", "sv", "en"),
        ("us_tida", "de", "en"),
        ("br_mci_art21", "ja", "en"),
        ("br_mci_art21", "pt-BR", "pt"),
    ],
)
def test_the_language_asked_for_or_english_with_a_note(type: str, asked: str, got: str) -> None:
    found = draft(type, COMPLETE, asked)
    assert found.language == got and not found.read_only
    assert found.version == f"{type}/{got}/{template(type, got).number}"
    assert bool(found.note) == (got == "en")
    if found.note:
        assert ", ".join(load().notices[type].languages) in found.note


def test_a_translation_to_read_is_asked_for_and_never_what_goes_out() -> None:
    """The law takes a language or not; a person may read it in another."""
    law = load()
    narrow = replace(law.notices["eu_dsa_art16"], languages=("en",))
    there = replace(law, notices={**law.notices, "eu_dsa_art16": narrow})
    assert draft("eu_dsa_art16", COMPLETE, "de", there).language == "en"
    read = draft("eu_dsa_art16", COMPLETE, "de", there, to_read=True)
    assert read.language == "de" and read.read_only and "never sent" in read.note
    assert not draft("eu_dsa_art16", COMPLETE, "de", law, to_read=True).read_only


def test_there_is_no_field_for_the_survivors_name() -> None:
    names = {one.name for one in fields(NoticeFacts)}
    assert not names & {"name", "survivor", "subject", "person", "birth", "phone", "handle"}


@given(st.text(max_size=60))
def test_nothing_a_stranger_calls_himself_breaks_the_notice(name: str) -> None:
    found = draft("eu_dsa_art16", facts(recipient=name, domain="a.example"))
    assert found.subject.isprintable()
    assert found.text.count("\n5. Sender, Art. 16(2)(c)\n") == 1
    assert found.text.splitlines()[0].startswith("To ")
    assert found.text.splitlines()[1] == "" or found.text.splitlines()[2] == ""


def test_braces_in_facts_are_words() -> None:
    assert "{organisation}" in draft("us_tida", facts(recipient="{organisation}")).text


@pytest.mark.parametrize(("type", "language"), WRITTEN)
def test_every_required_element_has_its_own_words_in_every_language(type: str, language: str) -> None:
    blocks = {block.element for block in template(type, language).blocks}
    assert {element.id for element in load().notices[type].elements if element.required} <= blocks


@pytest.mark.parametrize(("type", "language"), WRITTEN)
def test_no_template_promises_threatens_or_mixes_up_statutes(type: str, language: str) -> None:
    words = template(type, language)
    whole = " ".join([words.subject, words.title, *(block.text for block in words.blocks)]).lower()
    for phrase in ("lawsuit", "we will sue", "klage", "demanda judicial", "police have", "fine of", "we guarantee",
                   "imprisonment", "attached picture"):  # fmt: skip
        assert phrase not in whole
    if "penalty_of_perjury" not in load().notices[type].statements:
        assert "penalty of perjury" not in whole
    assert "6851" not in whole


def test_the_xarf_copy_says_what_it_is_and_carries_no_picture() -> None:
    found = draft("eu_dsa_art16", COMPLETE)
    xarf: dict[str, Any] = json.loads(json.dumps(found.xarf))
    required = {"xarf_version", "report_id", "timestamp", "reporter", "sender", "source_identifier", "category", "type"}
    assert required <= set(xarf)
    assert (xarf["category"], xarf["type"]) == ("content", "exposed_data")
    assert set(xarf["reporter"]) == {"org", "contact", "domain"}
    assert uuid.UUID(xarf["report_id"]).version == 4
    assert "no type for this" in xarf["description"] and len(xarf["description"]) <= 1000
    assert xarf["tags"] == ["ncii:adult"]
    assert [item["content_type"] for item in xarf["evidence"]] == ["text/plain"]
    assert base64.b64decode(xarf["evidence"][0]["payload"]).decode().count("https://") == len(COMPLETE.locations)
    assert xarf["timestamp"] == "2026-11-21T09:05:00Z"


def test_the_xarf_id_is_the_same_for_the_same_notice_only() -> None:
    first = draft("eu_dsa_art16", COMPLETE).xarf["report_id"]
    assert draft("eu_dsa_art16", COMPLETE).xarf["report_id"] == first
    assert draft("us_tida", COMPLETE).xarf["report_id"] != first
    assert draft("eu_dsa_art16", facts(reference="EF-9")).xarf["report_id"] != first


def test_a_form_is_filed_never_mailed() -> None:
    found = draft("search_google", COMPLETE)
    assert found.form and found.xarf == {}
    answers = {answer.field: answer.value for answer in found.answers}
    assert answers["country"] == "DE" and answers["terms"] == ""
    assert answers["urls"].splitlines() == [one.url for one in COMPLETE.locations]
    general = {answer.field for answer in draft("us_tida", COMPLETE).answers}
    assert general == {"name", "email", "subject", "urls", "message"}


def test_who_learns_what_is_shown_before() -> None:
    found = draft("eu_dsa_art16", COMPLETE)
    assert found.exposure_level == "uploader_possible"
    assert found.exposure[0].who == "Example Hosting" and found.exposure[0].certain
    assert any(line.who == "uploader" and not line.certain for line in found.exposure)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("version: 1\nsubject: '{survivor}'\nblocks: []", "survivor"),
        ("version: 1\nsubject: a\nblocks:\n- {use: nothing_such}", "no shared block 'nothing_such' in en.yaml"),
        ("version: 1\nsubject: a\nblocks:\n- {use: header, text: b}", "text of its own"),
        ("version: 1\nsubject: a\nblocks: []\nanswers:\n- {field: name}", "neither a value nor an element"),
        ("version: 1\nsubject: a\nblocks: []\nanswers:\n- {field: zz, value: b}", "has no label"),
        ("version: 1\nsubject: a\nblocks:\n- {text: a, when: raining}", "raining"),
        ("version: 1\nsubject: a\nblocks:\n- {text: a, when: cdn, element: urls}", "may not depend"),
        ("version: 1\nsubject: a\nblocks:\n- {texts: a}", "texts"),
        ("version: 1\nsubject: a", "blocks"),
        ("version: 1\nsubject: a\nblocks: []\nfooter: b", "footer"),
        ("a: [", "a/en.yaml"),
    ],
)
def test_a_template_out_of_shape_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "a" / "en.yaml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TemplateError, match=words):
        read(path)


def test_every_template_of_the_package_can_be_read_and_every_condition_is_used() -> None:
    found = [read(path) for path in sorted(HOME.glob("*/*.yaml"))]
    assert {one.notice_type for one in found} == set(load().notices)
    assert {block.when for one in found for block in one.blocks if block.when} == CONDITIONS
    assert set.union(*(one.places() for one in found)) == PLACES

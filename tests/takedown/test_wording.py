"""Every notice type says what its law asks for, in every language it is written in, and nothing else."""

import dataclasses
import json
import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xarf

from efface.law import load
from efface.law.notices import ClockRule, NoticeType
from efface.takedown import templates, wording
from efface.takedown.elements import LACKING
from efface.takedown.filling import BY_HAND
from efface.takedown.notice import (
    Asked,
    Earlier,
    Happening,
    HashLists,
    Location,
    Merchant,
    NoticeIncomplete,
    NoticeLeaks,
    Organisation,
    Police,
    draft,
    missing,
)
from tests.takedown.goldens import WRITTEN, made
from tests.takedown.notice_facts import COMPLETE, at, complete

NOBODY = Organisation("", "nobody", "")
TYPES = sorted(load().notices.items())
REQUIRED = [(type, one.id) for type, notice in TYPES for one in notice.elements if one.required]
WITHOUT: dict[str, dict[str, Any]] = {
    "location": {"locations": ()}, "belief": {"not_consensual": False}, "staff": {"believed": False},
    "authority": {"authorised": False}, "who": {"organisation": NOBODY}, "seen": {"seen": None},
    "domain": {"domain": ""}, "attempts": {"earlier_notices": ()}, "paid": {"paid": None}, "nature": {"nature": ""},
    "country": {"residence": ""}, "link": {"link": "", "residence": ""}, "asked": {"asked": None},
    "controller": {"controller": "", "domain": ""}, "looks": {"looks": ()}, "period": {"keep_days": 0},
    "police": {"police": None}, "captures": {"captures": ()}, "offences": {"offences": ()},
    "young": {"age_context": ""}, "hash": {"hash_lists": None}, "merchant": {"merchant": None},
    "lawyer": {"leads": False}, "name": {"name_agreed": False}, "copyright": {"copyright": None},
}  # fmt: skip
"""One fact taken away each time."""
ALWAYS = frozenset({"request", "category", "forwarding_choice", "release_consent", "what", "preservation_ask"})
"""The words alone fill these: no fact can be missing."""


def test_the_law_and_the_words_hold_together() -> None:
    assert wording.problems(load()) == []


@pytest.mark.parametrize(("type", "element"), REQUIRED)
def test_each_required_element_can_be_missing_and_is_named(type: str, element: str) -> None:
    notice = load().notices[type]
    citation = next(one.citation for one in notice.elements if one.id == element)
    named = [
        one
        for change in WITHOUT.values()
        for one in missing(type, complete(type, **change))
        if one.element == element
    ]
    assert bool(named) == (element not in ALWAYS)
    assert all(one.citation == citation and len(one.words) > 10 for one in named)


def test_every_element_of_the_law_has_its_check_and_no_check_is_idle() -> None:
    assert {element.id for notice in load().notices.values() for element in notice.elements} == set(LACKING)


@pytest.mark.parametrize("type", [id for id, one in load().notices.items() if one.names_subject])
def test_a_desk_that_asks_for_her_name_needs_her_consent_and_says_so(type: str) -> None:
    with pytest.raises(NoticeIncomplete) as caught:
        draft(type, complete(type, name_agreed=False))
    assert "subject_named" in {one.element for one in caught.value.missing}
    found = draft(type, complete(type))
    assert any(re.search(r"\bname\b|who she is", one.learns) for one in found.exposure)
    own = [one.value for one in found.answers if one.field == "own_name"]
    assert len(own) == 1 and own[0].startswith("(")


SHE = frozenset({"Subject A-91", "subject.a_91", "+49 30 123456", "/photos/a/IMG_0001.jpg"})
HAND: dict[str, Any] = {
    "work": ("us_dmca_512c", lambda said: {"copyright": dataclasses.replace(COMPLETE.copyright, work=said)}),
    "link": ("au_esafety_complaint", lambda said: {"link": said}),
    "controller": ("dpa_complaint", lambda said: {"controller": said}),
    "asked_to": ("dpa_complaint", lambda said: {"asked": Asked(said, at(14, 8), "a")}),
    "asked_proof": ("us_ftc_complaint", lambda said: {"asked": Asked("a", at(14, 8), said)}),
    "asked_answer": ("dsa_dsc_complaint", lambda said: {"asked": Asked("a", at(14, 8), "a", said)}),
    "chronology": ("police_report", lambda said: {"chronology": (Happening(at(14, 8), said),)}),
    "safety": ("police_report", lambda said: {"police": Police(wanted=True, safety=said)}),
    "police_file": ("police_report", lambda said: {"police": Police(True, at(14, 8), said, "a")}),
    "violation": ("payment_network", lambda said: {"merchant": Merchant("a", "b", "c", said, date(2026, 11, 1))}),
    "descriptor": ("payment_network", lambda said: {"merchant": Merchant("a", "b", said, "d", date(2026, 11, 1))}),
    "age_context": ("csam_hotline_report", lambda said: {"age_context": said}),
    "earlier_notices": ("registry_abuse", lambda said: {"earlier_notices": (Earlier("host", "a", at(14, 8), said),)}),
    "signatory": ("us_tida", lambda said: {"organisation": Organisation("a", "a@b.example", "b.example", said)}),
}  # fmt: skip


@pytest.mark.parametrize("place", BY_HAND)
@pytest.mark.parametrize("said", sorted(SHE))
def test_what_she_goes_by_never_leaves_in_words_a_person_wrote(place: str, said: str) -> None:
    type, change = HAND[place]
    written = f"Seen by {said.upper()}, in the evening"
    with pytest.raises(NoticeLeaks) as caught:
        draft(type, complete(type, never=SHE, **change(written)))
    assert caught.value.where == place and said.casefold() not in str(caught.value).casefold()


@pytest.mark.parametrize(("type", "language"), WRITTEN)
def test_nothing_of_her_stands_in_mail_report_or_answers(type: str, language: str) -> None:
    """An address that carries her name is the one place where it stays: without it nobody can act."""
    urls = (Location("page", "https://pictures.example/subject.a_91/1"),)
    found = draft(type, complete(type, never=SHE, locations=urls), language, to_read=True)
    whole = "\n".join([found.subject, found.text, json.dumps(found.xarf), *(one.value for one in found.answers)])
    rest = whole.replace(urls[0].url, "").casefold()
    assert not [one for one in SHE if one.casefold() in rest]


UNITS = re.compile(
    r"\b(\d+)[ -]+(?:business |working )?(?:hours?|days?|months?|weeks?|stunden?|tagen?|monaten?|wochen?|horas?"
    r"|d[ií]as?|m[eê]s(?:es)?|semanas?|heures?|jours?|mois|semaines?|ore|giorni|mesi|settimane|godzin\w*|dni|miesi\w+|tygodni\w*"
    r"|uur|uren|dagen|maanden|weken)\b",
    re.IGNORECASE,
)
NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "ten": 10, "fourteen": 14}


def _allowed(notice: NoticeType) -> set[int]:
    """Every length of time the law record names."""
    found = {int(number) for number in re.findall(r"\d+", " ".join(one.text for one in notice.elements))}
    rules: list[ClockRule] = [notice.clock, *notice.local_clocks.values()]
    for rule in rules:
        made: list[Any] = [rule, *(stage.within for stage in rule.stages)]
        made += [rule.extension.by] if rule.extension else []
        for one in made:
            found |= {n for n in (one.hours, one.days, one.months, one.business_days) if n}
    return found | {number for text in notice.preconditions for number in map(int, re.findall(r"\d+", text.text))}


@pytest.mark.parametrize(("type", "language"), WRITTEN)
def test_no_notice_names_a_time_the_law_does_not(type: str, language: str) -> None:
    words = templates.template(type, language)
    whole = " ".join([words.subject, *(one.text for one in words.blocks), *(one.value or "" for one in words.fields)])
    if language == "en":
        for word, number in NUMBERS.items():
            whole = re.sub(rf"\b{word}\b", str(number), whole)
    named = {int(number) for number in UNITS.findall(" ".join(whole.split()))}
    assert named <= _allowed(load().notices[type])


@pytest.mark.parametrize(("type", "language"), WRITTEN)
def test_a_form_is_answered_field_by_field_and_a_mail_is_a_report(type: str, language: str) -> None:
    found, notice = made(type, language), load().notices[type]
    assert found.form == (notice.form or "email" not in notice.via)
    assert bool(found.xarf) != found.form
    if found.xarf:
        read = xarf.parse(json.loads(json.dumps(found.xarf)))
        assert (read.errors, read.warnings) == ([], [])
    assert found.answers and all(one.label.strip() for one in found.answers)
    assert len({one.field for one in found.answers}) == len(found.answers)
    assert "{" not in found.subject + found.text and "}" not in found.text
    assert found.read_only == (language not in notice.languages and language != "en")


@pytest.mark.parametrize("language", sorted(templates.spoken()))
def test_the_shared_words_are_the_same_set_in_every_language(language: str) -> None:
    english, there = templates.shared("en"), templates.shared(language)
    assert set(there.blocks) == set(english.blocks)
    assert {name for name, one in there.blocks.items() if one.when != english.blocks[name].when} == set()
    for kind in ("natures", "roles", "parties", "states", "labels", "reminder"):
        assert set(getattr(there, kind)) == set(getattr(english, kind)), kind
    places = {name: set(re.findall(r"{(\w+)}", one.text)) for name, one in english.blocks.items()}
    assert {name: set(re.findall(r"{(\w+)}", one.text)) for name, one in there.blocks.items()} == places
    assert set(re.findall(r"{(\w+)}", there.reminder["line"])) == {"sent", "reference"}


ONE_SIDED = re.compile(
    r"\b(?:equip[ae]\w*|cont(?:act|at)[oa]\w*|reg(?:ist|istr)os?|utilizador\w*|usuári\w+|ficheiros?|factos?|fatos?"
    r"|rece(?:ção|pção)|\w*[óô]ni[ac]\w*|connosco|conosco|voss[oa]s?|você|telemóve(?:l|is)|celular(?:es)?|ecrãs?|tela"
    r"|hospeda\w*|aloja\w*|partilh\w*|compartilh\w*|sítios?|senhas?|respe(?:tivo|ctivo)\w*)\b",
    re.IGNORECASE,
)
"""Words that Portugal and Brazil do not both use, or do not write alike."""


def test_the_shared_words_in_portuguese_are_at_home_in_portugal_and_in_brazil() -> None:
    """They stand in the notice of the Marco Civil and in those of the Union's law alike."""
    there = templates.shared("pt")
    said = [there.kind, there.kind_start, there.addresses, there.nothing, *(one.text for one in there.blocks.values())]
    for group in (there.natures, there.roles, there.parties, there.states, there.labels, there.reminder):
        said += group.values()
    assert ONE_SIDED.findall(" ".join(said)) == []
    assert ONE_SIDED.findall("A nossa equipa guarda o registo; contacte-nos em www.efface.example")  # it can fail


@pytest.mark.parametrize(("type", "language"), [one for one in WRITTEN if one[1] != "en"])
def test_a_translation_says_the_same_elements_in_the_same_places(type: str, language: str) -> None:
    english, there = templates.template(type, "en"), templates.template(type, language)
    assert [one.field for one in there.fields] == [one.field for one in english.fields]
    assert {one.element for one in there.blocks} == {one.element for one in english.blocks}
    assert {one.when for one in there.blocks} == {one.when for one in english.blocks}
    both = [{one.removesuffix("_start") for one in words.places()} for words in (english, there)]
    assert both[0] == both[1]


def test_a_type_without_english_and_an_unfilled_element_are_problems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Path(shutil.copytree(templates.HOME, tmp_path / "notices"))
    (home / "search_bing/en.yaml").unlink()
    path = home / "search_yandex/en.yaml"
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole.replace("element: statement\n  heading", "heading"), encoding="utf-8")
    broken = home / "us_tida/en.yaml"
    broken.write_text("version: [", encoding="utf-8")
    monkeypatch.setattr(templates, "HOME", home)
    for cached in (templates.template, templates.languages):
        cached.cache_clear()
    try:
        found = "\n".join(wording.problems(load()))
    finally:
        monkeypatch.undo()
        for cached in (templates.template, templates.languages):
            cached.cache_clear()
    assert "search_bing: is not written in English" in found
    assert "us_tida/en.yaml" in found and "search_yandex/en.yaml" in found


def test_hash_lists_are_hers_to_choose() -> None:
    with pytest.raises(NoticeIncomplete, match="which lists she wants"):
        draft("hash_bank_submission", complete("hash_bank_submission", hash_lists=HashLists()))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"photographer": None}, "did you press the shutter yourself"),
        ({"photographer": False}, "signed transfer"),
        ({"work": " "}, "never attach it"),
        ({"fair_use": False}, "fair use"),
        ({"perjury": False}, "penalty of perjury"),
    ],
)
def test_the_copyright_test(change: dict[str, Any], says: str) -> None:
    claim = dataclasses.replace(COMPLETE.copyright, **change)
    with pytest.raises(NoticeIncomplete, match=says):
        draft("us_dmca_512c", complete("us_dmca_512c", copyright=claim))
    by_transfer = dataclasses.replace(COMPLETE.copyright, photographer=False, assignment=True)
    assert draft("us_dmca_512c", complete("us_dmca_512c", copyright=by_transfer)).text
    with pytest.raises(NoticeIncomplete, match="real picture only"):
        draft("us_dmca_512c", complete("us_dmca_512c", nature="altered"))

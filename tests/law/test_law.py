"""The data hold together, and a broken file is refused by name."""

import dataclasses
import shutil
from pathlib import Path

import pytest
import yaml

from efface.law import LawError, load, problems, read
from efface.law.load import HOME


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(HOME, tmp_path / "data"))


def change(path: Path, **keys: object) -> None:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    data.update(keys)
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")


def test_what_ships_has_no_problems() -> None:
    assert problems(load()) == []


def test_the_law_is_read_once_and_cannot_be_changed() -> None:
    law = load()
    assert load() is law
    with pytest.raises(dataclasses.FrozenInstanceError):
        law.notices["us_tida"].law = "none"  # type: ignore[misc]


def test_every_required_element_of_a_statute_names_its_provision() -> None:
    for id in ("us_tida", "eu_dsa_art16"):
        for element in load().notices[id].elements:
            assert element.citation, (id, element.id)


def test_only_a_statute_with_a_number_has_a_clock() -> None:
    law = load()
    clocks = {id: notice.clock.period.words() for id, notice in law.notices.items() if notice.clock.period}
    assert clocks == {
        "us_tida": "48 hours", "uk_osa_report": "48 hours", "in_rule_3_2_b": "2 hours", "nz_hdca_s24": "96 hours",
        "gdpr_erasure": "1 month", "uk_gdpr_erasure": "1 month", "dpa_complaint": "3 months",
    }  # fmt: skip
    assert not set(clocks) & set(law.no_clock)
    assert {"eu_dsa_art16", "br_mci_art21", "search_google", "generic_host_abuse"} <= set(law.no_clock)


def test_a_clock_that_others_start_does_not_run_from_our_notice() -> None:
    law = load()
    stages = {id: [one.starts for one in law.notices[id].clock.stages] for id in law.notices}
    assert law.notices["au_esafety_complaint"].clock.period is None
    assert stages["au_esafety_complaint"] == stages["kr_deletion_request"] == ["authority_notice"]
    assert stages["payment_network"] == ["merchant_complaint"]
    assert stages["jp_removal_request"] == ["provider_inquiry"]
    starts = {(id, one.starts) for id in law.jurisdictions for one in law.jurisdictions[id].takedown if one.period}
    assert {("AU", "authority_notice"), ("KR", "authority_notice"), ("JP", "provider_inquiry")} <= starts


def test_a_clock_of_one_place_only() -> None:
    report = load().notices["regulator_image_report"]
    assert report.clock_in("IT").hours == 48
    assert report.clock_in("ES", "EU").hours is None
    platform = load().notices["tos_report"]
    assert (platform.clock.period, platform.clock_in("NG").hours, platform.clock_in("US-CA", "US").days) == (
        None,
        24,
        30,
    )


def test_the_words_are_those_of_the_field() -> None:
    words = load().words
    assert list(words["depicted_age_at_capture"]) == ["adult", "minor", "unknown_treat_as_minor"]
    assert "hostile_or_extortionate" in words["site_hostility"]
    assert {name: len(entries) for name, entries in words.items()} == {
        "abuse_type": 13, "acquisition_path": 10, "actor": 8, "motive": 9, "content_nature": 5, "publication_state": 6,
        "depicted_age_at_capture": 3, "copyright_owner": 3, "site_type": 10, "site_hostility": 4,
        "infrastructure_role": 11, "notice_state": 13, "recipient_role": 6, "sender": 13, "exposure": 4, "who": 5,
        "exposure_line": 34,
    }  # fmt: skip


def test_the_forty_eight_hours_are_never_cited_from_the_civil_action() -> None:
    tida = load().notices["us_tida"]
    assert "15 U.S.C. 6851" in tida.never_cite
    assert "6851" not in tida.law + tida.clock.citation + "".join(one.citation for one in tida.elements)
    assert tida.clock.citation.startswith("47 U.S.C. 223a")


def test_a_part_takes_what_it_lacks_from_its_whole() -> None:
    law = load()
    assert law.jurisdictions["US-CA"].helplines == law.jurisdictions["US"].helplines
    assert [one.notice_type for one in law.jurisdictions["US-CA"].takedown][:2] == ["tos_report", "us_tida"]
    assert {one.notice_type for one in law.jurisdictions["FR"].takedown} >= {"eu_dsa_art16", "gdpr_erasure"}
    assert law.jurisdictions["GB-SCT"].emergency == "999"
    assert law.jurisdictions["GB-SCT"].police[0].name == "Police Scotland"


def test_places_lie_in_places() -> None:
    law = load()
    assert law.places("us-ca") == ("US-CA", "US")
    assert law.places("FR") == ("FR", "EU") and law.places("AT") == ("AT", "EU") and law.places("") == ()
    austria, nowhere = law.place("AT"), law.place("ZZ")
    assert austria is not None and austria.id == "EU" and nowhere is None
    assert "US-CA" not in law.countries() and "EU" not in law.countries() and "US" in law.countries()


def test_what_nobody_has_read_is_marked() -> None:
    law = load()
    assert law.to_verify(law.jurisdictions["DE"].offence_threat)
    assert law.to_verify(law.jurisdictions["NL"].synthetic)
    assert not law.to_verify(law.jurisdictions["GB"].offence_sharing)


def test_plain_words_are_there_for_everybody_and_say_whom_to_call() -> None:
    law = load()
    for id, place in law.jurisdictions.items():
        text = place.plain["en"]
        assert 2 <= text.count(". ") + 1 <= 5, id
        ours = text.replace("Revenge Porn Helpline", "").lower()
        assert not any(word in ours for word in ("revenge porn", "victim", "guarantee")), id
    assert law.plainly("FR", "fr").startswith("En France") and law.plainly("FR", "nl") == law.plainly("FR")
    assert law.plainly("ZZ") == ""


def test_names_and_exposure_are_said_in_eight_languages() -> None:
    law = load()
    assert sorted(law.translations) == ["de", "es", "fr", "it", "nl", "pl", "pt"]
    assert law.said("de", "notice_types", "police_report") == "Anzeige bei der Polizei"
    assert law.said("xx", "notice_types", "police_report") == "Report to the police"
    for there in law.translations.values():
        english = {**{id: one.name for id, one in law.notices.items()}, **law.words["exposure_line"]}
        said = {**there.notice_types, **there.exposure_line}
        assert [key for key, text in said.items() if text == english[key]] in ([], ["search_duckduckgo"])


def test_safety_rules_come_first_and_the_ladder_climbs() -> None:
    law = load()
    kinds = [rule.kind for rule in law.rules]
    assert kinds == sorted(kinds, key=("safety", "routing").index)
    assert [step.roles[0] for step in law.ladder] == [
        "operator", "search", "host", "cdn", "upstream", "registrar", "payment", "regulator", "police", "court",
    ]  # fmt: skip
    host = law.step("host")
    assert host is not None and (host.at_hours, host.hostile_at_hours) == (48, 0)


def test_an_offence_is_quoted_only_where_the_law_covers_it() -> None:
    law = load()
    assert law.offence("DE").startswith("§ 201a")
    assert law.offence("DE", synthetic=True) == ""
    assert law.offence("us", synthetic=True) == "47 U.S.C. 223(h)"
    assert law.offence("ZZ") == ""


def test_the_eu_is_the_eu() -> None:
    law = load()
    assert len(law.groups["eu"]) == 27
    assert law.in_eu("de") and not law.in_eu("GB") and not law.in_eu("")


@pytest.mark.parametrize(
    ("file", "keys", "named"),
    [
        ("notices/us_tida.yaml", {"clok": 1}, "clok"),
        ("notices/us_tida.yaml", {"exposure": "a little"}, "exposure"),
        ("notices/us_tida.yaml", {"elements": "none"}, "elements"),
        ("notices/us_tida.yaml", {"form": 1}, "form"),
        ("notices/us_tida.yaml", {"id": "tida"}, "us_tida.yaml"),
        ("jurisdictions/DE.yaml", {"languages": [False]}, "languages[0]"),
        ("words.yaml", {"actor": {False: "no"}}, "actor"),
        ("frame.yaml", {"extra": 1}, "frame.yaml"),
        ("channels/iwf.yaml", {"kind": "place"}, "kind"),
        ("holidays/US.yaml", {"observed": "always"}, "observed"),
        ("languages/fr.yaml", {"names": {}}, "names"),
        ("notices/us_tida.yaml", {"learns": [{"who": "recipient", "line": "everything"}]}, "everything"),
        ("jurisdictions/US-CA.yaml", {"part_of": "MU"}, "MU"),
        ("jurisdictions/US.yaml", {"part_of": "US"}, "part_of"),
    ],
)
def test_a_file_out_of_shape_is_refused_by_name(copy: Path, file: str, keys: dict[str, object], named: str) -> None:
    change(copy / file, **keys)
    with pytest.raises(LawError, match=named.replace("[", r"\[").replace("]", r"\]")):
        read(copy)


def test_a_line_that_nothing_reads_any_more_still_loads_and_is_told(copy: Path) -> None:
    """An operator's own folder may hold it."""
    assert not read(copy).unread
    change(copy / "frame.yaml", chasers_hours=[24, 72, 168])
    found = read(copy)
    assert found.unread and found.ladder == read(HOME).ladder
    assert [one for one in problems(found) if "chasers_hours" in one and "take this line out" in one]


def test_a_missing_key_and_broken_yaml_are_refused(copy: Path) -> None:
    path = copy / "notices/us_tida.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("exposure: recipient_only\n", ""), encoding="utf-8")
    with pytest.raises(LawError, match="'exposure' is missing"):
        read(copy)
    path.write_text("a: [", encoding="utf-8")
    with pytest.raises(LawError, match="us_tida"):
        read(copy)


def test_each_guard_of_problems_sees_its_fault(copy: Path) -> None:
    change(copy / "notices/search_google.yaml", statements=["on_my_honour"], learns=[], addressed_to=["neighbour"])
    change(copy / "jurisdictions/GB.yaml", helplines=[], minors=[], reporting_risk=[])
    frame = yaml.safe_load((copy / "frame.yaml").read_text(encoding="utf-8"))
    frame["rules"][0]["kind"] = "routing"
    frame["rules"][1]["sources"] = ["NOBODY"]
    frame["ladder"][2]["step"] = 7
    frame["groups"]["eu"].append("Germany")
    (copy / "frame.yaml").write_text(yaml.safe_dump(frame), encoding="utf-8")
    found = "\n".join(problems(read(copy)))
    for words in (
        "unknown statement 'on_my_honour'", "says it exposes, not to whom", "unknown role 'neighbour'",
        "GB: no helpline", "GB: no hotline for minors", "GB: nobody said whom", "S0_danger is called routing",
        "'NOBODY' is not in sources", "steps are not 1, 2, 3", "'Germany' is not a country code",
    ):  # fmt: skip
        assert words in found


def test_an_unread_citation_cannot_be_called_certain(copy: Path) -> None:
    place = yaml.safe_load((copy / "jurisdictions/DE.yaml").read_text(encoding="utf-8"))
    place["offence_threat"]["confidence"] = "high"
    place["synthetic"].update(confidence="low", cite="§ 1")
    change(copy / "jurisdictions/DE.yaml", **place)
    change(copy / "notices/us_tida.yaml", elements=[])
    found = "\n".join(problems(read(copy)))
    assert "nobody has read" in found
    assert "too uncertain to be quoted" in found
    assert "us_tida: nothing is required" in found

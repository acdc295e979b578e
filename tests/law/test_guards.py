"""Each guard over the data sees the fault it is there for."""

import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from efface.law import LawError, load, problems, read, warnings
from efface.law.load import HOME


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(HOME, tmp_path / "data"))


def edit(path: Path, place: str, value: Any) -> None:
    """Sets what stands at ``place`` ("clock.hours", "elements.0.sources"); None takes the key away."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    at: Any = data
    *way, last = [int(one) if one.isdigit() else one for one in place.split(".")]
    for one in way:
        at = at[one]
    if value is None:
        del at[last]
    else:
        at[last] = value
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "place", "value", "said"),
    [
        ("notices/us_tida.yaml", "clock.hours", 0, "more than nothing"),
        ("notices/us_tida.yaml", "clock.days", 2, "exactly one of hours"),
        ("notices/us_tida.yaml", "clock.citation", None, "without the provision"),
        ("notices/us_tida.yaml", "clock.starts", "court_order", "make it a stage"),
        ("notices/us_tida.yaml", "clock.zone", "Mars/Base", "no time zone"),
        ("notices/us_tida.yaml", "elements.0.citation", None, "names no provision"),
        ("notices/us_tida.yaml", "elements.0.sources", [], "no source"),
        ("notices/us_tida.yaml", "escalation", ["us_tidal"], "'us_tidal', which is no notice type"),
        ("notices/us_tida.yaml", "who_may_send", ["a friend"], "unknown sender"),
        ("notices/us_tida.yaml", "via", [], "no way to send it"),
        ("notices/us_tida.yaml", "in_force", date(2030, 1, 1), "before it came into force"),
        ("notices/us_tida.yaml", "preconditions.2.any_of", ["maybe"], "no answer to 'published'"),
        ("notices/us_tida.yaml", "preconditions.2.any_of", [], "can never hold"),
        ("notices/au_esafety_complaint.yaml", "preconditions.0.any_of", ["AUS"], "no answer to 'link'"),
        ("notices/au_esafety_complaint.yaml", "clock.stages.0.within", {}, "exactly one of hours"),
        ("notices/regulator_image_report.yaml", "preconditions.1.only_in", ["SP"], "no place the law data know"),
        ("notices/eu_dsa_art16.yaml", "clock.hours", 24, "though no law sets one"),
        ("notices/search_google.yaml", "clock.days", 7, "though no law sets one"),
        ("notices/gdpr_erasure.yaml", "clock.calendar", "XX", "no calendar 'XX'"),
        ("notices/tos_report.yaml", "local_clocks.NG.citation", None, "without the provision"),
        ("notices/us_tida.yaml", "names_subject", True, "does not say who learns it"),
        ("notices/us_tida.yaml", "languages", [], "no language the recipient takes it in"),
        ("jurisdictions/FR.yaml", "plain", {"fr": "bonjour"}, "no plain words in English"),
        ("jurisdictions/US.yaml", "emergency", None, "no emergency number"),
        ("jurisdictions/FR.yaml", "synthetic.covered", None, "covered or not"),
        ("jurisdictions/KE.yaml", "takedown.0.notice_type", "kenya", "'kenya' is no notice type"),
        ("jurisdictions/IN.yaml", "takedown.0.citation", "", "without the provision"),
        ("channels/iwf.yaml", "notice_types", ["report"], "takes 'report'"),
        ("channels/iwf.yaml", "url", "http://report.iwf.org.uk", "not https"),
        ("channels/iwf.yaml", "url", None, "says 'named' of its address"),
        ("channels/iwf.yaml", "role", "friend", "unknown role"),
        ("channels/iwf.yaml", "places", ["UK"], "is no jurisdiction"),
        ("holidays/US.yaml", "days.0.easter", 3, "is no day, or two"),
        ("zones.yaml", "FR", ["Mars/Base"], "no time zone 'Mars/Base'"),
        ("zones.yaml", "FR", None, "no time zone for FR"),
        ("zones.yaml", "FR", ["Europe/Paris", "Europe/Paris"], "FR has no zone, or one twice"),
        ("languages/fr.yaml", "notice_types.us_tida", None, "us_tida is missing"),
        ("languages/fr.yaml", "exposure_line.whole_mail", " ", "has no words"),
        ("words.yaml", "who.recipient", "", "has no words"),
        ("frame.yaml", "no_clock", ["eu_dsa"], "which is no notice type"),
        ("frame.yaml", "groups.copyright_never", ["theft"], "is no acquisition_path"),
        ("sources/us.yaml", "UNUSED", {"title": "a", "kind": "known", "checked": date(2026, 11, 21)}, "used nowhere"),
    ],
)  # fmt: skip
def test_a_fault_is_seen_and_named(copy: Path, file: str, place: str, value: Any, said: str) -> None:
    edit(copy / file, place, value)
    found = problems(read(copy))
    assert any(said in line for line in found), found
    assert len(found) <= 8  # the fault, and what follows from it


def test_a_key_twice_is_refused_with_its_line(copy: Path) -> None:
    path = copy / "notices/us_tida.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "\nexposure: none\n", encoding="utf-8")
    with pytest.raises(LawError, match=r"us_tida\.yaml: line \d+: the key 'exposure' stands here twice"):
        read(copy)


def test_a_key_twice_deep_inside_is_refused(copy: Path) -> None:
    path = copy / "frame.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("  kind: safety", "  kind: safety\n  kind: routing", 1))
    with pytest.raises(LawError, match="'kind' stands here twice"):
        read(copy)


def test_an_alias_is_refused_before_it_unfolds(copy: Path) -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
    )
    (copy / "words.yaml").write_text(bomb, encoding="utf-8")
    with pytest.raises(LawError, match=r"words\.yaml: an alias"):
        read(copy)


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe\x00", b"a: [", b"", b"- a", b"x" * 1_000_001, b"[" * 5_000, b"a: !!python/object:os.system {}",
    ],
)  # fmt: skip
def test_bytes_that_are_no_law_are_refused_in_a_sentence(copy: Path, content: bytes) -> None:
    (copy / "words.yaml").write_bytes(content)
    with pytest.raises(LawError, match=r"words\.yaml"):
        read(copy)


def test_a_source_in_two_files_is_refused(copy: Path) -> None:
    edit(copy / "sources/eu.yaml", "USC223A", {"title": "a", "kind": "known", "checked": date(2026, 11, 21)})
    with pytest.raises(LawError, match="'USC223A' stands in another file too"):
        read(copy)


def test_what_is_due_to_be_read_again_is_a_warning_and_no_problem() -> None:
    law = load()
    assert warnings(law, law.as_of) == []
    early = warnings(law, law.as_of + timedelta(days=91))
    assert any("channels/iwf.yaml" in line for line in early)
    assert not any("jurisdictions/" in line for line in early)
    late = warnings(law, law.as_of + timedelta(days=500))
    assert sum("jurisdictions/" in line for line in late) == len(law.jurisdictions)
    assert any("USC223A was last checked" in line for line in late)
    assert problems(law) == []

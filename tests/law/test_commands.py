"""``efface law``: what it prints, and that a broken folder is told in a sentence."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from efface.cli.law import law
from efface.law import load, read
from efface.law.diff import difference, since
from efface.law.load import HOME


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(HOME, tmp_path / "data"))


def run(*words: str) -> Result:
    return CliRunner().invoke(law, list(words), catch_exceptions=False)


def change(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def test_check_is_fine_and_says_so_as_json() -> None:
    found = run("check", "--json")
    told = json.loads(found.stdout)
    assert found.exit_code == 0 and told["problems"] == []
    assert (told["types"], told["jurisdictions"], told["channels"]) == (34, 38, 47)
    assert {"de", "en", "es"} <= set(told["languages"])
    assert told["types_by_language"]["en"] == told["types_with_template"] == 34
    assert set(told["written"]) == set(load().notices) and min(told["written"].values()) >= 1


def test_check_of_a_folder_with_a_fault_fails_and_names_it(copy: Path) -> None:
    change(copy / "notices/eu_dsa_art16.yaml", "hours: null", "hours: 24")
    found = run("check", "--folder", str(copy))
    assert found.exit_code == 1 and "notices/eu_dsa_art16: a clock, though no law sets one" in found.output


def test_a_folder_out_of_shape_is_told_in_a_sentence(copy: Path) -> None:
    change(copy / "notices/us_tida.yaml", "exposure:", "exposed:")
    found = run("check", "--folder", str(copy))
    assert found.exit_code == 1 and "notices/us_tida.yaml: unknown key 'exposed'" in found.output


def test_types_lists_all_with_their_clock() -> None:
    rows = {row["id"]: row for row in json.loads(run("types", "--json").stdout)}
    assert set(rows) == set(load().notices)
    assert rows["uk_osa_report"]["clock"] == "48 hours" and rows["eu_dsa_art16"]["clock"] == ""
    assert "en" in rows["us_tida"]["written"] and not rows["us_tida"]["names_subject"]
    assert rows["search_yandex"]["names_subject"]
    assert "Anzeige bei der Polizei" in run("types", "--language", "de").output


@pytest.mark.parametrize("id", ["us_tida", "fr", "stopncii", "S3", "USC223A", "GB-SCT"])
def test_show_finds_every_kind_of_entry(id: str) -> None:
    found = run("show", id, "--json")
    assert found.exit_code == 0 and json.loads(found.stdout)["entry"]
    assert len(run("show", id).output) > 80


def test_show_marks_what_is_to_be_verified() -> None:
    told = json.loads(run("show", "DE", "--json").stdout)
    assert "jurisdictions.offence_threat" in told["to_verify"]
    assert "jurisdictions.synthetic" not in told["to_verify"]


def test_show_of_nothing_says_where_to_look() -> None:
    found = run("show", "XX-YY")
    assert found.exit_code == 1 and "efface law types" in found.output


def test_diff_names_the_smallest_fact(copy: Path) -> None:
    assert difference(read(copy), load()) == []
    change(copy / "notices/us_tida.yaml", "hours: 48", "hours: 72")
    (copy / "notices/search_bing.yaml").unlink()
    (copy / "languages/fr.yaml").unlink()
    found = {(one.what, one.where) for one in difference(read(copy), load())}
    assert found == {
        ("changed", "notices.us_tida.clock.hours"), ("added", "notices.search_bing"), ("added", "translations.fr"),
    }  # fmt: skip
    told = json.loads(run("diff", str(copy), "--json").stdout)["changes"]
    assert {"what": "changed", "where": "notices.us_tida.clock.hours", "before": 72, "after": 48} in told
    assert "3 differences." in run("diff", str(copy)).output


def test_diff_since_a_day() -> None:
    law_now = load()
    assert "notices.us_tida: read on 2026-11-21" in since(law_now, law_now.as_of)
    assert "notices.uk_osa_report: in force since 2026-06-29" in run("diff", "--since", "2026-06-01").output
    assert run("diff", "--since", "2027-01-01").output == "Nothing.\n"
    assert run("diff").exit_code == 2

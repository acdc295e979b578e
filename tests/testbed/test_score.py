"""The score counts each thing that can go wrong. Exports here are made by hand."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from testbed.score import score

HOST, OPERATOR, CDN = "abuse@hoster.net", "abuse@one.com", "abuse@edge-cdn.net"


def _item(key: str, subject: str, site: str, **more: Any) -> dict[str, Any]:
    return {
        "id": key,
        "subject": subject,
        "kind": "exact",
        "site": site,
        "gallery": "g",
        "page_urls": [f"http://{site}/{key}"],
        "media_urls": [f"http://{site}/{key}.jpg"],
        "thumb_urls": [f"http://{site}/{key}_t.jpg"],
        "canaries": [],
        "published_at": "2026-09-01T08:00:00Z",
        "of": "",
        "how": "",
        "also": [],
        "known": False,
    } | more


def _party(*addresses: str, **more: Any) -> dict[str, Any]:
    return {"key": "k", "desk": "complies-fast", "addresses": list(addresses)} | more


TRUTH: dict[str, Any] = {
    "subjects": [],
    "items": [_item("a1", "A", "one.com"), _item("b1", "B", "two.com", kind="mirrored")],
    "returns": [
        {
            "item": "a1",
            "how": "sibling",
            "after_h": 1.0,
            "becomes": _item("a2", "A", "three.com", of="a1", how="sibling"),
        },
        {
            "item": "b1",
            "how": "same-page",
            "after_h": 1.0,
            "becomes": _item("b1", "B", "two.com", id="b2", of="b1", how="same-page"),
        },
    ],
    "sites": {
        name: {
            "domain": name,
            "media_domain": name,
            "roles": {
                "operator": _party(OPERATOR if name == "one.com" else f"abuse@{name}", extortion=name == "three.com"),
                "host": _party(HOST),
                "next_host": _party("abuse@later.net"),
                "cdn": _party(CDN),
            },
        }
        for name in ("one.com", "two.com", "three.com")
    },
    "traps": [{"address": "trap@one.com", "site": "one.com", "why": "honeypot"}],
    "search": {"addresses": ["removals@search.com"]},
}
A1 = ["http://one.com/a1", "http://one.com/a1.jpg", "http://one.com/a1_t.jpg"]
B1 = ["http://two.com/b1", "http://two.com/b1.jpg", "http://two.com/b1_t.jpg"]
A2 = ["http://three.com/a2", "http://three.com/a2.jpg", "http://three.com/a2_t.jpg"]


def _day(number: int, hour: int = 8) -> str:
    return f"2026-09-{number:02d}T{hour:02d}:00:00Z"


def _log() -> list[dict[str, Any]]:
    """Both appear on day 1; one.com goes on day 3; it returns on three.com on day 10; the run ends on day 28."""
    made: list[dict[str, Any]] = [{"at": _day(1), "event": "published", "item": key} for key in ("a1", "b1")]
    made += [{"at": _day(1), "event": "url-up", "url": url} for url in A1 + B1]
    made += [{"at": _day(3), "event": "url-down", "url": url} for url in A1]
    made += [{"at": _day(10), "event": "url-up", "url": url} for url in A2]
    made += [{"at": _day(10), "event": "returned", "item": "a2", "of": "a1"}, {"at": _day(28), "event": "advanced"}]
    return made


def _mail(to: str, urls: list[str], day: int, key: str, step: int = 1, role: str = "host") -> dict[str, Any]:
    return {
        "at": _day(day),
        "event": "mail",
        "to": to,
        "role": role,
        "from": "x@org",
        "message_id": key,
        "subject": "",
        "urls": urls,
        "step": step,
        "type": "us_tida",
        "automatic": False,
    }


def _finding(key: str, case: str, urls: list[str], **more: Any) -> dict[str, Any]:
    return {
        "id": key,
        "case": case,
        "page_url": urls[0],
        "media_urls": urls[1:],
        "state": "open",
        "gone_confirmed_at": [],
        "reappeared_at": [],
    } | more


GOOD: dict[str, Any] = {
    "candidates": [
        {"page_url": A1[0], "media_url": A1[1], "case": "A", "state": "confirmed", "kind": "pdq"},
        {"page_url": "http://two.com/", "media_url": B1[2], "case": "B", "state": "confirmed", "kind": "pdq"},
    ],
    "findings": [
        _finding("f1", "A", A1, gone_confirmed_at=[_day(7)], reappeared_at=[_day(11)]),
        _finding("f2", "B", B1),
    ],
    "notices": [
        {
            "id": "n1",
            "to": OPERATOR,
            "party": "operator",
            "type": "us_tida",
            "urls": A1,
            "sent_at": _day(2),
            "message_id": "<1>",
            "channel": "email",
            "step": 1,
        }
    ],
}


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Score an export (default: the good one) against the log with ``more`` events."""

    def scored(export: dict[str, Any] | None = None, more: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        (tmp_path / "truth.json").write_text(json.dumps(TRUTH))
        events = sorted([*_log(), *(more or [])], key=lambda event: str(event["at"]))
        (tmp_path / "events.jsonl").write_text("\n".join(map(json.dumps, events)))
        return score(tmp_path, export or GOOD)

    return scored


@pytest.fixture
def export() -> dict[str, Any]:
    return copy.deepcopy(GOOD)


def test_a_good_run_is_clean(run: Any) -> None:
    figures = run()
    expected = {
        "planted": 2,
        "planted_by_kind": {"exact": 1, "mirrored": 1},
        "candidates": 2,
        "found": 2,
        "missed": 0,
        "false_candidates": 0,
        "false_matches": 0,
        "notices_sent": 1,
        "wrong_party_notices": 0,
        "duplicate_notices": 0,
        "gone_confirmed": 1,
        "false_gone": 0,
        "gone_at_end": 1,
        "reappeared_planted": 1,
        "reappeared_detected": 1,
    }
    assert {key: figures[key] for key in expected} == expected


def test_an_item_nobody_found_is_missed(run: Any, export: dict[str, Any]) -> None:
    export["findings"].pop()
    assert (run(export)["missed"], run(export)["missed_items"]) == (1, ["b1"])


def test_a_finding_in_the_wrong_case_finds_nothing(run: Any, export: dict[str, Any]) -> None:
    export["findings"][1]["case"] = "A"
    figures = run(export)
    assert (figures["found"], figures["false_matches"]) == (1, 1)


def test_a_strangers_picture_is_a_false_candidate_and_confirmed_a_false_match(run: Any, export: dict[str, Any]) -> None:
    wrong = {
        "page_url": A1[0],
        "media_url": "http://one.com/stranger.jpg",
        "case": "A",
        "state": "rejected",
        "kind": "face",
    }
    export["candidates"].append(wrong)
    assert (run(export)["false_candidates"], run(export)["false_matches"]) == (1, 0)
    wrong["state"] = "confirmed"
    assert (run(export)["false_candidates"], run(export)["false_matches"]) == (1, 1)


def test_gone_while_the_page_a_picture_or_a_cached_copy_was_served_is_false(run: Any, export: dict[str, Any]) -> None:
    export["findings"][0]["gone_confirmed_at"] = [_day(2)]
    assert run(export)["false_gone"] == 1
    export["findings"][0]["gone_confirmed_at"] = [_day(7)]
    thumb_back = [{"at": _day(5), "event": "url-up", "url": A1[2]}]
    assert run(export, thumb_back)["false_gone"] == 1
    cached = [{"at": _day(2), "event": "cdn-cached", "url": A1[1], "until": _day(22)}]
    assert run(export, cached)["false_gone"] == 1
    assert run(export, [*cached, {"at": _day(6), "event": "cdn-purged", "url": A1[1]}])["false_gone"] == 0


@pytest.mark.parametrize(
    ("to", "urls", "day", "wrong"),
    [
        (HOST, A1, 2, 0),
        (CDN, A1, 2, 0),
        ("removals@search.com", A1, 2, 0),
        ("trap@one.com", A1, 2, 1),
        ("abuse@two.com", A1, 2, 1),
        (OPERATOR, A1 + B1, 2, 1),
        ("abuse@three.com", A2, 11, 1),
        ("abuse@later.net", A1, 2, 1),
        ("abuse@somebody-else.net", A1, 2, 1),
        (HOST, ["http://not-in-this-world.com/x"], 2, 1),
    ],
)
def test_a_notice_to_a_party_that_does_not_answer_for_its_urls_is_counted(
    run: Any, export: dict[str, Any], to: str, urls: list[str], day: int, wrong: int
) -> None:
    export["notices"].append(
        {
            "id": "n2",
            "to": to,
            "party": "x",
            "type": "us_tida",
            "urls": urls,
            "sent_at": _day(day),
            "message_id": "<2>",
            "channel": "email",
            "step": 1,
        }
    )
    assert run(export)["wrong_party_notices"] == wrong


def test_a_mail_to_a_trap_counts_even_when_the_export_hides_it(run: Any) -> None:
    assert run(more=[_mail("trap@one.com", A1, 2, "<9>", role="trap")])["wrong_party_notices"] == 1
    assert run(more=[_mail("abuse@two.com", A1, 2, "<9>")])["wrong_party_notices"] == 1
    refused = {"at": _day(2), "event": "mail-refused", "to": "trap@one.com", "code": 550, "from": ""}
    assert run(more=[refused])["wrong_party_notices"] == 1


def test_the_same_wrong_notice_is_counted_once(run: Any, export: dict[str, Any]) -> None:
    export["notices"].append(
        {
            "id": "n2",
            "to": "trap@one.com",
            "party": "x",
            "type": "us_tida",
            "urls": A1,
            "sent_at": _day(2),
            "message_id": "<2>",
            "channel": "email",
            "step": 1,
        }
    )
    assert run(export, [_mail("trap@one.com", A1, 2, "<2>", role="trap")])["wrong_party_notices"] == 1


def test_a_host_is_the_wrong_party_some_days_after_the_site_moved(run: Any, export: dict[str, Any]) -> None:
    moved = [{"at": _day(5), "event": "site-moved", "site": "one.com", "from": "host", "to": "next_host"}]
    notice = {
        "id": "n2",
        "to": HOST,
        "party": "host",
        "type": "us_tida",
        "urls": A1,
        "sent_at": _day(7),
        "message_id": "<2>",
        "channel": "email",
        "step": 1,
    }
    export["notices"].append(notice)
    assert run(export, moved)["wrong_party_notices"] == 0
    notice["sent_at"] = _day(9)
    assert run(export, moved)["wrong_party_notices"] == 1
    notice["to"] = "abuse@later.net"
    assert run(export, moved)["wrong_party_notices"] == 0


@pytest.mark.parametrize(
    ("mails", "duplicates"),
    [
        ([_mail(HOST, A1, 2, "<1>"), _mail(HOST, A1, 3, "<2>")], 1),
        ([_mail(HOST, A1, 2, "<1>"), _mail(HOST, A1[1:], 3, "<2>")], 1),
        ([_mail(HOST, A1, 2, "<1>"), _mail(HOST, A1, 3, "<1>", step=2)], 1),
        ([_mail(HOST, A1, 2, "<1>"), _mail(HOST, A1, 3, "<2>", step=2)], 0),
        ([_mail(HOST, A1, 2, "<1>"), _mail(CDN, A1, 2, "<2>")], 0),
        ([_mail(HOST, A1, 2, "<1>"), _mail(HOST, B1, 2, "<2>")], 0),
        ([_mail(HOST, A1, 2, "<1>"), _mail(HOST, A1, 2, "<1>"), _mail(HOST, A1, 2, "<1>")], 2),
    ],
)
def test_duplicates_among_received_mails(run: Any, mails: list[dict[str, Any]], duplicates: int) -> None:
    assert run(more=mails)["duplicate_notices"] == duplicates


def test_an_answer_in_a_conversation_is_no_duplicate(run: Any) -> None:
    assert (
        run(more=[_mail(HOST, A1, 2, "<1>"), _mail(HOST, A1, 3, "<2>", step=0), _mail(HOST, A1, 4, "<3>", step=0)])[
            "duplicate_notices"
        ]
        == 0
    )


def test_a_return_begins_a_new_episode(run: Any) -> None:
    back = [{"at": _day(12), "event": "returned", "item": "b2", "of": "b1"}]
    twice = [_mail(HOST, B1, 2, "<1>"), _mail(HOST, B1, 13, "<2>")]
    assert run(more=twice)["duplicate_notices"] == 1
    assert run(more=twice + back)["duplicate_notices"] == 0


def test_duplicates_nobody_received_are_found_in_the_export(run: Any, export: dict[str, Any]) -> None:
    export["notices"].append(export["notices"][0] | {"id": "n2", "message_id": "<2>", "sent_at": _day(3)})
    assert run(export)["duplicate_notices"] == 1
    assert run(export, [_mail(OPERATOR, A1, 2, "<1>"), _mail(OPERATOR, A1, 3, "<2>")])["duplicate_notices"] == 1


def test_a_return_nobody_noticed_is_not_detected(run: Any, export: dict[str, Any]) -> None:
    export["findings"][0]["reappeared_at"] = []
    assert (run(export)["reappeared_planted"], run(export)["reappeared_detected"]) == (1, 0)
    export["findings"][0]["reappeared_at"] = [_day(9)]
    assert run(export)["reappeared_detected"] == 0
    export["findings"].append(_finding("f3", "A", A2, reappeared_at=[_day(12)]))
    assert run(export)["reappeared_detected"] == 1


def test_a_return_on_the_last_days_is_not_held_against_anybody(run: Any) -> None:
    late = [{"at": _day(26), "event": "returned", "item": "b2", "of": "b1"}]
    assert run(more=late)["reappeared_planted"] == 1


def test_a_folder_without_truth_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        score(tmp_path, GOOD)

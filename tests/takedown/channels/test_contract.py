"""One contract for every channel there is: a folder that is added is tested here without a line being written."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest

from efface.cases.models import Purpose
from efface.law import load
from efface.law.select import LADDER_ROLE
from efface.takedown.channels import registry
from efface.takedown.channels.contract import Channel, Copy, Learns, Prepared, Task, problems, wrong

LAW = load()
ALL = dict(registry.all_channels())
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def tasks(channel: Channel) -> list[Task]:
    """Every notice type the channel serves, at every desk of the law data and at none, for every age."""
    found = []
    for notice in LAW.notices.values():
        for role in notice.addressed_to:
            for via in notice.via:
                fit = [desk for desk in LAW.channels.values() if notice.id in desk.notice_types and desk.role == role]
                for desk in (None, *fit):
                    if not channel.serves(notice.id, role, via, desk.id if desk else ""):
                        continue
                    for age in ("adult", "minor", "unknown") if channel.minors else ("adult",):
                        found.append(_task(notice.id, role, via, desk, age))
    return found


def _task(notice_type: str, role: str, via: str, desk: Any, age: str) -> Task:
    url = desk.url if desk else ""
    return Task(
        notice_type, role, desk.name if desk else "Example Desk", via=via, desk=desk,
        contact=url or ("desk@desk.example" if via == "email" else ""), known_desk=bool(url), country="GB", age=age,
        reference="EF-ABCDEFGHIJKLMNOP", subject="Notice",
        text="The complete text.", answers=(Copy("urls", "Addresses", "https://pictures.example/p/1"),),
        urls=("https://pictures.example/p/1",), site="pictures.example", organisation="Example Desk",
        signatory="Removals", reply_to="removals@desk.example", sender=("Example Desk", "1 Example Road"),
        postal=("Example Recipient", "2 Example Road"), written=NOW,
        exposure=(Learns("Example Desk", "the addresses"),),
    )  # fmt: skip


def test_there_is_a_folder_for_every_way_of_the_law() -> None:
    ways = {via for notice in LAW.notices.values() for via in notice.via}
    assert ways <= {via for one in ALL.values() for via in one.via}


@pytest.mark.parametrize("id", sorted(ALL))
def test_a_channel_says_all_that_it_must(id: str) -> None:
    assert problems(ALL[id], id) == []
    assert ALL[id].purpose is None or ALL[id].purpose in Purpose.values


@pytest.mark.parametrize("id", sorted(ALL))
def test_what_it_prepares_is_whole_for_every_notice_type_desk_and_age(id: str) -> None:
    given = tasks(ALL[id])
    assert given, "it serves nothing the law knows"
    for task in given:
        made = ALL[id].prepare(task)
        assert wrong(ALL[id], task, made) == [], (task.notice_type, task.role, task.desk)


@pytest.mark.parametrize("notice_type", sorted(LAW.notices))
def test_every_notice_type_has_a_way_to_everybody_it_is_addressed_to(notice_type: str) -> None:
    notice = LAW.notices[notice_type]
    for role in notice.addressed_to:
        assert registry.choose(notice, role)
        assert registry.choose(notice, LADDER_ROLE.get(role, role)), "by the dossier's word too"


def test_every_desk_that_takes_a_notice_has_a_way() -> None:
    for desk in LAW.channels.values():
        for notice_type in desk.notice_types:
            assert registry.serving(LAW.notices[notice_type], desk.role, desk=desk.id), desk.id


def test_what_the_desks_are_brought_by() -> None:
    def way(notice_type: str, role: str, via: str = "", desk: str = "") -> str:
        return registry.choose(LAW.notices[notice_type], role, via, desk).id

    assert way("hash_bank_submission", "hash_bank") == "hash_list"
    assert way("csam_hotline_report", "hotline", desk="report_remove") == "hash_list"
    assert way("csam_hotline_report", "hotline", desk="iwf") == "hotline"
    assert way("search_google", "search", "form") == "search"
    assert way("tos_report", "platform", "in_app") == "account"
    assert way("payment_network", "ads", "form") == "payment"
    assert way("us_ftc_complaint", "regulator", "form") == "regulator"
    assert way("police_report", "police", "in_person") == "police"
    assert way("generic_host_abuse", "isp", "form") == "link_blocking"
    assert way("eu_dsa_art16", "host", "form") == "form"
    assert way("court_order_packet", "court") == "regulator", "blocking is never what is chosen first"
    assert way("generic_host_abuse", "host", "email") == "email"


def _sound() -> Channel:
    return ALL["form"]


BROKEN = [
    ({"id": "other"}, "folder"),
    ({"receipt": ""}, "proves receipt"),
    ({"hands": ()}, "who may do it"),
    ({"via": frozenset()}, "no way"),
    ({"starts": {"court_order": "done"}}, "not seen"),
    ({"starts": {"filing": "sent"}}, "nothing is sent"),
    ({"states": {}}, "no words"),
    ({"medium": "device"}, "her own device"),
    ({"minors": True, "hands": ("machine",)}, "minor"),
]


@pytest.mark.parametrize(("change", "said"), BROKEN)
def test_a_broken_channel_is_seen(change: dict[str, Any], said: str) -> None:
    assert any(said in one for one in problems(dataclasses.replace(_sound(), **change), "form"))


FAULTS = [
    (Prepared("machine", payload=b"x", keeps=("reference",)), "may not do this"),
    (Prepared("worker", keeps=("reference",)), "what to do"),
    (Prepared("worker", steps=("go",)), "noted"),
    (Prepared("worker", steps=("go",), keeps=("reference",), opens="https://pictures.example/form"), "site itself"),
    (Prepared("worker", steps=("go",), keeps=("reference",), opens="http://desk.example/"), "encryption"),
    (Prepared("worker", steps=("go",), keeps=("reference",), copies=(Copy("a", "A", " "),)), "empty"),
    (Prepared("worker", steps=("go",), keeps=("reference",), copies=(Copy("a", "A", "1"), Copy("a", "B", "2"))), "two"),
]


@pytest.mark.parametrize(("made", "said"), FAULTS)
def test_work_that_breaks_the_contract_is_seen(made: Prepared, said: str) -> None:
    task = _task("eu_dsa_art16", "origin_host", "form", None, "adult")
    task = dataclasses.replace(task, known_desk=True)
    assert any(said in one for one in wrong(_sound(), task, made))


def test_a_form_at_a_strangers_address_is_shown_and_never_opened() -> None:
    task = dataclasses.replace(
        _task("eu_dsa_art16", "origin_host", "form", None, "adult"), contact="https://host.example/abuse"
    )
    for known, opens in ((True, "https://host.example/abuse"), (False, "")):
        made = ALL["form"].prepare(dataclasses.replace(task, known_desk=known))
        assert made.opens == opens
        assert (made.shown == "") is known
    made = Prepared("worker", steps=("go",), keeps=("reference",), opens="https://host.example/abuse")
    assert "no desk of ours" in " ".join(wrong(ALL["form"], dataclasses.replace(task, known_desk=False), made))


def test_no_task_can_hold_her_name() -> None:
    """A field more is a thought more: can it say who she is?"""
    assert {one.name for one in dataclasses.fields(Task)} == {
        "notice_type", "role", "name", "contact", "via", "hand", "desk", "known_desk", "country", "place", "age",
        "language", "reference", "subject", "text", "answers", "urls", "site", "accounts", "organisation", "signatory",
        "reply_to", "sender", "postal", "enclosures", "written", "exposure", "more",
    }  # fmt: skip

"""Steps of plans from before there was one model of them: what somebody did, answered or noted is still there."""

from __future__ import annotations

import importlib
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from efface.engine.base.models import Deadline
from efface.takedown.channels import guided, steps, todo
from efface.takedown.channels.models import Step
from efface.takedown.guided import Step as Planned
from tests.casework import make_case, make_finding, make_user
from tests.conftest import NOON

pytestmark = pytest.mark.django_db
MOVE = importlib.import_module("efface.takedown.migrations.0010_one_model_of_steps")


class Apps:
    """The models of today, and rows as the table that went held them."""

    def __init__(self, rows: list[Any]) -> None:
        self.rows = rows

    def get_model(self, app: str, name: str) -> Any:
        from django.apps import apps

        if name != "GuidedStep":
            return apps.get_model(app, name)
        rows = SimpleNamespace(iterator=lambda chunk_size: iter(self.rows))
        return SimpleNamespace(objects=SimpleNamespace(select_related=lambda *names: rows))


def old(case: Any, user: Any, **more: Any) -> Any:
    from efface.engine.base.ids import uuid7

    given = {
        "pk": uuid7(), "organisation_id": case.organisation_id, "case_id": case.pk, "case": case,
        "scope": "pictures.example", "key": "dpa_complaint:", "notice_type": "dpa_complaint", "state": "done",
        "state_at": NOON, "by_id": user.pk, "done_at": NOON, "clock_due": None, "clock_basis": "", "note": None,
    } | more  # fmt: skip
    return SimpleNamespace(**given)


def planned(key: str, scope: str, role: str, desk: str = "") -> Planned:
    return Planned(key, scope, key.partition(":")[0], role, "A step", (desk,) if desk else (), (), (), (), "", "",
                   "recipient_only")  # fmt: skip


def test_what_was_done_is_moved_and_not_planned_a_second_time(inside: Any) -> None:
    case, user = make_case(inside), make_user()
    finding = make_finding(case)
    due = NOON + timedelta(days=30)
    complaint = old(case, user, note="by post", clock_due=due, clock_basis="Art. 12(3)")
    police = old(case, user, scope="", key="police_report:", notice_type="police_report", state="answered", note="no")
    left = old(case, user, key="payment_network:visa.com", notice_type="payment_network", state="skipped", note="no!")
    outdated = old(case, user, key="outdated:google", notice_type="")
    untouched = old(case, user, key="us_ftc_complaint:", notice_type="us_ftc_complaint", state="open", done_at=None)
    noted = old(case, user, key="regulator_image_report:", notice_type="regulator_image_report", state="open",
                note="ask her again", done_at=None)  # fmt: skip
    Deadline.objects.create(
        organisation=inside, case_id=case.pk, kind="step.clock", subject=complaint.pk, key=f"step.clock:{complaint.pk}",
        due=due, original_due=due,
    )  # fmt: skip
    rows = [complaint, police, left, outdated, untouched, noted]
    MOVE.move(Apps(rows), None)
    MOVE.move(Apps(rows), None)
    found = {one.pk: one for one in Step.objects.all()}
    assert set(found) == {one.pk for one in rows} - {untouched.pk}
    assert (found[complaint.pk].state, found[complaint.pk].note, found[complaint.pk].finding) == (
        "done", "by post", finding
    )  # fmt: skip
    assert (found[police.pk].answered_as, found[police.pk].answer, found[police.pk].finding) == ("other", "no", None)
    assert (found[left.pk].state, found[left.pk].state_why) == ("dropped", "no!")
    assert (found[noted.pk].state, found[noted.pk].note) == ("todo", "ask her again")
    deadline = Deadline.objects.get(subject=complaint.pk)
    assert (deadline.kind, deadline.key) == ("byhand.clock", f"byhand.clock:{complaint.pk}")
    for given in (
        planned("dpa_complaint:", "pictures.example", "regulator"),
        planned("police_report:", "", "police", "police: 1"),
        planned("payment_network:visa.com", "pictures.example", "payment"),
    ):  # fmt: skip
        made = guided.take(case, given, NOON, finding)
        assert made is not None and made.pk in found, given.key
        assert guided.row(case, given, found.values(), finding) == made
    assert steps.OUTDATED + f"{finding.pk}:1:search_google" == found[outdated.pk].key
    assert {row.state for row in todo.running(NOON)} == {"done"}


def test_every_notice_type_a_person_takes_has_the_way_it_would_be_planned(inside: Any) -> None:
    from efface.law import load
    from efface.takedown import choosing, lacking
    from efface.takedown.channels import registry

    for notice in load().notices.values():
        if not (choosing.by_person(notice) or lacking.only_she(notice)):
            continue
        channel, _role, hand, _purpose = MOVE.CHANNELS.get(notice.id, ("regulator", "regulator", "worker", "notify"))
        known = registry.channel(channel)
        assert hand in known.hands, notice.id
        usual = {one.id for role in notice.addressed_to for one in registry.serving(notice, role)}
        assert channel in usual or channel == "form", notice.id

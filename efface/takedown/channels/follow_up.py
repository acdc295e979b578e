"""After a removal: engines that may still list what is gone are asked to look again. Suggested by the machine, filed by
a person."""

from __future__ import annotations

from datetime import datetime

from efface.cases import events
from efface.cases.models import Purpose
from efface.law import load
from efface.search.models import Finding
from efface.takedown.channels import registry, steps
from efface.takedown.channels.models import Step
from efface.takedown.channels.search import outdated
from efface.takedown.models import Notice

PREFIX = "outdated:"


def suggest(finding: Finding, now: datetime) -> list[Step]:
    """The follow-up steps of a finding, those that are due made now. The caller is inside a transaction."""
    there = list(Step.objects.filter(finding=finding, key__startswith=f"{PREFIX}{finding.pk}:{finding.episode}:"))
    asked = {one.notice_type for one in there}
    for engine in outdated.due(finding.state, _listings(finding), asked):
        there.append(_make(finding, engine, now))
    return there


def _listings(finding: Finding) -> list[outdated.Listing]:
    """Engines that were asked to stop showing it: by a notice that left, or by a step that was done. Whether they still
    show it cannot be seen from here."""
    sent = Notice.objects.filter(finding=finding, route__role="search", sent_at__isnull=False)
    done = Step.objects.filter(finding=finding, role="search", state=Step.State.DONE)
    found = [*sent.values_list("notice_type", flat=True), *done.values_list("notice_type", flat=True)]
    return [outdated.Listing(engine) for engine in dict.fromkeys(found)]


def _make(finding: Finding, engine: str, now: datetime) -> Step:
    law, channel = load(), registry.channel("search")
    desk = law.channels[outdated.ENGINES[engine]]
    step = Step.objects.create(
        organisation_id=finding.organisation_id, case_id=finding.case_id, finding=finding, episode=finding.episode,
        key=f"{PREFIX}{finding.pk}:{finding.episode}:{engine}", channel=channel.id, hand=Step.Hand.WORKER,
        purpose=Purpose.NOTIFY, notice_type=engine, role="search", desk=desk.id, party_key=f"search:{desk.id}",
        party_name=desk.name, contact="", why="it is gone from the site, and may still be found",
        exposure=channel.exposure, exposure_lines=steps.exposure(channel, law.notices[engine], desk.name),
        made_at=now, made_by=steps.ENGINE, starts_at=now,
    )  # fmt: skip
    events.record(
        finding.case, "step.planned", steps.ENGINE, subject=step.pk, now=now, channel=channel.id, role="search"
    )
    return step

"""After a removal: engines that may still list what is gone are asked to look again. Suggested by the machine, filed by
a person."""

from __future__ import annotations

from datetime import datetime

from efface.cases import events
from efface.cases.models import Purpose
from efface.law import load
from efface.net.protocol import Observation, from_wire
from efface.search.models import Asset, Finding
from efface.takedown import sight
from efface.takedown.channels import registry, steps
from efface.takedown.channels.models import Step
from efface.takedown.channels.search import outdated
from efface.takedown.models import Check, Notice


def suggest(finding: Finding, now: datetime) -> list[Step]:
    """The follow-up steps of a finding, those that are due made now. The caller is inside a transaction."""
    mine = f"{steps.OUTDATED}{finding.pk}:{finding.episode}:"
    there = list(Step.objects.filter(finding=finding, key__startswith=mine))
    asked = {one.notice_type for one in there}
    for engine in outdated.due(finding.state, _listings(finding), asked):
        there.append(_make(finding, engine, now))
    return there


def _listings(finding: Finding) -> list[outdated.Listing]:
    """Engines that were asked to stop showing it (by a notice that left, or a step that was done), and those a result
    of which somebody noted; what the last check saw of these results says whether they still show it."""
    sent = Notice.objects.filter(finding=finding, route__role="search", sent_at__isnull=False)
    done = Step.objects.filter(finding=finding, role="search", state=Step.State.DONE)
    asked = [*sent.values_list("notice_type", flat=True), *done.values_list("notice_type", flat=True)]
    seen = outdated.by_engine(_seen(finding))
    return [outdated.Listing(engine, seen.get(engine)) for engine in dict.fromkeys([*asked, *seen])]


def _seen(finding: Finding) -> list[tuple[str, bool | None]]:
    """(address of a noted result, whether the last check still saw it there). None: nobody could look."""
    places = Asset.objects.filter(finding=finding, role="search")
    urls = [str(one.url) for one in places if one.url]
    last = Check.objects.filter(finding=finding, episode=finding.episode).order_by("-at", "-id").first()
    if not urls or last is None or not isinstance(last.observation, dict):
        return [(url, None) for url in urls]
    observation: Observation = from_wire(Observation, last.observation)
    kinds = {one.facts.url: sight.media(one) for one in observation.media if one.role == "search"}
    return [(url, outdated.STILL.get(kinds.get(url, ""))) for url in urls]


def _make(finding: Finding, engine: str, now: datetime) -> Step:
    law, channel = load(), registry.channel("search")
    desk = law.channels[outdated.ENGINES[engine]]
    step = Step.objects.create(
        organisation_id=finding.organisation_id, case_id=finding.case_id, finding=finding, episode=finding.episode,
        key=f"{steps.OUTDATED}{finding.pk}:{finding.episode}:{engine}", channel=channel.id, hand=Step.Hand.WORKER,
        purpose=Purpose.NOTIFY, notice_type=engine, role="search", desk=desk.id, party_key=f"search:{desk.id}",
        party_name=desk.name, contact="", why="it is gone from the site, and may still be found",
        exposure=channel.exposure, exposure_lines=steps.exposure(channel, law.notices[engine], desk.name),
        made_at=now, made_by=steps.ENGINE, starts_at=now,
    )  # fmt: skip
    events.record(
        finding.case, "step.planned", steps.ENGINE, subject=step.pk, now=now, channel=channel.id, role="search"
    )
    return step

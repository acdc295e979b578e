"""From a row to the task a channel prepares: what there is to copy, for whom, who comes to know what. Reads only."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from efface.accounts.models import Organisation
from efface.cases.may import may
from efface.cases.models import Age, Case, Purpose
from efface.law import load
from efface.search.models import Finding, FindingState
from efface.takedown import composing, drafting, facts, notice
from efface.takedown.channels import hearing, registry, steps
from efface.takedown.channels.contract import Copy, Hand, Learns, Prepared, Task
from efface.takedown.channels.form import desks
from efface.takedown.channels.models import Step
from efface.takedown.channels.search.outdated import OUTDATED
from efface.takedown.models import Notice, Route

MOST_URLS = 200


def of_step(step: Step, now: datetime) -> Task:
    """The task of a step, its text drafted where a wording for its notice type exists."""
    law, case, finding = load(), step.case, step.finding
    organisation = Organisation.objects.get(pk=step.organisation_id)
    desk = law.channels.get(step.desk)
    urls = _addresses(step, finding) if finding is not None else _all_pages(case, step)
    task = Task(
        notice_type=step.notice_type, role=step.role, name=step.party_name, contact=step.contact, desk=desk,
        hand=cast(Hand, step.hand), known_desk=desks.known(step.contact or (desk.url if desk else "")),
        country=case.country, place=step.place, age=age_of(case, finding), language=case.language,
        reference=reference(step), urls=urls, site=finding.site.domain if finding is not None else "",
        organisation=organisation.name, signatory=organisation.signatory, reply_to=mailbox(), written=now,
        postal=tuple(step.contact.splitlines()) if step.channel == "post" else (),
        enclosures=tuple(str(one) for one in step.enclosures),
        exposure=lines(step.exposure_lines), more={"follow_up": _follow_up(step)},
    )  # fmt: skip
    drafted = _draft(step, organisation, urls, now) if finding is not None and task.age == "adult" else None
    if drafted is None:
        return task
    answers = tuple(Copy(one.field, one.label, one.value) for one in drafted.answers if one.value.strip())
    return replace(task, subject=drafted.subject, text=drafted.text, answers=answers, language=drafted.language)


def prepared(step: Step, now: datetime) -> Prepared:
    return registry.channel(step.channel).prepare(of_step(step, now))


def age_of(case: Case, finding: Finding | None) -> str:
    """ "adult" only where both the case and the finding are known to be."""
    found = {str(case.age), str(finding.age) if finding is not None else str(case.age)}
    if Age.MINOR in found:
        return "minor"
    return "adult" if found == {str(Age.ADULT)} else "unknown"


def lines(stored: Any) -> tuple[Learns, ...]:
    return tuple(Learns(str(one["who"]), str(one["learns"]), bool(one.get("certain", True))) for one in stored or ())


def reference(step: Step) -> str:
    """What is quoted to them: says nothing, and is the same however often it is computed."""
    return drafting.reference(Notice(pk=step.pk))


def mailbox() -> str:
    return composing.desk()


def _addresses(step: Step, finding: Finding) -> tuple[str, ...]:
    """What is still served of the asset set, the page alone where nothing of it was read; of all pages of hers on the
    site where the step is about the site."""
    found: dict[str, None] = {}
    for one in (finding, *hearing.concerned(step)):
        if one.age == Age.ADULT or one == finding:
            found |= dict.fromkeys(facts.alive(one) or filter(None, (str(one.page_url or ""),)))
        if len(found) >= MOST_URLS:
            break
    return tuple(found)[:MOST_URLS]


def _all_pages(case: Case, step: Step) -> tuple[str, ...]:
    """For what concerns the whole case: every page that is not gone. Never for a list made on her own device."""
    if step.channel == "hash_list":
        return ()
    rows = Finding.objects.filter(case=case).exclude(state=FindingState.GONE_CONFIRMED).order_by("confirmed_at")
    return tuple(str(one.page_url) for one in rows[:MOST_URLS] if one.page_url)


def _draft(step: Step, organisation: Organisation, urls: tuple[str, ...], now: datetime) -> notice.Draft | None:
    """The wording where there is one and nothing is missing; without it the person writes in their own words."""
    finding = step.finding
    assert finding is not None
    if not may(step.case, Purpose.NOTIFY, now):
        return None
    roles = {str(one.url): one.role for one in facts.assets(finding)}
    stand_in = Notice(pk=step.pk, reference=reference(step))
    route = Route(role=step.role, party_name=step.party_name, finding=finding, case=step.case)
    given = drafting.facts_of(
        stand_in, route, finding, step.case, organisation, [(url, roles.get(url, "page")) for url in urls], now
    )
    given = replace(given, organisation=replace(given.organisation, email=mailbox()))
    try:
        return notice.draft(step.notice_type, given, step.case.language)
    except (notice.NoticeError, OSError, KeyError):
        return None


def _follow_up(step: Step) -> str:
    return OUTDATED if step.key.startswith(steps.OUTDATED) else ""

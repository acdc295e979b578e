"""What a plan leaves to a person, beside what has become of it: one list for a page, one for the case as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from efface.cases.models import Case
from efface.law import load
from efface.search.models import Finding
from efface.takedown import facts, keeping
from efface.takedown import guided as planned
from efface.takedown.channels import guided, registry
from efface.takedown.channels.contract import Words
from efface.takedown.channels.models import Step


@dataclass(frozen=True, slots=True)
class Standing:
    """A step as the plan words it, and the step a person walks; ``row`` None: it cannot be taken yet, or nobody has
    taken it up. ``said``: how far it is."""

    step: planned.Step
    row: Step | None

    @property
    def said(self) -> Words:
        if self.row is None:
            return ""
        if self.row.answered_as:
            return str(self.row.get_answered_as_display())
        return registry.channel(self.row.channel).states[self.row.state]

    @property
    def ready(self) -> bool:
        return guided.ready(self.step)


def of_finding(finding: Finding, content: dict[str, Any] | None) -> list[Standing]:
    """Those about a finding, as last planned (``KeptPlan.content``)."""
    return _standing(finding.case, keeping.steps(content), finding)


def of_case(case: Case, now: datetime) -> list[Standing]:
    """Those for the case as a whole, also where nothing was found yet."""
    published = Finding.objects.filter(case=case).exists()
    return _standing(case, planned.of_case(facts.case_facts(case, now), published, load()), None)


def _standing(case: Case, steps: Iterable[planned.Step], finding: Finding | None) -> list[Standing]:
    rows = list(Step.objects.filter(case=case))
    return [Standing(one, guided.row(case, one, rows, finding)) for one in steps]

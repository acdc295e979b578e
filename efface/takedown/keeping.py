"""A plan as it is kept for people: what stands beside a route, and the last plan of a finding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from efface.law import load
from efface.search.models import Finding
from efface.takedown import plan, tradeoff
from efface.takedown.choosing import Way
from efface.takedown.guided import Step
from efface.takedown.lacking import Need
from efface.takedown.models import KeptPlan, Route

CLOSED = frozenset({"fact", "exposure", "authority", "attestation", "consent"})
"""What is missing that no draft may pass over: only a person's answer opens it."""


def told(route: plan.PlannedRoute) -> dict[str, Any]:
    """What a route's row keeps of its plan beside the columns, as JSON."""
    return {
        "needs": [asdict(one) for one in route.needs], "odds": asdict(route.odds), "clock": route.clock,
        "trade": list(route.trade), "rules": list(route.rules), "changed": bool(route.changed),
        "others": [
            {
                "notice_type": one.notice_type, "name": one.name, "exposure": one.exposure, "clock": one.clock,
                "odds": asdict(one.odds), "needs": [asdict(need) for need in one.needs],
            }
            for one in route.others
        ],
    }  # fmt: skip


def lines(route: plan.PlannedRoute) -> list[dict[str, Any]]:
    return exposure(route.notice_type, route.name)


def exposure(notice_type: str, recipient: str) -> list[dict[str, Any]]:
    """Who comes to know what, before anything is written; as on a drafted notice."""
    kind = load().notices.get(notice_type)
    return [
        {"who": recipient if one.who in ("recipient", "search") and recipient else one.who, "learns": one.what,
         "certain": one.certain}
        for one in (kind.learns if kind else ())
    ]  # fmt: skip


def closed(route: Route) -> list[str]:
    """What keeps a route from being drafted, in words."""
    needs = (route.told or {}).get("needs", [])
    return [str(one.get("words", "")) for one in needs if one.get("kind") in CLOSED]


def keep(finding: Finding, made: plan.Plan, now: datetime) -> None:
    row = KeptPlan.objects.filter(finding=finding).first()
    if row is None:
        row = KeptPlan(organisation_id=finding.organisation_id, case_id=finding.case_id, finding=finding)
    row.episode, row.made_at = finding.episode, now
    row.content = {
        "withheld": [asdict(one) for one in made.withheld], "advice": list(made.advice),
        "steps": [asdict(one) for one in made.steps], "stop": asdict(made.stop) if made.stop else None,
        "beside": [
            {"key": one.key[:200], "role": one.role, "name": one.name, "reasons": one.reasons[:3]}
            for one in made.beside
        ],
    }  # fmt: skip
    row.save()


def steps(content: dict[str, Any] | None) -> list[Step]:
    return [step(one) for one in (content or {}).get("steps", [])]


def step(one: dict[str, Any]) -> Step:
    needs = tuple(Need(need["kind"], need["words"], need.get("ask", "")) for need in one.get("needs", ()))
    return Step(
        key=one["key"], scope=one["scope"], notice_type=one["notice_type"], role=one["role"], name=one["name"],
        desks=tuple(one["desks"]), why=tuple(one["why"]), needs=needs, confirm=tuple(one["confirm"]),
        waits=one["waits"], clock=one["clock"], exposure=one["exposure"],
    )  # fmt: skip


def ways(route: Route) -> Iterable[dict[str, Any]]:
    """The other notices of a route's party, with who comes to know what by each."""
    return [
        one
        | {"lines": exposure(one["notice_type"], route.party_name), "tells": tradeoff.TELLS.get(one["exposure"], "")}
        for one in (route.told or {}).get("others", [])
    ]


__all__ = ["Way", "closed", "exposure", "keep", "lines", "step", "steps", "told", "ways"]

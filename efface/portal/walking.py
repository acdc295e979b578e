"""Her lane with its steps, and the kind of abuse with its reason: what the case page shows first."""

from __future__ import annotations

from typing import Any

from efface.cases import classing, intake, knowing
from efface.cases.models import Case, Hold
from efface.engine.base import clock
from efface.portal import house, lanes

HOLD = "evidence first, as she wishes"


def lane(case: Case) -> dict[str, Any]:
    """What ``portal/_lane.html`` needs."""
    known = intake.said(case)
    found = lanes.LANES[classing.lane(case)]
    ticked = {name for name in lanes.STEPS if known.get(lanes.TICKED + name) == "yes"}
    parts: list[dict[str, Any]] = [
        {"head": part.head, "steps": [{"step": step, "done": step.name in ticked} for step in part.steps]}
        for part in found.parts
    ]
    for part in parts:
        part["done"] = all(step["done"] for step in part["steps"])
    first = next((part for part in parts if not part["done"]), None)
    for part in parts:
        # What comes later is folded until she turns to it: a page that is long is not read by somebody in fear.
        part["shown"] = not part["done"] and (part is first or any(step["done"] for step in part["steps"]))
    return {
        "lane": found, "parts": parts, "ticked": sum(step["done"] for part in parts for step in part["steps"]),
        "steps": sum(len(part["steps"]) for part in parts), "kinds": told(case),
        "left": intake.following(known), "help": house.aid(case), "holding": holding(case),
        "begun": any(one.name in known for one in intake.INTAKE if one.name not in ("age", "country")),
    }  # fmt: skip


def told(case: Case) -> list[dict[str, Any]]:
    return [{"kind": one, "words": classing.KINDS[one.kind]} for one in classing.of(case)]


def holding(case: Case) -> Hold | None:
    """The hold she placed so that proof is kept first, where it stands."""
    return Hold.objects.filter(case=case, reason=HOLD, lifted_at=None, ends__gt=clock.now()).first()


def answered(case: Case) -> list[dict[str, Any]]:
    """Every question of the intake with what she said, in words."""
    known = intake.said(case)
    rows = []
    for one in intake.asked(known):
        value = known.get(one.name, "")
        choices = dict(intake.countries()) if one.kind == "country" else dict(one.choices)
        rows.append({
            "ask": one, "open": one.name not in known, "left_out": value == knowing.LEFT_OUT,
            "words": value if one.kind == "text" else choices.get(value, value),
        })  # fmt: skip
    return rows

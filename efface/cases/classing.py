"""What kind of abuse a case is and which lane helps: by rules, with the reason shown. She and her worker may change it.

Rules are data. All of them are looked at in order; the first that fits names the case, the others stand beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from efface.cases import intake, knowing
from efface.cases.models import Age, Case

Words = str | Promise
CHOSEN = "kind"
"""The fact that holds what a person said against the rules."""


@dataclass(frozen=True, slots=True)
class Rule:
    """``when``: answers that must have been given; ``why``: the reason she is shown."""

    kind: str
    why: Words
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Classed:
    """``by``: "rule", "survivor" or "worker"."""

    kind: str
    why: str
    by: str = "rule"


KINDS: dict[str, Words] = {
    "assault": gettext_lazy("the recording of an assault"),
    "sextortion_financial": gettext_lazy("blackmail for money"),
    "sextortion_sexual": gettext_lazy("blackmail for pictures or something sexual"),
    "sextortion_control": gettext_lazy("blackmail to rule over somebody"),
    "synthetic": gettext_lazy("pictures made or changed by a computer"),
    "covert": gettext_lazy("recorded in secret"),
    "doxxing": gettext_lazy("pictures together with name or address"),
    "ncii": gettext_lazy("intimate pictures shared without agreement"),
}
RULES: tuple[Rule, ...] = (
    Rule("assault", gettext_lazy("You said that it was made under force or during an assault."),
         {"obtained": ("assault",)}),
    Rule("sextortion_financial", gettext_lazy("You said that somebody demands money."), {"demand": ("money",)}),
    Rule("sextortion_sexual", gettext_lazy("You said that somebody demands pictures or something sexual."),
         {"demand": ("images",)}),
    Rule("sextortion_control", gettext_lazy("You said that somebody uses it to make you do something."),
         {"demand": ("obedience", "other")}),
    Rule("synthetic", gettext_lazy("You said that a computer made or changed the pictures."),
         {"content": ("synthetic", "altered")}),
    Rule("covert", gettext_lazy("You said that it was recorded in secret."), {"obtained": ("covert",)}),
    Rule("covert", gettext_lazy("You said that it was recorded in secret."), {"taken_by": ("secret",)}),
    Rule("doxxing", gettext_lazy("You said that your name, address, number or work stands beside it."),
         {"with_name": ("yes",)}),
    Rule("ncii", gettext_lazy("Nothing you said makes it another kind.")),
)  # fmt: skip

LANE_RULES: tuple[tuple[str, Mapping[str, tuple[str, ...]]], ...] = (
    ("minor", {"age": ("minor",)}),
    ("assault", {"kind": ("assault",)}),
    ("sextortion", {"kind": ("sextortion_financial", "sextortion_sexual", "sextortion_control")}),
    ("threat", {"publication_state": ("threatened_only",)}),
    ("synthetic", {"kind": ("synthetic",)}),
    ("published", {}),
)
LANE_WORDS: dict[str, Words] = {
    "minor": gettext_lazy("under 18"), "assault": gettext_lazy("an assault was recorded"),
    "sextortion": gettext_lazy("blackmail"), "threat": gettext_lazy("only a threat so far"),
    "synthetic": gettext_lazy("made by a computer"), "published": gettext_lazy("it is out there"),
}  # fmt: skip
LANES = tuple(name for name, _when in LANE_RULES)

LAW: dict[str, str] = {
    "assault": "recorded_sexual_assault", "sextortion_financial": "sextortion_financial",
    "sextortion_sexual": "sextortion_sexual", "sextortion_control": "sextortion_coercive_control",
}  # fmt: skip
"""Kinds that change which notices are written -> the law's word (``abuse_type``)."""


def _fits(when: Mapping[str, tuple[str, ...]], known: Mapping[str, str]) -> bool:
    return all(known.get(name) in values for name, values in when.items())


def decide(known: Mapping[str, str]) -> tuple[Classed, ...]:
    """The kinds that fit what was said, the one that names the case first; what a person chose stands alone."""
    chosen, _sep, by = known.get(CHOSEN, "").partition(":")
    if chosen in KINDS:
        words = _("You chose this yourself.") if by == "survivor" else _("Your worker chose this after talking to you.")
        return (Classed(chosen, words, by),)
    found: list[Classed] = []
    for rule in RULES:
        if _fits(rule.when, known) and rule.kind not in {one.kind for one in found}:
            found.append(Classed(rule.kind, str(rule.why)))
    return tuple(one for one in found if one.kind != "ncii" or len(found) == 1)


def lane_for(known: Mapping[str, str], age: str) -> str:
    """Which lane helps: the first rule that fits."""
    facts = {**known, CHOSEN: decide(known)[0].kind, "age": age}
    return next(name for name, when in LANE_RULES if _fits(when, facts))


def of(case: Case) -> tuple[Classed, ...]:
    return decide(intake.said(case))


def lane(case: Case) -> str:
    known = intake.said(case)
    return lane_for(known, Age.MINOR if Age.MINOR in (case.age, known.get("age")) else case.age)


def choose(case: Case, kind: str, by: str, actor: str, now: datetime) -> None:
    """What a person says against the rules; "" goes back to them. ``by`` is "survivor" or "worker". Recorded."""
    if kind and kind not in KINDS:
        raise knowing.Unanswerable(_("Please choose one of the answers."))
    knowing.note(case, CHOSEN, f"{kind}:{by}" if kind else knowing.LEFT_OUT, actor, now)

"""The intake: from one question to the next, back and forward, each answer kept at once.

Walking is pure (``asked``, ``following``, ``before`` over what was said); ``keep`` writes one answer and what follows
from it. An answer may be left out: that is noted too, so that she is not asked a second time, and counts as nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from efface.cases import ages, alarm, knowing
from efface.cases.intake_questions import INTAKE, Ask
from efface.cases.models import Age, Case
from efface.law import load

LONGEST = 5000
HOW = {
    "shared": "self_generated_shared", "broken_into": "unauthorised_access", "lost": "device_repair_lost_cloud",
    "video_call": "webcam_or_live_sexting_capture", "covert": "covert_recording", "assault": "coerced_or_assault",
    "sold": "commercial_leak",
}  # fmt: skip
"""Her answer about how they were obtained -> the law's word (``acquisition_path``)."""

Said = Mapping[str, str]


def said(case: Case) -> dict[str, str]:
    """What is known of the case by the names of the questions: her answers, and what a worker noted when opening it."""
    known = {"country": case.country, "age": "" if case.age == Age.UNKNOWN else case.age}
    return {**{name: value for name, value in known.items() if value}, **knowing.answers(case, left_out=True)}


def asked(known: Said) -> list[Ask]:
    """The questions that make sense after what was said, in order."""
    return [
        one for one in INTAKE
        if all(known.get(name) in values for name, values in one.when.items())
        and not any(known.get(name) in values for name, values in one.unless.items())
    ]  # fmt: skip


def following(known: Said, after: str = "") -> Ask | None:
    """The next question after one; without one the first that was neither answered nor left out. None at the end."""
    row = asked(known)
    if not after:
        return next((one for one in row if one.name not in known), None)
    places = [one.name for one in INTAKE]
    here = places.index(after)
    return next((one for one in row if places.index(one.name) > here), None)


def before(known: Said, name: str) -> Ask | None:
    places = [one.name for one in INTAKE]
    earlier = [one for one in asked(known) if places.index(one.name) < places.index(name)]
    return earlier[-1] if earlier else None


def question(known: Said, name: str) -> Ask | None:
    """The question of this name where it is asked of her."""
    return next((one for one in asked(known) if one.name == name), None)


def countries() -> list[tuple[str, str]]:
    """Codes and names of the countries whose helplines and law are known, by name, in the language of the request."""
    law = load()
    return [(one.id, name) for name, one in law.by_name(law.countries().values(), get_language() or "en")]


def keep(case: Case, ask: Ask, value: str, actor: str, now: datetime) -> None:
    """Keep one answer ("" leaves the question out) and act on it. Raises ``knowing.Unanswerable``."""
    value = value.strip()
    if ask.kind == "text" and len(value) > LONGEST:
        raise knowing.Unanswerable(_("This is longer than %(n)d characters. Please shorten it.") % {"n": LONGEST})
    allowed = dict(countries() if ask.kind == "country" else ask.choices)
    if value and ask.kind != "text" and value not in allowed and not (ask.kind == "country" and value == "other"):
        raise knowing.Unanswerable(_("Please choose one of the answers."))
    if ask.name == "age" and value:
        try:
            ages.declare(case, value, actor, now)
        except ages.AgeStands as refusal:
            raise knowing.Unanswerable(str(refusal)) from refusal
    knowing.note(case, ask.name, value or knowing.LEFT_OUT, actor, now)
    if value:
        _act_on(case, ask, value, actor, now)


def _act_on(case: Case, ask: Ask, value: str, actor: str, now: datetime) -> None:
    if ask.name == "country" and value != "other":
        case.country = value
        Case.objects.filter(pk=case.pk).update(country=value)
    how = {
        "obtained": HOW.get(value, ""), "content": "synthetic" if value == "synthetic" else "",
        "taken_by": "covert_recording" if value == "secret" else "",
    }.get(ask.name, "")  # fmt: skip
    if how:
        case.acquisition = how
        Case.objects.filter(pk=case.pk).update(acquisition=how)
    if (ask.name == "safe_now" and value in ("no", "self_harm")) or (ask.kind == "text" and alarm.heard(value)):
        alarm.raise_for(case, actor, now)
    if ask.name == "age" and value == Age.MINOR:
        # A worker goes the other ways with her, and sees her case before the rest.
        alarm.wait(case, now)

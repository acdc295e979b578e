"""What she is asked about her case beyond age and country, and what she said: sealed, the last word counts.

Each question opens or closes a way. Nothing has to be answered; what nobody knows never counts as fulfilled.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from efface.cases import events
from efface.cases.models import Case, CaseFact
from efface.law import load

Words = str | Promise
YES_NO: tuple[tuple[str, Words], ...] = (
    ("yes", gettext_lazy("Yes.")), ("no", gettext_lazy("No.")), ("unknown", gettext_lazy("I am not sure")),
)  # fmt: skip


LEFT_OUT = "-"
"""She was asked, and would rather not say."""


class Unanswerable(ValueError):
    """There is no such question, or no such answer to it."""


@dataclass(frozen=True, slots=True)
class Question:
    """``why`` says what the answer is for; ``choices`` are (value, words). ``staff``: a worker answers it, she is not
    asked."""

    name: str
    words: Words
    why: Words
    choices: tuple[tuple[str, Words], ...] = YES_NO
    staff: bool = False


PRESSED = Question(
    "pressed_shutter",
    gettext_lazy("Did you press the shutter yourself?"),
    gettext_lazy(
        "A self-timer or a remote counts as yes. Whoever takes a picture owns the copyright, and a copyright notice "
        "often works fast. It can also be passed on or published, so it is only used if you allow that below."
    ),
)
ASSIGNMENT = Question(
    "assignment",
    gettext_lazy("Has whoever took it signed the rights over to you, in writing?"),
    gettext_lazy("Then a copyright notice is open to you although somebody else took the picture."),
)
HAS_FILE = Question(
    "has_file",
    gettext_lazy("Do you still have the picture or the video on a device of yours?"),
    gettext_lazy(
        "With it you can make a number on your own device that large platforms compare uploads with. The picture "
        "stays with you. You need not look at it, and need not answer now."
    ),
)
PUBLISHED = Question(
    "publication_state",
    gettext_lazy("Is it out there, or does somebody threaten to publish it?"),
    gettext_lazy("As long as nothing is published there is nobody to write to, and other things help more."),
    (
        ("published_public", gettext_lazy("It is out there")),
        ("threatened_only", gettext_lazy("Only threatened, as far as I know")),
        ("unknown", gettext_lazy("I am not sure")),
    ),
)
DEMAND = Question(
    "demand",
    gettext_lazy("Does somebody demand something from you?"),
    gettext_lazy("Whatever is demanded: nothing of this is your fault. The answer changes what helps first."),
    (
        ("money", gettext_lazy("Yes, money")),
        ("images", gettext_lazy("Yes, more pictures, or something sexual")),
        ("obedience", gettext_lazy("Yes, that I stay, come back, keep silent or do as I am told")),
        ("other", gettext_lazy("Yes, something else")),
        ("no", gettext_lazy("No.")),
        ("unknown", gettext_lazy("I am not sure")),
    ),
)
EXPOSURE = Question(
    "exposure_limit",
    gettext_lazy("How far may a letter of ours travel?"),
    gettext_lazy(
        "Your name is in none of them. Some recipients pass letters on to whoever uploaded the picture, or publish "
        "them. Often those ways are the faster ones. You decide, and can change it."
    ),
    (
        ("recipient_only", gettext_lazy("Only to those who keep it to themselves, even if it takes longer")),
        ("uploader_possible", gettext_lazy("Whoever uploaded it may come to know that somebody objects")),
        ("public_possible", gettext_lazy("It may also be published, if that is the faster way")),
    ),
)
STAFF: tuple[Question, ...] = (
    Question(
        "fair_use",
        gettext_lazy("Was it considered whether the law allows this use of the picture?"),
        gettext_lazy("A copyright notice has to say so."),
        staff=True,
    ),
    Question(
        "perjury",
        gettext_lazy("Does the signatory agree to the statement made under penalty of perjury?"),
        gettext_lazy("Only for a copyright notice: that we may act for her, and that the right is hers."),
        staff=True,
    ),
    Question(
        "pin_explained",
        gettext_lazy("Does she know that nobody can restore the case number and the PIN?"),
        gettext_lazy("They come from the hash list on her own device, and have to be written down."),
        staff=True,
    ),
)
QUESTIONS: tuple[Question, ...] = (PUBLISHED, DEMAND, PRESSED, ASSIGNMENT, HAS_FILE, EXPOSURE)


def questions(case: Case, staff: bool = False) -> tuple[Question, ...]:
    """Those of this case: where the law differs within her country, also in which part of it she lives. ``staff``: also
    those that a worker answers."""
    asked = (*QUESTIONS, *(STAFF if staff else ()))
    country = case.country.upper()
    parts = sorted(
        ((one.id, one.name) for one in load().jurisdictions.values() if one.part_of == country and country),
        key=lambda part: part[1],
    )
    if not parts:
        return asked
    lives = Question(
        "lives_in",
        gettext_lazy("In which part of the country do you live?"),
        gettext_lazy("The law differs there, and some offices help only those who live in their part."),
        (*parts, ("unknown", gettext_lazy("Another part, or I would rather not say"))),
    )
    return (*asked, lives)


def answer(case: Case, name: str, value: str, actor: str, now: datetime, *, staff: bool = False) -> None:
    """Keep what she said; the same again changes nothing. Raises ``Unanswerable``."""
    question = next((one for one in questions(case, staff) if one.name == name), None)
    if question is None or value not in dict(question.choices):
        raise Unanswerable(_("Please choose one of the answers."))
    note(case, name, value, actor, now)


def note(case: Case, name: str, value: str, actor: str, now: datetime, event: str = "fact.answered") -> None:
    """Keep one fact; whoever calls has looked that it makes sense. The same again changes nothing. ``event`` is what
    the rooms above are told."""
    if answers(case, left_out=True).get(name) == value:
        return
    row = CaseFact(organisation_id=case.organisation_id, case=case, name=name, by=actor[:60], at=now)
    row.value = value
    row.save()
    events.record(case, event, actor, now=now, question=name)


def answers(case: Case, *, left_out: bool = False) -> Mapping[str, str]:
    """The last answer to each question. ``left_out``: also those she would rather not answer, as ``LEFT_OUT``."""
    return answers_of([case.pk], left_out=left_out)[case.pk]


def answers_of(cases: Collection[uuid.UUID], *, left_out: bool = False) -> dict[uuid.UUID, Mapping[str, str]]:
    """The same of many cases, with one question."""
    last: dict[uuid.UUID, dict[str, str]] = {case: {} for case in cases}
    for row in CaseFact.objects.filter(case__in=last).order_by("at", "pk"):
        if row.value:
            last[row.case_id][row.name] = str(row.value)
    return {
        case: {name: value for name, value in said.items() if left_out or value != LEFT_OUT}
        for case, said in last.items()
    }

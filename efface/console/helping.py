"""Help where one stands: short topics, each for some pages, and the keys of the desk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from efface.accounts.access import MEMBERS, view
from efface.accounts.models import Role


@dataclass(frozen=True, slots=True)
class Topic:
    """``pages``: names of the pages it is about."""

    key: str
    title: Any
    lines: tuple[Any, ...]
    pages: tuple[str, ...]


KEYS: tuple[tuple[str, Any], ...] = (
    ("j · k", _("next card, card before")),
    ("↵ Enter", _("give the proposed answer of the card you are on")),
    ("1 … 9", _("give that answer; what ends something or needs words is only made ready, press again to give it")),
    ("u", _("undo your last answer, while it can be undone")),
    ("o", _("open the decision alone")),
    ("c", _("open its case")),
    ("s", _("ask a colleague")),
    ("q", _("to the queue")),
    ("/", _("find")),
    ("Esc", _("out of a field, back to its card")),
    ("?", _("this page")),
)

TOPICS = (
    Topic(
        "queue",
        _("The queue"),
        (
            _(
                "Everything that waits for a person stands here: people in danger first, then what does most "
                "harm, then what has "
                "a clock. Each card says what is known, what is proposed and why."
            ),
            _("You need not look at a picture. A match tells why it is one; where it does not say enough, ask her."),
            _(
                "Nothing is decided twice: if a colleague was quicker, or something changed since you opened "
                "it, you are told."
            ),
        ),
        ("queue", "decision"),
    ),
    Topic(
        "undo",
        _("Undo"),
        (
            _(
                "For ten minutes your last answers stand above the queue with “Undo”: a match you confirmed, "
                "rejected or asked her "
                "about, a notice you approved, a message marked as read."
            ),
            _("What has left cannot be undone: a letter that was sent, an answer she gave."),
        ),
        ("queue",),
    ),
    Topic(
        "views",
        _("Saved views"),
        (
            _("Choose under “Show only” what you want to see, and save it under a name. Views are yours alone."),
            _("“Mine” has the cases given to you, and those of colleagues for whom you stand in."),
        ),
        ("queue",),
    ),
    Topic(
        "opinion",
        _("A second opinion"),
        (
            _(
                "Beside each decision of a case you can ask one colleague, or all. They find it in their queue. "
                "Question and answer "
                "stand beside the decision; you still decide."
            ),
        ),
        ("opinions", "decision", "queue"),
    ),
    Topic(
        "four-eyes",
        _("Four eyes"),
        (
            _(
                "Where your organisation wants it, the first notice of a case to a party needs two people. Your "
                "approval is noted, "
                "and the notice waits for somebody else, who reads it as it goes."
            ),
        ),
        ("queue", "desk-rules"),
    ),
    Topic(
        "pictures",
        _("Looking at a picture"),
        (
            _(
                "Pictures are hidden. Where a decision cannot be taken without, hold the button, or the space "
                "bar: as long as you "
                "hold it you see the picture tiny, grey and blurred. Let go, and it is gone."
            ),
            _(
                "Every look counts for your shift; after some there is a pause, and then no more. Nobody is "
                "shown which ones you "
                "looked at. A picture that was confirmed is never shown again, and none whose age is not known."
            ),
        ),
        ("decision", "team"),
    ),
    Topic(
        "case",
        _("A case"),
        (
            _(
                "The row at the top leads to the parts of the page: what is to be decided, facts, what she "
                "allows, findings, "
                "messages, notes, timeline. Letters have a page of their own."
            ),
            _("Notes are for colleagues: sealed, not shown to her, in no letter. You can take your own back."),
        ),
        ("case", "case-timeline", "case-letters"),
    ),
    Topic(
        "assign",
        _("Whose case it is"),
        (
            _(
                "Anybody takes a case that is nobody's. Who has it, or a lead, gives it to somebody else, with "
                "a reason."
            ),
            _("Before you leave, hand over all your cases under “Team”."),
        ),
        ("case", "team", "cases"),
    ),
    Topic(
        "away",
        _("Being away"),
        (
            _(
                "Say under “Team” from when until when you are away and who stands in. In that time your cases, "
                "their decisions and "
                "clocks show at them under “Mine”, and in their calendar. When you are back they show at you."
            ),
        ),
        ("team", "clocks", "agenda"),
    ),
    Topic(
        "network",
        _("Many at once"),
        (
            _(
                "On the page of a network, sites that one operator runs for certain, one answer can be given to "
                "many findings. "
                "Each is listed and can be left out; all can be undone together."
            ),
        ),
        ("network", "network-decide"),
    ),
    Topic(
        "find",
        _("Find"),
        (
            _(
                "A case or notice by its reference, a site by its name, a page by its whole address; the law, guides, "
                "helplines and this help by a word. Names, messages and notes are sealed and cannot be searched."
            ),
        ),
        ("find",),
    ),
    Topic(
        "training",
        _("Exercises"),
        (
            _("Exercises are done on invented cases, in a training organisation: a band on every page says so."),
            _(
                "They are judged from what you really do on the pages. Nobody else reads how you did; begin again "
                "freely."
            ),
        ),
        ("training", "training-exercise"),
    ),
)


@view(access=MEMBERS)
@require_GET
def help_page(request: Any) -> HttpResponse:
    at = request.GET.get("at", "")
    here = [topic for topic in TOPICS if at in topic.pages]
    others = [topic for topic in TOPICS if topic not in here]
    works = request.member.role in (Role.CASEWORKER, Role.LEAD)
    return render(request, "console/help.html", {"keys": KEYS, "here": here, "others": others, "works": works})


def search(wanted: str) -> list[Topic]:
    words = wanted.casefold().split()
    found = []
    for topic in TOPICS:
        text = " ".join(str(line) for line in (topic.title, *topic.lines)).casefold()
        if words and all(word in text for word in words):
            found.append(topic)
    return found

"""The questions of the intake: what is asked, in which order, and when. Data only; ``intake`` walks through them.

Every question may be left out. ``when`` names answers that must have been given before it is asked, ``unless`` answers
after which it makes no sense; both by question. Nowhere is she asked why she did anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise
Choices = tuple[tuple[str, Words], ...]
NOT_SURE: tuple[str, Words] = ("unknown", _("I am not sure"))


@dataclass(frozen=True, slots=True)
class Ask:
    """``why`` says what the answer is for. ``kind``: choices, a country, or her own words. ``told``: what is said back
    at once to some of the answers."""

    name: str
    words: Words
    why: Words
    choices: Choices = ()
    kind: Literal["choice", "country", "text"] = "choice"
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unless: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    told: Mapping[str, Words] = field(default_factory=dict)


MADE_BY_COMPUTER = {"content": ("synthetic",)}

INTAKE: tuple[Ask, ...] = (
    Ask(
        "safe_now",
        _("Are you safe right now?"),
        _("So that you see at once whom you can call, and so that a person here looks at it first."),
        (
            ("yes", _("Yes.")),
            ("no", _("No, I am afraid that somebody hurts me")),
            ("self_harm", _("I think about hurting myself, or about not wanting to live")),
            NOT_SURE,
        ),
    ),
    Ask(
        "country",
        _("In which country do you live?"),
        _("The law and the people who help are different in each."),
        kind="country",
    ),
    Ask(
        "device",
        _("Who else may look at this phone or computer?"),
        _("So that we can tell you how to leave fewer traces. We never call or write to it on our own."),
        (
            ("nobody", _("Only I")),
            ("trusted", _("Somebody I trust")),
            ("feared", _("Somebody who must not know of this")),
            NOT_SURE,
        ),
        told={
            "feared": _(
                "Use a private window, and “Leave now” when somebody comes. If you can, go on with a device that "
                "nobody else uses. Do not keep the code on this one."
            ),
            "unknown": _("Use a private window to be on the safe side, and “Leave now” when somebody comes."),
        },
    ),
    Ask(
        "age",
        _("Were you under 18 in any of the pictures?"),
        _("For them there are other ways, made for that and often faster. What counts is your age then, not today."),
        (
            ("adult", _("No, I was 18 or older in all of them")),
            ("minor", _("Yes, in one or more")),
            NOT_SURE,
        ),
    ),
    Ask(
        "young_now",
        _("Are you under 18 today?"),
        _("Some services are only for people who are under 18 today."),
        (("yes", _("Yes.")), ("no", _("No."))),
        when={"age": ("minor",)},
    ),
    Ask(
        "publication_state",
        _("Is it out there, or does somebody threaten to publish it?"),
        _("As long as nothing is published there is nobody to write to, and other things help more."),
        (
            ("published_public", _("It is out there")),
            ("threatened_only", _("Only threatened, as far as I know")),
            NOT_SURE,
        ),
    ),
    Ask(
        "demand",
        _("Does somebody demand something from you?"),
        _("Whatever is demanded: nothing of this is your fault. The answer changes what helps first."),
        (
            ("money", _("Yes, money")),
            ("images", _("Yes, more pictures, or something sexual")),
            ("obedience", _("Yes, that I stay, come back, keep silent or do as I am told")),
            ("other", _("Yes, something else")),
            ("no", _("No.")),
            NOT_SURE,
        ),
    ),
    Ask(
        "content",
        _("Are the pictures real?"),
        _("Pictures made or changed by a computer hurt as much. Some laws and some letters are different for them."),
        (
            ("real", _("Yes, they are real")),
            ("altered", _("They are real but were changed")),
            ("synthetic", _("No, a computer made them to look like me")),
            NOT_SURE,
        ),
        unless={"age": ("minor",)},
    ),
    Ask(
        "taken_by",
        _("Who took them?"),
        _("Whoever takes a picture has rights in it, and that opens or closes some ways."),
        (
            ("self", _("I took them myself")),
            ("known", _("Somebody else, and I knew")),
            ("secret", _("Somebody else, in secret")),
            NOT_SURE,
        ),
        unless={**MADE_BY_COMPUTER, "age": ("minor",)},
    ),
    Ask(
        "obtained",
        _("How did the other person get them?"),
        _("However it was: publishing them without your agreement is what is wrong."),
        (
            ("shared", _("I sent them, or we made them together")),
            ("broken_into", _("From my phone, computer or account, without my leave")),
            ("lost", _("From a repair shop, a lost device or a cloud")),
            ("video_call", _("From a video call that was recorded")),
            ("covert", _("They were recorded in secret")),
            ("assault", _("They were made under force or during an assault")),
            ("sold", _("From a paid service of mine")),
            NOT_SURE,
        ),
        unless={**MADE_BY_COMPUTER, "age": ("minor",)},
    ),
    Ask(
        "with_name",
        _("Does your name, address, number or work stand beside them?"),
        _("Then there is more to be removed, and it matters more who could come to your door."),
        (("yes", _("Yes.")), ("no", _("No.")), NOT_SURE),
        unless={"publication_state": ("threatened_only",)},
    ),
    Ask(
        "first",
        _("What matters most to you at this moment?"),
        _("Your worker begins there. You can change it at any time."),
        (
            ("gone", _("That it disappears")),
            ("stop", _("That the threats stop")),
            ("quiet", _("That certain people do not hear of it")),
            ("proof", _("That there is proof")),
            ("where", _("To know where it is")),
            ("talk", _("To talk to somebody")),
        ),
    ),
    Ask(
        "own_words",
        _("Is there something you want to say in your own words?"),
        _("Only those who work on your case read it. You can also write later, under “Messages”."),
        kind="text",
    ),
)

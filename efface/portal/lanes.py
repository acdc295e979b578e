"""What helps in each lane: what she can do now and later, and what we do meanwhile. Data only.

No step is a must, none promises anything, none asks why. A step has one name in every lane that holds it, so that what
was ticked stays ticked when the lane changes.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Step:
    """``leads``: the name of a page of the portal on which it is done, with ``leads_words``."""

    name: str
    words: Words
    more: Words = ""
    leads: str = ""
    leads_words: Words = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Steps of one time: ``head`` says which."""

    head: Words
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Lane:
    """``opening`` are the first sentences; ``warn`` what must not be missed; ``meanwhile`` what we do. ``crisis``: the
    services that listen stand first. ``young``: the hotlines for people under 18 are shown."""

    name: str
    title: Words
    opening: Words
    parts: tuple[Part, ...]
    meanwhile: tuple[Words, ...]
    warn: Words = ""
    crisis: bool = False
    young: bool = False
    hold: bool = False


NOW, LATER = _("Now"), _("Later, when you have the strength")

KEEP = Step(
    "keep_evidence",
    _("Keep what was written to you; delete nothing yet."),
    _(
        "Screenshots of messages, of the profile with its name and address, of bank or wallet numbers. You need not "
        "look at a picture for it: cover it with your hand, or ask somebody you trust."
    ),
)
LOCK = Step(
    "lock_accounts",
    _("Lock your accounts."),
    _("New passwords for mail and networks, a second step at sign-in, and “sign out everywhere”. Mail first."),
)
FEW_WORDS = Step(
    "few_words",
    _("Have two sentences ready for people who might get something."),
    _("For example: “Somebody uses a picture to hurt me. Please do not open it, delete it and tell me who sent it.”"),
)
CODE_LIST = Step(
    "hash_list",
    _("Put a code of the picture on the lists that large platforms compare uploads with."),
    _("It is made on your own device; the picture stays with you. You need not look at it for long."),
    "portal:lists", _("How that works, step by step"),
)
TELL_ONE = Step(
    "tell_one", _("Tell one person you trust, or call one of the helplines."), _("You need not carry this alone.")
)
ALLOW = Step(
    "allow", _("Say what we may do for you."), _("One switch for each thing. Nothing is done without it."),
    "portal:consents", _("What I allow"),
)
PICTURES = Step(
    "pictures", _("Give us fingerprints of the pictures, so that we recognise copies."),
    _("The pictures themselves are not kept, and nobody looks at them."), "portal:pictures", _("My pictures"),
)
ADDRESSES = Step(
    "keep_addresses",
    _("Give us the addresses of the pages you know."),
    _("You can copy an address without opening the page again. One is enough to begin."),
    "portal:case", _("Report a page"), "#link",
)
NEVER = Step(
    "never_told", _("Tell us who must never hear of this."), _("We then never write there, whatever the reason."),
    "portal:asking", _("Name them"),
)
POLICE = Step(
    "police",
    _("Think about the police. It is yours to decide."),
    _("Ask your worker first what it can mean where you live. What you kept is useful there, also later."),
)
REPORT_FIRST = Step(
    "report_profile",
    _("Report the profile on the platform that it writes from, then block it."),
    _("In this order: once blocked, it can be harder to report. Take the screenshots before."),
)
READS = _("A worker of ours reads your case and writes to you under “Messages”.")
LOOKS = _(
    "Where you allow it, we look for copies, also of those that appear later, and write to those who can remove them."
)
NOTHING_ALONE = _("We do nothing that you have not allowed, and never write to the person who did this.")

LANES: dict[str, Lane] = {one.name: one for one in (
    Lane(
        "sextortion",
        _("Somebody blackmails you"),
        _(
            "This is a crime, and it is done to many people with the same messages. You are not to blame for it. Take "
            "one step after the other; each of them helps by itself."
        ),
        (
            Part(_("In the first hour"), (
                Step("stop_contact", _("Stop answering."),
                     _("You need not explain, plead or say goodbye. An answer shows that pressure works.")),
                Step("no_pay", _("Do not pay, and send nothing more."),
                     _("After a payment, more is often demanded. If you have paid or sent something already: many do, "
                       "and you can stop now.")),
                KEEP, TELL_ONE,
            )),
            Part(_("Today"), (
                LOCK,
                Step("hide_lists", _("Hide your lists of friends and followers."),
                     _("Threats lean on the names in them.")),
                REPORT_FIRST, CODE_LIST,
            )),
            Part(_("Tomorrow"), (FEW_WORDS, ALLOW, POLICE)),
            Part(_("In the days after"), (
                Step("new_messages", _("If new messages come, keep them and leave them unanswered."),
                     _("Often they become fewer when nothing comes back. If they do not, tell your worker.")),
                Step("your_bank", _("If you paid, ask your bank or the service at once whether it can be stopped."),
                     _("Say that you were blackmailed. Keep the receipt.")),
            )),
        ),
        (READS, LOOKS, NOTHING_ALONE),
        warn=_("Do not pay. Do not delete. Do not answer."),
    ),
    Lane(
        "threat",
        _("Somebody threatens to publish"),
        _("Nothing is out there as far as you know. What you prepare now makes it harder to spread."),
        (
            Part(NOW, (KEEP, CODE_LIST, LOCK, FEW_WORDS, TELL_ONE)),
            Part(LATER, (PICTURES, ALLOW, NEVER, POLICE)),
        ),
        (READS, _("Where you allow it, we keep looking for copies, so that we notice early if one appears."),
         NOTHING_ALONE),
    ),
    Lane(
        "published",
        _("It is out there"),
        _("What happened is wrong, and it was done to you. Much of it can be acted against; it takes some patience."),
        (
            Part(NOW, (ADDRESSES, KEEP, ALLOW, TELL_ONE)),
            Part(LATER, (PICTURES, CODE_LIST, NEVER, LOCK, FEW_WORDS, POLICE)),
        ),
        (READS, LOOKS, _("We keep proof of where it was, look again, and go on when something comes back."),
         NOTHING_ALONE),
    ),
    Lane(
        "synthetic",
        _("Pictures made or changed by a computer"),
        _(
            "They show you without being you, and they hurt all the same. You need not prove to us that they are not "
            "real."
        ),
        (
            Part(NOW, (
                ADDRESSES, KEEP,
                Step("source_picture", _("If you know which picture of yours was used, tell your worker."),
                     _("Often it is one that anybody can see. It was fine to show it. If you like, let fewer people "
                       "see it now."),
                     "portal:messages", _("Write to your worker")),
                ALLOW,
            )),
            Part(LATER, (PICTURES, CODE_LIST, FEW_WORDS, TELL_ONE, POLICE)),
        ),
        (READS, LOOKS, _("Where the law has a rule of its own for such pictures, our letters lean on it."),
         NOTHING_ALONE),
    ),
    Lane(
        "minor",
        _("You were under 18"),
        _(
            "You did nothing wrong, also if you made or sent it yourself. There are services made for this. They are "
            "free, you need not give your name, and they are often faster than we are."
        ),
        (
            Part(NOW, (
                Step("take_it_down", _("Use the service that stops such pictures on many platforms."),
                     _("Take It Down in most countries, Report Remove in the United Kingdom. It works on your own "
                       "device."),
                     "portal:lists", _("How that works, step by step")),
                Step("hotline", _("Give the address of a page to the hotline of your country. Only the address."),
                     _("They are allowed to act on it, and it is their work every day.")),
                Step("grown_up", _("Tell a grown-up you trust."),
                     _("It need not be your parents. A helpline can think with you about whom, and how to say it.")),
                Step("stop_contact", _("Stop answering."),
                     _("You need not explain, plead or say goodbye. An answer shows that pressure works.")),
                Step("keep_words", _("Keep the messages and the names. Do not copy or forward the picture."),
                     _("Screenshots of what was written are enough. The picture must go to nobody: not to friends, not "
                       "to us, not by mail to the police.")),
            )),
            Part(LATER, (LOCK, Step("police_with", _("If you want to go to the police, take somebody with you."),
                                    _("A grown-up you trust, or somebody from a helpline.")))),
        ),
        (
            _("We take in no pictures, search for nothing and write to nobody about them. All of that has stopped."),
            _("A worker of ours reads your case first and goes these ways with you, under “Messages”."),
        ),
        young=True,
    ),
    Lane(
        "assault",
        _("An assault was recorded"),
        _(
            "What was done to you is violence, and it is not your fault. You come first; the recording comes second. "
            "Nothing here has to be done today."
        ),
        (
            Part(NOW, (
                Step("crisis", _("Talk to a crisis service."),
                     _("They listen, day and night in many places, and you need not give your name.")),
                Step("medical", _("If it was in the last days: a clinic can look after you."),
                     _("In many places it can also keep traces for later without telling the police. Ask the crisis "
                       "service where.")),
                KEEP, NEVER,
            )),
            Part(LATER, (
                POLICE, ADDRESSES, ALLOW, CODE_LIST,
            )),
        ),
        (READS, _("If you wish, nothing is asked to be removed until proof of it is kept."), LOOKS, NOTHING_ALONE),
        crisis=True, hold=True,
    ),
)}  # fmt: skip

STEPS: dict[str, Step] = {
    step.name: step for lane in LANES.values() for part in lane.parts for step in part.steps
}  # fmt: skip
TICKED = "did."
"""What the names of facts begin with that say which steps were ticked."""

"""Plain words for a survivor: where each finding stands, what happens next and when. Pure; nothing here promises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from efface.cases.models import Age, Purpose
from efface.cases.uses import Use
from efface.engine.base import moments
from efface.search.models import FindingState
from efface.takedown.verdict import Claim

GONE = {FindingState.GONE_CONFIRMED}


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a finding: its state and age, whether the case is paused, the words why it was stopped, how many
    notices wait for a worker or were sent, the next look and the law's next date; ``claim``: in how many checks it was
    not found; ``said_gone``: when she said so, where nobody has looked since."""

    state: str
    age: str
    paused: bool = False
    stopped: str = ""
    waiting: int = 0
    sent: int = 0
    planned: int = 0
    next_look: datetime | None = None
    law_date: datetime | None = None
    claim: Claim | None = None
    said_gone: datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """``now`` is one sentence; ``next`` are lines of words, each with a moment or None."""

    now: str
    next: tuple[tuple[str, datetime | None], ...]


def not_found(claim: Claim) -> str:
    """In how many checks, over how long, from where: never that it was deleted, which nobody can see."""
    checks = ngettext("Not found in one check", "Not found in %(n)s checks", claim.checks) % {"n": claim.checks}
    days = ngettext("over one day.", "over %(n)s days.", claim.days) % {"n": claim.days}
    places = _("We looked from %(n)s places.") % {"n": claim.places} if claim.places > 1 else _(
        "We can look from one place only."
    )  # fmt: skip
    return f"{checks} {days} {places} {_('We keep looking.')}"


def state_words(state: str, claim: Claim | None = None) -> str:
    if claim is not None and state == FindingState.GONE_CONFIRMED:
        return not_found(claim)
    return {
        FindingState.UNKNOWN: _("We know about this page."),
        FindingState.LIVE: _("It is still there."),
        FindingState.PARTIAL: _("Part of it was not found any more. Part of it is still there."),
        FindingState.MOVED: _("It was moved to another address. We follow it."),
        FindingState.GATED: _("The page now asks for a sign-in or an age. We do not count that as gone."),
        FindingState.BOT_BLOCKED: _("The site does not let our check in. We do not count that as gone."),
        FindingState.GEO_BLOCKED: _("It is blocked in some countries only. We do not count that as gone."),
        FindingState.SUSPENDED: _("The whole site has been switched off for now. We keep looking."),
        FindingState.UNREACHABLE: _("The site cannot be reached at the moment. We do not count that as gone."),
        FindingState.CONTENT_REPLACED: _("Something else stands there now. We keep looking."),
        FindingState.GONE_PROVISIONAL: _("We did not find it any more. We look again before we are sure."),
        FindingState.GONE_CONFIRMED: _(
            "Not found any more: several looks over some days did not find it. We keep looking."
        ),
        FindingState.DELISTING_PENDING: _("Not found on the page any more. A search engine still lists it."),
        FindingState.REAPPEARED: _("It came back. We have started again, straight with those who host the site."),
        FindingState.CONFLICT: _("Our looks do not agree with each other. A person is going through the results."),
    }.get(FindingState(state) if state in FindingState.values else FindingState.UNKNOWN, _("We know about this page."))


def told(standing: Standing) -> Told:
    now = state_words(standing.state, standing.claim)
    if standing.paused:
        return Told(now, ((_("Everything is paused, as you wished. Nothing happens until you press Continue."), None),))
    if standing.age == Age.UNKNOWN:
        return Told(
            now, ((_("We need one answer from you first: how old you were. Until then we write to nobody."), None),)
        )
    if standing.age == Age.MINOR:
        return Told(
            now,
            (
                (
                    _(
                        "For pictures of somebody under 18 there are other ways, often faster. Your caseworker "
                        "speaks with you "
                        "about them. We keep and send nothing."
                    ),
                    None,
                ),
            ),
        )
    if standing.stopped:
        return Told(now, ((_("Nothing more is done here for now. Your caseworker can tell you why."), None),))
    lines: list[tuple[str, datetime | None]] = []
    if standing.said_gone:
        lines.append((_("You told us that it is gone. We look, and say here what we saw. You told us on"),
                      standing.said_gone))  # fmt: skip
    if standing.state not in GONE:
        if standing.waiting:
            lines.append((_("A letter is written. A person reads it before it goes out."), None))
        if standing.sent == 1:
            lines.append((_("We wrote to one of those who can remove it."), None))
        elif standing.sent:
            lines.append((_("We wrote to %(n)d of those who can remove it.") % {"n": standing.sent}, None))
        if standing.law_date:
            lines.append((_("The law gives them time until"), standing.law_date))
        if standing.planned and not standing.waiting:
            lines.append((_("If they do not act, we write to the next ones. You need not do anything."), None))
        if not (standing.waiting or standing.sent or standing.planned) and standing.state != FindingState.CONFLICT:
            lines.append((_("We find out who can remove it."), None))
    if standing.next_look:
        lines.append((_("We look again on"), standing.next_look))
    return Told(now, tuple(lines))


def news_words(occasion: str, n: int) -> str:
    """One line for each kind of news (``telling.OCCASIONS``)."""
    return {
        "returned": ngettext("Something came back. We have started again.",
                             "%(n)s pages came back. We have started again.", n),
        "gone": ngettext("One page was not found any more.", "%(n)s pages were not found any more.", n),
        "question": ngettext("There is a question for you.", "There are %(n)s questions for you.", n),
        "message": ngettext("Your caseworker wrote to you.", "Your caseworker wrote to you %(n)s times.", n),
        "permission": ngettext("A permission of yours comes to its end.",
                               "%(n)s permissions of yours come to their end.", n),
    }.get(occasion, "") % {"n": n}  # fmt: skip


def link_words(outcome: str, handled: bool) -> str:
    """What became of a page she named (outcomes of ``search.reported``)."""
    if not handled:
        return _("A machine is about to look at it.")
    if outcome in ("matched", "seen: not recognised"):
        return _("It was seen. If it shows you, it appears above.")
    return {
        "not there": _("There is no such page any more."),
        "no answer": _("The site did not answer. A person decides whether to try again."),
        "nothing shown": _("It shows no picture that we could compare. A person goes on from here."),
        "seen: not allowed to search": _("We may not compare your pictures at the moment; see “What I allow”."),
        "not a site": _("This is not the address of a site."),
    }.get(outcome, _("It could not be looked at from outside. A person goes on from here."))


def place(x: float, y: float) -> str:
    """Where a point of a picture is, in words; percent from the left and from the top."""
    across = 0 if x < 34 else 1 if x < 67 else 2
    down = 0 if y < 34 else 1 if y < 67 else 2
    return (
        (_("at the top left"), _("at the top"), _("at the top right")),
        (_("on the left"), _("in the middle"), _("on the right")),
        (_("at the bottom left"), _("at the bottom"), _("at the bottom right")),
    )[down][across]


@dataclass(frozen=True, slots=True)
class Permission:
    """One switch: what it is for, what it reveals, and to whom."""

    purpose: str
    label: str
    what: str
    who: str

    @property
    def sends(self) -> bool:
        """Whether something leaves the house under it."""
        return self.purpose in (Purpose.NOTIFY, Purpose.CONTACT_OPERATOR, Purpose.POLICE, Purpose.HASH_LISTS)


def permissions() -> tuple[Permission, ...]:
    nobody = _("Nobody outside learns anything.")
    return (
        Permission(Purpose.HASH_MATCH, _("Look for copies of my pictures"),
                   _("We compare fingerprints of your pictures with pictures on the sites we visit. A fingerprint is "
                     "a short row of "
                     "numbers; the picture itself is not kept."), nobody),
        Permission(Purpose.COPY_MATCH, _("Recognise changed copies of my pictures"),
                   _("So that a picture is also found when it was cropped, written on, photographed from a screen or "
                     "put beside others. "
                     "For this we keep some hundred small marks of each picture. They say more about a picture than a "
                     "fingerprint: they are kept locked, with your case only, and deleted when you take this back."),
                   nobody),
        Permission(Purpose.FACE_SEARCH, _("Look for my face"),
                   _("We compare the faces we meet with yours, to find pictures you do not know of. Everybody else's "
                     "face is forgotten "
                     "at once. First a worker speaks with you."), nobody),
        Permission(Purpose.TEXT_SEARCH, _("Look for my name"),
                   _("We look for the names, handles or numbers you gave us."), nobody),
        Permission(Purpose.NOTIFY, _("Write to hosting companies and search engines"),
                   _("We ask those who can remove it to do so, in our name."),
                   _("They learn the address of the page and that the person shown did not agree. They do not learn "
                     "your name.")),
        Permission(Purpose.CONTACT_OPERATOR, _("Write to the site itself"),
                   _("We ask the people who run the site, where that seems safe. We never write to sites that "
                     "blackmail."),
                   _("They learn that somebody objects, and to which page. They do not learn your name. Some may "
                     "tell the person who "
                     "put it there.")),
        Permission(Purpose.HASH_LISTS, _("Pass fingerprints to lists that large platforms use"),
                   _("Platforms on these lists can stop the same picture from being uploaded."),
                   _("The platforms get fingerprints, no picture and no name.")),
        Permission(Purpose.PLATFORM_MATCH, _("Answer platforms that ask about a picture"),
                   _("A platform that has an agreement with us can ask whether a picture somebody uploads there is one "
                     "of yours. It is answered yes or no, and can stop the upload."),
                   _("The platform learns that a picture it has is on our list. It gets no fingerprint of yours, no "
                     "picture and no name.")),
        Permission(Purpose.POLICE, _("Pass my case to the police"),
                   _("Only if you want it. Ask your caseworker first what it can mean where you live."),
                   _("The police learn what is in the case, and your name if you gave it.")),
        Permission(Purpose.STATISTICS, _("Count my case in figures"),
                   _("We count cases to show what works."), _("Figures only, never about one person.")),
        Permission(Purpose.BLOCK_FACE, _("Keep my face out of every search"),
                   _("We keep a row of numbers made from your photos, locked. It is compared only when somebody wants "
                     "to have a face searched for: if it is yours, they are refused. Nobody looks for you."),
                   _("Nobody outside learns anything. Who is refused is not told why, and not who you are.")),
    )  # fmt: skip


def use_words(use: Use, purpose: str) -> str:
    """One line of what was done under a permission."""
    if use.what == "compared":
        things = {
            Purpose.FACE_SEARCH: ngettext("one face", "%(n)s faces", use.times),
            Purpose.TEXT_SEARCH: ngettext("one page", "%(n)s pages", use.times),
        }.get(Purpose(purpose), ngettext("one picture", "%(n)s pictures", use.times)) % {"n": use.times}  # fmt: skip
        done = {
            Purpose.FACE_SEARCH: _("Your face was compared by our own machine with up to %(things)s met that day."),
            Purpose.TEXT_SEARCH: _("The names you gave were looked for by our own machine on up to %(things)s met that "
                                   "day."),
        }.get(Purpose(purpose), _("Your pictures' fingerprints were compared by our own machine with up to %(things)s "
                                  "met that day."))  # fmt: skip
        return f"{done % {'things': things}} {_found(use)}" if use.times else _found(use)
    if use.what == "looked-back":
        before = _("Your pictures' fingerprints were compared by our own machine with what it had met before.")
        return f"{before} {_found(use)}"
    if use.what == "by-her":
        return _("You did this yourself: %(who)s.") % {"who": use.by}
    if use.what == "asked" and purpose == Purpose.HASH_LISTS:
        return _("Your pictures' fingerprints were compared with this list: %(who)s.") % {"who": use.by}
    if use.what == "asked" and purpose == Purpose.PLATFORM_MATCH:
        return _("A platform asked about a picture, and was told that it is on our list: %(who)s.") % {"who": use.by}
    if use.what == "asked":
        asked = _("A search service was asked for the names you gave: %(who)s.") % {"who": use.by}
        return f"{asked} {_found(use)}"
    if use.what == "written":
        sent = ngettext("A letter went to %(who)s.", "%(n)s letters went to %(who)s.", use.times)
        return sent % {"who": use.by, "n": use.times}
    if use.what == "passed-on":
        return _("It was passed on to %(who)s.") % {"who": use.by}
    return _("Somebody wanted to have a face searched for, and was refused.")


def _found(use: Use) -> str:
    if not use.found:
        return _("Nothing was found.")
    return ngettext("One page was found that may have to do with you.",
                    "%(n)s pages were found that may have to do with you.", use.found) % {"n": use.found}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Remains:
    """What there is of which something stays: letters that went out, whether somebody asked to hold everything;
    ``kept``: until when somebody asked us to keep what there is."""

    letters: int = 0
    held: bool = False
    kept: datetime | None = None


def remains(facts: Remains) -> list[str]:
    """What an erasure leaves, and why."""
    lines = [
        _("A line without content that says: here was a case, erased on this day. With it a copy of our data that is "
          "put back after a breakdown is emptied again too."),
        _("A list of when members of this organisation did what, with numbers and without names: so that nobody here "
          "can act unseen."),
    ]  # fmt: skip
    if facts.letters:
        lines.append(ngettext("One letter that went out is with those who got it. It does not carry your name.",
                              "%(n)s letters that went out are with those who got them. They do not carry your name.",
                              facts.letters) % {"n": facts.letters})  # fmt: skip
    if facts.held:
        lines.append(_("Somebody asked us to wait, for example the police. Erasing ends that too: what they want to "
                       "use must be with them by then. Ask your caseworker first."))  # fmt: skip
    if facts.kept:
        lines.append(_("We were asked to keep what we have of your case until %(day)s. Your word comes first: it is "
                       "erased all the same. What others want to use must be with them by then. Ask your caseworker "
                       "first, if you can.") % {"day": moments.day(facts.kept)})  # fmt: skip
    lines.append(
        _("Numbers that you gave to hash lists yourself stay there; those lists tell you how to take them back.")
    )
    return lines


def event_words(kind: str) -> str:
    """What a timeline tells her; "" for what is only of use to us."""
    return {
        "case.opened": _("Your case was opened."),
        "case.paused": _("Everything was paused."),
        "case.resumed": _("It goes on."),
        "case.closed": _("The case was closed."),
        "case.age_declared": _("It is known how old you were."),
        "case.attested": _("Search for your face and name can begin, where you allow it."),
        "attestation.begun": _("A worker spoke with you about search for your face and names."),
        "attestation.approved": _("A second worker agreed. It starts in three days, unless you stop it."),
        "attestation.refused": _("A second worker did not agree. Search for your face and names does not start."),
        "attestation.stopped": _("Search for your face and names was stopped."),
        "consent.reminded": _("We reminded you that something ends."),
        "erase.asked": _("You asked for everything to be erased."),
        "erase.undone": _("You took the erasure back."),
        "proof.handed_in": _("You showed a covered document."),
        "proof.seen": _("A worker looked at the covered document."),
        "proof.dropped": _("The covered document was destroyed."),
        "proof.stated": _("A worker noted that name and face matched."),
        "proof.withdrawn": _("The note that name and face matched is no longer used."),
        "proof.sealed": _("The covered document was sealed for a time, as you wished."),
        "proof.asked": _("A worker asked to look at the sealed document."),
        "proof.allowed": _("A second worker allowed the look."),
        "proof.destroyed": _("The sealed document was destroyed."),
        "proof.handed_on": _("The note that we know you, without your name, was taken out for a recipient."),
        "proof.opened": _("Your name was handed on to be checked, as you agreed."),
        "authority.signed": _("You signed the letter of authority."),
        "authority.revoked": _("You ended the letter of authority."),
        "authority.opened": _("A worker opened your letter of authority."),
        "code.renewed": _("A new access code was made. The old one no longer works."),
        "consent.given": _("You allowed something."),
        "consent.withdrawn": _("You took back a permission."),
        "consent.expired": _("A permission came to its end. You can give it again under “What I allow”."),
        "fingerprint.added": _("A fingerprint was added."),
        "fingerprint.retired": _("A fingerprint is no longer used."),
        "message.written": _("A message was written."),
        "link.reported": _("A link was reported."),
        "link.taken_back": _("A link was taken out again."),
        "partner.ended": _("The service that opened your case sees nothing of it any more."),
        "match.asked": _("We asked you about a page."),
        "own.added": _("A place of your own is left alone."),
        "own.ended": _("A place is no longer left alone."),
        "case.taken": _("A worker took your case."),
        "case.handed_over": _("Another worker looks after your case from now on."),
        "case.alarm": _("You said that you are in danger. Your case came first."),
        "recovery.set": _("You set a recovery word."),
        "recovery.ended": _("You deleted your recovery word."),
        "fact.answered": _("You answered a question."),
        "avoid.added": _("Somebody is noted whom we never write to."),
        "avoid.ended": _("Somebody is no longer on the list of those we never write to."),
        "plan.changed": _("A worker changed who is asked."),
        "step.done": _("A worker took a step for you."),
        "finding.confirmed": _("A page was confirmed as yours."),
        "finding.age_known": _("It is known how old you were in a picture."),
        "finding.captured": _("Proof of a page was kept, without the picture."),
        "kept.taken_in": _("What you handed in was taken in."),
        "pack.handed_over": _("Proof was handed over, sealed."),
        "finding.planned": _("We know who can remove it."),
        "finding.reappeared": _("Something came back. We started again."),
        "finding.gone": _("Something was not found any more, in several checks."),
        "finding.said_gone": _("You told us that something is gone. We looked."),
        "match.put_off": _("You left a question for later."),
        "match.taken_back": _("You took an answer back."),
        "contact.changed": _("It was changed how you can be reached."),
        "contact.set_with": _("You set with a worker how you can be reached."),
        "contact.closed": _("A mail to you came back. Nothing more is sent there."),
        "telling.done": _("Somebody told you that there is something new."),
        "notice.sent": _("A letter went out."),
        "notice.filed": _("A form was filed."),
        "reply.received": _("An answer came in."),
        "hold.placed": _("Letters wait for now."),
        "hold.lifted": _("Letters go out again."),
        "hold.ended": _("Letters go out again."),
    }.get(kind, "")

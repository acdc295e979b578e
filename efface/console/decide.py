"""Taking one decision: the answer of a person, handed to the room that acts on it.

Rooms above the cases are imported when they are needed, so that the console opens although one of them cannot.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from efface.accounts import audit
from efface.accounts.models import Member
from efface.cases import alarm, attesting, events, guarding, links, safety, telling
from efface.cases import messages as case_messages
from efface.cases.models import Attestation, Case, FaceAlarm, Message, PoliceWish, ReportedLink, SafetySign, Telling
from efface.console import opinions, queue, undoing
from efface.console.models import Opinion
from efface.console.typed import one_line
from efface.console.waiting_case import LINK_SETTLED
from efface.console.waiting_takedown import WAY_SOUGHT
from efface.engine.base.models import Outbox
from efface.search.models import Finding, Match
from efface.sites.models import Site
from efface.takedown.models import Inbound, Notice, Publication

LONGEST = 200


class Refused(ValueError):
    """The answer cannot be taken; the message says what would do. ``stale`` True: it was decided or changed already."""

    def __init__(self, words: str, *, stale: bool = False) -> None:
        super().__init__(words)
        self.stale = stale


@dataclass(frozen=True, slots=True)
class Given:
    """One answer: who, when, what, and what was filled in."""

    member: Member
    now: datetime
    choice: str
    filled: Mapping[str, str]

    @property
    def actor(self) -> str:
        return f"{self.member.role}:{self.member.user_id}"

    @property
    def why(self) -> str:
        return one_line(self.filled.get("why", ""), LONGEST)


def take(
    member: Member, kind: str, id: uuid.UUID, mark: str, choice: str, filled: Mapping[str, str], now: datetime,
    batch: uuid.UUID | None = None,
) -> str:  # fmt: skip
    """Act on an answer and say in words what was done; ``batch`` joins those of one press. Raises ``Refused``."""
    decision = queue.find(member, kind, id, lock=True)
    if decision is None:
        raise Refused(_("This was decided already. Nothing was done a second time."), stale=True)
    if decision.mark != mark:
        raise Refused(_("This changed since you opened it. Please read it again before you decide."), stale=True)
    if decision.option(choice) is None:
        raise Refused(_("Please choose one of the answers."))
    for blank in decision.blanks:
        if choice in blank.needed_for and not filled.get(blank.name, "").strip():
            raise Refused(_("Please fill in: %(field)s") % {"field": blank.label})
    given = Given(member, now, choice, filled)
    try:
        with transaction.atomic():
            words = _VERBS[kind](id, given)
            audit.record(member.organisation_id, given.actor, f"{kind}.{choice}"[:60], str(id), now)
            undoing.note(member, kind, id, decision.case_id, choice, now, batch)
    except Refused:
        raise
    except ValueError as error:
        raise Refused(str(error)) from error
    return words


def _arrival(id: uuid.UUID, given: Given) -> str:
    case = Case.objects.get(pk=id)
    if case.worker_id is None:
        Case.objects.filter(pk=id, worker=None).update(worker=given.member.user)
        events.record(case, "case.taken", given.actor, now=given.now)
    if case.alarm_at is not None:
        alarm.seen(case, given.actor, given.now, danger=case.danger and given.choice != "calm")
    return _("It is yours. Write to her under “Messages” of the case.")


def _message(id: uuid.UUID, given: Given) -> str:
    message = Message.objects.select_related("case", "about").get(pk=id)
    if given.choice == "answer":
        case_messages.write(
            message.case, from_survivor=False, author=given.actor, text=given.filled.get("text", ""), now=given.now,
            about=message,
        )  # fmt: skip
    Message.objects.filter(pk=id, read_at=None).update(read_at=given.now)
    return _("Answer sent.") if given.choice == "answer" else _("Marked as read.")


def _unreached(id: uuid.UUID, given: Given) -> str:
    telling.looked_at(Telling.objects.select_related("case").get(pk=id), given.actor, given.now)
    return _("Noted.")


def _telling(id: uuid.UUID, given: Given) -> str:
    row = Telling.objects.select_related("case").get(pk=id)
    telling.by_hand(row, given.choice, given.actor, given.now)
    return {
        "reached": _("Noted: she knows that there is something new."),
        "again": _("It is shown again in a day, in her hours."),
        "dropped": _("Put aside. She sees it in the portal."),
    }[given.choice]


def _attestation(id: uuid.UUID, given: Given) -> str:
    attestation = Attestation.objects.select_related("case").get(pk=id)
    if given.choice == "approve":
        attesting.approve(attestation, given.member.user, given.now)
        return _("Approved. It takes effect in 72 hours.")
    attesting.refuse(attestation, given.member.user, given.now, given.filled.get("why", ""))
    return _("Refused.")


def _signal(id: uuid.UUID, given: Given) -> str:
    from efface.evidence.models import Signal
    from efface.evidence.referrals import signalling

    signalling.decide(Signal.objects.select_related("case").get(pk=id), given.choice, given.why, given.actor, given.now)
    return _("Noted. The desks stand on the page “Police and hotlines” of the case.")


def _police_request(id: uuid.UUID, given: Given) -> str:
    from efface.evidence.models import PoliceRequest
    from efface.evidence.referrals import room

    words = given.filled.get("answer", "")
    room.decide(PoliceRequest.objects.get(pk=id), given.choice == "grant", words, given.actor, given.now)
    return _("They see your answer in their room.")


def _police_wish(id: uuid.UUID, given: Given) -> str:
    from efface.evidence.referrals import young

    young.decide(PoliceWish.objects.get(pk=id), given.choice == "confirm", given.actor, given.now)
    if given.choice == "confirm":
        return _("Confirmed. Addresses can be referred now, on the page “Police and hotlines” of the case.")
    return _("Noted. The police get nothing.")


def _police_question(id: uuid.UUID, given: Given) -> str:
    from efface.evidence.models import Question
    from efface.evidence.referrals import room

    row = Question.objects.select_related("referral__case").get(pk=id)
    if given.choice == "answer":
        room.answer(row.referral, given.filled.get("text", ""), given.actor, given.now)
        return _("They see it in their room.")
    Question.objects.filter(pk=id, read_at=None).update(read_at=given.now)
    return _("Noted as read.")


def _sign(id: uuid.UUID, given: Given) -> str:
    safety.decide(SafetySign.objects.get(pk=id), given.choice, given.why, given.actor, given.now)
    return _("Noted. A new conversation may be held.") if given.choice == "safe" else _("Search stays off.")


def _face_alarm(id: uuid.UUID, given: Given) -> str:
    guarding.decide(FaceAlarm.objects.get(pk=id), given.choice, given.why, given.actor, given.now)
    return _("It goes on.") if given.choice == "goes-on" else _("Ended. The face template was deleted.")


def _link(id: uuid.UUID, given: Given) -> str:
    link = ReportedLink.objects.select_related("case").get(pk=id)
    events.record(link.case, LINK_SETTLED, given.actor, subject=id, now=given.now, choice=given.choice)
    if given.choice == "again" and link.url:
        links.report(link.case, link.url, given.actor, given.now)
        return _("The machine looks at it again.")
    return _("Put aside.")


def _match(id: uuid.UUID, given: Given) -> str:
    from efface.search import deciding

    match = Match.objects.select_related("case", "sighting__site").get(pk=id)
    if given.choice == "confirm":
        deciding.confirm(match, given.actor, given.why, given.now)
        return _("Confirmed.")
    if given.choice == "ask":
        deciding.ask(match, given.actor, given.now)
        return _("She is asked in the portal.")
    deciding.reject(match, given.actor, given.why, given.now)
    return _("Rejected.")


def _age(id: uuid.UUID, given: Given) -> str:
    from efface.search import deciding

    finding = Finding.objects.select_related("case").get(pk=id)
    deciding.set_age(finding, given.choice, given.actor, given.now)
    return _("Noted.")


def _site(id: uuid.UUID, given: Given) -> str:
    from efface.sites import hostility

    hostility.declare(
        Site.objects.get(pk=id), given.choice, given.why or "known from experience", given.member.role, given.now
    )
    return _("Noted for every case.")


def _notice(id: uuid.UUID, given: Given) -> str:
    from efface.takedown import approving

    notice = Notice.objects.select_related("case", "route", "finding").get(pk=id)
    if given.choice == "approve":
        count = approving.approve(notice, given.member.user, given.now)
        if count == approving.SECOND_PERSON:
            return _("Noted. It is a first notice: a second person reads it before it goes.")
        if count > 1:
            return _("Approved, with %(n)d more of the same kind to the same party.") % {"n": count - 1}
        return _("Approved.")
    approving.refuse(notice, given.member.user, given.why, given.now)
    return _("Refused.")


def _moved(id: uuid.UUID, given: Given) -> str:
    from efface.takedown import holding

    notice = Notice.objects.select_related("case", "route", "finding").get(pk=id)
    holding.settle(notice, given.choice, given.member.user, given.now)
    if given.choice == "keep":
        return _("It goes on to them. If it is not approved yet, it waits for that.")
    return _("Dropped. Whoever is in charge now is asked.")


def _filing(id: uuid.UUID, given: Given) -> str:
    from efface.takedown import approving, filing, together
    from efface.takedown.channels.form import words as form_words

    notice = Notice.objects.select_related("case", "route", "finding").get(pk=id)
    if given.choice in ("filed", "filed-all"):
        reference = one_line(given.filled.get("outside_reference", ""), 80)
        said = given.filled.get("confirmation", "")
        if given.choice == "filed-all":
            others = together.company(notice, (Notice.State.PREPARED,), given.now).others
            count = filing.mark_all_filed(notice, others, given.member.user, reference, given.now, said)
            return _("Noted as filed, for %(n)d findings.") % {"n": count}
        filing.mark_filed(notice, given.member.user, reference, given.now, said)
        return _("Noted as filed.")
    if given.choice == "changed":
        form_words.say(
            notice.organisation_id, notice.contact, notice.notice_type, notice.template, given.why, given.member.user,
            given.now,
        )  # fmt: skip
        return _("Thank you. Whoever opens this form next is told.")
    approving.refuse(notice, given.member.user, given.why, given.now)
    return _("Noted that it cannot be filed.")


def _send(id: uuid.UUID, given: Given) -> str:
    from efface.takedown import sending

    row = Outbox.objects.get(pk=id)
    if given.choice == "sent":
        sending.resolve(row, "sent", given.member.user, given.now)
        return _("Noted as sent.")
    sending.resolve(row, "again", given.member.user, given.now)
    return _("It is sent again.")


def _reply(id: uuid.UUID, given: Given) -> str:
    from efface.takedown import inbox

    inbox.settle(Inbound.objects.select_related("notice").get(pk=id), given.choice, given.member.user, given.now)
    return _("Noted.")


def _publication(id: uuid.UUID, given: Given) -> str:
    from efface.takedown import publishing

    publishing.seen(Publication.objects.get(pk=id), given.member.user, given.now)
    return _("Noted.")


def _stuck(id: uuid.UUID, given: Given) -> str:
    from efface.takedown import planning

    finding = Finding.objects.select_related("case").get(pk=id)
    events.record(finding.case, WAY_SOUGHT, given.actor, subject=id, now=given.now, choice=given.choice, why=given.why)
    if given.choice == "plan":
        planning.request(finding)
        return _("Everybody who can act is looked up anew.")
    return _("Noted.")


def _clock(id: uuid.UUID, given: Given) -> str:
    from efface.takedown import overdue

    overdue.answer(id, given.choice, given.why, given.member.user, given.now)
    return {
        "remind": _("Who is in charge is looked up, then they are reminded."), "next": _("The next party is asked."),
        "wait": _("It comes back in some days if nothing has happened."),
    }.get(given.choice, _("Noted."))  # fmt: skip


def _conflict(id: uuid.UUID, given: Given) -> str:
    from efface.takedown import verifying

    finding = Finding.objects.select_related("case").get(pk=id)
    verifying.settle(finding, given.choice, given.actor, given.why, given.now)
    return _("Noted as still there.") if given.choice == "live" else _("It is checked again.")


def _suspected(id: uuid.UUID, given: Given) -> str:
    from efface.search import stopping
    from efface.search.models import HotlineDraft

    cause = HotlineDraft.objects.values_list("stop", flat=True).get(pk=id)
    if given.choice == "reported":
        stopping.report(cause, one_line(given.filled.get("reference", ""), 80), given.actor, given.now)
        return _("Noted as reported. The site stays stopped.")
    if given.choice == "false":
        stopping.doubt(cause, given.why, given.actor, given.now)
        return _("Noted. A second lead decides whether the site goes on.")
    if given.choice == "stays":
        stopping.keep_stopped(cause, given.actor, given.now)
        return _("The site stays stopped.")
    if stopping.agree(cause, given.why, given.actor, given.now):
        return _("The site goes on, from nothing: what was met there before is not kept.")
    return _("Noted. The site stays stopped for another reason.")


def _opinion(id: uuid.UUID, given: Given) -> str:
    opinions.answer(Opinion.objects.get(pk=id), given.filled.get("text", ""), given.member.user, given.now)
    return _("Your opinion stands beside the decision.")


def _report(id: uuid.UUID, given: Given) -> str:
    from efface.partners import reports
    from efface.partners.models import Report

    row = Report.objects.get(pk=id)
    if given.choice == "child":
        count = reports.stop_sites(row, given.actor, given.now)
        return ngettext("One site is stopped.", "%(n)d sites are stopped.", count) % {"n": count}
    if given.choice == "drop":
        reports.drop(row, given.actor, given.now)
        return _("Set aside. Its addresses are forgotten in a quarter of an hour.")
    if given.choice == "known":
        (case,) = reports.whose([row])[row.pk]
    else:
        case = _case_named(given.filled.get("reference", ""))
    count = reports.link(row, case, given.actor, given.now)
    words = ngettext("One link was added to the case.", "%(n)d links were added to the case.", count)
    return words % {"n": count}


def _case_named(reference: str) -> Case:
    found = Case.objects.filter(reference=one_line(reference, 12).upper(), state=Case.State.OPEN).first()
    if found is None:
        raise Refused(_("There is no open case with this reference. Nothing was done."))
    return found


def _undelivered(id: uuid.UUID, given: Given) -> str:
    from efface.partners import hooks
    from efface.partners.models import Hook

    hook = Hook.objects.select_related("partner").get(pk=id)
    if given.choice == "again":
        hooks.resend(hook, given.actor, given.now)
        return _("It is sent again.")
    hooks.end(hook, given.actor, given.now)
    return _("Ended. Nothing is sent there any more; the partner's key goes on.")


_VERBS: dict[str, Callable[[uuid.UUID, Given], str]] = {
    "arrival": _arrival,
    "message": _message,
    "telling": _telling,
    "unreached": _unreached,
    "attestation": _attestation,
    "signal": _signal,
    "police-request": _police_request,
    "police-wish": _police_wish,
    "police-question": _police_question,
    "sign": _sign,
    "face-alarm": _face_alarm,
    "link": _link,
    "match": _match,
    "age": _age,
    "site": _site,
    "suspected": _suspected,
    "notice": _notice,
    "moved": _moved,
    "filing": _filing,
    "send": _send,
    "reply": _reply,
    "conflict": _conflict,
    "publication": _publication,
    "stuck": _stuck,
    "clock": _clock,
    "counter": _clock,
    "opinion": _opinion,
    "report": _report,
    "undelivered": _undelivered,
}


def kinds() -> dict[str, Any]:
    """The kinds that can be answered (a test holds them against the queue's)."""
    return dict(_VERBS)

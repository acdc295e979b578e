"""What waits in takedown: notices to approve, forms to file, unclear sends, unclear replies, checks that disagree."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from efface.accounts.models import Member
from efface.cases import telling
from efface.cases.models import Case, CaseEvent, Level
from efface.console import evidence, heard
from efface.console.decision import Blank, Decision, Fact, Option, answers, exposures, mark
from efface.console.waiting_case import LIVING, Within, narrowed
from efface.console.words import reply_kinds, wanted
from efface.engine.base import clock
from efface.engine.base.models import Outbox
from efface.law import load
from efface.search.models import Finding, FindingState
from efface.takedown import answering, facts, filing, four_eyes, ladder, sight, together, verifying
from efface.takedown.channels.form import desks
from efface.takedown.channels.form import words as form_words
from efface.takedown.models import Check, Inbound, Notice

LATER = {"notice": 2, "filing": 2}


def _notice_facts(one: Notice) -> tuple[Fact, ...]:
    kind = load().notices.get(one.notice_type)
    route = one.route
    return (
        Fact("recipient", _("Recipient"), one.contact),
        Fact("party", _("Party"), route.party_name or route.party_key),
        Fact("role", _("Their part"), route.role),
        Fact("channel", _("Channel"), one.channel, side=True),
        Fact("notice-type", _("Notice"), kind.name if kind else one.notice_type),
        Fact("law", _("Law"), kind.law if kind else ""),
        Fact("why", _("Why this way"), route.why),
        Fact("clock", _("Clock"), route.clock_basis or (kind.clock.text if kind else ""), side=True),
        Fact(
            "step",
            _("Step"),
            _("reminder %(n)d") % {"n": one.step - 1} if one.step > 1 else _("first notice"),
            side=True,
        ),
        Fact("language", _("Language"), one.language, side=True),
        Fact("template", _("Wording"), one.template, side=True),
        Fact("site", _("Site"), one.finding.site.domain),
        Fact("page", _("Page"), one.finding.page_url or "", address=True),
        Fact("reference", _("Our reference"), one.reference, side=True),
    )


def _notices(state: str, case: Within | None, only: uuid.UUID | None, lock: bool) -> Any:
    """Those that may go out now: what a hold, a pause or an ended consent stops is put in front of nobody."""
    rows = notice_rows(state).select_related("case", "route", "finding__site").defer(*_UNSEEN)
    now = clock.now()
    first = "route__starts_at" if state == Notice.State.DRAFT else "drafted_at"
    return narrowed(rows.order_by(first, "pk"), case, only, lock, lambda met: filing.sendable_of(met, now))


_UNSEEN = ("xarf", "finding__baseline", "finding__site__dossier", "finding__site__grams")


def notice_rows(state: str) -> QuerySet[Notice]:
    return Notice.objects.filter(state=state, case__state=Case.State.OPEN, finding__stopped="")


def drafts(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    rows = _notices(Notice.State.DRAFT, case, only, lock)
    words = four_eyes.words_of(rows) if four_eyes.standing() is not None else {}
    for one in rows:
        word = words.get(one.pk)
        if word is not None and word.by_id == member.user_id and only is None:
            continue
        goes_with = _goes_with(one) if only else together.Company(one, [])
        yield Decision(
            kind="notice",
            id=one.pk,
            case_id=one.case_id,
            reference=one.case.reference,
            danger=one.case.danger,
            title=_("A first notice that needs a second person") if word else _("A notice to approve"),
            proposed=_("Approve it, if the recipient and what they learn are right."),
            reason=_("A person allows each recipient, notice, wording and exposure; machines repeat only inside that."),
            options=(Option("approve", _("Approve"), "primary"), Option("refuse", _("Refuse"), "careful")),
            blanks=(Blank("why", _("Reason, if you refuse"), needed_for=("refuse",)),),
            facts=(
                *_told(goes_with),
                *_notice_facts(one),
                Fact("subject", _("Mail subject"), one.subject_line or ""),
                Fact("first-word", _("First person"), word.by.name if word else ""),
            ),
            exposure=exposures(one.exposure_lines or one.route.exposure_lines),
            answers=answers(one.answers) if one.channel == "form" else (),
            text_label=_("Complete text of the one mail") if goes_with.others else _("Complete text"),
            text=goes_with.made.text or "",
            harm=LATER["notice"],
            since=one.drafted_at,
            due=one.route.starts_at,
            # Who goes with it is left out: it may change while nobody's answer does.
            mark=mark(one.pk, one.state, one.contact, one.text, one.subject_line, one.answers, word.pk if word else ""),
        )


def _goes_with(one: Notice) -> together.Company:
    """The notices that leave in this one's mail once it is approved: the approval covers them too."""
    if one.channel != "email":
        return together.Company(one, [])
    return together.company(one, (Notice.State.DRAFT, Notice.State.QUEUED), clock.now())


def _told(group: together.Company) -> tuple[Fact, ...]:
    """Said before a person approves: how many findings one mail names, and which."""
    if not group.others:
        return ()
    count = len(group.others)
    words = ngettext(
        "Goes in one mail with the notice about %(n)d other finding of this case, to the same desk: your approval "
        "covers both.",
        "Goes in one mail with the notices about %(n)d other findings of this case, to the same desk: your approval "
        "covers all of them.", count,
    ) % {"n": count}  # fmt: skip
    return (Fact("company", _("In one mail"), words), _references(group))


def _references(group: together.Company) -> Fact:
    shown = [one.reference for one in group.others[:12]]
    more = len(group.others) - len(shown)
    listed = ", ".join(shown) + (_(" and %(n)d more") % {"n": more} if more else "")
    return Fact("company-references", _("Also in it"), listed)


def _filed(group: together.Company) -> tuple[Option, ...]:
    if not group.others:
        return (Option("filed", _("Filed"), "primary"),)
    return (
        Option("filed-all", _("Filed, with all addresses above"), "primary"),
        Option("filed", _("Filed for the first page alone")),
    )


def _one_form(group: together.Company) -> tuple[Fact, ...]:
    if not group.others:
        return ()
    words = ngettext(
        "%(n)d other finding of this case waits for the same form: the answers above name the addresses of both.",
        "%(n)d other findings of this case wait for the same form: the answers above name the addresses of all.",
        len(group.others),
    ) % {"n": len(group.others)}  # fmt: skip
    alone = _("If the form takes one address only, file it for the first page alone; the others come back one by one.")
    return (Fact("company", _("In one form"), f"{words} {alone}"), _references(group))


def filings(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    covered: set[uuid.UUID] = set()
    rows = _notices(Notice.State.PREPARED, case, only, lock)
    changed = form_words.standing_of({one.contact for one in rows})
    desks_of = Counter((one.case_id, one.contact) for one in rows)
    several = [one for one in rows if only is not None or desks_of[one.case_id, one.contact] > 1]
    companies = together.Companies(several, (Notice.State.PREPARED,), clock.now())
    for one in rows:
        if one.pk in covered:
            continue
        group = together.Company(one, [])
        if only is not None or desks_of[one.case_id, one.contact] > 1:
            group = companies.of(one)
        covered |= {other.pk for other in group.others}
        yield Decision(
            kind="filing",
            id=one.pk,
            case_id=one.case_id,
            reference=one.case.reference,
            danger=one.case.danger,
            title=_("A form to file"),
            proposed=_("Copy the answers into the form, send it, and note the number they give."),
            reason=_(
                "This party takes notices through a form only. A person files it; nothing is filled in by itself."
            ),
            options=(
                *_filed(group),
                Option("refuse", _("The form refuses"), "careful"),
                Option("changed", _("The form has changed")),
            ),
            blanks=(
                Blank(
                    "outside_reference", _("Their reference"), _("The number or code the form showed after sending.")
                ),
                Blank("confirmation", _("What they confirmed, word for word"), long=True),
                Blank("why", _("Why the form refuses, or what has changed"), needed_for=("refuse", "changed")),
            ),
            facts=(
                *_one_form(group),
                Fact("form-url", _("Form"), one.contact, opens=desks.known(one.contact)),
                *_notice_facts(one)[1:],
            ),
            notes=tuple(
                _("This form has changed: %(said)s (%(day)s)") % {"said": word.said, "day": word.at.date().isoformat()}
                for word in changed.get(one.contact[:500], ())
            ),
            exposure=exposures(one.exposure_lines or one.route.exposure_lines),
            answers=answers(group.made.answers),
            text_label=_("Complete text"),
            text=group.made.text or "",
            harm=LATER["filing"],
            since=one.drafted_at,
            mark=mark(one.pk, one.state, one.contact, one.answers, *group.marks),
        )


def ambiguous_rows() -> QuerySet[Outbox]:
    # Of a word to her it is said beside the case: sent again it would be two, and the portal has the news anyway.
    rows = Outbox.objects.filter(state=Outbox.State.AMBIGUOUS).exclude(kind=telling.KIND)
    return rows.filter(Exists(Case.objects.filter(pk=OuterRef("case_id"), state__in=LIVING)))


def ambiguous(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    shown = narrowed(ambiguous_rows().order_by("created"), case, only, lock)
    cases = Case.objects.in_bulk([one.case_id for one in shown])
    for one in shown:
        owner = cases[one.case_id]
        yield Decision(
            kind="send",
            id=one.pk,
            case_id=owner.pk,
            reference=owner.reference,
            danger=owner.danger,
            title=_("Was this mail sent?"),
            proposed=_("Look in the mail server's log for the message id."),
            reason=_(
                "The machine stopped while the mail was on its way. Sending it twice would do harm, so a person says "
                "which."
            ),
            options=(
                Option("sent", _("It was sent")),
                Option("again", _("It was not sent: send it"), "careful"),
            ),
            facts=(
                Fact("recipient", _("Recipient"), str(one.recipient or "")),
                Fact("message-id", _("Message id"), one.message_id),
                Fact("sending-at", _("Begun"), one.sending_at.strftime("%Y-%m-%d %H:%M UTC") if one.sending_at else ""),
                Fact("answer", _("Last answer of the mail server"), one.answer),
            ),
            harm=1,
            since=one.sending_at or one.created,
            mark=mark(one.pk, one.state, one.attempts),
        )


def reply_rows() -> QuerySet[Inbound]:
    return Inbound.objects.filter(handled_at=None).exclude(kind="")


def replies(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    rows = reply_rows().select_related("notice__case__organisation", "notice__route")
    shown = narrowed(rows.order_by("at"), case, only, lock)
    about, backing = heard.of_many(shown), facts.backing_of({one.notice.case_id for one in shown}, clock.now())
    for one in shown:
        notice, owner = one.notice, one.notice.case
        asked = answering.wants(str(one.text or ""))
        prepared = _prepared(one, asked, backing[owner.pk])
        guess = reply_kinds().get(one.kind, one.kind)
        told = about[one.pk] if about[one.pk].shared else None
        yield Decision(
            kind="reply",
            id=one.pk,
            case_id=owner.pk,
            reference=owner.reference,
            danger=owner.danger,
            title=_("A reply nobody could read for certain"),
            proposed=_("Read it and say what it is."),
            reason=_("The machine's guess is not certain enough to act on."),
            options=tuple(
                Option(kind, words, "primary" if kind == one.kind else "") for kind, words in reply_kinds().items()
            ),
            facts=(
                Fact("guess", _("Guess"), guess),
                Fact("guess-kind", _("Guessed kind"), one.kind),
                Fact("confidence", _("Certainty"), f"{one.confidence:.2f}"),
                Fact("because", _("Because of"), str(one.because or "")),
                Fact("asks", _("They ask for"), ", ".join(wanted()[name] for name in asked)),
                Fact("prepared", _("What “asks for more” sends"), prepared),
                Fact("from", _("From"), str(one.sender or "")),
                Fact("subject", _("Subject line"), str(one.subject_line or "")),
                Fact("notice", _("About our notice"), notice.reference),
                Fact("about", _("Your answer applies to"), _applies(told) if told else ""),
                Fact("recipient", _("Sent to"), notice.contact),
            ),
            text_label=_("Their words"),
            text=str(one.text or ""),
            harm=3,
            since=one.at,
            mark=mark(one.pk, one.kind, one.confidence),
        )


def _applies(told: heard.Heard) -> str:
    references = ", ".join(one.reference for one in told.about[:12])
    if told.all_of_it:
        return _("all %(n)d findings that the mail named: %(references)s") % {"n": told.named, "references": references}
    return _("%(n)d of %(of)d findings of the mail, whose addresses it names: %(references)s") % {
        "n": len(told.about), "of": told.named, "references": references}  # fmt: skip


def _prepared(one: Inbound, asked: tuple[str, ...], backing: Mapping[str, str]) -> str:
    """The answer that goes before the complete notice where a person says that they ask for more."""
    notice = one.notice
    told = [name for name in asked if name in answering.ANSWERED]
    if not told or notice.step >= ladder.MOST_STEPS or notice.sent_at is None:
        return ""
    values = {"sent": f"{notice.sent_at:%Y-%m-%d}", "reference": notice.reference,
              "organisation": notice.case.organisation.name, **backing}  # fmt: skip
    return answering.preface(told, notice.language, values, notice.case.level == Level.ATTESTED)


def conflict_rows() -> QuerySet[Finding]:
    return Finding.objects.filter(state=FindingState.CONFLICT, stopped="", case__state=Case.State.OPEN)


def conflicts(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    rows = conflict_rows().select_related("case", "site").defer("site__dossier", "site__grams")
    shown = narrowed(rows.order_by("confirmed_at"), case, only, lock)
    seen, walls = _checks(shown), verifying.walls_before_of([one.pk for one in shown])
    for one in shown:
        checks = seen.get(one.pk, [])
        yield Decision(
            kind="conflict",
            id=one.pk,
            case_id=one.case_id,
            reference=one.case.reference,
            danger=one.case.danger,
            title=_("The checks disagree"),
            proposed=_("Compare what was seen, have it looked at again, or say what stands there."),
            reason=_("Nothing is called gone while the evidence speaks both ways."),
            options=(
                Option("again", _("Check again"), "primary"),
                Option("live", _("It is still there")),
                *_stranger(checks, one),
            ),
            blanks=(Blank("why", _("Reason (may stay empty)")),),
            facts=(
                Fact("site", _("Site"), one.site.domain),
                Fact("page", _("Page"), one.page_url or "", address=True),
            ),
            sheet=evidence.sheet(checks[0], walls.get(one.pk, frozenset())) if checks else None,
            reasons=tuple(f"{check.at:%Y-%m-%d %H:%M} {check.state}: {check.reason}" for check in checks),
            harm=2,
            since=checks[0].at if checks else one.confirmed_at,
            mark=mark(one.pk, one.state, checks[0].pk if checks else ""),
        )


def _checks(findings: list[Finding]) -> dict[uuid.UUID, list[Check]]:
    """The last four of each, the latest first; what was observed is read of the latest only."""
    rows = Check.objects.filter(finding__in=findings).defer("observation").order_by("finding", "-at")
    found: dict[uuid.UUID, list[Check]] = {}
    for check in rows:
        if len(found.setdefault(check.finding_id, [])) < 4:
            found[check.finding_id].append(check)
    latest = Check.objects.select_related("finding").in_bulk([checks[0].pk for checks in found.values()])
    return {finding: [latest[checks[0].pk], *checks[1:]] for finding, checks in found.items()}


def _stranger(checks: list[Check], finding: Finding) -> tuple[Option, ...]:
    """Where another picture stands in the place of hers, a person may say that it is not hers."""
    seen = verifying.last_observation(checks[0]) if checks else None
    if seen is None or not sight.strangers(seen, verifying.baseline(finding)):
        return ()
    return (Option("other", _("The picture there now is not hers"), "careful"),)


WAY_SOUGHT = "finding.way_sought"
SETTLED_STATES = (FindingState.GONE_CONFIRMED, FindingState.GONE_PROVISIONAL, FindingState.CONTENT_REPLACED)


EXHAUSTED = "finding.exhausted"


def stuck_rows() -> QuerySet[Any]:
    """``out`` is when the last party had been asked."""

    def last(kind: str) -> Subquery:
        rows = CaseEvent.objects.filter(kind=kind, subject=OuterRef("pk")).order_by().values("subject")
        return Subquery(rows.annotate(last=Max("at")).values("last"))

    rows = Finding.objects.filter(stopped="", case__state=Case.State.OPEN).exclude(state__in=SETTLED_STATES)
    rows = rows.filter(pk__in=CaseEvent.objects.filter(kind=EXHAUSTED).values("subject"))
    rows = rows.annotate(out=last(EXHAUSTED), sought=last(WAY_SOUGHT))
    return rows.filter(Q(sought=None) | Q(sought__lt=F("out")))


def stuck(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    """Findings where everybody was asked and it still stands: a person looks for another way."""
    rows = stuck_rows().select_related("case", "site").defer("baseline", "site__dossier", "site__grams")
    for one in narrowed(rows.prefetch_related("routes").order_by("out"), case, only, lock):
        asked = [
            f"{route.party_name or route.party_key}: {route.get_state_display()}"
            + (f" ({route.state_why})" if route.state_why else "")
            for route in one.routes.all()
            if route.episode == one.episode
        ]
        yield Decision(
            kind="stuck",
            id=one.pk,
            case_id=one.case_id,
            reference=one.case.reference,
            danger=one.case.danger,
            title=_("Everybody was asked, and it is still there"),
            proposed=_("Look for another way: telephone, regulator, police if she wants, a court; or plan anew."),
            reason=_("No route is left that a machine could take."),
            options=(Option("plan", _("Plan anew"), "primary"), Option("noted", _("I take care of it"))),
            blanks=(Blank("why", _("What you do now"), needed_for=("noted",)),),
            facts=(
                Fact("site", _("Site"), one.site.domain),
                Fact("page", _("Page"), one.page_url or "", address=True),
                Fact("state", _("State"), str(one.get_state_display())),
            ),
            reasons=tuple(asked),
            harm=6,
            since=one.out,
            mark=mark(one.pk, one.out),
        )

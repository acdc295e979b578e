"""Sites stopped for suspected child material, for leads: a draft to read, an answer to give. No picture, no link that
opens, no word of a page."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from efface.accounts.models import Member
from efface.console.decision import Blank, Decision, Fact, Option, mark
from efface.console.waiting_case import EACH, Within
from efface.engine.base import clock
from efface.engine.base.text import defang
from efface.law.load import load
from efface.search.models import HotlineDraft, SiteStop
from efface.search.suspicion import hotlines
from efface.sites import dossiers

HOLDERS = ("host", "cdn", "upstream", "platform", "registrar")
"""Parties whose place says which hotline is near."""


def suspected(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    """Of this organisation's flags, and of what the crawl noticed. One that was reported waits for nobody, and may be
    opened from its site all the same."""
    if case and case.ids is None:
        return
    rows = suspected_rows(member, reported=only is not None).select_related("stop__site")
    if case and case.ids is not None:
        rows = rows.filter(pk__in=case.ids)
    if only:
        rows = rows.filter(pk=only)
    if lock:
        rows = rows.select_for_update(of=("self",))
    for one in rows.order_by("made_at", "pk")[: case.most if case else EACH]:
        yield _decision(one, member)


def suspected_rows(member: Member, reported: bool = False) -> QuerySet[HotlineDraft]:
    """In a training house only its own: what the crawl noticed is real, and waits for nobody who learns."""
    waiting = [SiteStop.State.OPEN, SiteStop.State.DOUBTED, *([SiteStop.State.REPORTED] if reported else [])]
    rows = HotlineDraft.objects.filter(stop__state__in=waiting)
    return rows.filter(organisation=member.organisation_id) if member.organisation.training else rows


def _decision(one: HotlineDraft, member: Member) -> Decision:
    stop, addresses = one.stop, one.addresses if isinstance(one.addresses, list) else []
    proposed, reason, options, blanks = _asked(one, member)
    facts = [
        Fact("site", _("Site"), _plain(stop.site.domain)),
        Fact("how", _("Noticed by"), str(stop.get_how_display())),
        Fact("terms", _("Which (ids only)"), "" if stop.how == SiteStop.How.PERSON else ", ".join(stop.reasons)),
        Fact("flagged", _("Stopped"), stop.at.strftime("%Y-%m-%d %H:%M")),
        Fact("state", _("State"), str(stop.get_state_display())),
        Fact("reference", _("Reference of the desk"), one.reference),
        Fact("doubt", _("Why it may be a false alarm"), one.why),
    ]
    return Decision(
        kind="suspected", id=one.pk, case_id=None, reference="",
        title=_("Stopped: suspected child material on %(site)s") % {"site": _plain(stop.site.domain)},
        proposed=proposed, reason=reason, options=options, blanks=blanks,
        facts=tuple(facts), harm=0, since=one.made_at, mark=mark(one.pk, stop.state, len(addresses)),
        text_label=_("Draft for a hotline"), text=draft(one, member),
        notes=(
            _("Please do not open these addresses, and do not ask anybody to. The hotline has people for that. If this "
              "weighs on you, please hand it to somebody else."),
        ),
    )  # fmt: skip


def _asked(one: HotlineDraft, member: Member) -> tuple[str, str, tuple[Option, ...], tuple[Blank, ...]]:
    """Proposal, reason, answers and blanks, by the state."""
    false = Option("false", _("This was a false alarm"), "careful")
    why = _("Why it was a false alarm (no case, no name)")
    if one.stop.state == SiteStop.State.DOUBTED:
        if one.stop.doubted_by.partition(":")[2] == str(member.user_id):
            return (
                _("A second lead decides."), _("You said that it was a false alarm. You can take that back."),
                (Option("stays", _("Take it back")),), (),
            )  # fmt: skip
        return (
            _("Does the site go on?"),
            _("A colleague says that it was a false alarm. If you agree, it is visited again from nothing."),
            (
                Option("stays", _("No, it stays stopped"), "primary"),
                Option("agree", _("I agree: let it go on"), "careful"),
            ),
            (Blank("why", _("Why you agree (no case, no name)"), needed_for=("agree",)),),
        )
    if one.stop.state == SiteStop.State.REPORTED:
        return (
            _("It is reported. Nothing is to be done."), _("The site stays stopped, unless it was a false alarm."),
            (false,), (Blank("why", why, needed_for=("false",)),),
        )  # fmt: skip
    return (
        _("Report it to a hotline, with the addresses alone."),
        _("Nothing of the site is looked at any more, and what was met there is not kept. Nothing was sent."),
        (Option("reported", _("I have reported it"), "primary"), false),
        (
            Blank("reference", _("Reference the hotline gave"), needed_for=("reported",)),
            Blank("why", why, needed_for=("false",)),
        ),
    )


def draft(one: HotlineDraft, member: Member) -> str:
    """What may be handed to a hotline: addresses that do not open, who holds the site, where to report."""
    site, addresses = one.stop.site, one.addresses if isinstance(one.addresses, list) else []
    chain = [link for link in dossiers.chain(site, clock.now()) if link.role in HOLDERS]
    places = [link.country for link in chain] + [site.country, member.organisation.country]
    desks = [
        f"- {desk.name}: {desk.contact}" + (f" ({desk.where})" if desk.where else "")
        for desk in hotlines.of_places(load(), places)
    ]
    lines = [
        _("Report of suspected child sexual abuse material"), "",
        _("Site: %(site)s") % {"site": _plain(site.domain)},
        _("Noticed on %(when)s by: %(how)s.") % {
            "when": one.stop.at.strftime("%Y-%m-%d %H:%M UTC"), "how": one.stop.get_how_display()},
        _("A machine noticed it; nobody here looked at it.") if one.stop.how != SiteStop.How.PERSON else
        _("A worker said so. Nothing was opened to make sure."),
        _("No picture was kept, and none is attached."), "",
        _("Addresses (written so that they do not open):"),
        *([f"- {defang(url)}" for url in addresses] or ["- " + _("the whole site")]), "",
        _("Who holds it:"),
        *([f"- {link.role}: {link.name or link.key}" + (f" ({link.country})" if link.country else "") for link in chain]
          or ["- " + _("not known")]), "",
        _("Reported by: %(name)s") % {"name": member.organisation.name}, "",
        _("Where it may be reported, the nearest first:"), *desks,
    ]  # fmt: skip
    return "\n".join(lines)


def _plain(domain: str) -> str:
    """A domain that no program takes for a link."""
    return domain.replace(".", "[.]")

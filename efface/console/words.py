"""Plain words for what the machines write down: event kinds, actors, kinds of replies."""

from __future__ import annotations

from django.utils.translation import gettext as _


def reply_kinds() -> dict[str, str]:
    """What a reply can be settled as (the values of ``takedown.inbox.KINDS``), with its words."""
    return {
        "claims_removal": _("says it is removed"),
        "acknowledged": _("only confirms receipt"),
        "asks_more": _("asks for more"),
        "refuses": _("refuses"),
        "counter_notice": _("counter-notice"),
        "forwards": _("passed it on, or names another address"),
        "bounce": _("came back undelivered"),
        "delay": _("not delivered yet"),
        "feedback": _("their mail system calls our mail unwanted"),
        "other": _("something else"),
    }


def wanted() -> dict[str, str]:
    """What a desk may ask for (``takedown.answering.wants``), in words."""
    return {
        "identity": _("an identity document (never passed on: we attest instead)"),
        "authority": _("the authority to act"),
        "urls": _("the addresses"),
        "law": _("the legal basis"),
        "form": _("their form (a person fills it in)"),
        "order": _("an order of a court (a lawyer looks at it)"),
        "publishes": _("nothing; they say that notices are published"),
    }


def event_words(kind: str) -> str:
    """An event kind in words; a kind without words of its own reads as it is written."""
    known = {
        "case.opened": _("Case opened"),
        "case.paused": _("Everything paused"),
        "case.resumed": _("Continued"),
        "case.closed": _("Case closed"),
        "case.age_declared": _("Age when the pictures were made"),
        "case.attested": _("Case attested"),
        "attestation.begun": _("First worker attested"),
        "attestation.approved": _("Second worker approved"),
        "attestation.refused": _("Attestation refused"),
        "consent.given": _("Consent given"),
        "consent.withdrawn": _("Consent withdrawn"),
        "consent.expired": _("Consent came to its end"),
        "fingerprint.added": _("Fingerprint added"),
        "fingerprint.retired": _("Fingerprint no longer used"),
        "message.written": _("Message written"),
        "link.reported": _("Link reported"),
        "hold.placed": _("Hold placed"),
        "hold.lifted": _("Hold lifted"),
        "match.made": _("Possible match found"),
        "match.rejected": _("Not hers"),
        "match.asked": _("Asked her"),
        "match.own": _("Her own, left alone"),
        "match.dropped": _("Not kept: its site was stopped"),
        "finding.confirmed": _("Finding confirmed"),
        "finding.age_known": _("Age in the picture known"),
        "finding.captured": _("Page captured"),
        "finding.planned": _("Route planned"),
        "finding.stopped": _("Nothing more is done about it"),
        "finding.resumed": _("It goes on: its site was stopped by mistake"),
        "finding.exhausted": _("Everybody was asked; it still stands"),
        "finding.way_sought": _("A person looks for another way"),
        "finding.uncaptured": _("Page could not be captured"),
        "capture.failed": _("Capture failed"),
        "capture.stamped": _("Capture timestamped"),
        "listing.noted": _("A search result was noted"),
        "conflict.settled": _("Disagreement of checks settled"),
        "notice.published": _("A recipient shows our notice to others"),
        "notice.dropped": _("Notice not sent"),
        "notice.ambiguous": _("Unclear whether the notice was sent"),
        "notice.overdue": _("The law's time is over"),
        "clock.noted": _("Written down what moves a clock"),
        "clock.taken_back": _("What was written down for a clock counts no more"),
        "clock.person": _("A time may be over; a person looks"),
        "clock.answered": _("A person decided on a clock"),
        "clock.restore_from": _("After the counter-notice it may be back from now on"),
        "clock.restore_until": _("The time to put it back after the counter-notice is over"),
        "route.incomplete": _("A notice could not be written"),
        "route.moved": _("Another party is in charge now; a notice was held back"),
        "route.drop": _("The way to the old party was dropped"),
        "route.keep": _("A person goes on with the old party"),
        "case.alarm": _("She said that she is in danger"),
        "case.alarm_seen": _("A worker looked at the danger"),
        "case.taken": _("A worker took the case"),
        "recovery.set": _("She set a recovery word"),
        "recovery.ended": _("She deleted her recovery word"),
        "lane.ticked": _("She ticked a step"),
        "fact.answered": _("A question was answered"),
        "avoid.added": _("Somebody must never hear of it"),
        "avoid.ended": _("Somebody was taken out of those who must never hear of it"),
        "plan.changed": _("A person changed the plan"),
        "particular.noted": _("Something for notices was noted"),
        "link.settled": _("Reported link settled"),
        "code.renewed": _("New access code"),
        "finding.reappeared": _("Came back"),
        "finding.checked": _("Checked"),
        "finding.gone": _("Gone"),
        "notice.drafted": _("Notice drafted"),
        "notice.approved": _("Notice approved"),
        "notice.refused": _("Notice refused"),
        "notice.sent": _("Notice sent"),
        "notice.filed": _("Form filed"),
        "notice.bounced": _("Notice came back"),
        "reply.received": _("Reply received"),
        "ticket.failed": _("A ticket could not be handed in; it goes another way"),
        "ticket.done": _("The desk says it is done; the page is looked at"),
        "ticket.refused": _("The desk refuses"),
        "ticket.needs": _("The desk asks for more"),
        "step.planned": _("Something to do by hand"),
        "step.done": _("Done by hand"),
        "step.undone": _("Not done after all"),
        "step.cannot": _("Could not be done by hand"),
        "step.dropped": _("Not needed any more"),
        "step.delivered": _("Letter arrived"),
        "step.answered": _("Answer noted"),
        "step.addressed": _("Way in noted"),
        "step.overdue": _("The law's time is over"),
        "reply.settled": _("Reply read"),
    }
    return known.get(kind, kind)


def actor_words(actor: str, names: dict[str, str]) -> str:
    """``actor`` is a role, or role and user id; ``names`` maps user ids to names."""
    role, _found, user = actor.partition(":")
    return names.get(user, role) if user else role

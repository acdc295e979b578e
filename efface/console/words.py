"""Plain words for what the machines write down: event kinds, actors, kinds of replies."""

from __future__ import annotations

from functools import lru_cache

from django.utils.translation import get_language
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
    return _event_words(kind, get_language() or "")


@lru_cache(maxsize=2048)
def _event_words(kind: str, _language: str) -> str:
    """In the language that is active, which is named for the memory's sake."""
    known = {
        "case.opened": _("Case opened"),
        "contact.changed": _("It was changed how she may be reached"),
        "contact.set_with": _("Set with her how she may be reached"),
        "contact.closed": _("A mail to her came back; nothing more is sent there"),
        "telling.failed": _("A word to her did not arrive, or it is not certain that it did"),
        "telling.looked_at": _("A worker knows that a mail did not reach her"),
        "case.paused": _("Everything paused"),
        "case.resumed": _("Continued"),
        "case.closed": _("Case closed"),
        "case.age_declared": _("Age when the pictures were made"),
        "case.attested": _("Case attested"),
        "attestation.begun": _("First worker attested"),
        "attestation.approved": _("Second worker approved"),
        "attestation.refused": _("Attestation refused"),
        "attestation.stopped": _("Attestation stopped"),
        "conversation.held": _("Conversation held"),
        "face.alarm_decided": _("A lead decided about a face in two cases"),
        "consent.reminded": _("Reminded that something she allowed ends"),
        "erase.asked": _("She asked for erasure"),
        "erase.undone": _("She took the erasure back"),
        "proof.handed_in": _("Covered document handed in"),
        "proof.seen": _("Covered document looked at"),
        "proof.dropped": _("Covered document destroyed without a statement"),
        "proof.stated": _("Stated: name and face matched"),
        "proof.withdrawn": _("Statement withdrawn"),
        "proof.sealed": _("Covered document sealed for a time"),
        "proof.asked": _("Asked to look at the sealed document"),
        "proof.allowed": _("Second worker allowed the look"),
        "proof.destroyed": _("Sealed document destroyed"),
        "proof.handed_on": _("Statement taken out to be handed on"),
        "proof.opened": _("Name and salt taken out, with her consent"),
        "authority.signed": _("Letter of authority signed"),
        "authority.revoked": _("Letter of authority ended"),
        "authority.opened": _("Letter of authority opened"),
        "consent.given": _("Consent given"),
        "consent.withdrawn": _("Consent withdrawn"),
        "consent.expired": _("Consent came to its end"),
        "fingerprint.added": _("Fingerprint added"),
        "fingerprint.retired": _("Fingerprint no longer used"),
        "message.written": _("Message written"),
        "link.reported": _("Link reported"),
        "partner.ended": _("A partner sees nothing of it any more"),
        "link.taken_back": _("Reported link taken out again"),
        "hold.placed": _("Hold placed"),
        "hold.lifted": _("Hold lifted"),
        "hold.extended": _("Hold stands longer"),
        "hold.ended": _("Hold ended by itself"),
        "signal.raised": _("A lead was told at once"),
        "signal.taken": _("A lead has the signal in hand"),
        "signal.not-so": _("A lead says that the signal was none"),
        "referral.made": _("Referred to an investigator"),
        "referral.extended": _("Referral goes on for longer"),
        "referral.ended": _("Referral ended"),
        "referral.said": _("Investigator and desk wrote to each other"),
        "request.asked": _("An investigator asks for something"),
        "request.granted": _("Granted to an investigator"),
        "request.refused": _("Refused to an investigator"),
        "request.ended": _("What was granted ended by itself"),
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
        "kept.taken_in": _("What she kept was taken in"), "kept.deleted": _("A kept file was deleted"),
        "demand.noted": _("Written down who demands what"), "demand.decided": _("Decided about who demands what"),
        "pack.asked": _("Evidence pack asked for"), "pack.ready": _("Evidence pack ready"),
        "pack.failed": _("Evidence pack could not be made"), "pack.handed_over": _("Evidence pack handed over"),
        "pack.ended": _("Evidence pack removed"), "copy.asked": _("Sealed copy asked for"),
        "copy.allowed": _("Sealed copy allowed"), "copy.refused": _("Sealed copy refused"),
        "copy.sealed": _("Sealed copy kept"), "copy.failed": _("Sealed copy could not be made"),
        "copy.opened": _("Sealed copy handed over"), "copy.destroyed": _("Sealed copy destroyed"),
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
        "case.handed_over": _("The case went to another worker"),
        "case.given": _("Case given to another worker"),
        "case.given_up": _("Case given up: it stands open to all"),
        "opinion.asked": _("A colleague was asked"),
        "opinion.given": _("A colleague said what they think"),
        "match.reopened": _("Taken back: it waits for a decision again"),
        "notice.first_word": _("First of two people approved a notice"),
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

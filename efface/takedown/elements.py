"""For each element a notice type may require: what a set of facts lacks to fill it, in words; "" when nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from efface.takedown.notice import NoticeFacts

_ADDRESS = re.compile(r"[^@\s<>\"',;:()\[\]\\]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z0-9-]{2,}", re.IGNORECASE)
MOST_URLS = 500
LONGEST_URL = 2_048


def bad_url(url: str) -> str:
    """Why ``url`` cannot stand in a notice, "" when it can."""
    if not url or len(url) > LONGEST_URL:
        return "an address is empty or longer than 2,048 characters"
    # Of all that is white the plain space alone counts as printable.
    if not url.isprintable() or " " in url:
        return "an address holds a space or a control character"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "an address cannot be read"
    if parts.scheme not in ("http", "https") or not host:
        return "an address is not http or https"
    if parts.username is not None or parts.password is not None:
        return "an address holds a user name"
    return ""


def _where(facts: NoticeFacts) -> str:
    if not facts.locations:
        return "give at least one address"
    if len(facts.locations) > MOST_URLS:
        return f"more than {MOST_URLS} addresses: divide the notice"
    return next((reason for one in facts.locations if (reason := bad_url(one.url))), "")


def _where_and_when(facts: NoticeFacts) -> str:
    return _where(facts) or _seen(facts)


def _seen(facts: NoticeFacts) -> str:
    if facts.seen is None:
        return "say when it was last seen there"
    if facts.seen.tzinfo is None or facts.prepared.tzinfo is None:
        return "times must have a zone"
    return "it cannot have been seen after the notice was written" if facts.seen > facts.prepared else ""


def _who(facts: NoticeFacts) -> str:
    if not facts.organisation.name.strip():
        return "give the name of the organisation that sends it"
    if not _ADDRESS.fullmatch(facts.organisation.email):
        return "give an e-mail address of the organisation that answers"
    return ""


def _authority(facts: NoticeFacts) -> str:
    return "" if facts.authorised else "the depicted person's authority is not on file: ask her to sign it"


def _signed(facts: NoticeFacts) -> str:
    if not facts.organisation.signatory.strip() or not facts.organisation.name.strip():
        return "say who signs for the organisation"
    return _authority(facts)


def _belief(facts: NoticeFacts) -> str:
    if not facts.not_consensual:
        return "the depicted person has not said that it was published without consent"
    return "" if facts.believed else "no member of staff has confirmed the finding: let somebody look"


def _believed_and_seen(facts: NoticeFacts) -> str:
    return _belief(facts) or _seen(facts)


def _sender(facts: NoticeFacts) -> str:
    return _who(facts) or ("" if facts.reference.strip() else "give the notice a reference")


def _domain(facts: NoticeFacts) -> str:
    return _where_and_when(facts) or ("" if facts.domain else "give the registered domain")


def _attempts(facts: NoticeFacts) -> str:
    return "" if facts.earlier_notices else "record what was sent to the host before, and when"


def _country(facts: NoticeFacts) -> str:
    return "" if re.fullmatch(r"[A-Z]{2}", facts.residence) else "give the country she lives in, as two letters"


def _nature(facts: NoticeFacts) -> str:
    known = facts.nature in ("authentic", "altered", "fully_synthetic", "mixed")
    return "" if known else "say whether it is real or made by a computer"


def _unpaid(facts: NoticeFacts) -> str:
    if facts.paid is None:
        return "ask whether she is paid for this content"
    return "this route is closed to content she is paid for" if facts.paid else ""


def _authorised_sender(facts: NoticeFacts) -> str:
    return _authority(facts) or _who(facts)


def _nothing(facts: NoticeFacts) -> str:
    """The words of the template alone fill it."""
    return ""


def _standing(facts: NoticeFacts) -> str:
    return _authority(facts) or _belief(facts)


def _content(facts: NoticeFacts) -> str:
    return _where(facts) or _belief(facts)


def _owner(facts: NoticeFacts) -> str:
    """The copyright test. The right is hers who pressed the shutter, or who holds a signed transfer."""
    claim = facts.copyright
    if claim is None or claim.photographer is None:
        return "ask her: did you press the shutter yourself? Without the answer nobody knows who holds the copyright"
    if not claim.photographer and not claim.assignment:
        return "whoever pressed the shutter holds the copyright: a signed transfer must be on file (17 U.S.C. 204(a))"
    if facts.nature != "authentic":
        return "this route is for the real picture only, not for one made or altered by a computer"
    return ""


def _work(facts: NoticeFacts) -> str:
    owner = _owner(facts)
    if owner:
        return owner
    return "" if facts.copyright and facts.copyright.work.strip() else "describe the picture in words; never attach it"


def _no_fair_use(facts: NoticeFacts) -> str:
    considered = facts.copyright is not None and facts.copyright.fair_use
    return _belief(facts) or ("" if considered else "confirm that fair use was considered")


def _perjury(facts: NoticeFacts) -> str:
    sworn = facts.copyright is not None and facts.copyright.perjury
    return _owner(facts) or _authority(facts) or (
        "" if sworn else "the signatory must agree to the statement that is made under penalty of perjury"
    )


def _link(facts: NoticeFacts) -> str:
    return "" if facts.link.strip() or facts.residence else "say what ties it to the recipient's country"


def _asked(facts: NoticeFacts) -> str:
    """The request that was made before, and its proof."""
    if facts.asked is None:
        return "record the request that was made before: to whom, when, and what shows that it was sent"
    if not facts.asked.to.strip() or not facts.asked.proof.strip():
        return "say to whom the earlier request went, and what shows that it was sent"
    if facts.asked.sent.tzinfo is None:
        return "times must have a zone"
    return "the earlier request cannot be later than this notice" if facts.asked.sent > facts.prepared else ""


def _controller(facts: NoticeFacts) -> str:
    known = facts.controller.strip() or facts.domain
    return _where(facts) or ("" if known else "say which service it is and who runs it")


def _still_there(facts: NoticeFacts) -> str:
    if not facts.looks:
        return "give the log of the checks after the request; never a picture"
    if facts.asked and max(one.at for one in facts.looks) <= facts.asked.sent:
        return "look again: no check is later than the request"
    return ""


def _duty(facts: NoticeFacts) -> str:
    return _where(facts) or _asked(facts) or _belief(facts)


def _period(facts: NoticeFacts) -> str:
    return "" if 1 <= facts.keep_days <= 365 else "say for how many days the records should be kept, 1 to 365"


def _chronology(facts: NoticeFacts) -> str:
    if facts.police is None or not facts.police.wanted:
        return "ask her first: nobody goes to the police in her stead unless she wants it"
    return "" if facts.chronology else "write what happened and when, one step a line, without her name"


def _sealed(facts: NoticeFacts) -> str:
    if not facts.captures:
        return "give the sealed captures with their digests"
    bad = any(not re.fullmatch(r"[0-9a-f]{64}", one.sha256) for one in facts.captures)
    return "a digest is no SHA-256" if bad else ""


def _offences(facts: NoticeFacts) -> str:
    return "" if facts.offences else "name the provisions that may apply; the law's page of her country has them"


def _safety(facts: NoticeFacts) -> str:
    told = facts.police is not None and facts.police.safety.strip()
    return "" if told else "say what protection she needs, how she may be reached, whether she must stay unnamed"


def _young(facts: NoticeFacts) -> str:
    if facts.adult:
        return "this hotline is for somebody who was, or may have been, under eighteen"
    return "" if facts.age_context.strip() else "say how old, how that is known, and whether there is blackmail"


def _hash(facts: NoticeFacts) -> str:
    if facts.hash_lists is None or not facts.hash_lists.lists:
        return "ask which lists she wants"
    return "" if facts.hash_lists.on_device else "she makes the hash on her own device; ask whether she has the picture"


def _pin(facts: NoticeFacts) -> str:
    told = facts.hash_lists is not None and facts.hash_lists.pin_explained
    return "" if told else "explain that case number and PIN must be written down: nobody can restore them"


def _merchant(facts: NoticeFacts) -> str:
    known = facts.merchant is not None and facts.merchant.checkout.strip() and facts.merchant.processor.strip()
    return _where(facts) or ("" if known else "give the checkout page and the processor, seen without buying anything")


def _violation(facts: NoticeFacts) -> str:
    told = facts.merchant is not None and facts.merchant.violation.strip()
    return _belief(facts) or ("" if told else "say which rule of the network is broken")


def _complaint(facts: NoticeFacts) -> str:
    if facts.merchant is None or facts.merchant.complained is None:
        return "complain to the merchant first and give the day"
    late = facts.merchant.complained > facts.prepared.date()
    return "the complaint cannot be later than this notice" if late else ""


def _anonymous(facts: NoticeFacts) -> str:
    return "" if facts.leads else "a lawyer leads this; record that one does, and that a pseudonym is asked for"


def _own_name(facts: NoticeFacts) -> str:
    return "" if facts.name_agreed else "ask her whether this recipient may learn her name; she enters it herself"


def _article16(facts: NoticeFacts) -> str:
    return _where_and_when(facts) or _belief(facts) or _who(facts)


LACKING: dict[str, Callable[[NoticeFacts], str]] = {
    # Where it is, and when it was seen there.
    "identification_location": _where_and_when, "exact_location": _where_and_when, "urls": _where, "url": _where,
    "urls_ip_time": _where_and_when, "domain_url": _domain, "location": _where, "locations": _where,
    "urls_precise": _where_and_when, "locate": _where, "specific_identification": _where_and_when,
    "sufficient_information": _where_and_when, "links": _where, "infringing_info": _content, "content": _content,
    "material_location": _where, "identifiers": _where_and_when, "time_seen": _seen,
    # Who sends it, and with what right.
    "signature": _signed, "contact": _who, "name_email": _who, "reporter": _sender, "authority": _authorised_sender,
    "name_contact": _who, "legitimacy": _authorised_sender, "declares_standing": _authority, "standing": _authority,
    "victim_standing": _authority, "depicted": _authority, "name": _own_name, "optional_contact": _nothing,
    "identity_minimum": _nothing,
    # Why it must go.
    "good_faith_statement": _belief, "explanation": _belief, "bona_fide": _belief, "classification": _belief,
    "description": _believed_and_seen, "illegality": _belief, "non_consent": _belief, "image_is_intimate": _belief,
    "distribution": _belief, "ground": _standing, "grounds": _belief, "infringement": _belief,
    "infringed_right": _belief, "declares_content": _belief, "declares_good_faith_truth": _belief,
    "statement": _belief, "circumstances": _content, "art16": _article16, "real_or_fake": _nature,
    "not_paid": _unpaid, "country": _country, "link": _link,
    # What is asked, chosen or left out.
    "request": _nothing, "category": _nothing, "forwarding_choice": _nothing, "release_consent": _nothing,
    "what": _nothing, "period": _period, "downstream": _nothing, "restriction": _nothing, "regulations": _nothing,
    "vulnerability": _nothing, "material_or_hash": _nothing, "preservation_ask": _nothing,
    # What was tried before.
    "attempts": _attempts, "request_copy": _asked, "controller": _controller, "facts": _duty, "platform": _controller,
    "status_evidence": _still_there,
    # What only one kind of notice needs.
    "work_identification": _work, "good_faith": _no_fair_use, "accuracy_authority": _perjury,
    "chronology": _chronology, "integrity": _sealed, "offences": _offences, "safety": _safety, "anonymity": _anonymous,
    "age_context": _young, "on_device_hash": _hash, "case_pin": _pin, "merchant": _merchant, "violation": _violation,
    "complaint_history": _complaint,
}  # fmt: skip
"""Keyed by element id, which means the same in every notice type."""

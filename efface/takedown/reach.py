"""Which contact of a party is written to: never a dead one, never a suspect's, never more than two guesses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from efface.whereabouts.model import Contact, Party

GUESS = "role-mailbox"
"""``Contact.source`` of an address nobody published (RFC 2142)."""
MOST_GUESSES = 2
UNTRIED = frozenset({"", "untested", "mx_ok"})
"""Nothing was sent there yet."""
DEAD = frozenset({"hard_bounce", "policy_reject"})
WORTH = {"complied": 0.4, "replied": 0.3, "auto_ack": 0.1, "accepted": 0.05, "mx_ok": 0.02, "silent": -0.1,
         "soft_bounce": -0.2, "full": -0.5}  # fmt: skip
"""Added to a contact's starting confidence: what is known of its delivery."""
REACHABLE = ("email", "form", "api")
LEAST = 0.1
"""Below this a contact is not worth a notice (a privacy proxy starts at .05)."""


@dataclass(frozen=True, slots=True)
class Reach:
    """``delivery``: contact value -> state. ``operator_domain`` and ``operator_contacts``, where set, may not be
    written to in any role, because the operator is hostile. ``hers`` are her own addresses: a page may hold them."""

    delivery: Mapping[str, str]
    suspects: frozenset[str] = frozenset()
    hers: frozenset[str] = frozenset()
    operator_domain: str = ""
    operator_contacts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Choice:
    contact: Contact
    next_best: tuple[Contact, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Worth:
    """What is known of one contact of one party beyond its dossier: ``score`` 0..1 for ordering, and why in words."""

    score: float
    why: str


def choose(
    party: Party,
    reach: Reach,
    tried: frozenset[str] = frozenset(),
    worth: Mapping[tuple[str, str], Worth] | None = None,
) -> Choice | str:
    """The best contact and the next ones, or why there is none, in words. ``tried`` are guesses that this party was
    written to at before, whether its dossier still holds them or not; ``worth`` by (party key, value) as the dossier
    writes it."""
    known = worth or {}
    able = [one for one in party.contacts if one.channel in REACHABLE and one.confidence >= LEAST]
    if not able:
        return "no contact is known"
    able = [one for one in able if one.value.lower() not in reach.hers]
    if not able:
        return "the only contact is her own"
    allowed = [one for one in able if not _suspect(one, reach)]
    if not allowed:
        return "each contact belongs to a suspect"
    allowed = [one for one in allowed if not _operators(one, reach)]
    if not allowed:
        return "each contact belongs to the hostile operator"
    alive = [one for one in allowed if reach.delivery.get(one.value, "") not in DEAD]
    published = {one.value.lower() for one in able if one.source != GUESS}
    guessed = {one.value.lower() for one in able if one.source == GUESS} - published
    # Whatever became of it, who was written to at a guessed address was written to.
    spent = {one.lower() for one in tried} | {
        one.value.lower() for one in able
        if one.value.lower() in guessed and reach.delivery.get(one.value, "") not in UNTRIED
    }  # fmt: skip
    # What a sibling's desk is known by comes behind what the site itself names.
    ranked = sorted(
        alive,
        key=lambda one: (one.source.startswith("network:"), -score(party.key, one, reach.delivery, known), one.channel,
                         one.value),
    )  # fmt: skip
    usable = _few_guesses(ranked, guessed, spent)
    if not usable:
        return "every contact bounced" if len(alive) < len(allowed) else "two guesses were tried already"
    best = usable[0]
    told = known.get((party.key, best.value))
    return Choice(best, tuple(usable[1:]), f"{best.value}: {told.why}" if told else f"{best.value} from {best.source}")


def score(
    party_key: str, contact: Contact, delivery: Mapping[str, str], worth: Mapping[tuple[str, str], Worth]
) -> float:
    told = worth.get((party_key, contact.value))
    if told is not None:
        return told.score
    return contact.confidence + WORTH.get(delivery.get(contact.value, ""), 0.0)


def _few_guesses(ranked: list[Contact], guessed: set[str], spent: set[str]) -> list[Contact]:
    """``ranked`` with each value once, and of the guesses no more than ``MOST_GUESSES``, those that were tried before
    counted in whether they are among them or not."""
    usable: list[Contact] = []
    taken = set(spent)
    for contact in ranked:
        if any(contact.value.lower() == one.value.lower() for one in usable):
            continue
        value = contact.value.lower()
        if value in guessed:
            if value not in taken and len(taken) >= MOST_GUESSES:
                continue
            taken.add(value)
        usable.append(contact)
    return usable


def domain_of(value: str) -> str:
    """The host part of a mail address, URL or host name, lower case, without a final dot."""
    if "://" in value:
        try:
            return (urlsplit(value).hostname or "").rstrip(".").lower()
        except ValueError:
            return ""
    return value.rpartition("@")[2].rstrip(".").lower()


def _under(host: str, domain: str) -> bool:
    return bool(domain) and (host == domain or host.endswith("." + domain))


def _suspect(contact: Contact, reach: Reach) -> bool:
    value, host = contact.value.lower(), domain_of(contact.value)
    return any(value == one or ("@" not in one and _under(host, one)) for one in reach.suspects)


def _operators(contact: Contact, reach: Reach) -> bool:
    return contact.value.lower() in reach.operator_contacts or _under(domain_of(contact.value), reach.operator_domain)

"""Which contact of a party is written to: never a dead one, never a suspect's, never more than two guesses.

Who must never hear of it is met in every form: an address under another spelling, a domain and all below it, a number,
a name in a mailbox or in a party's name. Where in doubt the party waits for a person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import permutations
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
LEAST_LETTERS, MOST_PARTS = 3, 4
"""A shorter name names nobody; of a longer one the order of its parts is not tried."""
LEAST = 0.1
"""Below this a contact is not worth a notice (a privacy proxy starts at .05)."""


@dataclass(frozen=True, slots=True)
class Reach:
    """``delivery``: contact value -> state. ``operator_domains`` and ``operator_contacts``, where set, may not be
    written to in any role, because the operator is hostile: the site's own and those of all sites it runs. ``suspects``
    are mail addresses and domains, ``names`` and ``numbers`` what else is known of those who must never hear of it.
    ``hers`` are her own addresses: a page may hold them."""

    delivery: Mapping[str, str]
    suspects: frozenset[str] = frozenset()
    hers: frozenset[str] = frozenset()
    operator_domains: frozenset[str] = frozenset()
    operator_contacts: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()


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
    hers = {bare(one) for one in reach.hers}
    able = [one for one in able if bare(one.value) not in hers]
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


def may_reach(contact: Contact, reach: Reach) -> bool:
    """Whether machine or person may be sent to this contact: no suspect's, no hostile operator's, not hers."""
    hers = {bare(one) for one in reach.hers}
    return bare(contact.value) not in hers and not _suspect(contact, reach) and not _operators(contact, reach)


def _suspect(contact: Contact, reach: Reach) -> bool:
    return belongs(contact.value, "", reach)


def belongs(value: str, party_name: str, reach: Reach) -> bool:
    """Whether a contact, or the party behind it, is somebody who must never hear of it."""
    return avoided(value, reach) or any(_named(name, value) or _named(name, party_name) for name in reach.names)


def is_suspect(party: Party, reach: Reach) -> bool:
    """Whether the party itself is somebody who must never hear of it: by its name, or by its own domain."""
    if any(_named(name, party.name) for name in reach.names):
        return True
    return bool(party.domain) and avoided(party.domain, reach)


def avoided(value: str, reach: Reach) -> bool:
    """Whether a mail address, form, host or number belongs to a suspect."""
    plain, host = bare(value), domain_of(value)
    for one in reach.suspects:
        if plain == bare(one) or ("@" not in one and _under(host, one)):
            return True
    return "@" not in value and "://" not in value and _same_number(value, reach.numbers)


def bare(address: str) -> str:
    """A mail address without what does not change where it arrives: case, a tag after "+", dots at Gmail."""
    local, at, domain = address.strip().lower().rstrip(".").rpartition("@")
    if not at:
        return domain
    local = local.partition("+")[0]
    if domain in ("gmail.com", "googlemail.com"):
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def _same_number(value: str, numbers: Iterable[str]) -> bool:
    """The last nine digits decide: country codes and leading zeros are written in many ways."""
    digits = re.sub(r"\D", "", value)
    return len(digits) >= 6 and any(digits[-9:] == one[-9:] for one in numbers)


def _named(name: str, text: str) -> bool:
    """Whether every part of a name stands in a text: as words of its own, or written together in a mailbox."""
    wanted = _parts(name)
    if not wanted or sum(map(len, wanted)) < LEAST_LETTERS:
        return False
    local, at, _domain = text.rpartition("@")
    # Of a form, its path; of a mailbox, what stands before the "@"; of a party, its name.
    there = local if at else text.partition("://")[2].partition("/")[2] or text
    have = _parts(there)
    if wanted <= have:
        return True
    if not at or not 1 < len(wanted) <= MOST_PARTS:
        return False
    together = "".join(_letters(there))
    return any("".join(one) in together for one in permutations(sorted(wanted)))


def _parts(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W_]+", "".join(_letters(text))))


def _letters(text: str) -> Iterable[str]:
    """Without accents and case, so that one name is written one way."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return (letter for letter in plain if not unicodedata.combining(letter))


def _operators(contact: Contact, reach: Reach) -> bool:
    return contact.value.lower() in reach.operator_contacts or under_any(contact.value, reach.operator_domains)


def under_any(value: str, domains: Iterable[str]) -> bool:
    """Whether a mail address or form stands under one of these domains."""
    host = domain_of(value)
    return any(_under(host, one) for one in domains)

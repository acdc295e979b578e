"""What stands in the places of a template: the facts of one notice, in the words of its language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from efface.engine.base.text import one_line
from efface.takedown.templates import Shared

if TYPE_CHECKING:
    from efface.takedown.notice import NoticeFacts

SHORTEST = 3
"""What she goes by is looked for from this length on; two letters stand in every text."""

BY_HAND = (
    "work", "link", "controller", "asked_to", "asked_proof", "asked_answer", "chronology", "safety", "police_file",
    "violation", "descriptor", "age_context", "earlier_notices", "signatory",
)  # fmt: skip


def values(facts: NoticeFacts, words: Shared) -> dict[str, str]:
    """Linear in the addresses."""
    addresses = ", ".join(sorted({one.address for one in facts.locations if one.address}))
    return {
        "kind": words.kind,
        "kind_start": words.kind_start,
        "addresses": f" {words.addresses} {addresses}" if addresses else "",
        "nature": words.natures.get(facts.nature, ""),
        "reference": one_line(facts.reference),
        "organisation": one_line(facts.organisation.name),
        "signatory": one_line(facts.organisation.signatory),
        "email": one_line(facts.organisation.email),
        "recipient": one_line(facts.recipient) or one_line(facts.domain),
        "domain": one_line(facts.domain),
        "residence": one_line(facts.residence),
        "locations": "\n".join(f"  {words.roles.get(one.role, one.role)}: {one.url}" for one in facts.locations),
        "urls": "\n".join(one.url for one in facts.locations),
        "seen": moment(facts.seen) if facts.seen else "",
        "prepared": moment(facts.prepared),
        "offences": "; ".join(map(one_line, facts.offences)),
        "earlier_removal": facts.earlier_removal.isoformat() if facts.earlier_removal else "",
        "link": one_line(facts.link) or one_line(facts.residence),
        "keep_days": str(facts.keep_days),
        "span_from": moment(facts.since or facts.seen or facts.prepared),
        "accounts": "\n".join(f"  {one_line(one)}" for one in facts.accounts) or f"  {words.nothing}",
        "controller": one_line(facts.controller) or one_line(facts.domain),
        "age_context": one_line(facts.age_context),
        "terms": ", ".join(map(one_line, facts.terms)),
        **_records(facts, words),
        **_groups(facts, words),
    }


def _records(facts: NoticeFacts, words: Shared) -> dict[str, str]:
    """What is a list with times, one a line."""
    earlier = []
    for one in facts.earlier_notices:
        answer = f" ({one_line(one.answer)})" if one.answer else ""
        earlier.append(f"  {words.parties.get(one.role, one.role)} {one_line(one.name)}: {moment(one.sent)}{answer}")
    return {
        "earlier_notices": "\n".join(earlier),
        "captures": "\n".join(f"  {moment(one.at)}  SHA-256 {one.sha256}\n    {one.url}" for one in facts.captures),
        "looks": "\n".join(f"  {moment(one.at)}: {words.states.get(one.state, one.state)}" for one in facts.looks),
        "chronology": "\n".join(f"  {moment(one.at)}: {one_line(one.words)}" for one in facts.chronology),
    }


def _groups(facts: NoticeFacts, words: Shared) -> dict[str, str]:
    asked, police, merchant = facts.asked, facts.police, facts.merchant
    return {
        "work": one_line(facts.copyright.work) if facts.copyright else "",
        "asked_to": one_line(asked.to) if asked else "",
        "asked_on": moment(asked.sent) if asked else "",
        "asked_proof": one_line(asked.proof) if asked else "",
        "asked_answer": (one_line(asked.answer) or words.nothing) if asked else "",
        "safety": one_line(police.safety) if police else "",
        "police_file": one_line(police.file_number) if police else "",
        "police_day": moment(police.reported_at) if police and police.reported_at else "",
        "hash_lists": ", ".join(map(one_line, facts.hash_lists.lists)) if facts.hash_lists else "",
        "checkout": one_line(merchant.checkout) if merchant else "",
        "processor": one_line(merchant.processor) if merchant else "",
        "descriptor": (one_line(merchant.descriptor) or words.nothing) if merchant else "",
        "violation": one_line(merchant.violation) if merchant else "",
        "complained": merchant.complained.isoformat() if merchant and merchant.complained else "",
    }


def conditions(facts: NoticeFacts) -> frozenset[str]:
    truths = {
        "synthetic": facts.nature in ("altered", "fully_synthetic"),
        "returned": facts.earlier_removal is not None,
        "offences": bool(facts.offences),
        "cdn": facts.recipient_role == "cdn",
        "captures": bool(facts.captures),
        "police": facts.police is not None and bool(facts.police.file_number),
        "earlier": bool(facts.earlier_notices),
        "accounts": bool(facts.accounts),
    }
    return frozenset(name for name, holds in truths.items() if holds)


def leak(facts: NoticeFacts, filled: Mapping[str, str]) -> str:
    """Which of the places that a person writes by hand holds something of ``facts.never``, "" when none does.

    Only those: a page or an uploader's account may carry her name in its own, and without it nobody can act."""
    return next((name for name in BY_HAND if holds(filled[name], facts.never)), "")


def holds(text: str, never: Iterable[str]) -> bool:
    """Whether something of ``never`` stands in a text, as a word of its own."""
    kept = [one.strip().casefold() for one in never if len(one.strip()) >= SHORTEST]
    if not kept:
        return False
    longest = sorted(kept, key=len, reverse=True)
    wanted = re.compile("|".join(rf"(?<!\w){re.escape(one)}(?!\w)" for one in longest))
    return wanted.search(text.casefold()) is not None


def moment(time: datetime) -> str:
    """To the minute, in UTC, for people: "2026-11-21 09:30 UTC"."""
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")

"""What is missing before a notice can go: facts to ask, consent, authority, attestation, elements. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, get_args

from efface.law import Exposure, Law, NoticeType
from efface.law.select import Option
from efface.takedown import entries
from efface.takedown import notice as notices
from efface.takedown.templates import written
from efface.whereabouts.model import Party

if TYPE_CHECKING:
    from efface.takedown.plan import CaseFacts, FindingFacts

Kind = Literal["fact", "consent", "authority", "attestation", "exposure", "element", "text"]
TRAVELS: tuple[str, ...] = get_args(Exposure)
ASKS = {
    "copyright_owner": "pressed_shutter", "has_file": "has_file", "published": "publication_state",
    "survivor_in": "lives_in", "link": "lives_in", "police_wanted": "consent:police",
    "paid_for": "particulars:acquisition", "content_nature": "particulars:acquisition",
    "status": "organisation", "age": "age",
}  # fmt: skip
"""Which question answers which fact of the law's data."""
OTHERS_MAY = frozenset({"anyone", "any_individual", "any_entity", "organisation"})
FOR_HER = frozenset({"authorised_person", "representative", "agent_of_owner"})
SWORN = frozenset({"penalty_of_perjury", "sworn"})
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Need:
    """``ask`` names the question, consent or place where it can be answered, "" where only a person can say."""

    kind: Kind
    words: str
    ask: str = ""


def of(
    notice: NoticeType, option: Option, party: Party, case: CaseFacts, finding: FindingFacts, law: Law
) -> tuple[Need, ...]:
    """Everything that is missing, the facts first. Empty: the notice can be drafted and put before a person."""
    return (
        *facts(notice, option), *consents(notice, party.role, case), *elements(notice, party, case, finding, law),
    )  # fmt: skip


def facts(notice: NoticeType, option: Option) -> tuple[Need, ...]:
    """The conditions nobody knows yet."""
    asks = {one.text: ASKS.get(one.fact, "") for one in notice.preconditions}
    return tuple(Need("fact", text, asks.get(text, "")) for text in option.missing)


def consents(notice: NoticeType, role: str, case: CaseFacts) -> tuple[Need, ...]:
    found = []
    if not case.authorised and role not in ("police", "hash_bank"):
        found.append(Need("consent", "she has not allowed us to write to anybody", "consent:notify"))
    if TRAVELS.index(notice.exposure) > TRAVELS.index(case.exposure_limit):
        found.append(Need("exposure", f"it goes farther than she allows: {law_words(notice)}", "exposure_limit"))
    if only_she(notice):
        found.append(Need("authority", "only she herself, or a lawyer, may send this"))
    if SWORN & set(notice.statements) and not case.attested:
        words = "it is declared under penalty of perjury: a worker must have spoken with her, and a second agreed"
        found.append(Need("attestation", words, "attestation"))
    return tuple(found)


def others_may(notice: NoticeType) -> bool:
    """Whether anybody may send it, without being authorised by her."""
    return bool(set(notice.who_may_send) & OTHERS_MAY)


def only_she(notice: NoticeType) -> bool:
    """Whether the organisation may not send it, not even with her authority."""
    return not set(notice.who_may_send) & (OTHERS_MAY | FOR_HER | {"trusted_flagger"})


def law_words(notice: NoticeType) -> str:
    return {
        "none": "nothing leaves her device",
        "recipient_only": "the recipient learns who asks",
        "uploader_possible": "whoever uploaded it may come to know",
        "public_possible": "it may be published",
    }[notice.exposure]


def elements(
    notice: NoticeType, party: Party, case: CaseFacts, finding: FindingFacts, law: Law
) -> tuple[Need, ...]:  # fmt: skip
    """What the statute's checker would miss in a notice with what is known of the case. What the drafting itself fills
    (addresses, times, the reference) is there by then."""
    if notice.id not in written():
        return (Need("text", "its text is not written yet"),)
    known = replace(
        finding.probe or _probe(case), recipient=party.name, recipient_role=party.role, not_consensual=True,
        authorised=True, earlier_notices=(notices.Earlier("host", "-", _ANY_TIME),),
    )  # fmt: skip
    return tuple(
        Need("element", one.words + (f" ({one.citation})" if one.citation else ""), _asks(one.element, notice.id))
        for one in notices.missing(notice.id, known, law)
    )


def _asks(element: str, notice_type: str) -> str:
    """Where a missing element can be answered: a question to her, or an entry of the case's page."""
    entry = entries.asked_by(element, notice_type)
    return _ELEMENT_ASKS.get(element) or (f"{entries.ASK}{entry}" if entry else "")


def _probe(case: CaseFacts) -> notices.NoticeFacts:
    return notices.NoticeFacts(
        reference="EF", organisation=notices.Organisation("-", "desk@example.org", "example.org", "-"), recipient="",
        recipient_role="", locations=(notices.Location("page", "https://example.org/"),), prepared=_ANY_TIME,
        seen=_ANY_TIME, believed=True, adult=True, nature=case.content_nature, domain="example.org",
        residence=case.country, paid=_PAID[case.paid_for],
        copyright=notices.Copyright(_PAID[case.pressed_shutter], case.assignment == "yes", "-", True, True),
    )  # fmt: skip


_PAID = {"yes": True, "no": False, "unknown": None}
_ELEMENT_ASKS = {
    "country": "particulars:country", "real_or_fake": "particulars:acquisition",
    "not_paid": "particulars:acquisition", "good_faith": "fair_use",
    "accuracy_authority": "perjury", "on_device_hash": "has_file", "case_pin": "pin_explained",
    "work_identification": "pressed_shutter",
}  # fmt: skip

"""A complete notice, or a clear list of what is missing. Nothing is sent here.

The words stand in ``notices/<type>/<language>.yaml``; each element a statute requires has a block of its own there and
a fact here that must be filled. The organisation signs as agent: no field holds the name of the depicted person.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from efface.law import Exposure, Law, NoticeType, load
from efface.takedown.channels.email.xarf import report
from efface.takedown.elements import LACKING, bad_url
from efface.takedown.templates import Template, languages, template


class NoticeError(ValueError):
    """No notice can be drafted."""


class NoticeUnknown(NoticeError):
    """There is no notice type of this name."""


class NoticeForbidden(NoticeError):
    """A safety rule forbids any notice; ``rule`` is its id in the law data."""

    def __init__(self, rule: str, words: str) -> None:
        super().__init__(words)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Missing:
    """``element`` of the notice type is not filled; ``citation`` is the provision that requires it ("" where only
    practice does); ``words`` say what to do."""

    element: str
    citation: str
    words: str


class NoticeIncomplete(NoticeError):
    """Something the law requires is not there: ``missing`` lists it."""

    def __init__(self, notice_type: str, missing: list[Missing]) -> None:
        named = "; ".join(f"{one.element} ({one.citation or 'no statute'}): {one.words}" for one in missing)
        super().__init__(f"{notice_type} is incomplete: {named}")
        self.notice_type = notice_type
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Organisation:
    """Who signs. ``email`` is the reply address of this very notice; ``domain`` the organisation's own."""

    name: str
    email: str
    domain: str
    signatory: str = "Takedown desk"


@dataclass(frozen=True, slots=True)
class Location:
    """One member of the asset set. ``role``: page, media, thumbnail, poster, cdn, search. ``address`` is the network
    address it led to when seen, "" where not looked up."""

    role: str
    url: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A notice that went out before this one: to whom (party role and name), and when."""

    role: str
    name: str
    sent: datetime


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """``not_consensual``: the depicted person said so. ``believed``: a member of staff confirmed the finding and holds
    the belief the notice states. ``authorised``: the person's authority for this organisation is on file. ``nature``
    is the law's word, ``residence`` an ISO country. ``paid`` None: nobody asked. ``domain`` is the registered domain.
    Times are aware; ``prepared`` is when the notice is drafted, ``seen`` when the material was last seen."""

    reference: str
    organisation: Organisation
    recipient: str
    recipient_role: str
    locations: tuple[Location, ...]
    prepared: datetime
    seen: datetime | None = None
    authorised: bool = False
    not_consensual: bool = False
    believed: bool = False
    adult: bool = False
    nature: str = "unknown"
    domain: str = ""
    offences: tuple[str, ...] = ()
    residence: str = ""
    paid: bool | None = None
    earlier_removal: date | None = None
    earlier_notices: tuple[Earlier, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Answer:
    """A prepared answer for a form that a person files."""

    field: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class ExposureLine:
    """One line of the preview of who comes to know what. ``certain`` False: possible, not sure."""

    who: str
    learns: str
    certain: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """``version`` is type/language/number of the template. ``form`` True: filed by a person in a form, never mailed.
    ``note`` is a sentence for the caseworker about the language, "" where there is nothing to say. ``xarf`` is empty
    for forms."""

    notice_type: str
    version: str
    language: str
    note: str
    subject: str
    text: str
    form: bool
    xarf: dict[str, object]
    answers: tuple[Answer, ...]
    exposure_level: Exposure
    exposure: tuple[ExposureLine, ...]


def missing(notice_type: str, facts: NoticeFacts, law: Law | None = None) -> list[Missing]:
    """What the notice type requires and ``facts`` do not give, in the statute's order. Empty: it can be drafted."""
    notice = _type(notice_type, law)
    found = []
    for element in notice.elements:
        words = LACKING[element.id](facts)
        if words and element.required:
            found.append(Missing(element.id, element.citation, words))
    return found


def draft(notice_type: str, facts: NoticeFacts, language: str = "en", law: Law | None = None) -> Draft:
    """The notice as it would go out. Raises ``NoticeForbidden``, ``NoticeIncomplete`` or ``NoticeUnknown``."""
    notice = _type(notice_type, law)
    if not facts.adult:
        raise NoticeForbidden("S1_minor", "The depicted person may have been under 18: hotline and police first.")
    lacking = missing(notice_type, facts, law)
    if lacking:
        raise NoticeIncomplete(notice_type, lacking)
    words, note = _choose(notice, language)
    values, conditions = _values(facts), _conditions(facts)
    text = words.text(values, conditions)
    subject = " ".join(words.subject.format_map(values).split())
    answers = tuple(Answer(*answer) for answer in words.answers(values)) or _answers(facts, subject, text)
    return Draft(
        notice_type=notice_type,
        version=words.version,
        language=words.language,
        note=note,
        subject=subject,
        text=text,
        form=notice.form,
        xarf={} if notice.form else report(facts, notice_type),
        answers=answers,
        exposure_level=notice.exposure,
        exposure=_exposure(notice, facts),
    )


def _type(notice_type: str, law: Law | None) -> NoticeType:
    notice = (law or load()).notices.get(notice_type)
    if notice is None:
        raise NoticeUnknown(f"no notice type {notice_type!r}")
    return notice


def _choose(notice: NoticeType, language: str) -> tuple[Template, str]:
    """The template in ``language`` where the law's languages and ours allow it, otherwise in English."""
    wanted = language.lower().replace("_", "-").split("-")[0]
    if wanted in notice.languages and wanted in languages(notice.id):
        return template(notice.id, wanted), ""
    note = f"Written in en: there is no text in {language!r}; the law's own languages: {', '.join(notice.languages)}."
    return template(notice.id, "en"), note


KINDS = {
    "kind_en": "An intimate depiction (picture or video)",
    "kind_en_low": "an intimate depiction (picture or video)",
    "kind_de": "eine intime Aufnahme (Bild oder Video)",
    "kind_es": "una representación íntima (imagen o vídeo)",
}
_MADE = ("Made or altered by a computer", "Von einem Computer erzeugt oder verändert", "Generado o alterado")
NATURES = {
    "authentic": ("Real", "Echt", "Real"),
    "altered": _MADE,
    "fully_synthetic": _MADE,
    "mixed": ("Some real, some made by a computer", "Teils echt, teils erzeugt", "En parte real, en parte generado"),
    "unknown": ("", "", ""),
}
ADDRESSES = {
    "addresses_en": " Network addresses at that time: ",
    "addresses_de": " Netzadressen zu diesem Zeitpunkt: ",
    "addresses_es": " Direcciones de red en ese momento: ",
}


def _values(facts: NoticeFacts) -> dict[str, str]:
    natures = NATURES.get(facts.nature, NATURES["unknown"])
    earlier = [f"  {one.role} {_line(one.name)}: {moment(one.sent)}" for one in facts.earlier_notices]
    addresses = ", ".join(sorted({one.address for one in facts.locations if one.address}))
    return {
        **KINDS,
        **{key: start + addresses if addresses else "" for key, start in ADDRESSES.items()},
        **dict(zip(("nature_en", "nature_de", "nature_es"), natures, strict=True)),
        "reference": _line(facts.reference),
        "organisation": _line(facts.organisation.name),
        "signatory": _line(facts.organisation.signatory),
        "email": _line(facts.organisation.email),
        "recipient": _line(facts.recipient) or _line(facts.domain),
        "domain": _line(facts.domain),
        "residence": _line(facts.residence),
        "locations": "\n".join(f"  {one.role}: {one.url}" for one in facts.locations),
        "urls": "\n".join(one.url for one in facts.locations),
        "seen": moment(facts.seen) if facts.seen else "",
        "prepared": moment(facts.prepared),
        "offences": "; ".join(map(_line, facts.offences)),
        "earlier_removal": facts.earlier_removal.isoformat() if facts.earlier_removal else "",
        "earlier_notices": "\n".join(earlier),
    }


def _conditions(facts: NoticeFacts) -> frozenset[str]:
    truths = {
        "synthetic": facts.nature in ("altered", "fully_synthetic"),
        "returned": facts.earlier_removal is not None,
        "offences": bool(facts.offences),
        "cdn": facts.recipient_role == "cdn",
    }
    return frozenset(name for name, holds in truths.items() if holds)


def _answers(facts: NoticeFacts, subject: str, text: str) -> tuple[Answer, ...]:
    """For a notice that is usually mailed and whose recipient only has a form."""
    return (
        Answer("name", "Name", f"{facts.organisation.name}, {facts.organisation.signatory}"),
        Answer("email", "E-mail", facts.organisation.email),
        Answer("subject", "Subject", subject),
        Answer("urls", "Addresses", "\n".join(one.url for one in facts.locations)),
        Answer("message", "Message", text),
    )


def _exposure(notice: NoticeType, facts: NoticeFacts) -> tuple[ExposureLine, ...]:
    """The recipient by name; the others as the law data name them."""
    name = facts.recipient or facts.domain or "the recipient"
    lines = []
    for one in notice.learns:
        who = name if one.who in ("recipient", "search") else one.who
        lines.append(ExposureLine(who, one.what, one.certain))
    return tuple(lines)


def moment(time: datetime) -> str:
    """To the minute, in UTC, for people: "2026-11-21 09:30 UTC"."""
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _line(value: str) -> str:
    """One line of printable text: nothing a stranger wrote may open a new paragraph or header of ours."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in value).split())


__all__ = [
    "Answer", "Draft", "Earlier", "ExposureLine", "Location", "Missing", "NoticeError", "NoticeFacts",
    "NoticeForbidden", "NoticeIncomplete", "NoticeUnknown", "Organisation", "bad_url", "draft", "missing", "moment",
]  # fmt: skip

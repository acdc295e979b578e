"""A complete notice, or a clear list of what is missing. Nothing is sent here.

The words stand in ``notices/<type>/<language>.yaml``; each element a statute requires has a block of its own there and
a fact here that must be filled. The organisation signs as agent: no field holds the name of the depicted person.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime

from efface.law import Exposure, Law, NoticeType, load
from efface.takedown import filling
from efface.takedown.channels.email.xarf import report
from efface.takedown.elements import LACKING, bad_url
from efface.takedown.filling import moment
from efface.takedown.particulars import (
    Asked,
    Capture,
    Copyright,
    Happening,
    HashLists,
    Look,
    Merchant,
    Police,
)
from efface.takedown.templates import Template, languages, shared, template


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


class NoticeLeaks(NoticeError):
    """Something written by hand holds what must never leave; ``where`` is its place. What it is, is not said."""

    def __init__(self, notice_type: str, where: str) -> None:
        super().__init__(
            f"{notice_type}: what was written for {where!r} holds a name, account, number or file of the depicted "
            "person: take it out"
        )
        self.notice_type = notice_type
        self.where = where


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
    """A notice that went out before this one: to whom (party role and name), when, and what came back ("" for
    silence)."""

    role: str
    name: str
    sent: datetime
    answer: str = ""


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """``not_consensual``: the depicted person said so. ``believed``: a member of staff confirmed the finding and holds
    the belief the notice states. ``authorised``: the person's authority for this organisation is on file. ``nature``
    is the law's word, ``residence`` an ISO country. ``paid`` None: nobody asked. ``domain`` is the registered domain.
    Times are aware; ``prepared`` is when the notice is drafted, ``seen`` when the material was last seen. ``since`` is
    when it was first seen. ``keep_days``: for how long records should be kept. ``link`` says in words what ties it to
    the recipient's country where the residence does not. ``accounts``: those of whoever published it, payment and phone
    numbers included. ``age_context``: how old a young person was, how that is known, whether there is blackmail.
    ``terms``: search words she agreed to. ``leads``: a lawyer leads the matter. ``name_agreed``: she agreed that this
    recipient learns her name, which she then gives herself; ``agreed`` are the notice types for which she did.
    ``never``: what she goes by, her numbers and files; none of
    it may stand in the words."""

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
    since: datetime | None = None
    keep_days: int = 90
    link: str = ""
    accounts: tuple[str, ...] = ()
    controller: str = ""
    asked: Asked | None = None
    looks: tuple[Look, ...] = ()
    captures: tuple[Capture, ...] = ()
    chronology: tuple[Happening, ...] = ()
    police: Police | None = None
    copyright: Copyright | None = None
    hash_lists: HashLists | None = None
    merchant: Merchant | None = None
    age_context: str = ""
    terms: tuple[str, ...] = ()
    leads: bool = False
    name_agreed: bool = False
    agreed: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()


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
    for forms. ``read_only``: a translation to be read; the recipient does not take notices in this language."""

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
    read_only: bool = False


def missing(notice_type: str, facts: NoticeFacts, law: Law | None = None) -> list[Missing]:
    """What the notice type requires and ``facts`` do not give, in the statute's order. Empty: it can be drafted."""
    notice = _type(notice_type, law)
    facts = replace(facts, name_agreed=facts.name_agreed or notice_type in facts.agreed)
    found = []
    for element in notice.elements:
        words = LACKING[element.id](facts) if element.required else ""
        if words:
            found.append(Missing(element.id, element.citation, words))
    if notice.names_subject and not facts.name_agreed:
        found.append(Missing("subject_named", "", "ask her whether this recipient may learn her name; it asks for it"))
    return found


def draft(
    notice_type: str, facts: NoticeFacts, language: str = "en", law: Law | None = None, to_read: bool = False
) -> Draft:
    """The notice as it would go out. ``to_read`` asks for a translation even where the recipient takes no notice in
    ``language``; it is marked and never sent. Raises ``NoticeForbidden``, ``NoticeIncomplete``, ``NoticeLeaks`` or
    ``NoticeUnknown``."""
    notice = _type(notice_type, law)
    if not facts.adult and not for_minors(notice):
        raise NoticeForbidden("S1_minor", "The depicted person may have been under 18: hotline and police first.")
    lacking = missing(notice_type, facts, law)
    if lacking:
        raise NoticeIncomplete(notice_type, lacking)
    words, note = _choose(notice, language, to_read)
    values, conditions = filling.values(facts, shared(words.language)), filling.conditions(facts)
    leaking = filling.leak(facts, values)
    if leaking:
        raise NoticeLeaks(notice_type, leaking)
    text = words.text(values, conditions)
    subject = " ".join(words.subject.format_map(values).split())
    answers = tuple(Answer(*answer) for answer in words.answers(values, conditions))
    form = notice.form or "email" not in notice.via
    return Draft(
        notice_type=notice_type,
        version=words.version,
        language=words.language,
        note=note,
        subject=subject,
        text=text,
        form=form,
        xarf={} if form else report(facts, notice_type),
        answers=answers or _answers(facts, words.language, subject, text),
        exposure_level=notice.exposure,
        exposure=_exposure(notice, facts),
        read_only=words.language not in notice.languages and words.language != "en",
    )


def for_minors(notice: NoticeType) -> bool:
    """Whether a notice type is there for those who were, or may have been, under eighteen."""
    return any(one.fact == "age" and "adult" not in one.any_of for one in notice.preconditions)


def _type(notice_type: str, law: Law | None) -> NoticeType:
    notice = (law or load()).notices.get(notice_type)
    if notice is None:
        raise NoticeUnknown(f"no notice type {notice_type!r}")
    return notice


def _choose(notice: NoticeType, language: str, to_read: bool) -> tuple[Template, str]:
    """The template in ``language`` where the recipient takes it and it is written, otherwise in English. ``to_read``:
    also where the recipient does not take it."""
    wanted = language.lower().replace("_", "-").split("-")[0]
    there, taken = wanted in languages(notice.id), wanted in notice.languages
    law = f"the law's own languages: {', '.join(notice.languages)}."
    if there and taken:
        return template(notice.id, wanted), ""
    if there and to_read and wanted != "en":
        return template(notice.id, wanted), f"A translation to read, never sent; {law}"
    why = f"not taken in {language!r}" if there else f"there is no text in {language!r}"
    return template(notice.id, "en"), f"Written in en: {why}; {law}"


def _answers(facts: NoticeFacts, language: str, subject: str, text: str) -> tuple[Answer, ...]:
    """For a notice that is usually mailed and whose recipient only has a form."""
    labels = shared(language).labels
    values = {
        "name": f"{facts.organisation.name}, {facts.organisation.signatory}",
        "email": facts.organisation.email,
        "subject": subject,
        "urls": "\n".join(one.url for one in facts.locations),
        "message": text,
    }
    return tuple(Answer(name, labels[name], value) for name, value in values.items())


def _exposure(notice: NoticeType, facts: NoticeFacts) -> tuple[ExposureLine, ...]:
    """The recipient by name; the others as the law data name them."""
    name = facts.recipient or facts.domain or "the recipient"
    lines = []
    for one in notice.learns:
        who = name if one.who in ("recipient", "search") else one.who
        lines.append(ExposureLine(who, one.what, one.certain))
    return tuple(lines)


__all__ = [
    "Answer", "Asked", "Capture", "Copyright", "Draft", "Earlier", "ExposureLine", "Happening", "HashLists", "Location",
    "Look", "Merchant", "Missing", "NoticeError", "NoticeFacts", "NoticeForbidden", "NoticeIncomplete", "NoticeLeaks",
    "NoticeUnknown", "Organisation", "Police", "bad_url", "draft", "for_minors", "missing", "moment",
]  # fmt: skip

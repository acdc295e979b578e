"""A complete set of made-up facts, with which any notice can be read before there is a case. Harmless throughout."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from efface.law import load
from efface.takedown import notice
from efface.takedown.notice import Draft, NoticeFacts
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

PAGE, MEDIA = "https://pictures.example/v/1044", "https://img.pictures.example/full/1044.jpg"


def draft(notice_type: str, language: str, now: datetime) -> Draft:
    """The notice as a desk would receive it, or a translation to read where the desk takes none in ``language``.
    Raises ``notice.NoticeError``."""
    return notice.draft(notice_type, facts(notice_type, now), language, to_read=True)


def facts(notice_type: str, now: datetime) -> NoticeFacts:
    """Everything any notice type asks for; a hotline for young people is told of a young person. Raises
    ``NoticeUnknown``."""
    kind = load().notices.get(notice_type)
    if kind is None:
        raise notice.NoticeUnknown(f"no notice type {notice_type!r}")
    before = now - timedelta(days=7)
    made = NoticeFacts(
        reference="EF-SAMPLE",
        organisation=notice.Organisation("Example Helpline", "r-sample@helpline.example", "helpline.example"),
        recipient="Example Recipient", recipient_role="host",
        locations=(notice.Location("page", PAGE, "203.0.113.80"), notice.Location("media", MEDIA, "203.0.113.81")),
        prepared=now, seen=now - timedelta(hours=1), authorised=True, not_consensual=True, believed=True, adult=True,
        nature="authentic", domain="pictures.example", residence="DE", paid=False, since=before,
        offences=("the provisions of the place she lives in",),
        earlier_notices=(notice.Earlier("host", "Example Hosting", before),),
        link="The person depicted lives there.", accounts=("pictures.example/u/poster77",),
        controller="Example Pictures, pictures.example",
        asked=Asked("Example Hosting", before, "receipt 88-1204"),
        looks=(Look(now - timedelta(days=1), "live"),),
        captures=(Capture(PAGE, before, sha256(b"a capture").hexdigest()),),
        chronology=(Happening(before, "It was found on the site."),),
        police=Police(wanted=True, safety="Reach her through us only."),
        copyright=Copyright(photographer=True, work="A still photograph, upright.", fair_use=True, perjury=True),
        hash_lists=HashLists(("StopNCII.org",), on_device=True, pin_explained=True),
        merchant=Merchant(
            checkout="https://pictures.example/join", processor="Example Payments", descriptor="PX*MEMBERS",
            violation="No consent of those depicted is on file.", complained=before.date() - timedelta(days=3),
        ),
        terms=("pictures example 1044",), leads=True, name_agreed=True,
    )  # fmt: skip
    if notice.for_minors(kind):
        return replace(made, adult=False, age_context="Sixteen, as she says herself; there is a threat.")
    return made




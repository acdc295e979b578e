"""A complete set of facts for every notice type; tests take things away from it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

from efface.law import load
from efface.takedown.notice import (
    Asked,
    Capture,
    Copyright,
    Earlier,
    Happening,
    HashLists,
    Location,
    Look,
    Merchant,
    NoticeFacts,
    Organisation,
    Police,
    for_minors,
)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


COMPLETE = NoticeFacts(
    reference="EF-2F7K",
    organisation=Organisation("Example Helpline", "n-2f7k@reply.helpline.example", "helpline.example"),
    recipient="Example Hosting",
    recipient_role="host",
    locations=(
        Location("page", "https://pictures.example/v/1044", "203.0.113.80"),
        Location("media", "https://img.pictures.example/full/1044.jpg", "203.0.113.81"),
        Location("thumbnail", "https://img.pictures.example/small/1044.jpg", "203.0.113.81"),
    ),
    prepared=at(21, 10, 30),
    seen=at(21, 9, 5),
    authorised=True,
    not_consensual=True,
    believed=True,
    adult=True,
    nature="authentic",
    domain="pictures.example",
    offences=("§ 201a StGB",),
    residence="DE",
    paid=False,
    earlier_notices=(Earlier("host", "Example Hosting", at(14, 8)),),
    since=at(12, 20, 15),
    link="The person depicted lives there.",
    accounts=("pictures.example/u/poster77", "wallet 0x00000000000000000000000000000000000077aa"),
    asked=Asked("Example Hosting", at(14, 8), "receipt 88-1204"),
    looks=(Look(at(16, 9), "live"), Look(at(21, 9, 5), "live")),
    captures=(Capture("https://pictures.example/v/1044", at(14, 7, 50), sha256(b"a capture").hexdigest()),),
    chronology=(
        Happening(at(12, 20, 15), "Somebody she knows told her that the video stands on the site."),
        Happening(at(13, 18, 0), "A message demanded money for taking it down; nothing was paid."),
    ),
    police=Police(wanted=True, safety="Reach her through us only; she asks not to be named to the suspect."),
    copyright=Copyright(
        photographer=True, fair_use=True, perjury=True,
        work="A still photograph, upright, made on 2025-06-03 with the maker's own telephone, unpublished.",
    ),
    hash_lists=HashLists(("StopNCII.org",), on_device=True, pin_explained=True),
    merchant=Merchant(
        checkout="https://pictures.example/join", processor="Example Payments", descriptor="PX*MEMBERS",
        violation="The site publishes without documented consent of those depicted, and complaints are not answered.",
        complained=date(2026, 11, 11),
    ),
    terms=("pictures example 1044",),
    leads=True,
    name_agreed=True,
    controller="Example Pictures Ltd, pictures.example",
)  # fmt: skip


def facts(**changes: Any) -> NoticeFacts:
    return replace(COMPLETE, **changes)


RECIPIENTS = {
    "police_report": "the police, unit for crime on the net", "court_order_packet": "the lawyer in charge",
    "payment_network": "Example Card Network", "search_duckduckgo": "Example Search",
    "registry_abuse": "Example Registry", "gdpr_erasure": "pictures.example, data protection",
    "uk_gdpr_erasure": "pictures.example, data protection",
}  # fmt: skip


def complete(type: str, **changes: Any) -> NoticeFacts:
    """What this notice type needs: a hotline for young people is told of a young person."""
    if for_minors(load().notices[type]):
        young = {"adult": False, "age_context": "Sixteen, as she says herself; somebody threatens to send it on."}
        changes = young | changes
    changes = {"recipient": RECIPIENTS.get(type, COMPLETE.recipient)} | changes
    return replace(COMPLETE, **changes)


BACK: dict[str, Any] = {"earlier_removal": date(2026, 10, 30), "nature": "fully_synthetic", "recipient_role": "cdn"}

"""Where a suspected site may be reported: the hotlines of the law's data for the places it stands in. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from efface.law.model import Law

NOTICE = "csam_hotline_report"
ANYWHERE = "inhope"
"""Finds the hotline of any country."""
MOST = 8


@dataclass(frozen=True, slots=True)
class Hotline:
    """``where`` is the code of the place it is of, "" for everywhere."""

    name: str
    contact: str
    where: str


def of_places(law: Law, places: Iterable[str]) -> list[Hotline]:
    """Hotlines of these places (ISO codes, the nearest first), then the one that finds all others. Each once."""
    found: dict[str, Hotline] = {}

    # For children, about their own pictures: no desks for a site that somebody else noticed.
    own_pictures = {
        _host(one.url) for one in law.channels.values() if one.role == "hotline" and not one.kind.startswith("hotline")
    }

    def add(name: str, contact: str, code: str) -> None:
        # A desk is named once, whatever it is called; a telephone of a helpline for children takes no addresses.
        host = _host(contact)
        if "." in host and host not in own_pictures and not host.replace(".", "").replace(" ", "").isdigit():
            found.setdefault(host, Hotline(name, contact, code))

    for code in dict.fromkeys(one.upper() for one in places if one):
        for channel in law.channels.values():
            if channel.kind == "hotline" and NOTICE in channel.notice_types and code in channel.places:
                add(channel.name, channel.url or channel.contact, code)
        place = law.jurisdictions.get(code)
        for desk in place.minors if place is not None else ():
            add(desk.name, desk.contact, code)
    listed = list(found.values())[: MOST - 1]
    anywhere = law.channels.get(ANYWHERE)
    if anywhere is not None:
        listed.append(Hotline(anywhere.name, anywhere.url, ""))
    return listed


def _host(contact: str) -> str:
    bare = contact.lower().partition("://")[2] or contact.lower()
    return bare.removeprefix("www.").partition("/")[0]

"""RDAP answers (RFC 9083) read with suspicion: entities nested anywhere, several of a role, half-broken cards.

Only the base address of the registry is asked. No link an answer names is ever followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from efface.whereabouts import whois_dates
from efface.whereabouts.rdap_registries import Registries
from efface.whereabouts.whois_desks import Desk
from efface.whereabouts.whois_text import clean

__all__ = ["Card", "Record", "Registries", "read"]

DEEPEST = 6
MOST_ENTITIES = 200
MOST_KEYS = 2_000
_PERSONAL = frozenset({"registrant", "administrative", "technical", "billing"})
_MAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}+@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6}"
)


@dataclass(frozen=True, slots=True)
class Card:
    """One entity: its roles and those of the entities it stands in ("path", outermost first)."""

    roles: tuple[str, ...]
    path: tuple[str, ...]
    handle: str = ""
    name: str = ""
    emails: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()
    public_id: str = ""
    phones: tuple[str, ...] = ()
    url: str = ""

    @property
    def personal(self) -> bool:
        """Does it stand within a registrant's or another contact's entity of a domain? Then it is theirs, no desk's."""
        return bool(_PERSONAL & {*self.path})


@dataclass(frozen=True, slots=True)
class Record:
    """What an answer says of a domain, network or AS. ``remarks`` are one text of at most 4,000 characters; dates are
    ISO 8601 or ""; ``domain`` is the name in ASCII, ``unicode`` the same in its own script, "" where that is ASCII too:
    show both, letters of two scripts may look alike. ``notices`` are addresses that the answer's small print names for
    reports of abuse."""

    kind: str = ""
    handle: str = ""
    name: str = ""
    country: str = ""
    status: tuple[str, ...] = ()
    asn: int = 0
    port43: str = ""
    remarks: str = ""
    nameservers: tuple[str, ...] = ()
    cards: tuple[Card, ...] = field(default=())
    domain: str = ""
    unicode: str = ""
    created: str = ""
    updated: str = ""
    expires: str = ""
    notices: tuple[str, ...] = ()

    def abuse(self) -> list[Card]:
        """Every entity with the role abuse, in the order of the answer."""
        return [card for card in self.cards if "abuse" in card.roles and (card.emails or card.uris)]

    def registrar(self) -> Card | None:
        return next((card for card in self.cards if "registrar" in card.roles), None)

    def desks(self) -> list[Desk]:
        """Of a domain: the registrar's and the registry's desks, never anything within a registrant's entity."""
        return [
            Desk(channel, value, "registrar" if "registrar" in (*card.path, *card.roles) else "registry", "rdap")
            for card in self.abuse()
            if not card.personal
            for channel, values in (("email", card.emails), ("form", card.uris), ("phone", card.phones))
            for value in values
        ]

    def holder(self) -> Card | None:
        """Who holds the network or number: the first registrant with a name."""
        return next((card for card in self.cards if "registrant" in card.roles and card.name), None)

    def transit(self) -> list[int]:
        """AS numbers the holder names as its own transit, where remarks say so."""
        return [int(number) for number in _TRANSIT.findall(self.remarks)][:4]


_TRANSIT = re.compile(r"\b(?:transit|upstreams?)\b[^\n]{0,20}?\bAS ?(\d{1,10})\b", re.IGNORECASE)


def read(data: Any) -> Record:
    """Never raises: what has not the right shape is left out."""
    if not isinstance(data, dict):
        return Record()
    if len(data) > MOST_KEYS:
        return Record()
    remarks = [_text(line) for remark in _list(data.get("remarks")) if isinstance(remark, dict)
               for line in _list(remark.get("description"))]  # fmt: skip
    servers = [_text(one.get("ldhName")).lower() for one in _list(data.get("nameservers")) if isinstance(one, dict)]
    cards: list[Card] = []
    for card in _cards(data.get("entities"), ()):
        cards.append(card)
        if len(cards) == MOST_ENTITIES:
            break
    return Record(
        kind=_text(data.get("objectClassName")),
        handle=_text(data.get("handle")),
        name=_text(data.get("name")),
        country=_country(data.get("country")),
        status=tuple(filter(None, (_text(one).lower() for one in _list(data.get("status"))))),
        asn=_number(data),
        port43=_text(data.get("port43")).lower(),
        remarks="\n".join(remarks)[:4000],
        nameservers=tuple(filter(None, servers))[:20],
        cards=tuple(cards),
        domain=(_host(data.get("ldhName")) or _ascii(data.get("unicodeName"))),
        unicode=_unicode(data.get("unicodeName")),
        created=_event(data, "registration"),
        updated=_event(data, "last changed"),
        expires=_event(data, "expiration"),
        notices=_notices(data),
    )


def _event(data: dict[str, Any], action: str) -> str:
    """The last date of an action (RFC 9083 section 4.5)."""
    dates = [whois_dates.read(_text(one.get("eventDate"))) for one in _list(data.get("events"))[:100]
             if isinstance(one, dict) and _text(one.get("eventAction")).lower() == action]  # fmt: skip
    return max(dates, default="")


def _notices(data: dict[str, Any]) -> tuple[str, ...]:
    lines = [_text(line) for notice in _list(data.get("notices"))[:30] if isinstance(notice, dict)
             for line in [notice.get("title"), *_list(notice.get("description"))[:30]]]  # fmt: skip
    text = "\n".join(lines)[:8000]
    found = [one.lower() for one in _MAIL.findall(text) if one.lower().startswith("abuse")]
    return tuple(dict.fromkeys(found))[:4]


def _host(value: Any) -> str:
    name = _text(value).rstrip(".").lower()
    return name if name.isascii() and " " not in name and len(name) < 254 else ""


def _ascii(value: Any) -> str:
    """A name in its own script as the DNS has it (RFC 3492), "" where it cannot be."""
    try:
        return _text(value).rstrip(".").lower().encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def _unicode(value: Any) -> str:
    name = _text(value).rstrip(".").lower()
    return "" if name.isascii() else name[:253]


def _cards(entities: Any, path: tuple[str, ...]) -> Iterator[Card]:
    if len(path) >= DEEPEST:
        return
    for entity in _list(entities)[:MOST_ENTITIES]:
        if not isinstance(entity, dict):
            continue
        roles = tuple(_text(role).lower() for role in _list(entity.get("roles")))
        card = _vcard(entity.get("vcardArray"))
        ids = [_text(one.get("identifier")) for one in _list(entity.get("publicIds")) if isinstance(one, dict)]
        yield Card(
            roles, path, _text(entity.get("handle")), card.name, _few(card.emails, 10), _few(card.uris, 5),
            ids[0] if ids else "", _few(card.phones, 5), card.url or _about(entity),
        )  # fmt: skip
        yield from _cards(entity.get("entities"), (*path, _stands_for(roles)))


def _vcard(array: Any) -> _Vcard:
    """jCard (RFC 7095): name, mail addresses, forms (CONTACT-URI, RFC 8605), telephones, the company's own page."""
    rows = array[1] if isinstance(array, list) and len(array) > 1 else []
    found = _Vcard()
    for row in _list(rows)[:100]:
        if not isinstance(row, list) or len(row) < 4:
            continue
        kind = _text(row[0]).lower()
        values = [value for one in row[3:13] for value in (_list(one) or [one])][:20]
        joined = " ".join(filter(None, map(_text, values))).strip()
        if kind == "fn" or (kind == "org" and not found.name):
            found.name = joined or found.name
        elif kind == "tel":
            found.phones += filter(None, (_text(one).removeprefix("tel:").partition(";")[0] for one in values))
        elif kind in ("email", "contact-uri", "url"):
            for value in map(_text, values):
                found.take(kind, value)
    return found


def _stands_for(roles: tuple[str, ...]) -> str:
    """The role that says most about who speaks in an entity's own entities."""
    if "registrar" in roles:
        return "registrar"
    return next((role for role in roles if role in _PERSONAL), roles[0] if roles else "")


@dataclass(slots=True)
class _Vcard:
    name: str = ""
    emails: list[str] = field(default_factory=list)
    uris: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    url: str = ""

    def take(self, kind: str, value: str) -> None:
        """One value of EMAIL, CONTACT-URI or URL: an address, a form, or just a company's page."""
        web = value.lower().startswith(("http://", "https://"))
        if kind == "url" and web:
            self.url = self.url or value[:500]
        elif web:
            self.uris.append(value[:500])
        elif kind == "email" or value.lower().startswith("mailto:"):
            self.emails += [one.lower() for one in _MAIL.findall(value.partition("?")[0])]


def _few(values: list[str], most: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))[:most]


def _about(entity: dict[str, Any]) -> str:
    """The page an entity names as its own; shown, never opened."""
    for link in _list(entity.get("links"))[:20]:
        if isinstance(link, dict) and _text(link.get("rel")).lower() == "about":
            href = _text(link.get("href"))
            return href if href.lower().startswith(("http://", "https://")) else ""
    return ""


def _number(data: dict[str, Any]) -> int:
    """The AS number: of an autnum its own, of a network the origin that some registries add."""
    if data.get("objectClassName") == "autnum":
        value = data.get("startAutnum")
        return value if isinstance(value, int) and 0 < value < 2**32 else 0
    for value in _list(data.get("arin_originas0_originautnums")):
        if isinstance(value, int) and 0 < value < 2**32:
            return value
    return 0


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    """One line without what could fool an eye or a terminal; markup stays text."""
    return " ".join(clean(value[:2000]).split())[:500] if isinstance(value, str) else ""


def _country(value: Any) -> str:
    return value.upper() if isinstance(value, str) and re.fullmatch(r"[A-Za-z]{2}", value) else ""

"""RDAP answers (RFC 9083) read with suspicion: entities nested anywhere, several of a role, half-broken cards.

Only the base address of the registry is asked. No link an answer names is ever followed.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from efface.whereabouts import facts

DEEPEST = 6
MOST_ENTITIES = 200
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


@dataclass(frozen=True, slots=True)
class Record:
    """What an answer says of a domain, network or AS. ``remarks`` are one text of at most 4,000 characters."""

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

    def abuse(self) -> list[Card]:
        """Every entity with the role abuse, in the order of the answer."""
        return [card for card in self.cards if "abuse" in card.roles and (card.emails or card.uris)]

    def registrar(self) -> Card | None:
        return next((card for card in self.cards if "registrar" in card.roles), None)

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
    )


def _cards(entities: Any, path: tuple[str, ...]) -> Iterator[Card]:
    if len(path) >= DEEPEST:
        return
    for entity in _list(entities)[:MOST_ENTITIES]:
        if not isinstance(entity, dict):
            continue
        roles = tuple(_text(role).lower() for role in _list(entity.get("roles")))
        name, emails, uris = _vcard(entity.get("vcardArray"))
        ids = [_text(one.get("identifier")) for one in _list(entity.get("publicIds")) if isinstance(one, dict)]
        yield Card(roles, path, _text(entity.get("handle")), name, emails, uris, ids[0] if ids else "")
        yield from _cards(entity.get("entities"), (*path, roles[0] if roles else ""))


def _vcard(array: Any) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """jCard (RFC 7095): name, mail addresses, and forms (CONTACT-URI, RFC 8605)."""
    rows = array[1] if isinstance(array, list) and len(array) > 1 else []
    name, emails, uris = "", [], []
    for row in _list(rows)[:100]:
        if not isinstance(row, list) or len(row) < 4:
            continue
        kind = _text(row[0]).lower()
        value = " ".join(_text(one) for one in row[3]) if isinstance(row[3], list) else _text(row[3])
        if kind == "fn" or (kind == "org" and not name):
            name = value.strip()
        elif kind == "email":
            emails += [one.lower() for one in _MAIL.findall(value.removeprefix("mailto:"))]
            uris += [value] if value.startswith(("http://", "https://")) else []
        elif kind in ("contact-uri", "url") and value.startswith(("http://", "https://", "mailto:")):
            if value.startswith("mailto:"):
                emails += [one.lower() for one in _MAIL.findall(value)]
            elif kind == "contact-uri":
                uris.append(value[:500])
    return name, tuple(dict.fromkeys(emails))[:10], tuple(dict.fromkeys(uris))[:5]


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
    return " ".join(value.split())[:500] if isinstance(value, str) else ""


def _country(value: Any) -> str:
    return value.upper() if isinstance(value, str) and re.fullmatch(r"[A-Za-z]{2}", value) else ""


class Registries:
    """Which registry answers for what. ``given`` is a bootstrap in IANA's form (a world's), instead of the snapshot."""

    def __init__(self, given: dict[str, Any] | None = None) -> None:
        known = facts.registries()["rdap"]
        self._names: dict[str, str] = {}
        self._networks: list[tuple[facts.Network, str]] = []
        self._numbers: list[tuple[int, int, str]] = []
        self._otherwise = "" if given else str(known["otherwise"])
        if not given:
            for base, suffixes in known["names"].items():
                self._names |= dict.fromkeys(suffixes, base)
            for base, ranges in known["networks"].items():
                self._networks += [(ipaddress.ip_network(one), base) for one in ranges]
            return
        for keys, urls in _services(given, "dns"):
            self._names |= {key.lower().lstrip("."): urls[0] for key in keys}
        for keys, urls in [*_services(given, "ipv4"), *_services(given, "ipv6")]:
            self._networks += [(network, urls[0]) for network in _networks(keys)]
        for keys, urls in _services(given, "asn"):
            for key in keys:
                first, _, last = key.partition("-")
                if first.isdigit() and (last or first).isdigit():
                    self._numbers.append((int(first), int(last or first), urls[0]))

    def domain(self, domain: str) -> str:
        """Where to ask for a registered domain, "" where its registry has no RDAP."""
        base = self._names.get(domain.rpartition(".")[2], "")
        return _join(base, f"domain/{domain}")

    def network(self, address: facts.Address) -> str:
        best = max((one for one in self._networks if address in one[0]), key=lambda one: one[0].prefixlen, default=None)
        return _join(best[1] if best else self._otherwise, f"ip/{address}")

    def number(self, asn: int) -> str:
        base = next((base for first, last, base in self._numbers if first <= asn <= last), self._otherwise)
        return _join(base, f"autnum/{asn}")


def _services(given: dict[str, Any], key: str) -> Iterator[tuple[list[str], list[str]]]:
    part = given.get(key)
    for service in _list(part.get("services") if isinstance(part, dict) else None):
        if isinstance(service, list) and len(service) >= 2:
            keys = [one for one in _list(service[0]) if isinstance(one, str)]
            urls = [one for one in _list(service[1]) if isinstance(one, str)]
            urls.sort(key=lambda url: not url.startswith("https://"))
            if keys and urls:
                yield keys, urls


def _networks(keys: list[str]) -> Iterator[facts.Network]:
    for key in keys:
        try:
            yield ipaddress.ip_network(key, strict=False)
        except ValueError:
            continue


def _join(base: str, path: str) -> str:
    return f"{base.rstrip('/')}/{path}" if base else ""

"""Every address of the installation and who may open it, read from the addresses themselves and from what their views
declare."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

from efface.accounts import access
from efface.accounts.models import Role

PARTNER = "partner"
WHO = ("public", *Role.values, PARTNER)
"""Columns of the matrix: anybody at all, the survivor in her own case, each role of a member, a partner with a key."""


@dataclass(frozen=True, slots=True)
class Line:
    """One view: its full name, its address, and who it lets in. ``declared``: it said so itself."""

    name: str
    address: str
    roles: frozenset[str]
    declared: bool
    before_second: bool = False

    def lets(self, who: str) -> bool:
        return "public" in self.roles or who in self.roles


def routed(
    resolver: URLResolver | None = None, space: str = "", before: str = "/"
) -> dict[str, tuple[str, URLPattern]]:
    """Every address by its full name: the address as it is written, and its pattern."""
    found: dict[str, tuple[str, URLPattern]] = {}
    for one in (resolver or get_resolver()).url_patterns:
        here = before + str(one.pattern)
        if isinstance(one, URLResolver):
            found |= routed(one, f"{space}{one.namespace}:" if one.namespace else space, here)
        else:
            found[space + (one.name or str(one.pattern))] = (here, one)
    return found


def lines() -> list[Line]:
    """By name. A view that declares nothing lets nobody in."""
    found = []
    for name, (address, one) in sorted(routed().items()):
        said = access.access_of(one.callback, one.name)
        found.append(
            Line(name, address, _who(said), said is not None, bool(said and (said.before_second or said.public)))
        )
    return found


def _who(said: access.Access | None) -> frozenset[str]:
    if said is None:
        return frozenset()
    if said.public:
        return frozenset({"public"})
    if said.partner:
        return frozenset({PARTNER})
    return frozenset({Role.SURVIVOR.value}) if said.portal else frozenset(str(one) for one in said.roles)

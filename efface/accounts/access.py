"""Who may open which view. Every view says so with ``@view(access=...)``; one that does not is closed to everybody."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from efface.accounts.models import Role


@dataclass(frozen=True, slots=True)
class Access:
    """``roles`` of members who may; ``portal`` for a survivor inside her own case; ``partner`` for a client of the API
    with a key that stands (its scopes are asked for by each operation); ``public`` for anybody.

    ``before_second``: a member may open it who has given a password and no second step yet."""

    roles: frozenset[str] = frozenset()
    portal: bool = False
    public: bool = False
    partner: bool = False
    before_second: bool = False

    def words(self) -> str:
        if self.public:
            return "public"
        if self.partner:
            return "partner"
        return "survivor" if self.portal else ", ".join(sorted(self.roles))


PUBLIC = Access(public=True)
PORTAL = Access(portal=True)
PARTNER = Access(partner=True)
PARTNERS_DESK = Access(roles=frozenset({Role.COORDINATOR, Role.OPERATOR}))
LEAD = Access(roles=frozenset({Role.LEAD}))
COORDINATION = Access(roles=frozenset({Role.COORDINATOR}))
INVESTIGATIONS = Access(roles=frozenset({Role.INVESTIGATOR}))
MEMBERS = Access(
    roles=frozenset({Role.CASEWORKER, Role.LEAD, Role.COORDINATOR, Role.INVESTIGATOR, Role.AUDITOR, Role.OPERATOR})
)
ENROLLING = Access(roles=MEMBERS.roles, before_second=True)
MANAGE_MEMBERS = Access(roles=frozenset({Role.COORDINATOR, Role.LEAD, Role.OPERATOR}))
LEGAL_DEMANDS = Access(roles=frozenset({Role.LEAD, Role.AUDITOR}))
STATISTICS = Access(roles=frozenset({Role.LEAD, Role.COORDINATOR, Role.AUDITOR}))
STAFF_CASES = Access(roles=frozenset({Role.CASEWORKER, Role.LEAD}))
SITES_CHANGE = Access(roles=frozenset({Role.LEAD, Role.COORDINATOR}))
DECIDE_NETWORKS = Access(roles=frozenset({Role.LEAD, Role.COORDINATOR}))
SITES = Access(roles=frozenset({Role.CASEWORKER, Role.LEAD, Role.COORDINATOR}))
SITE_EDITORS = Access(roles=frozenset({Role.LEAD, Role.COORDINATOR}))

#: Views of libraries that we route, by URL name.
LIBRARY_VIEWS: dict[str, Access] = {
    "account_login": PUBLIC, "account_inactive": PUBLIC, "account_logout": ENROLLING, "set_language": PUBLIC,
    "mfa_authenticate": PUBLIC,
}  # fmt: skip


def view(*, access: Access) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare who may open a view. The doorkeeper opens the transaction it runs in."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def inner(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        inner.access = access  # type: ignore[attr-defined]
        return inner

    return register


def access_of(view_function: Any, url_name: str | None) -> Access | None:
    """What a view declared; None where it declared nothing."""
    declared = getattr(view_function, "access", None)
    if declared is not None:
        return declared
    return LIBRARY_VIEWS.get(url_name or "")

"""What tests of colleagues on one desk share."""

from __future__ import annotations

from typing import Any

from efface.accounts.models import Member
from efface.engine.base import tenancy
from efface.search.models import Match
from tests import people

HOSTILE = "<script>alert(1)</script>\u202e{{ case.name }} 'quoted' &amp; \x00"


def member_of(user: Any) -> Member:
    with tenancy.looking_up(user=str(user.pk)):
        return Member.objects.select_related("user").get(user=user)


def on_site(match: Match, domain: str) -> Match:
    sighting = match.sighting
    assert sighting is not None
    sighting.site = people.make_site(domain)
    sighting.save()
    return match

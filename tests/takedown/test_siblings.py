"""A desk that answered for one site of an operator is asked for its other sites; a hostile one for none."""

from __future__ import annotations

import pytest

from efface.engine.base.ids import uuid7
from efface.sites import contacts, hostility, registry
from efface.sites.models import Membership, Network, Site
from tests.takedown.conftest import HOST, MEDIA_HOST, OPERATOR, REGISTRAR, SEARCH, Office, dossier

GOOD = "desk@mirror.example"


@pytest.fixture
def mirror(office: Office) -> Site:
    """Another site of the operator, whose desk has removed something once."""
    finding = office.finding()
    other = registry.register("mirror.example", office.now)
    network = Network.objects.create(name="two", created=office.now)
    group = str(uuid7())
    for site in (finding.site, other):
        Membership.objects.create(site=site, network=network, same=group, since=office.now)
        Site.objects.filter(pk=site.pk).update(network=network)
    contacts.note("operator:mirror.example", "operator", "email", GOOD, "page-abuse", 0.9, office.now)
    contacts.delivery("email", GOOD, "complied", office.now)
    return other


def silent() -> object:
    """The site itself names nobody."""
    mute = type(OPERATOR)("operator", OPERATOR.key, OPERATOR.name, covers=["pictures.example"])
    return dossier(mute, HOST, MEDIA_HOST, REGISTRAR, SEARCH)


def test_a_site_that_names_nobody_is_reached_through_its_mirror(office: Office, mirror: Site) -> None:
    office.fetcher.answers["whereabouts"] = silent()
    office.work()
    route = office.route("operator")
    assert route.contact == GOOD and "answered for mirror.example" in route.why


def test_what_the_site_itself_names_is_kept_beside_it(office: Office, mirror: Site) -> None:
    office.work()
    route = office.route("operator")
    assert {route.contact, *route.alternatives} == {"dmca@pictures.example", "abuse@pictures.example", GOOD}


def test_a_mirror_that_is_only_likely_lends_nothing(office: Office, mirror: Site) -> None:
    Membership.objects.update(same="")
    office.work()
    route = office.route("operator")
    assert GOOD not in {route.contact, *route.alternatives}


@pytest.mark.parametrize("word", sorted(hostility.NEVER_WRITTEN_TO))
def test_one_hostile_site_makes_all_of_its_operator_so(office: Office, mirror: Site, word: str) -> None:
    hostility.declare(mirror, word, "seen", "lead:1", office.now)
    office.work()
    from efface.takedown.models import Route

    assert Route.objects.filter(role="host").exists() and not Route.objects.filter(role="operator").exists()


def test_a_mirror_found_hostile_later_stops_the_notice_that_waits(office: Office, mirror: Site) -> None:
    office.work()
    assert office.notice("operator")
    hostility.declare(mirror, "doxxes", "seen", "lead:1", office.now)
    office.approve()
    office.work()
    assert not [to for to, _step in office.mails() if to.endswith(("pictures.example", "mirror.example"))]

"""abuse-whois and asyncwhois on the very answers the world's registries give, beside what was found here."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from bench.peers.environment import LOOKUPS_LOCK, PeersMissing, peers_python
from efface.whereabouts.model import Dossier
from testbed.lookups.build import BAD_WHOIS, RDAP_SUFFIXES
from testbed.lookups.model import Site, World
from testbed.lookups.registry import Registry, whois
from testbed.lookups.truth import truth

_SCRIPT = Path(__file__).parent / "peers" / "lookups.py"
_PATIENCE_S = 600


def compare(world: World, dossiers: dict[str, Dossier]) -> dict[str, Any]:
    """Per tool and party: asked, found (its one contact is right), wrong (it belongs to somebody else); where a tool
    cannot be run here, why. They know registrar and host only; a host behind a CDN is nobody's to name."""
    sites = [site for site in world.sites if site.domain.rpartition(".")[2] not in BAD_WHOIS]
    registry = Registry(world)
    asked = [_question(world, registry, site) for site in sites]
    try:
        python = peers_python(LOOKUPS_LOCK, "bench-lookups")
        done = subprocess.run(
            [str(python), "-W", "ignore", str(_SCRIPT)],
            input=json.dumps({"sites": asked}),
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )
        answers = json.loads(done.stdout) if not done.returncode else None
    except (PeersMissing, OSError, subprocess.TimeoutExpired, ValueError) as error:
        return {"absent": str(error)[:300]}
    if answers is None:
        return {"absent": (done.stderr.strip().splitlines() or ["ended with an error"])[-1][:300]}
    result: dict[str, Any] = {name: _judged(world, sites, found) for name, found in answers.items()}
    own = {site.domain: _first(dossiers.get(site.domain)) for site in sites}
    return {"efface": _judged(world, sites, own), **result}


def _question(world: World, registry: Registry, site: Site) -> dict[str, str]:
    suffix = site.domain.rpartition(".")[2]
    rdap = registry.answer(f"domain/{site.domain}")[2].decode() if suffix in RDAP_SUFFIXES else ""
    text = "" if rdap else whois(world, world.suffixes_whois[suffix], site.domain)[0]
    holder = registry.holder(site.place.edge)
    address = ""
    if holder is not None:
        address = "\n".join(
            [
                f"NetName: {holder.name.upper().replace(' ', '-')}",
                f"OrgName: {holder.name}",
                f"Country: {holder.country}",
                f"OrgAbuseEmail: {holder.stale or holder.abuse}",
                "",
            ]
        )
    return {
        "domain": site.domain,
        "url": f"http://{site.place.host}{site.gallery}",
        "address": site.place.edge,
        "rdap": rdap,
        "whois": text,
        "ip_whois": address,
    }


def _first(dossier: Dossier | None) -> dict[str, str]:
    found = {"registrar": "", "host": ""}
    for party in dossier.parties if dossier is not None else ():
        covered = party.role != "host" or (dossier is not None and dossier.host in party.covers)
        if party.role in found and party.contacts and covered:
            found[party.role] = party.contacts[0].value
    return found


def _judged(world: World, sites: list[Site], found: dict[str, dict[str, str]]) -> dict[str, dict[str, int]]:
    made = {role: {"asked": 0, "found": 0, "wrong": 0} for role in ("registrar", "host")}
    for site in sites:
        known = truth(world, site)
        for role, count in made.items():
            expected = [
                one for one in known.parties if one.role == role and (role != "host" or one.covers == site.place.host)
            ]
            value = found.get(site.domain, {}).get(role, "").lower()
            count["asked"] += any(one.right for one in expected)
            count["found"] += any(value in one.right for one in expected)
            count["wrong"] += bool(value) and not any(own.own(value) for one in expected for own in one.owners)
    return made

"""The rows of a house with thousands of cases, by seed: what ``desk`` measures the console on."""

from __future__ import annotations

import hashlib
import random
import sys
import uuid
from datetime import timedelta
from itertools import pairwise
from typing import Any

from bench.installed import NOW, statement

EACH = 2000
FINDINGS, EVENTS, CHECKS = 10, 50, 2
"""Of an ordinary case; one in five hundred has twenty times as much."""
LARGE, LARGE_EVERY = 20, 500
SITES = 2000
NETWORKS, REFERRED, PAGES_A_SITE = 100, 40, 100
WAITING = {"match": 4000, "draft": 3000, "prepared": 500, "reply": 500, "message": 300, "age": 500, "conflict": 200,
           "link": 200, "stuck": 300}  # fmt: skip


class Filled:
    """An organisation as years of work leave it. No picture, no name; addresses are of made-up sites."""

    def __init__(self, organisation: uuid.UUID, cases: int, seed: int) -> None:
        self.organisation, self.number, self.random = organisation, cases, random.Random(seed)
        self.cases: list[Any] = []
        self.sites: list[Any] = []
        self.findings: list[tuple[uuid.UUID, uuid.UUID]] = []
        self.networks: list[uuid.UUID] = []
        self.referrals: list[uuid.UUID] = []
        self.lead: Any = None
        self.investigator: Any = None

    def fill(self) -> None:
        from efface.engine.base import clock, tenancy

        with clock.fixed(NOW), tenancy.organisation(self.organisation):
            self._people()
            self._sites()
            self._cases()
        whole = [case for case in self.cases if self.is_whole(case)]
        for begin in range(0, len(whole), 100):
            with clock.fixed(NOW), tenancy.organisation(self.organisation):
                self._work(whole[begin : begin + 100])
        say(f"{len(whole)} whole cases")
        self._multiply(whole[0])
        with clock.fixed(NOW), tenancy.organisation(self.organisation):
            self._waiting()
            self._networks()
            self._referrals()
        self._pages_known()

    def again(self) -> None:
        """What ``fill`` left in a database that was kept."""
        from efface.accounts.models import Member
        from efface.cases.models import Case
        from efface.engine.base import tenancy
        from efface.evidence.models import Referral
        from efface.sites.models import Network, Site

        with tenancy.organisation(self.organisation):
            members = Member.objects.select_related("user").order_by("pk")
            self.lead, self.investigator = (members.filter(role=role)[0] for role in ("lead", "investigator"))
            self.networks = list(Network.objects.order_by("pk").values_list("pk", flat=True))
            self.referrals = list(Referral.objects.order_by("pk").values_list("pk", flat=True))
            self.cases = list(Case.objects.filter(reference__startswith="B").order_by("reference"))
            self.sites = list(Site.objects.filter(domain__startswith="s").order_by("domain"))

    @staticmethod
    def is_whole(case: Any) -> bool:
        """One in ten, with everything that is sealed; of the others only the rows are there, and no page shows them."""
        return int(case.reference[1:]) % 20 in (1, 7)

    def _multiply(self, like: Any) -> None:
        """The rows of all other cases, made by the database from those of one."""
        from efface.cases.models import CaseEvent
        from efface.search.models import Finding, Match
        from efface.takedown.models import Check, Notice, Route

        number = "substr(c.reference, 2)::int % 20 NOT IN (1, 7)"
        number = f"CASE WHEN c.reference ~ '^B[0-9]+$' THEN {number} ELSE false END"
        ids = ", ".join(f"gen_random_uuid() AS {name}" for name in ("match", "finding", "route", "later"))
        statement(
            f"CREATE TABLE bench_made AS SELECT c.id AS case_id, c.opened_at AS at, n, {ids} FROM cases_case c"
            f" CROSS JOIN generate_series(1, {FINDINGS}) n WHERE {number}"
        )
        digest = "decode(md5(m.match::text) || md5(m.finding::text), 'hex')"
        finding = {"finding_id": "m.finding", "case_id": "m.case_id"}
        _clone(Match, like, {"id": "m.match", "page_digest": digest, "made_at": "m.at"})
        _clone(Finding, like, {"id": "m.finding", "match_id": "m.match", "confirmed_at": "m.at"})
        _clone(Route, like, finding | {"id": "m.route", "position": "1", "party_key": "'host:1'"})
        _clone(Route, like, finding | {"id": "m.later", "position": "2", "party_key": "'host:2'", "state": "'planned'"})
        _clone(Notice, like, finding | {"route_id": "m.route", "reference": "substr(md5(m.route::text), 1, 14)"})
        for _step in range(CHECKS):
            _clone(Check, like, finding | {"at": "m.at"})
        for _event in range(EVENTS // FINDINGS):
            _clone(CaseEvent, like, {"at": "m.at"})
        statement("DROP TABLE bench_made")
        say("the rows of all others")

    def counts(self) -> dict[str, int]:
        from efface.cases.models import Case, CaseEvent
        from efface.engine.base import tenancy
        from efface.search.models import Finding, Match
        from efface.takedown.models import Check, Notice, Route

        with tenancy.organisation(self.organisation):
            models: tuple[Any, ...] = (Case, Finding, Match, CaseEvent, Route, Notice, Check)
            return {model._meta.model_name: model.objects.count() for model in models}

    def _people(self) -> None:
        from efface.accounts.models import Member, User

        for number in range(40):
            user = User.objects.create_user(f"w{number}@desk.example", None, name=f"Worker {number}", created=NOW)
            role = "lead" if number < 2 else "caseworker"
            member = Member.objects.create(organisation_id=self.organisation, user=user, role=role)
            self.lead = self.lead or member
        user = User.objects.create_user("police@desk.example", None, name="Investigator", created=NOW)
        self.investigator = Member.objects.create(organisation_id=self.organisation, user=user, role="investigator")
        self.users = list(Member.objects.exclude(user=user).order_by("pk").values_list("user_id", flat=True))

    def _sites(self) -> None:
        from efface.sites.models import Site

        rows = [
            Site(domain=f"s{n:05}.example", start_url=f"https://s{n:05}.example/", added_at=NOW,
                 hostility="cooperative" if n % 5 else "unknown")
            for n in range(SITES)
        ]  # fmt: skip
        self.sites = Site.objects.bulk_create(rows, EACH)

    def _cases(self) -> None:
        from efface.cases.models import Case, Consent
        from efface.engine.base import sealing

        rows = []
        for n in range(self.number):
            at = NOW - timedelta(days=self.random.randint(1, 900))
            rows.append(
                Case(organisation_id=self.organisation, reference=f"B{n:07}", state="open" if n % 4 else "closed",
                     age="adult", danger=n % 200 == 1, country="DE", opened_at=at,
                     worker_id=self.users[n % len(self.users)] if n % 10 else None)
            )  # fmt: skip
        for row in rows:
            sealing.make_case_key(row.pk, self.organisation)
        self.cases = Case.objects.bulk_create(rows, EACH)
        until = NOW + timedelta(days=300)
        Consent.objects.bulk_create(
            (
                Consent(organisation_id=self.organisation, case=case, purpose=purpose, given_at=case.opened_at,
                        expires_at=until)
                for case in rows for purpose in ("hash_match", "notify", "contact_operator", "statistics")
            ),
            EACH,
        )  # fmt: skip

    def _work(self, cases: list[Any]) -> None:
        from efface.cases.models import CaseEvent
        from efface.engine.base import sealing
        from efface.search.models import Finding, Match
        from efface.takedown.models import Check

        sealing.hold_case_keys([case.pk for case in cases])
        matches, findings, routes, notices, checks, events = [], [], [], [], [], []
        for case in cases:
            share = LARGE if int(case.reference[1:]) % LARGE_EVERY == 7 else 1
            owned = {"organisation_id": self.organisation, "case": case}
            for n in range(FINDINGS * share):
                site = self.sites[self.random.randrange(SITES)]
                url = f"https://{site.domain}/v/{case.reference}-{n}"
                digest = hashlib.sha256(url.encode()).digest()
                match = Match(**owned, page_digest=digest, kind="pdq", score=4, strong=True, state="confirmed",
                              made_at=case.opened_at, decided_at=case.opened_at, page_url=url)  # fmt: skip
                finding = Finding(**owned, match=match, site=site, age="adult", page_url=url,
                                  state=self.random.choice(("live", "gone-confirmed", "gone-confirmed", "partial")),
                                  confirmed_at=case.opened_at + timedelta(hours=n))  # fmt: skip
                route = self._route(owned, finding, 1, "done")
                matches.append(match)
                findings.append(finding)
                routes += [route, self._route(owned, finding, 2, "planned")]
                notices.append(self._notice(owned, finding, route, "sent"))
                self.findings.append((case.pk, finding.pk))
                for step in range(CHECKS):
                    checks.append(
                        Check(**owned, finding=finding, episode=1, at=case.opened_at + timedelta(days=step + 1), row=2,
                              state="live", reason="The page still serves the picture.", control_ok=True)
                    )  # fmt: skip
            for n in range(EVENTS * share):
                at = case.opened_at + timedelta(minutes=n)
                events.append(
                    CaseEvent(**owned, kind="check.made" if n % 2 else "notice.sent", actor="engine",
                                        subject=uuid.uuid4(), at=at, data={"verdict": "live"} if n % 2 else None)
                )  # fmt: skip
        kinds: tuple[list[Any], ...] = (matches, findings, routes, notices, checks, events)
        for rows in kinds:
            type(rows[0]).objects.bulk_create(rows, EACH)

    def _route(self, owned: dict[str, Any], finding: Any, position: int, state: str) -> Any:
        from efface.takedown.models import Route

        return Route(**owned, finding=finding, episode=1, position=position, party_key=f"host:{position}", role="host",
                     party_name="Example Hosting", channel="email", contact="abuse@host.example",
                     notice_type="eu_dsa_art16", why="It hosts the page.", exposure="recipient_only",
                     planned_at=NOW, starts_at=NOW - timedelta(days=self.random.randint(1, 40)),
                     state=state)  # fmt: skip

    def _notice(self, owned: dict[str, Any], finding: Any, route: Any, state: str) -> Any:
        from efface.takedown.models import Notice

        sent = NOW - timedelta(days=30) if state == "sent" else None
        return Notice(**owned, route=route, finding=finding, reference=uuid.uuid4().hex[:14].upper(),
                      notice_type="eu_dsa_art16", template="eu_dsa_art16/en/1", language="en", channel="email",
                      contact="abuse@host.example", state=state, drafted_at=NOW - timedelta(days=31), sent_at=sent,
                      subject_line="Notice of illegal content", text="The complete text.\n" * 40)  # fmt: skip

    def _waiting(self) -> None:
        from efface.cases.models import CaseEvent, Message, ReportedLink
        from efface.engine.base import sealing
        from efface.search.models import Finding, Match, Media, Sighting
        from efface.takedown.models import Inbound, Notice, Route

        open_cases = [case for case in self.cases if case.state == "open" and self.is_whole(case)]
        by_pk = {case.pk: case for case in open_cases}
        for begin in range(0, len(open_cases), 1500):
            sealing.hold_case_keys([case.pk for case in open_cases[begin : begin + 1500]])
        media = Media.objects.bulk_create([
            Media(sha256=hashlib.sha256(b"%d" % n).digest(), width=800, height=600, first_seen=NOW, last_seen=NOW)
            for n in range(WAITING["match"])
        ], EACH)  # fmt: skip
        sightings, matches = [], []
        for n, one in enumerate(media):
            case, site = open_cases[n % len(open_cases)], self.sites[n % SITES]
            url = f"https://{site.domain}/w/{n}"
            digest = hashlib.sha256(url.encode()).digest()
            sighting = Sighting(media=one, site=site, page_digest=digest, media_digest=digest, page_url=url,
                                media_url=url + ".jpg", first_seen=NOW, last_seen=NOW)  # fmt: skip
            sightings.append(sighting)
            reason = {"kind": "pdq", "fingerprint": str(uuid.uuid4()), "sighting": str(sighting.pk), "role": "media",
                      "distance": 6, "threshold": 31, "view": "original", "exact": False}  # fmt: skip
            matches.append(Match(organisation_id=self.organisation, case=case, sighting=sighting, page_digest=digest,
                                 kind="pdq", score=6, strong=n % 3 > 0, reasons=[reason], page_url=url,
                                 media_url=url + ".jpg", made_at=NOW - timedelta(minutes=n)))  # fmt: skip
        Sighting.objects.bulk_create(sightings, EACH)
        Match.objects.bulk_create(matches, EACH)
        theirs = [pair for pair in self.findings if pair[0] in by_pk]
        chosen = self.random.sample(theirs, min(len(theirs), WAITING["draft"] + WAITING["prepared"]))
        routes, notices = [], []
        for n, (case_pk, finding_pk) in enumerate(chosen):
            owned = {"organisation_id": self.organisation, "case": by_pk[case_pk]}
            route = self._route(owned, None, 3, "active")
            route.finding_id = finding_pk
            notice = self._notice(owned, None, route, "draft" if n < WAITING["draft"] else "prepared")
            notice.finding_id = finding_pk
            if n >= WAITING["draft"]:
                notice.channel = "form"
            routes.append(route)
            notices.append(notice)
        Route.objects.bulk_create(routes, EACH)
        Notice.objects.bulk_create(notices, EACH)
        whole = [case.pk for case in open_cases]
        sent = list(Notice.objects.filter(state="sent", case__in=whole).order_by("pk")[: WAITING["reply"]])
        Inbound.objects.bulk_create([
            Inbound(organisation_id=self.organisation, case_id=one.case_id, notice=one, at=NOW, kind="refuses",
                    raw=uuid.uuid4(), digest=uuid.uuid4().bytes, confidence=0.4,
                    sender="desk@host.example", text="We looked at it.", because="We looked")
            for one in sent
        ], EACH)  # fmt: skip
        few = open_cases[: WAITING["message"]]
        Message.objects.bulk_create([
            Message(organisation_id=self.organisation, case=case, from_survivor=True, author="survivor", at=NOW,
                    text="Is there anything new?") for case in few
        ], EACH)  # fmt: skip
        ReportedLink.objects.bulk_create([
            ReportedLink(organisation_id=self.organisation, case=case, url="https://s00001.example/x", at=NOW,
                         by="survivor", handled_at=NOW, outcome="no answer") for case in few[: WAITING["link"]]
        ], EACH)  # fmt: skip
        others = self.random.sample(theirs, WAITING["age"] + WAITING["conflict"] + WAITING["stuck"])
        ages, rest = others[: WAITING["age"]], others[WAITING["age"] :]
        Finding.objects.filter(pk__in=[pk for _case, pk in ages]).update(age="unknown")
        disagree, stuck = rest[: WAITING["conflict"]], rest[WAITING["conflict"] :]
        Finding.objects.filter(pk__in=[pk for _case, pk in disagree]).update(state="conflict")
        CaseEvent.objects.bulk_create([
            CaseEvent(organisation_id=self.organisation, case_id=case, kind="finding.exhausted", actor="engine",
                      subject=pk, at=NOW) for case, pk in stuck
        ], EACH)  # fmt: skip

    def staff(self) -> list[tuple[str, Any]]:
        """Role and user of whoever opens the pages."""
        return [("lead", self.lead.user), ("investigator", self.investigator.user)]

    def _networks(self) -> None:
        """Sites by the dozen, each with the next in a line of edges, six of them proven one operator's."""
        from efface.sites.models import Evidence, Membership, Network, NetworkEdge, Site
        from efface.whereabouts.mirrors.kinds import FAMILIES

        networks, memberships, edges, moved, seen = [], [], [], [], []
        for number in range(NETWORKS):
            network = Network(name=f"network {number}", created=NOW)
            sites = self.sites[number * 12 : number * 12 + 12]
            networks.append(network)
            for place, site in enumerate(sites):
                site.network = network
                moved.append(site)
                same = str(network.pk) if place < 6 else ""
                memberships.append(Membership(site=site, network=network, same=same, since=NOW - timedelta(days=9)))
            for one, other in pairwise(sites):
                one, other = sorted((one, other), key=lambda site: site.pk)
                because = []
                for kind in ("ga", "email", "favicon"):
                    digest = self.random.randbytes(8)
                    because.append(f"{kind}:{digest.hex()}")
                    seen += [
                        Evidence(site=site, kind=kind, digest=digest, shown="UA-1", first_seen=NOW, last_seen=NOW)
                        for site in (one, other)
                    ]
                edges.append(
                    NetworkEdge(one=one, other=other, brings=[3.0] * len(FAMILIES), because=because, band="likely")
                )
        self.networks = [one.pk for one in Network.objects.bulk_create(networks, EACH)]
        Site.objects.bulk_update(moved, ["network"], EACH)
        Membership.objects.bulk_create(memberships, EACH)
        NetworkEdge.objects.bulk_create(edges, EACH)
        Evidence.objects.bulk_create(seen, EACH)

    def _referrals(self) -> None:
        from efface.evidence.models import Referral

        whole = [case for case in self.cases if case.state == "open" and self.is_whole(case)]
        rows = [
            Referral(organisation_id=self.organisation, case=case, investigator=self.investigator.user,
                     reference=case.reference, desk="Example Police", ground="consent", parts=["pages", "proof"],
                     by="lead", at=NOW - timedelta(days=3), until=NOW + timedelta(days=60))
            for case in whole[:REFERRED]
        ]  # fmt: skip
        self.referrals = [one.pk for one in Referral.objects.bulk_create(rows, EACH)]

    def _pages_known(self) -> None:
        """Pages of the sites, made by the database; no page here shows an address of theirs."""
        statement(
            "INSERT INTO search_frontier (id, site_id, digest, depth, priority, found_at, visited_at, visit, due_at,"
            " unchanged, status, etag, last_modified, read_at, opened, shape, shows, sweep, afresh, wall, failures,"
            " harm) SELECT gen_random_uuid(), s.id, decode(md5(s.id::text || n), 'hex'), 1, 50, %s, %s, 1, %s, 0, 200,"
            " '', '', %s, 0, ''::bytea, 1, false, false, '', 0, 0 FROM sites_site s"
            " CROSS JOIN generate_series(1, %s) n",
            NOW - timedelta(days=90), NOW - timedelta(days=1), NOW + timedelta(days=6), NOW - timedelta(days=1),
            PAGES_A_SITE,
        )  # fmt: skip


def _clone(model: Any, like: Any, given: dict[str, str]) -> None:
    """One row of ``model`` for each made finding: as one of the case ``like``, without what is sealed."""
    from efface.engine.base.fields import SealedField

    table, columns, values = model._meta.db_table, [], []
    given = {"id": "gen_random_uuid()", "case_id": "m.case_id"} | given
    for field in model._meta.concrete_fields:
        columns.append(f'"{field.column}"')
        sealed = isinstance(field, SealedField)
        values.append(given.get(field.column) or ("NULL" if sealed else f't."{field.column}"'))
    statement(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM bench_made m CROSS JOIN"
        f" (SELECT * FROM {table} WHERE case_id = '{like.pk}' ORDER BY id LIMIT 1) t"
    )


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)

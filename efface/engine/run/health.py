"""Checks of an installation, each with what to do about it. Used by ``efface doctor``."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from efface.engine.base import locking, sealing, settings

Level = Literal["ok", "note", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report."""

    check: str
    level: Level
    words: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def examine(with_database: bool) -> list[Finding]:
    """All checks. A check that itself fails is a problem, never an exception."""
    findings: list[Finding] = []
    checks: list[Callable[[], Iterator[Finding]]] = [
        _python,
        _folder,
        _objects,
        _settings,
        _decoder,
        _models,
        _browser,
        _proxy,
        _outside,
        _mailbox,
        _desks,
        _sources,
        _child_list,
        _ways_out,
        _facts,
        _processes,
    ]
    if with_database:
        checks += [_database, _workers, _search_sources]
    for check in checks:
        try:
            findings += list(check())
        except Exception as error:
            findings.append(
                Finding(check.__name__.strip("_"), "problem", f"the check failed: {type(error).__name__}: {error}")
            )
    return findings


def _python() -> Iterator[Finding]:
    yield Finding("python", "ok", f"Python {sys.version.split()[0]}")
    if os.geteuid() == 0:
        yield Finding("user", "warning", "running as root; give Efface a user of its own in production")


def _folder() -> Iterator[Finding]:
    folder = settings.data_folder()
    if not folder.exists():
        yield Finding("data", "problem", f"{folder} does not exist; run `efface init`")
        return
    free = shutil.disk_usage(folder).free // 1_000_000
    yield Finding("disk", "ok" if free > 2000 else "problem", f"{free} MB free in {folder}")
    secrets = sealing.secrets_folder()
    loose = [
        path.name
        for path in [secrets, *secrets.glob("*")]
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    if loose:
        yield Finding("secrets", "problem", f"others can read {', '.join(loose)}; run chmod -R go= {secrets}")
    if locking.is_locked():
        yield Finding("key", "problem", "the installation is locked; `efface unlock` gives its key back")
        return
    try:
        sealing.installation_key()
        where = "it is on the disk" if sealing.key_paths()[0].exists() else "it is in memory only"
        yield Finding("key", "ok", f"the installation key is there; {where}")
    except sealing.KeyMissing as error:
        yield Finding("key", "problem", str(error))


def _objects() -> Iterator[Finding]:
    """The store takes a few bytes and gives them back."""
    from efface.engine.base import objects

    if not settings.data_folder().exists():
        return
    try:
        where = objects.try_out()
    except (objects.StoreUnavailable, settings.SettingError) as error:
        yield Finding("objects", "problem", str(error))
        return
    if settings.get("objects_endpoint").startswith("http:"):
        yield Finding("objects", "warning", f"{where}: without TLS, names and sizes of sealed objects can be seen")
    else:
        yield Finding("objects", "ok", f"sealed objects are kept in {where}")


def _settings() -> Iterator[Finding]:
    for one in settings.SETTINGS:
        try:
            settings.get(one.name)
        except settings.SettingError as error:
            yield Finding("settings", "problem", str(error))
    unknown = [name for name in os.environ if name.startswith("EFFACE_") and name[7:].lower() not in settings.BY_NAME
               and name not in ("EFFACE_DATABASE_ROLE", "EFFACE_TEST_DATA")]  # fmt: skip
    if unknown:
        yield Finding("settings", "warning", f"no such setting: {', '.join(sorted(unknown))}; see docs/settings.md")


def _decoder() -> Iterator[Finding]:
    from efface.net.decoder import Decoder

    decoder = Decoder()
    try:
        state: Any = decoder.state()
    finally:
        decoder.close()
    sealed = getattr(state, "sealed", state)
    words = getattr(state, "words", str(state))
    yield Finding("decoder", "ok" if sealed else "problem", str(words))


def _models() -> Iterator[Finding]:
    from efface.engine.run.processes import models_folder
    from efface.vision import models

    problems = [row for row in models.verify(models_folder()) if row.state != "installed"]
    if problems:
        yield Finding("models", "note", f"face search is not available ({problems[0].id}: {problems[0].state}); "
                      "run `efface models install`")  # fmt: skip
    else:
        yield Finding("models", "ok", "the face models are installed and unaltered")
    for row in models.verify(models_folder(), everything=True):
        if row.role == "copy" and row.in_force:
            words = f"copy embedder {row.id}: {row.state}. {row.detail}".strip()
            yield Finding("copies", "ok" if row.state == "installed" else "warning", words)
    yield _covering()


def _covering() -> Finding:
    """Without the text models no line is found on an identity document: all but the face is covered."""
    from efface.engine.run.processes import models_folder
    from efface.vision import models

    roles = ("text-detector", "text-reader")
    needed = [row for row in models.verify(models_folder(), everything=True) if row.role in roles]
    absent = [f"{row.id}: {row.state}" for row in needed if row.state != "installed"]
    if needed and not absent:
        return Finding("covering", "ok", "text on identity documents is found, and covered by suggestion")
    return Finding("covering", "note", (
        f"no text models ({', '.join(absent) or 'none known'}): on identity documents everything but the face is "
        "covered, and a name has to be uncovered by hand; run `efface models install ppocr-v6-det ppocr-v6-rec`"
    ))  # fmt: skip


def _proxy() -> Iterator[Finding]:
    """Whether visitors are told apart (``engine.run.proxy``)."""
    from efface.engine.run import proxy

    for level, words in proxy.examined(settings.get("trusted_proxy"), settings.get("https"), proxy.noted()):
        yield Finding("proxy", level, words)


def _browser() -> Iterator[Finding]:
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
    )
    yield Finding("browser", "ok" if found else "note", f"Chromium: {found}" if found else
                  "no Chromium; pages that need a script are not read, captures have no screenshot")  # fmt: skip


def _outside() -> Iterator[Finding]:
    for name, words in (
        ("smtp_host", "no mail server is set: nothing can be sent"),
        ("mail_domain", "no mail domain is set: replies cannot be tied to their notice"),
        ("tsa_url", "no time-stamping authority is set: captures carry no timestamp"),
    ):
        value = settings.get(name)
        yield Finding(name, "ok" if value else "warning", f"{name} = {value}" if value else words)


def _mailbox() -> Iterator[Finding]:
    from efface.takedown import mailin
    from efface.takedown.mailbox import Mailbox, MailboxError

    try:
        account = mailin.account()
        if account is None:
            yield Finding("mailbox", "note", "no mailbox is read by IMAP; replies come to mail-in itself")
            return
        Mailbox(account, lambda _address: False, lambda _address, _raw: "").open()
        yield Finding("mailbox", "ok", f"mailbox {account.folder} at {account.host} can be read")
    except MailboxError as error:
        yield Finding("mailbox", "problem", f"the mailbox cannot be read: {error}")


def _desks() -> Iterator[Finding]:
    """How recipients are reached: their night, and the desks that take tickets."""
    from efface.takedown.channels.email import pace
    from efface.takedown.channels.ticket import endpoints

    try:
        pace.quiet_hours(settings.get("quiet_hours"))
    except pace.QuietHoursError as error:
        yield Finding("quiet_hours", "problem", str(error))
    try:
        desks = endpoints.parse(endpoints.written(), production=False)
    except endpoints.EndpointsUnusable as error:
        yield Finding("tickets", "problem", str(error))
        return
    names = ", ".join(one.name for one in desks)
    yield Finding("tickets", "ok" if desks else "note", f"tickets to {names}" if desks else
                  "no desk takes tickets; notices go by mail and forms")  # fmt: skip


def _sources() -> Iterator[Finding]:
    from efface.net import paths

    tor = settings.get("tor_proxy")
    if not tor:
        yield Finding("tor", "note", "no Tor client is set: onion sites are not read; EFFACE_TOR_PROXY names one")
    elif paths.answers(tor):
        yield Finding("tor", "ok", f"onion sites through {tor}, which takes connections")
    else:
        words = f"{tor} takes no connection: onion sites wait; start the Tor client, or correct EFFACE_TOR_PROXY"
        yield Finding("tor", "warning", words)
    if settings.get("tor_everything") and not tor:
        yield Finding("tor", "warning", "tor_everything is set without tor_proxy: nothing goes through Tor")


def _child_list() -> Iterator[Finding]:
    """Whether what the crawl meets can be held against the list and the terms that were set."""
    from efface.search.suspicion import known
    from efface.search.suspicion.contract import Digests, ListRefused, ListUnavailable

    try:
        held = known.suspicion()
        if held.known is None:
            yield Finding("child material", "note", "no list of known material is set (child_list); words are heeded")
            return
        held.known.holds([Digests(sha256="0" * 64)])
        yield Finding("child material", "ok", f"what the crawl meets is held against a list ({held.known.name})")
    except (ListRefused, ListUnavailable) as error:
        yield Finding("child material", "problem", f"nothing is crawled until this is mended: {error}")


def _search_sources() -> Iterator[Finding]:
    """Every source beyond the crawl of every organisation. What it is asked here holds neither name nor key."""
    from efface.accounts.models import Organisation
    from efface.engine.base import tenancy
    from efface.search.sources import known, standing

    found = []
    organisations = list(Organisation.objects.order_by("short"))
    for one in organisations:
        with tenancy.organisation(one.pk):
            for name in known.configurable():
                source = known.SOURCES[name]
                setup, row = known.configured(name)
                at = standing.Standing(name, setup, row.on if row else None, getattr(source, "refusal", ""))
                found.append((one.short if len(organisations) > 1 else "", source.contract, at))
    for check, line in standing.all_of(found, _reached):
        yield Finding(check, line.level, line.words)


def _reached(address: str) -> str:
    """What came of asking an address through the fetcher: "" where something answered."""
    from efface.net.client import FetcherRefused, FetcherUnavailable
    from efface.net.protocol import Limits, QuestionRequest
    from efface.sites import stopped

    fetcher = stopped.fetcher()
    try:
        facts = fetcher.question(QuestionRequest(address, limits=Limits(total_s=10.0))).facts
    except FetcherUnavailable:
        return "not asked: the fetcher does not run"
    except FetcherRefused as error:
        return error.error
    return "" if facts.status else facts.error or "no answer"


def _ways_out() -> Iterator[Finding]:
    """From where checks see a page, and whether those proxies take a connection."""
    from efface.net import paths

    try:
        known = paths.read_paths(paths.split(settings.get("ways_out")))
    except paths.PathError as error:
        yield Finding("ways out", "problem", f"ways_out cannot be used, and nothing is fetched until it can: {error}")
        return
    if not known:
        yield Finding(
            "ways out", "note",
            "checks see pages from this machine alone: a page hidden from here only looks gone, and every such claim "
            "says so; set ways_out to look from elsewhere too",
        )  # fmt: skip
        return
    if settings.get("tor_everything"):
        words = "with tor_everything what is seen \"here\" is what Tor's exits see"
        yield Finding("ways out", "note", words)
    for name, proxy in known.items():
        there = paths.answers(proxy)
        words = f"{name}: {proxy}" if there else f"{name}: {proxy} takes no connection; claims are capped until it does"
        yield Finding("ways out", "ok" if there else "warning", words)


def _facts() -> Iterator[Finding]:
    """Facts of the world that look-ups lean on, and their age."""
    from efface.engine.base import clock
    from efface.engine.run.processes import facts_folder
    from efface.whereabouts import snapshots

    snapshots.use(facts_folder())
    old = [state for state in snapshots.states(clock.wall()) if state.stale]
    for state in old:
        remedy = "run `efface data refresh`" if state.can_refresh else "update Efface and its packages"
        yield Finding("facts", "warning", f"{state.title}: {state.days_old} days old ({state.origin}); {remedy}")
    for snapshot in snapshots.SNAPSHOTS:
        try:
            snapshots.load(facts_folder() / f"{snapshot.name}.json")
        except snapshots.SnapshotError as error:
            yield Finding("facts", "problem", str(error))
    if not old:
        yield Finding("facts", "ok", "what look-ups know of registries, CDNs and desks is recent")


def _processes() -> Iterator[Finding]:
    try:
        pids = json.loads((settings.run_folder() / "processes.json").read_text(encoding="ascii"))["pids"]
    except (OSError, ValueError, KeyError):
        yield Finding("processes", "note", "Efface is not running; start it with `efface up`")
        return
    dead = [name for name, pid in pids.items() if not os.path.exists(f"/proc/{pid}")]  # noqa: PTH110
    yield Finding(
        "processes",
        "problem" if dead else "ok",
        f"not running: {', '.join(dead)}" if dead else f"{len(pids)} processes run",
    )


def _database() -> Iterator[Finding]:
    from django.db import connection, transaction

    from efface.engine.base.models import Deadline, Installation, Outbox

    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            version = cursor.fetchone()[0]
            cursor.execute("SELECT current_user, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
            role, bypasses = cursor.fetchone()
        yield Finding("database", "ok", f"PostgreSQL {version}, as {role}")
        if bypasses:
            yield Finding(
                "row security", "problem", f"{role} bypasses row security; connect as efface_app and efface_engine"
            )
        kind = Installation.current().kind
        yield Finding("kind", "ok", f"{kind} installation")
        if Installation.current().locked_at is not None:
            words = "the database says that everything is locked, and processes stand by; run `efface unlock` again"
            yield Finding("lock", "problem", words)
        failed = Deadline.objects.filter(state="failed").count()
        yield Finding(
            "deadlines",
            "problem" if failed else "ok",
            f"{failed} deadlines failed for good" if failed else "no deadline has failed",
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'")
            broken = cursor.fetchone()[0]
        yield Finding(
            "jobs",
            "warning" if broken else "ok",
            f"{broken} jobs failed; the log says why, and what they were for is asked for again"
            if broken
            else "no job has failed",
        )
        unclear = Outbox.objects.filter(state="ambiguous").count()
        if unclear:
            yield Finding(
                "outbox", "warning", f"{unclear} messages may or may not have left; the console's queue asks about each"
            )
        from efface.accounts.models import FaceSearchPermission, Organisation

        permitted = FaceSearchPermission.objects.filter(withdrawn_at=None).count()
        total = Organisation.objects.count()
        yield Finding(
            "face search",
            "ok",
            f"on in {permitted} of {total} organisations"
            if permitted
            else "off; a coordinator may switch it on after an impact assessment",
        )


def _workers() -> Iterator[Finding]:
    """Who works, on which hosts; and queues in which work waits that nobody serves."""
    from django.db import connection, transaction

    from efface.engine.base import workers

    with transaction.atomic():
        signs = workers.signs()
        with connection.cursor() as cursor:
            cursor.execute("SELECT queue_name, count(*) FROM procrastinate_jobs WHERE status = 'todo' GROUP BY 1")
            waiting = dict(cursor.fetchall())
    for one in signs:
        words = f"{one.host} ({one.pid}): {one.queues or 'all queues'}; last sign of life {one.silent_s:.0f} s ago"
        if not one.alive:
            yield Finding("worker", "note", f"{words}; it ended, and its work was given to others")
        elif one.skewed:
            yield Finding("worker", "warning", f"{words}; its clock is {one.skew_s:+.0f} s off: set it by NTP")
        else:
            yield Finding("worker", "ok", words)
    alive = [one for one in signs if one.alive]
    if not alive:
        yield Finding("workers", "note", "no worker runs; `efface up` starts one, `efface worker` another")
        return
    served = {queue for one in alive for queue in (one.queues.split(",") if one.queues else settings.QUEUES)}
    idle = {queue: number for queue, number in waiting.items() if queue not in served}
    told = ", ".join(f"{queue} ({number})" for queue, number in sorted(idle.items()))
    yield Finding(
        "workers", "warning" if idle else "ok",
        f"work waits that no worker serves: {told}" if idle else f"{len(alive)} workers on "
        f"{len({one.host for one in alive})} hosts",
    )  # fmt: skip

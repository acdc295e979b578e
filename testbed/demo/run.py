"""A demo from beginning to end."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console

from efface.engine.run import processes
from testbed.demo.canaries import Leak, Searcher, canaries_of, search_files
from testbed.demo.drive import Drive, Person
from testbed.demo.installation import Installation, free_port
from testbed.demo.memory import Peak, children_of, cpu_seconds
from testbed.demo.outside import OutsideBrowser
from testbed.demo.show import View
from testbed.demo.staff import Caseworker, Coordinator, Lead
from testbed.demo.survivor import Survivor
from testbed.demo.world import World
from testbed.score import score
from testbed.world import generate

#: Folders in the temporary folder that belong to other runs, or to the world itself.
OTHERS = ("efface-demo-", "efface-test-", "pytest-")
CONSENTS = ("hash_match", "copy_match", "notify", "contact_operator")


@dataclass(frozen=True, slots=True)
class Options:
    seed: int = 7
    sites: int = 40
    subjects: int = 6
    days: int = 90
    crashes: int = 0
    gallery: Path | None = None
    models: Path | None = None


class Demo:
    """Built by ``build``, played by ``play``, judged by ``judge``; ``close`` ends everything and removes the folder."""

    def __init__(self, options: Options, console: Console) -> None:
        self.options, self.console = options, console
        self.folder = Path(tempfile.mkdtemp(prefix="efface-demo-"))
        self.folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
        self.world: World | None = None
        self.installation: Installation | None = None
        self.people: list[Person] = []
        self.survivors: list[Survivor] = []
        self.drive: Drive | None = None
        self.peak: Peak | None = None
        self.began, self.started = time.monotonic(), time.time()
        self.timings: dict[str, float] = {}

    @contextlib.contextmanager
    def timed(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.timings[name] = round(time.monotonic() - began, 1)

    def build(self) -> None:
        options = self.options
        world_folder = self.folder / "world"
        with self.timed("world"):
            self.console.print(f"Building a world of {options.sites} sites (seed {options.seed}) ...")
            generate(
                options.seed, options.sites, options.subjects, gallery=options.gallery, days=options.days,
                out_dir=world_folder, salt=secrets.token_hex(8),
            )  # fmt: skip
        with self.timed("start"):
            mail_port = free_port()
            self.world = World(world_folder, f"127.0.0.1:{mail_port}")
            self.console.print("Starting Efface ...")
            self.installation = Installation(self.folder / "data", mail_port, options.models)
            self.installation.configure(self.world)
            self.installation.make(self.world)
            self.peak = Peak(lambda: [os.getpid()])
            self.installation.start(self.world, lambda line: self.console.print(line, style="yellow"))

    def enrol(self) -> None:
        """The organisation's people sign in; a case for each subject; each enrols her own pictures."""
        assert self.world is not None and self.installation is not None
        origin = self.installation.origin
        outside = OutsideBrowser(self.world.ready["world"], self.world.ready["search"]["report"])
        by_role = {one.role: one for one in self.installation.sign_ins}
        caseworker = Caseworker(origin, by_role["caseworker"], outside)
        lead = Lead(origin, by_role["lead"], outside)
        coordinator = Coordinator(origin, by_role["coordinator"], outside)
        faces = any(subject["face"] for subject in self.world.ready["subjects"])
        if faces:
            coordinator.permit_face_search()
        for subject in self.world.ready["subjects"]:
            address, code = caseworker.open_case(subject["label"])
            if subject["face"]:
                caseworker.attest(address)
            survivor = Survivor(
                origin, code, [Path(name) for name in subject["files"]], subject["face"], list(subject["known_links"])
            )
            survivor.consent(*CONSENTS, *(["face_search"] if subject["face"] else []))
            said = survivor.enrol()
            self.console.print(f"{subject['label']}: {len(survivor.files)} pictures chosen", style="dim")
            if os.environ.get("EFFACE_DEMO_TALK"):
                self.console.print(said)
            survivor.report_links()
            self.survivors.append(survivor)
        self.people = [lead, caseworker, *self.survivors]

    def play(self) -> None:
        assert self.world is not None and self.installation is not None
        assert self.installation.connection is not None
        with self.timed("enrol"):
            self.enrol()
        superuser = self._watcher()
        with View(superuser, self.world.start, self.options.days, self.console) as view, self.timed("days"):
            self.drive = Drive(
                self.installation,
                self.world,
                self.people,
                self.options.days,
                view.show,
                self.options.crashes,
                self.options.seed,
            )
            self.drive.run()
        superuser.close()

    def _watcher(self) -> psycopg.Connection[Any]:
        """The live view counts rows of every organisation; only the superuser of this demo's own database may."""
        assert self.installation is not None and self.installation.server is not None
        return self.installation.server.connect("efface")

    def judge(self) -> dict[str, Any]:
        """The score, and the search for anything of a picture that stayed."""
        assert self.world is not None and self.installation is not None
        assert self.drive is not None and self.peak is not None
        with self.timed("judge"):
            export = self.installation.export()
            # The console knows a case by the name it was opened under, the truth by the subject's key.
            keys = {subject["label"]: subject["key"] for subject in self.world.ready["subjects"]}
            for row in [*export["candidates"], *export["findings"]]:
                row["case"] = keys.get(row["case"], row["case"])
            result = score(self.world.folder, export)
            self.peak.sample()
            leaks = self.leaks()
        result["missed_deadlines"] = export["deadlines"]["missed"]
        result["failed_jobs"] = self.installation.failed_jobs()
        result["media_bytes_retained"] = 16 * len(leaks)
        if leaks:
            result["leaks"] = sorted({f"{leak.form} in {leak.where}" for leak in leaks})[:20]
        result["kills"] = len(self.drive.kills)
        result["decisions"] = dict(
            sum((person.done for person in self.people), Counter())  # type: ignore[attr-defined]
        )
        result["ambiguous_sends"] = self.installation.unclear_messages() + sum(
            count for decision, count in result["decisions"].items() if decision.startswith("send.")
        )
        result["steps"] = self.drive.steps
        result["failures"] = [line for person in self.people for line in getattr(person, "failures", [])][:20]
        result["timings"] = self.timings | {
            "waited": round(self.drive.waited_s, 1),
            "people": round(self.drive.people_s, 1),
        }
        result["cpu_s"] = round(cpu_seconds(children_of([os.getpid()])))
        result["wall_s"] = round(time.monotonic() - self.began, 1)
        result["peak_rss_mb"] = round(self.peak.bytes / 1_000_000)
        return result

    def leaks(self) -> list[Leak]:
        """Canaries found in the opened database and objects, and in every file of the installation."""
        assert self.world is not None
        canaries = canaries_of(self.world.folder)
        done = subprocess.run(
            [sys.executable, "-m", "testbed.demo.rummage"], input=json.dumps({"canaries": canaries}), text=True,
            capture_output=True, check=False, env=processes.trusted_environment("efface_app"), cwd="/",
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"the search for canaries failed:\n{done.stderr[-2000:]}")
        opened = [Leak(*leak) for leak in json.loads(done.stdout)["leaks"]]
        searcher = Searcher(canaries)
        leaks = search_files(searcher, [self.folder / "data"])
        for path in Path(tempfile.gettempdir()).iterdir():
            # Temporary files of this run may lie beside its folder; other runs have canaries of their own.
            if not path.name.startswith(OTHERS) and path.lstat().st_mtime >= self.started:
                leaks += search_files(searcher, [path])
        return opened + leaks

    def close(self) -> None:
        with contextlib.suppress(Exception):
            if self.peak:
                self.peak.stop()
        if self.installation:
            self.installation.stop()
        if self.world:
            self.world.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


REQUIRED_ZERO = (
    "false_matches", "wrong_party_notices", "duplicate_notices", "missed_deadlines", "false_gone",
    "media_bytes_retained",
)  # fmt: skip


def shortfalls(result: dict[str, Any], least_found: float) -> list[str]:
    """What the score does not keep of its promises."""
    found = [f"{name} is {result[name]}, not 0" for name in REQUIRED_ZERO if result[name]]
    if result["found"] < least_found * result["planted"]:
        found.append(f"found {result['found']} of {result['planted']} planted")
    found += [f"bytes of a picture: {leak}" for leak in result.get("leaks", ())]
    if result["reappeared_detected"] != result["reappeared_planted"]:
        found.append(f"{result['reappeared_detected']} of {result['reappeared_planted']} returns noticed")
    return found

"""``efface whereabouts`` and ``efface data`` on a testbed's world, through a real fetcher, without an installation."""

import asyncio
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from efface.cli import whereabouts_words
from efface.cli.data import data
from efface.cli.main import main
from efface.cli.whereabouts import whereabouts
from efface.whereabouts import snapshots
from efface.whereabouts.model import Contact, Dossier, Party
from testbed.serve import Running
from testbed.world import generate


@dataclass
class Bed:
    running: Running
    socket: str


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    folder: Path = tmp_path_factory.mktemp("bed")
    generate(13, 12, 2, None, 90, folder)
    running = Running(folder, None)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    ready = asyncio.run_coroutine_threadsafe(running.start(), loop).result(60)
    (folder / "world.json").write_text(json.dumps(ready["world"]), encoding="utf-8")
    given = os.open(folder / "world.json", os.O_RDONLY)
    command = [sys.executable, "-m", "efface.whereabouts.fetcher", "--socket", f"{folder}/f.sock"]
    command += ["--world-fd", str(given), "--facts", str(folder / "facts"), "--exit-with-parent"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, pass_fds=[given], stdout=subprocess.PIPE, stderr=log)
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        yield Bed(running, f"{folder}/f.sock")
        process.terminate()
        process.wait(20)
    os.close(given)
    asyncio.run_coroutine_threadsafe(running.stop(), loop).result(20)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("EFFACE_DATA", str(tmp_path / "none"))
    yield tmp_path
    snapshots.use(None)


def run(*arguments: str, code: int = 0, given: bytes = b"") -> str:
    done = CliRunner().invoke(main, list(arguments), input=given)
    assert done.exit_code == code, (done.output, done.exception)
    return done.stdout


def test_a_url_without_an_installation(bed: Bed) -> None:
    site = next(one for one in bed.running.world.sites if one.galleries)
    url = f"http://{site.domain}{site.galleries[0].path}"
    found = json.loads(run("whereabouts", url, "--json", "--socket", bed.socket))
    assert found["domain"] == site.domain and {"host", "search"} <= {party["role"] for party in found["parties"]}
    for party in found["parties"]:
        marks = [contact["confidence"] for contact in party["contacts"]]
        assert marks == sorted(marks, reverse=True)
    words = run("whereabouts", url, "--socket", bed.socket)
    assert f"hxxp://{site.domain.replace('.', '[.]')}" in words and url not in words and "Search engine" in words


def test_nobody_there_and_nobody_to_ask(bed: Bed, tmp_path: Path) -> None:
    said = run("whereabouts", "http://nobody-at-all.example/", "--socket", bed.socket, code=1)
    assert "Not everything could be asked" in said
    run("whereabouts", "http://a.example/", "--socket", str(tmp_path / "none.sock"), code=3)
    run("whereabouts", code=2)
    run("whereabouts", "a.example", "b.example", code=2)


def test_data_without_a_network_says_so(bed: Bed) -> None:
    said = run("data", "refresh", "--socket", bed.socket, code=3)
    assert said.count("\n") == 1 and "No publisher can be reached" in said
    told = json.loads(run("data", "refresh", "rdap-dns", "--json", "--socket", bed.socket, code=3))
    assert told["reachable"] is False and told["snapshots"][0]["name"] == "rdap-dns"
    run("data", "refresh", "playbook", "--socket", bed.socket, code=2)
    run("data", "revert", "rdap-dns", code=1)
    rows = json.loads(run("data", "list", "--json"))
    assert {row["name"] for row in rows} == {one.name for one in snapshots.SNAPSHOTS}
    assert all(row["date"] for row in rows)
    assert "rdap-dns" in run("data", "list")


ANSWER = b"""Domain Name: BAD.EXAMPLE
Registrar: Names
Registrar Abuse Contact Email: abuse@names.example
Domain Status: clientHold https://icann.org/epp#clientHold
Creation Date: 2019-02-28T10:00:00Z
Registrant Email: subject@mail.example
"""
FIELDS = {"domain", "status", "registrar", "registrar_url", "abuse", "created", "updated", "expires", "nameservers"}


def test_stored_answers(tmp_path: Path) -> None:
    one, two = tmp_path / "bad.example.txt", tmp_path / "rdap.json"
    one.write_bytes(ANSWER)
    found = json.loads(run("whereabouts", "--whois", str(one), "--json"))
    assert set(found) >= FIELDS and found["status"] == ["clientHold"] and found["created"] == "2019-02-28T10:00:00Z"
    desk = found["abuse"][0]
    assert (desk["value"], desk["party"]) == ("abuse@names.example", "registrar") and desk["source"]
    card = ["vcard", [["fn", {}, "text", "Names"], ["email", {}, "text", "abuse@names.example"]]]
    two.write_text(json.dumps({
        "objectClassName": "domain", "ldhName": "BAD.example", "status": ["client hold"],
        "entities": [{"roles": ["registrar"], "vcardArray": card,
                      "entities": [{"roles": ["abuse"], "vcardArray": card}]}],
        "events": [{"eventAction": "registration", "eventDate": "2019-02-28T10:00:00Z"}],
    }))  # fmt: skip
    rows = json.loads(run("whereabouts", "--whois", str(one), str(two), "--json"))
    for key in FIELDS - {"abuse"}:
        assert rows[0][key] == rows[1][key], f"{key} says the same, whichever protocol said it"
    assert rows[1]["abuse"][0]["value"] == "abuse@names.example"
    assert json.loads(run("whereabouts", "--whois", "-", "--json", given=ANSWER))["registrar"] == "Names"
    assert json.loads(run("whereabouts", "--whois", "-", "--domain", "x.uk", "--json", given=b""))["domain"] == "x.uk"
    assert "Names" in run("whereabouts", "--whois", str(one))
    run("whereabouts", "--whois", str(tmp_path / "none"), code=1)


def test_nothing_hostile_reaches_a_terminal() -> None:
    evil = "\x1b]8;;http://evil.example\x07click\u202e [bold]now[/bold]"
    form = Contact("form", "http://evil.example/f", evil, source_url="http://evil.example/", steps=[evil])
    party = Party("operator", "k", evil, domain="xn--pple-43d.example", reasons=[evil], contacts=[form])
    out = io.StringIO()
    whereabouts_words.show(
        Dossier("http://evil.example/", "evil.example", "evil.example", parties=[party], partial=[evil], signs=[evil]),
        Console(file=out, force_terminal=True, width=200, highlight=False),
    )
    text = out.getvalue()
    assert "\x1b]8" not in text and "\u202e" not in text and "http://evil" not in text
    assert "[bold]now[/bold]" in text and "reads as" in text and "hxxp://evil[.]example" in text


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("rdap domain: status 429",
         "The registry of the domain gave no usable answer (status 429: it is busy, try again later)."),
        ("whois: timeout", "WHOIS could not be asked: it took too long."),
        ("registrar: nobody said", "The registrar is not known: nobody said."),
        ("bad.example: no address", "bad[.]example could not be asked: its name leads nowhere."),
        ("the look-up took too long; what is here is not all", "The look-up took too long; what is here is not all."),
    ],
)  # fmt: skip
def test_failures_in_plain_words(said: str, words: str) -> None:
    assert whereabouts_words.partial(said) == words


def test_the_commands_are_registered() -> None:
    assert main.get_command(None, "whereabouts") is whereabouts and main.get_command(None, "data") is data  # type: ignore[arg-type]


# -- the command line asks as every room does


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, nowhere: Path) -> Iterator[list[str]]:
    """An installation whose database names these stopped sites."""
    from contextlib import contextmanager

    from efface.cli import fetching

    (nowhere / "none").mkdir()
    (nowhere / "none" / "kind").write_text("demo", encoding="ascii")
    stopped: list[str] = []

    @contextmanager
    def database() -> Iterator[None]:
        yield

    monkeypatch.setattr(fetching, "database", database)
    monkeypatch.setattr("efface.sites.stopped.domains", lambda: list(stopped))
    yield stopped


def test_nothing_is_asked_of_a_site_that_the_installation_stopped(bed: Bed, installed: list[str]) -> None:
    site = next(one for one in bed.running.world.sites if one.galleries)
    url = f"http://{site.domain}{site.galleries[0].path}"
    assert run("whereabouts", url, "--socket", bed.socket)
    installed.append(site.domain)
    done = CliRunner().invoke(main, ["whereabouts", url, "--socket", bed.socket])
    assert done.exit_code == 1 and "stopped that site" in done.output and "Traceback" not in done.output


def test_where_the_installation_cannot_tell_nothing_is_asked(
    bed: Bed, installed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> list[str]:
        raise OSError("no database")

    monkeypatch.setattr("efface.sites.stopped.domains", gone)
    done = CliRunner().invoke(main, ["whereabouts", "http://a.example/", "--socket", bed.socket])
    assert done.exit_code == 3 and "which sites it stopped" in done.output


def test_a_fetcher_of_the_command_s_own_dials_no_address_of_this_machine_or_network(nowhere: Path) -> None:
    """Whatever the URL, a redirect or a name says: it is the production guard."""
    from efface.cli.fetching import fetcher
    from efface.net.protocol import ScanRequest

    inside = "127.0.0.1", "127.1", "[::1]", "10.0.0.1", "169.254.169.254", "[::ffff:192.168.0.1]", "0x7f000001"
    with fetcher(None, nowhere / "facts") as one:
        for host in inside:
            assert one.scan(ScanRequest(f"http://{host}/")).facts.error == "refused", host

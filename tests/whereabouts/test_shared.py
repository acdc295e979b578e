"""What look-ups share: one question for many, as fresh as the asker wants, bounded, and polite."""

import asyncio
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from efface.net import fetch
from efface.net.guard import Guard
from efface.net.protocol import Limits
from efface.net.world import load_world
from efface.whereabouts.shared import Shared
from efface.whereabouts.transport import GuardTransport, Unanswered, _certificate
from testbed.lookups.serve import Running


class Asked:
    def __init__(self) -> None:
        self.count, self.now = 0, 0.0

    async def call(self) -> str:
        self.count += 1
        await asyncio.sleep(0)
        return f"answer {self.count}"

    async def fail(self) -> str:
        self.count += 1
        raise Unanswered("timeout")


def ask(shared: Shared, asked: Asked, fresh_s: float, key: Any = "k", fail: bool = False) -> Any:
    return shared.ask(key, fresh_s, asked.fail if fail else asked.call, len, Unanswered)


def test_many_who_ask_at_once_cause_one_question() -> None:
    async def play() -> None:
        shared, asked = Shared(), Asked()
        answers = await asyncio.gather(*(ask(shared, asked, 60) for _ in range(20)))
        assert set(answers) == {"answer 1"} and asked.count == 1
        await asyncio.gather(*(ask(shared, asked, 0) for _ in range(3)))
        assert asked.count == 4, "who wants it fresh asks anew"

    asyncio.run(play())


def test_an_answer_is_only_as_old_as_the_asker_allows_and_a_failure_younger_still() -> None:
    async def play() -> None:
        asked = Asked()
        shared = Shared(clock=lambda: asked.now)
        await ask(shared, asked, 100)
        asked.now = 99
        assert await ask(shared, asked, 100) == "answer 1"
        assert await ask(shared, asked, 50) == "answer 2"
        for now, count in ((0, 3), (59, 3), (61, 4)):
            asked.now = 1000 + now
            with pytest.raises(Unanswered):
                await ask(shared, asked, 600, "other", fail=True)
            assert asked.count == count

    asyncio.run(play())


def test_one_who_is_cancelled_leaves_the_others_their_answer() -> None:
    async def play() -> None:
        shared, asked = Shared(), Asked()
        first = asyncio.create_task(ask(shared, asked, 60))
        second = asyncio.create_task(ask(shared, asked, 60))
        await asyncio.sleep(0)
        first.cancel()
        assert await second == "answer 2"

    asyncio.run(play())


def test_it_stays_within_its_bounds() -> None:
    async def play() -> None:
        asked = Asked()
        shared = Shared(most=10, most_bytes=3000)
        for number in range(50):
            await ask(shared, asked, 60, number)
        assert len(shared._kept) <= 10 and shared._bytes <= 3000
        before = asked.count
        await ask(shared, asked, 60, 49)
        assert asked.count == before
        await ask(shared, asked, 60, 0)
        assert asked.count == before + 1
        assert not shared._waiting

    asyncio.run(play())


def test_no_more_than_allowed_are_at_one_door() -> None:
    async def play() -> None:
        shared = Shared()
        inside = most = 0

        async def visit(name: str) -> None:
            nonlocal inside, most
            async with shared.gate(name, 2):
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0)
                inside -= 1

        await asyncio.gather(*(visit("a") for _ in range(20)))
        assert most == 2
        for number in range(5000):
            await visit(str(number))
        assert len(shared._gates) <= 2001

    asyncio.run(play())


def test_over_the_guard_a_batch_asks_a_registry_once() -> None:
    async def play() -> None:
        running = Running(3, 30)
        ready = await running.start()
        guard = Guard(world=load_world(ready["world"]))
        site = running.world.sites[0]
        seen: list[str] = []
        real = running.registry.answer
        running.registry.answer = lambda path: (seen.append(path), real(path))[1]  # type: ignore[method-assign,func-returns-value]
        url = f"http://{running.world.services['names']}/domain/x-not-there.com"
        shared = Shared()
        try:
            for fresh_s in (600.0, 600.0, 0.0):
                async with GuardTransport(guard, Limits(), shared, fresh_s) as transport:
                    assert await transport.dns(site.domain, "NS")
                    with pytest.raises(Unanswered, match="404"):
                        await transport.get_json(url)
        finally:
            await running.stop()
        assert len(seen) == 2

    asyncio.run(play())


def test_what_a_certificate_says() -> None:
    shown = {"subject": ((("commonName", "x"),), (("organizationName", "Bad Pictures Ltd"),)),
             "subjectAltName": (("DNS", "A.example"), ("IP Address", "1.2.3.4"))}  # fmt: skip
    found = _certificate(shown)
    assert (found.organisation, found.names) == ("Bad Pictures Ltd", ("a.example",))
    assert _certificate({}).organisation == ""


def test_the_certificate_of_a_page_comes_over_the_guards_own_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def play() -> None:
        running = Running(3, 30)
        ready = await running.start()
        site = next(one for one in running.world.sites if not one.place.cdn and one.where not in ("wall", "dead-dns"))
        authority = _issue(tmp_path, site.place.host)
        serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        serving.load_cert_chain(tmp_path / "cert.pem")
        trusting = ssl.create_default_context(cafile=str(authority))
        monkeypatch.setattr(fetch, "tls_context", lambda: trusting)

        async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi"
            )
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(page, running.world.dial[site.place.origin], 0, ssl=serving)
        ready["world"]["ports"]["443"] = server.sockets[0].getsockname()[1]
        guard = Guard(world=load_world(ready["world"]))
        try:
            async with GuardTransport(guard, Limits()) as transport:
                answer = await transport.get(f"https://{site.place.host}/")
        finally:
            server.close()
            await running.stop()
        assert answer.certificate is not None
        assert answer.certificate.organisation == "Bad Pictures Ltd" and site.place.host in answer.certificate.names

    asyncio.run(play())


def _issue(folder: Path, host: str) -> Path:
    """A certificate with its key in ``cert.pem``, signed by itself; the path of what is to be trusted."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Bad Pictures Ltd")])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(start.replace(year=2099))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    public = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "cert.pem").write_bytes(private + public)
    (folder / "ca.pem").write_bytes(public)
    return folder / "ca.pem"

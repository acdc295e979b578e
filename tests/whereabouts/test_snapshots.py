"""Facts of the world with a date: a fresher one only over the guard, only in its shape, and always with a way back."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from efface.net.guard import Guard
from efface.net.protocol import from_wire, to_wire
from efface.whereabouts import facts, rdap, refresh, snapshot_shapes, snapshots
from tests.net.internet import Internet, answer, running

NOW = datetime(2027, 1, 2, tzinfo=UTC)
NAMES = {
    "services": [
        [[f"s{n}" for n in range(40)], ["http://a.example/"]],
        [["com", "net", *(f"t{n}" for n in range(40))], ["http://b.example/", "https://b.example/"]],
    ]
}


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    """Publishers on loopback: what ``pages`` holds is what they send."""
    with running() as internet:
        for name in ("rdap-dns", "cdn-cloudflare", "cdn-fastly", "cdn-cloudfront"):
            one = snapshots.BY_NAME[name]
            parts = tuple(f"http://{name}.example/{number}" for number, _ in enumerate(one.parts))
            monkeypatch.setitem(snapshots.BY_NAME, name, replace(one, url=f"http://{name}.example/", parts=parts))
        yield internet
    snapshots._adopted.clear()
    snapshots.use(None)


class InProcess:
    """The fetcher's operation without its process: what goes through is what the wire carries."""

    def __init__(self, internet: Internet) -> None:
        self.internet = internet

    def ask(self, op: str, request: Any, kind: Any) -> Any:
        assert op == "snapshot"
        given = from_wire(refresh.SnapshotRequest, json.loads(json.dumps(to_wire(request))))
        return from_wire(kind, to_wire(asyncio.run(refresh.fetch(given, Guard(world=self.internet.world())))))


def serve(web: Internet, name: str, *bodies: bytes | str) -> None:
    texts = [body.encode() if isinstance(body, str) else body for body in bodies]
    web.add(f"{name}.example", lambda got: answer(texts[int(got.target.strip("/") or -1) + 1], mime="text/plain"))


def fetch(web: Internet, folder: Path, name: str, shrunk: bool = False) -> refresh.SnapshotAnswer:
    return refresh.refresh(InProcess(web), folder, name, NOW, shrunk)  # type: ignore[arg-type]


def test_a_fresher_list_of_registries_is_used_from_then_on(web: Internet, tmp_path: Path) -> None:
    snapshots.use(tmp_path)
    before = rdap.Registries().domain("a.com")
    serve(web, "rdap-dns", json.dumps(NAMES))
    assert fetch(web, tmp_path, "rdap-dns").kept
    assert rdap.Registries().domain("a.com") == "https://b.example/domain/a.com" != before
    snapshots._adopted.clear()
    snapshots.use(tmp_path)
    assert rdap.Registries().domain("a.com") == "https://b.example/domain/a.com", "after a restart, from its file"
    assert rdap.Registries().domain("a.fr"), "what the publisher left out is still known from the package"
    state = next(one for one in snapshots.states(NOW + timedelta(days=3)) if one.name == "rdap-dns")
    assert (state.date, state.days_old, state.refreshed, state.entries) == ("2027-01-02", 3, True, 82)


def test_back_to_the_one_before_and_then_to_the_packaged(web: Internet, tmp_path: Path) -> None:
    snapshots.use(tmp_path)
    for base in ("https://first.example/", "https://second.example/"):
        serve(web, "rdap-dns", json.dumps({"services": [[["com", *(f"u{n}" for n in range(90))], [base]]]}))
        assert fetch(web, tmp_path, "rdap-dns").kept
    said = snapshots.revert(tmp_path, "rdap-dns")
    snapshots._adopted.clear()
    snapshots.use(tmp_path)
    assert "is in use again" in said and rdap.Registries().domain("a.com") == "https://first.example/domain/a.com"
    snapshots.revert(tmp_path, "rdap-dns")
    snapshots.use(tmp_path)
    assert rdap.Registries().domain("a.com").startswith("https://rdap.verisign.com/")
    for name in ("rdap-dns", "nothing", "../../etc/passwd"):
        with pytest.raises(snapshots.SnapshotError):
            snapshots.revert(tmp_path, name)


def test_ranges_of_a_cdn(web: Internet, tmp_path: Path) -> None:
    snapshots.use(tmp_path)
    serve(web, "cdn-cloudflare", "\n".join(f"104.{n}.0.0/16" for n in range(16, 48)), "2606:4700::/32\n")
    assert fetch(web, tmp_path, "cdn-cloudflare").kept
    known = next(one for one in facts.cdns() if one.key == "cloudflare")
    assert len(known.ranges) == 33 and known.cname == ("cdn.cloudflare.net",)
    serve(web, "cdn-fastly", json.dumps({"addresses": ["151.101.0.0/16", "199.232.0.0/16"], "ipv6_addresses": []}))
    assert fetch(web, tmp_path, "cdn-fastly").kept
    rows = [{"ip_prefix": "13.32.0.0/15", "service": "CLOUDFRONT"}, {"ip_prefix": "3.0.0.0/15", "service": "EC2"}]
    serve(web, "cdn-cloudfront", json.dumps({"prefixes": rows, "ipv6_prefixes": []}))
    assert fetch(web, tmp_path, "cdn-cloudfront").kept
    assert [str(n) for one in facts.cdns() if one.key == "cloudfront" for n in one.ranges] == ["13.32.0.0/15"]


BAD = {
    "HTML": "<html><body>Please log in</body></html>", "nothing": "", "another shape": '{"services": "x"}',
    "no services": '{"services": []}', "no address": '{"services": [[["com"], ["ftp://x"]]]}', "a list": "[1]",
    "shrunk": '{"services": [[["com"], ["https://x.example/"]]]}', "deep": "[" * 50_000,
    "numbers": '{"services": [[[1], ["https://x"]]]}',
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_what_is_no_list_changes_nothing(web: Internet, tmp_path: Path, what: str) -> None:
    snapshots.use(tmp_path)
    serve(web, "rdap-dns", BAD[what])
    found = fetch(web, tmp_path, "rdap-dns")
    assert not found.kept and not found.unreachable and "nothing changed" in found.words
    assert not list(tmp_path.iterdir()) and rdap.Registries().domain("a.com").startswith("https://rdap.verisign.com/")
    if what == "shrunk":
        assert fetch(web, tmp_path, "rdap-dns", shrunk=True).kept


@pytest.mark.parametrize("text", ["0.0.0.0/0", "10.0.0.0/8", "::/0", "127.0.0.0/8", "1.0.0.0/4", "104.16.0.0/13 x"])
def test_no_publisher_may_claim_the_world(web: Internet, tmp_path: Path, text: str) -> None:
    serve(web, "cdn-cloudflare", "\n".join(f"104.{n}.0.0/16" for n in range(30)) + f"\n{text}", "2606:4700::/32")
    assert not fetch(web, tmp_path, "cdn-cloudflare").kept and not list(tmp_path.iterdir())


def test_too_much_and_nobody_there(web: Internet, tmp_path: Path) -> None:
    serve(web, "rdap-dns", b" " * (refresh.LIMITS.page_bytes + 1000))
    assert "more than it should" in fetch(web, tmp_path, "rdap-dns").words
    gone = fetch(web, tmp_path, "cdn-fastly")
    assert gone.unreachable and "no answer (nxdomain)" in gone.words
    web.add("rdap-dns.example", lambda got: answer(status=302, location="http://127.0.0.1/"))
    assert not fetch(web, tmp_path, "rdap-dns").kept
    web.add("rdap-dns.example", lambda got: answer(b"{}"), ["127.0.0.1"])
    assert fetch(web, tmp_path, "rdap-dns").unreachable, "the guard dials no loopback that the world does not map"


def test_a_lying_fetcher_is_checked_again(tmp_path: Path) -> None:
    class Liar:
        def ask(self, op: str, request: Any, kind: Any) -> refresh.SnapshotAnswer:
            return refresh.SnapshotAnswer(kept=json.dumps({"name": "../../x", "content": {"ranges": ["0.0.0.0/0"]}}))

    with pytest.raises(snapshots.SnapshotError):
        refresh.refresh(Liar(), tmp_path, "cdn-fastly", NOW)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_a_damaged_file_is_left_aside_and_named(tmp_path: Path) -> None:
    path = tmp_path / "rdap-dns.json"
    world = '{"fetched": "2027-01-01", "content": {"ranges": ["0.0.0.0/0"]}}'
    for text in ("", "{", '{"fetched": "x"}', world, "[" * 9999):
        path.write_text(text)
        snapshots.use(tmp_path)
        assert rdap.Registries().domain("a.com").startswith("https://rdap.verisign.com/")
        with pytest.raises(snapshots.SnapshotError, match="efface data revert rdap-dns"):
            snapshots.load(path)
    snapshots.use(None)


def test_a_request_names_a_snapshot_and_never_an_address(web: Internet, tmp_path: Path) -> None:
    for name in ("whois-servers", "http://evil.example/", ""):
        found = asyncio.run(refresh.fetch(refresh.SnapshotRequest(name, NOW.isoformat()), Guard(world=web.world())))
        assert not found.kept
    assert web.asked == []


def test_every_snapshot_has_a_date_and_grows_old() -> None:
    snapshots.use(None)
    states = snapshots.states(datetime(2026, 12, 1, tzinfo=UTC))
    assert all(state.date and state.origin for state in states) and len({one.name for one in states}) == len(states)
    assert not [state.name for state in states if state.stale]
    later = snapshots.states(datetime(2036, 1, 1, tzinfo=UTC))
    assert all(state.stale for state in later)


def test_a_size_is_what_is_named() -> None:
    assert snapshot_shapes.size(NAMES) == 82 and snapshot_shapes.size({"ranges": ["a", "b"]}) == 2

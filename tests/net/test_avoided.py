"""Of a stopped site nothing is asked, wherever its address comes from: the request, a redirect, a picture on another
page, a player, a capture, a check. For each the same is asked without the guard, and goes out."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator

import pytest

from efface.net import avoided, client
from efface.net.client import Fetcher, FetcherRefused
from efface.net.protocol import AssetRef, CaptureRequest, ListRequest, ObserveRequest, ProtocolError, ScanRequest
from tests.net.internet import Internet, Request, answer, running
from tests.net.test_process import ELSE, FRAME, album, fetcher

HALTED = "halted.test"


def _host(request: Request) -> bytes:
    if request.target == "/moves":
        return answer(status=302, Location=f"http://www.{HALTED}/p/1")
    if request.target == "/shows":
        main = f"<p>Some words of its own.</p><img src='http://cdn.{HALTED}/full.jpg'><img src='/own.jpg'>"
        return answer(FRAME.format(title="Shows", main=main).encode())
    if request.target == "/plays":
        main = f"<p>Some words of its own.</p><iframe src='http://{HALTED}/p/1'></iframe>"
        return answer(FRAME.format(title="Plays", main=main).encode())
    return answer(ELSE, mime="image/jpeg")


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Internet, Fetcher]]:
    with running() as internet, fetcher(internet, tmp_path_factory.mktemp("f")) as (one, _):
        for host in (HALTED, f"www.{HALTED}", f"cdn.{HALTED}"):
            internet.add(host, album)
        internet.add("host.test", _host)
        yield internet, one


@pytest.fixture(params=["kept", "broken"])
def net(outside: tuple[Internet, Fetcher], request: pytest.FixtureRequest) -> tuple[Internet, Fetcher, bool]:
    """The third is whether the guard stands."""
    internet, one = outside
    internet.asked.clear()
    kept = request.param == "kept"
    return internet, Fetcher(one.path, 60, (lambda: [HALTED]) if kept else None), kept


def _asked(internet: Internet) -> bool:
    return any(host.endswith(HALTED) for host, _target in internet.asked)


@pytest.mark.parametrize("path", ["/moves", "/shows", "/plays"])
def test_nothing_is_asked_of_it_on_the_way_to_another(net: tuple[Internet, Fetcher, bool], path: str) -> None:
    internet, one, kept = net
    scan = one.scan(ScanRequest(f"http://host.test{path}"))
    assert _asked(internet) is not kept
    assert ("host.test", path) in internet.asked
    if kept and path == "/moves":
        assert (scan.facts.error, scan.facts.detail) == ("refused", avoided.WHY)
    if kept and path == "/shows":
        by_host = {"own.jpg" in item.ref.url: item for item in scan.media}
        assert by_host[True].picture.sha256 and not by_host[False].picture.sha256


def test_nothing_is_asked_of_it_itself(net: tuple[Internet, Fetcher, bool]) -> None:
    internet, one, kept = net
    for ask in (
        lambda: one.scan(ScanRequest(f"http://{HALTED}/p/1")),
        lambda: one.capture(CaptureRequest(f"http://www.{HALTED}/p/1")),
        lambda: one.observe(ObserveRequest([AssetRef("page", f"http://{HALTED}/p/1")])),
        lambda: one.listed(ListRequest(f"http://{HALTED}/feed")),
    ):
        with pytest.raises(FetcherRefused, match="stopped") if kept else contextlib.nullcontext():
            ask()
    assert _asked(internet) is not kept


def test_the_fetcher_refuses_it_were_it_asked_all_the_same(
    outside: tuple[Internet, Fetcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second guard, with the first one broken."""
    internet, one = outside
    internet.asked.clear()
    monkeypatch.setattr(client, "_hosts", lambda request: [])
    held = Fetcher(one.path, 60, lambda: [HALTED])
    assert held.scan(ScanRequest(f"http://{HALTED}/p/1")).facts.detail == avoided.WHY
    assert not _asked(internet)


def test_one_request_s_list_is_not_another_s(outside: tuple[Internet, Fetcher]) -> None:
    internet, one = outside
    internet.asked.clear()
    Fetcher(one.path, 60, lambda: [HALTED]).scan(ScanRequest("http://host.test/moves"))
    one.scan(ScanRequest("http://host.test/moves"))
    assert _asked(internet)


@pytest.mark.parametrize(
    ("host", "covered"),
    [(HALTED, True), (f"a.b.{HALTED}", True), ("HALTED.test.", True), (f"not{HALTED}", False), ("test", False),
     ("", False), (f"{HALTED}.example", False)],
)  # fmt: skip
def test_a_domain_covers_what_lies_below_it_and_nothing_else(host: str, covered: bool) -> None:
    assert avoided.covers([HALTED], host) is covered
    assert avoided.covers([], host) is False


@pytest.mark.parametrize("given", [None, "halted.test", [1], ["x"] * (avoided.MOST + 1), {}])
def test_a_list_that_cannot_be_read_carries_nothing_out(given: object) -> None:
    with pytest.raises(ProtocolError):
        avoided.read(given)


def test_every_operation_of_the_client_goes_through_the_guarded_way() -> None:
    for name, function in inspect.getmembers(Fetcher, inspect.isfunction):
        if not name.startswith("_") and name not in ("ask", "ping"):
            assert "self.ask(" in inspect.getsource(function), name

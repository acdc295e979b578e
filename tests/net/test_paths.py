"""Other ways out: described without secrets, asked for judged addresses only, and seen side by side by a check."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from bench.verify import proxies
from efface.net.decoder import Decoder
from efface.net.fetcher.context import Context
from efface.net.fetcher.decoding import Decoding
from efface.net.fetcher.observe import observe
from efface.net.guard import Guard
from efface.net.paths import PathError, answers, read_paths, split
from efface.net.protocol import AssetRef, Limits, Observation, ObserveRequest
from tests.net.internet import Internet, Request, answer, fetch, running

HERE = "127.0.0.1"


@pytest.fixture
def internet() -> Iterator[Internet]:
    with running() as net:
        net.add("a.test", lambda request: answer(request.stream.getpeername()[0].encode()))
        net.add("inside.test", lambda request: answer(b"x"), ["10.0.0.7"])
        yield net


@pytest.fixture
def ways() -> Iterator[dict[str, str]]:
    with proxies.standing() as paths:
        yield paths


def test_each_way_leads_out_elsewhere_and_the_guard_itself_stays_here(internet: Internet, ways: dict[str, str]) -> None:
    guard = Guard(world=internet.world(), paths=ways)
    assert fetch(guard.via("north"), "http://a.test/")[1] == b"127.0.0.2"
    assert fetch(guard.via("south"), "http://a.test/")[1] == b"127.0.0.3"
    facts, body = fetch(guard, "http://a.test/")
    assert body == HERE.encode() and guard.upstream == "" and facts.claimed_ip == "45.66.77.88"


@pytest.mark.parametrize("name", ["north", "south"])
def test_a_name_that_leads_inside_is_refused_before_the_proxy_hears_of_it(
    internet: Internet, ways: dict[str, str], name: str
) -> None:
    guard = Guard(world=internet.world(), paths=ways).via(name)
    for url in ("http://inside.test/", "http://127.0.0.1/", "http://0x7f.1/", "http://a.test:22/"):
        assert fetch(guard, url)[0].error == "refused", url


def test_a_proxy_that_is_not_there_is_an_error_of_this_way_alone(internet: Internet) -> None:
    guard = Guard(world=internet.world(), paths={"gone": "socks5://127.0.0.1:9"})
    assert fetch(guard.via("gone"), "http://a.test/")[0].error == "reset"
    assert fetch(guard, "http://a.test/")[0].error == ""
    assert not answers("socks5://127.0.0.1:9")


def test_a_check_sees_what_only_others_are_shown(internet: Internet, ways: dict[str, str]) -> None:
    def site(request: Request) -> bytes:
        away = request.stream.getpeername()[0] != HERE
        if request.target == "/v/1" and not away:
            return answer(b"<title>404</title>", 404)
        return answer(b"<title>Album</title><p>" + b"Some words of a page. " * 20)

    internet.add("site.test", site)

    async def go() -> Observation:
        with Decoder(models=None) as decoder:
            decoding = Decoding(decoder, own=False)
            guard = Guard(world=internet.world(), paths={**ways, "gone": "http://127.0.0.1:9"})
            context = Context(guard, decoding, None)
            request = ObserveRequest(
                [AssetRef("page", "http://site.test/v/1")], pdq=["0" * 64], control_url="http://site.test/v/2",
                limits=Limits(total_s=5),
            )  # fmt: skip
            seen = await observe(request, context)
            await decoding.close()
            return seen

    seen = asyncio.run(go())
    assert {look.facts.status for look in seen.pages.values()} == {404}
    told = {one.name: one.page.facts.status if one.page else None for one in seen.paths}
    assert told == {"north": 200, "south": 200, "gone": None}


@pytest.mark.parametrize(("given", "words"), [
    ("nl", "NAME=PROXY"), ("=socks5://h:1", "NAME=PROXY"), ("here=socks5://h:1", "NAME=PROXY"),
    ("n l=socks5://h:1", "NAME=PROXY"), ("nl=ftp://h:1", "socks5://HOST:PORT"), ("nl=socks5://h", "HOST:PORT"),
    ("nl=socks5://h:99999", "no address"), ("nl=http://u:p@h:1", "password"),
])  # fmt: skip
def test_what_cannot_be_a_way_out_says_what_can(given: str, words: str) -> None:
    with pytest.raises(PathError, match=words):
        read_paths([given])


def test_names_are_told_apart_and_few() -> None:
    assert read_paths(split(" NL = socks5h://[2001:db8::1]:1080 , br=http://p.example:3128 ,")) == {
        "nl": "socks5://[2001:db8::1]:1080", "br": "http://p.example:3128",
    }  # fmt: skip
    with pytest.raises(PathError, match="two"):
        read_paths(["a=http://h:1", "A=http://h:2"])
    with pytest.raises(PathError, match="at most"):
        read_paths([f"p{n}=http://h:1" for n in range(5)])

"""Families of the catalogue fail where the guard that they are about is broken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest
from selectolax.lexbor import LexborHTMLParser

from bench.crawl import after, alike, hostile, oddities, who
from bench.crawl.catalogue import CASES
from efface.net import fetch
from efface.net.browser import Browser
from efface.net.decoder import Decoder
from efface.net.fetcher import context, looking
from efface.whereabouts import lookup, page, script

BY_NAME = {one.name: one for one in CASES}


def _nothing_hidden(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(page, "visible", LexborHTMLParser)


def _no_refusals(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(lookup, "refused", lambda parties, refuse: parties)


def _scripts_are_not_read(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(script, "strings", lambda source: iter(()))


def _cache_is_life(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(looking, "cache_hit", lambda headers: False)


def _no_alert(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(after.addresses, "written", lambda text: [])


def _no_referer(patch: pytest.MonkeyPatch) -> None:
    before = fetch.Session.get

    async def get(self: Any, url: str, **more: Any) -> Any:
        return await before(self, url, **(more | {"referer": ""}))

    patch.setattr(fetch.Session, "get", get)


def _thumbnails_do_not_count(patch: pytest.MonkeyPatch) -> None:
    before = after.ObserveRequest

    def without(assets: list[Any], **more: Any) -> Any:
        return before([one for one in assets if one.role != "thumbnail"], **more)

    patch.setattr(after, "ObserveRequest", without)


def _whatever_is_shared_joins(patch: pytest.MonkeyPatch) -> None:
    class Joins(alike.Mirrors):
        def networks(self) -> Any:
            return [type("Joined", (), {"members": tuple(self.holdings.held)})()]

    patch.setattr(alike, "Mirrors", Joins)


def _nothing_joins(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(alike.Mirrors, "networks", lambda self: [])


def _addresses_as_written(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(oddities.urls, "canonical", unquote)


def _letters_that_look_alike_are_one(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(oddities, "site_of", lambda url: "example.net")


def _one_asker_only(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(context, "BROWSER_AGENT", context.BOT_AGENT)


def _headers_as_they_come(patch: pytest.MonkeyPatch) -> None:
    before = oddities.look

    async def long(*given: Any, **more: Any) -> Any:
        one = await before(*given, **more)
        return replace(one, facts=replace(one.facts, headers={**one.facts.headers, "etag": "x" * 5000}))

    patch.setattr(oddities, "look", long)


BROKEN: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "after a notice: the copy at the CDN outlives the origin": _cache_is_life,
    "after a notice: the thumbnail outlives the picture": _thumbnails_do_not_count,
    "e-mail: honeypot, not displayed": _nothing_hidden,
    "e-mail: base64 in a script": _scripts_are_not_read,
    "e-mail: her own address in a link": _no_refusals,
    "mirrors: all but the pictures is changed": _nothing_joins,
    "mirrors: an album that goes round": _whatever_is_shared_joins,
    "mirrors: strangers at one CDN, on one theme with its id": _whatever_is_shared_joins,
    "shame page: our reply address": _no_alert,
    "media: only with a Referer": _no_referer,
    "scripts in addresses": _addresses_as_written,
    "scripts in headers": _headers_as_they_come,
    "names in other letters": _letters_that_look_alike_are_one,
    "not there for our name only": _one_asker_only,
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_guard_is_seen(name: str, decoder: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    BROKEN[name](monkeypatch)
    told = asyncio.run(hostile.play(BY_NAME[name], decoder, Browser(enabled=False)))
    assert not told["ok"], told


@pytest.mark.parametrize("desk", ["", "abuse@iana.org"])
def test_no_desk_and_a_wrong_one_are_told_from_the_right_one(
    desk: str, decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The registry cases judge by the world's own truth."""
    before = who.lookup

    async def other(request: Any, guard: Any) -> Any:
        found = await before(request, guard)
        for party in found.parties:
            if party.role == "host":
                party.contacts[:] = [replace(one, value=desk) for one in party.contacts if desk]
        return found

    monkeypatch.setattr(who, "lookup", other)
    told = asyncio.run(hostile.play(BY_NAME["registry: several desks"], decoder, Browser(enabled=False)))
    assert not told["ok"], told

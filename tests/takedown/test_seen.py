"""What a check saw, told so that a person can compare it."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from efface.console import evidence
from efface.net.protocol import PathLook
from efface.takedown import sight
from efface.takedown.seen import seen as read
from tests.takedown.test_verdict import ALIVE, BASELINE, CONTROL, NONE_LEFT, PAGE, page, picture, seen

EVERYTHING = seen(
    pages={"bot": page(404), "browser": page(served=True), "from-search": page(final_url="https://a.example/")},
    media=[*ALIVE, picture("segment"), picture("search", 200, mime="text/html"),
           replace(picture(status=403), agent="browser")],
    others=[page(403, url=PAGE + "/xx")],
    paths=[PathLook("north", page(451), CONTROL, NONE_LEFT), PathLook("south", control=None)],
)  # fmt: skip


def test_every_visitor_and_place_has_its_column() -> None:
    told = read(EVERYTHING, frozenset(), BASELINE)
    assert [(one.who, one.where, one.kind) for one in told.views] == [
        ("bot", "", "gone"), ("browser", "", "served"), ("from-search", "", "soft"), ("other", PAGE + "/xx", "gated"),
        ("place", "north", "geo"),
    ]  # fmt: skip
    assert told.useless == ("south",) and told.control_ok
    kinds = {(one.role, one.who): one.kind for one in told.pieces if one.who != "place"}
    assert kinds == {
        ("media", "bot"): "alive", ("thumbnail", "bot"): "alive", ("segment", "bot"): "gone",
        ("search", "bot"): "not-listed", ("media", "browser"): "gated",
    }  # fmt: skip
    assert {one.where for one in told.pieces if one.who == "place"} == {"north"}


def test_every_kind_has_words() -> None:
    for kind in get_args(sight.PageKind):
        assert evidence.page_words(kind) != kind or kind == "served", kind
    for kind in (*get_args(sight.MediaKind), "listed", "not-listed"):
        assert " " in evidence.media_words(kind), kind
    for who in ("bot", "browser", "from-site", "from-search", "other", "place"):
        assert " " in evidence.visitor(who, "north")
    for role in ("media", "thumbnail", "poster", "cdn", "segment", "search"):
        assert evidence.role_words(role) != role

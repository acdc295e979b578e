"""The playbook: typed, sourced, and what the research says of desks stands in it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from efface.whereabouts import playbook
from efface.whereabouts.playbook import PlaybookError, load, ours

GOOD: dict[str, Any] = {
    "key": "x",
    "role": "host",
    "name": "X",
    "as_of": "2026-01-01",
    "sources": ["own"],
    "confidence": "low",
    "desks": [{"channel": "email", "value": "abuse@x-hosting.net", "confidence": 0.5}],
}


def folder(home: Path, *entries: Any) -> Path:
    (home / "sources.yaml").write_text("own: {title: t, url: '', kind: primary}", encoding="utf-8")
    (home / "a.yaml").write_text(yaml.safe_dump(list(entries)), encoding="utf-8")
    return home


def test_what_is_shipped_loads_and_names_its_sources() -> None:
    book = ours()
    assert len(book.entries) > 90
    for one in book.entries:
        assert one.sources and one.as_of >= "2026", one.key
        assert one.confidence != "high" or "general" not in one.sources, f"{one.key}: general knowledge is not sure"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"phone": "1"}, "unknown field phone"),
        ({"role": "friend"}, "role"),
        ({"sources": ["rumour"]}, "rumour is not in sources.yaml"),
        ({"sources": []}, "none is not in"),
        ({"desks": [{"channel": "email", "value": "nobody", "confidence": 0.5}]}, "is no email"),
        ({"desks": [{"channel": "form", "value": "javascript:x", "confidence": 0.5}]}, "is no form"),
        ({"desks": [{"channel": "email", "value": "a@b.cc", "confidence": 1.5}]}, "between 0 and 1"),
        ({"desks": [{"channel": "email", "value": "a@b.cc", "confidence": 0.5, "fax": 1}]}, "unknown field fax"),
        ({"paths": ["(?P<x"]}, "paths"),
        ({"asn": ["many"]}, "asn"),
    ],
)
def test_an_entry_of_the_wrong_shape_is_refused_by_name(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    load(folder(tmp_path, GOOD))
    with pytest.raises(PlaybookError, match=r"a\.yaml\[x\]") as error:
        load(folder(tmp_path, GOOD | change))
    assert said in str(error.value)


def test_missing_keys_doubles_and_broken_files_are_refused(tmp_path: Path) -> None:
    for wrong in ([{"key": "x"}], [GOOD, GOOD], ["word"], [None]):
        with pytest.raises(PlaybookError):
            load(folder(tmp_path, *wrong))
    (folder(tmp_path, GOOD) / "a.yaml").write_text("{", encoding="utf-8")
    with pytest.raises(PlaybookError, match=r"a\.yaml"):
        load(tmp_path)


PLACES = {
    "https://t.me/some_channel/123": ("telegram", {"channel": "some_channel", "message": "123"}),
    "https://t.me/s/some_channel/9": ("telegram", {"channel": "some_channel", "message": "9"}),
    "https://t.me/c/1234567890/42": ("telegram", {"channel_id": "1234567890", "message": "42"}),
    "https://t.me/+AbCdEf123456": ("telegram", {"invite": "AbCdEf123456"}),
    "https://old.reddit.com/r/pics/comments/abc123/title/def456/": (
        "reddit",
        {"community": "pics", "post": "abc123", "comment": "def456"},
    ),
    "https://x.com/someone/status/1234567890": ("x", {"account": "someone", "post": "1234567890"}),
    "https://twitter.com/someone/status/1234567890": ("x", {"account": "someone", "post": "1234567890"}),
    "https://discord.com/channels/123456789012345678/223456789012345678/323456789012345678": (
        "discord",
        {"server": "123456789012345678", "channel": "223456789012345678", "message": "323456789012345678"},
    ),
    "https://www.instagram.com/p/CxYz-12_/": ("instagram", {"kind": "p", "post": "CxYz-12_"}),
    "https://www.tiktok.com/@some.one/video/7123456789012345678": (
        "tiktok",
        {"account": "some.one", "post": "7123456789012345678"},
    ),
    "https://www.youtube.com/watch?v=abcdefghijk&t=1": ("youtube", {"video": "abcdefghijk"}),
    "https://youtu.be/abcdefghijk": ("youtube", {"video": "abcdefghijk"}),
    "https://vk.com/video-12_34": ("vk", {"owner": "-12", "post": "34"}),
    "https://www.pornhub.com/view_video.php?viewkey=ph5f00": ("aylo", {"video": "ph5f00"}),
    "https://www.reddit.com/": ("reddit", {}),
}


@pytest.mark.parametrize("url", PLACES)
def test_a_platform_is_known_by_its_address_and_the_ids_are_read(url: str) -> None:
    found = ours().place(url)
    assert found is not None and (found[0].key, found[1]) == PLACES[url]


@pytest.mark.parametrize(
    "url",
    [
        "https://not-t.me/a/1",
        "https://t.me.evil.net/a/1",
        "https://evil.net/t.me/1",
        "nonsense",
        "http://[::1",
        "https://xn--t-xmb.me/a/1",
    ],
)
def test_what_only_looks_like_a_platform_is_none(url: str) -> None:
    assert ours().place(url) is None


def test_the_longest_name_wins_and_roles_are_kept_apart() -> None:
    book = ours()
    google = book.host(("platform",), "drive.google.com")
    assert google is not None and google.key == "google-products"
    assert book.host(("payment",), "exoclick.com") is None
    assert book.host(("ads",), "main.realsrv.com") is book.named("ads", "exoclick")
    assert book.registrar("146") is book.named("registrar", "godaddy") and book.registrar("x") is None


def test_a_world_may_bring_entries_along() -> None:
    more = playbook.with_more([GOOD | {"asn": [64500]}])
    assert more.number("host", 64500) is not None and ours().number("host", 64500) is None
    with pytest.raises(PlaybookError):
        playbook.with_more([GOOD | {"what": 1}])


RESEARCH = Path(__file__).parents[3] / "shared" / "law" / "channels.yaml"
SAME = {
    "google_search": "google",
    "bing": "bing",
    "yandex": "yandex",
    "duckduckgo": "duckduckgo",
    "cloudflare": "cloudflare",
    "telegram": "telegram",
    "platform_tiktok": "tiktok",
    "platform_snap": "snapchat",
    "platform_reddit": "reddit",
    "platform_x": "x",
    "platform_discord": "discord",
    "platform_google_products": "youtube",
    "platform_pinterest": "pinterest",
    "platform_onlyfans": "onlyfans",
    "platform_aylo": "aylo",
    "platform_bumble_match": "bumble-match",
    "platform_meta": "facebook",
    "aws_abuse_signal": "aws",
    "mastercard": "mastercard",
    "visa_virp": "visa",
}
ROLES = {"search": "search", "platform": "platform", "cdn": "cdn", "hoster": "host", "payment": "payment"}


@pytest.mark.skipif(not RESEARCH.is_file(), reason="the research notes are not beside this repository")
def test_every_researched_desk_is_there_with_its_sources_and_no_more_sure_than_they_are() -> None:
    channels = yaml.safe_load(RESEARCH.read_text(encoding="utf-8"))["channels"]
    order = ["low", "medium", "high"]
    checked = 0
    for channel in channels:
        if channel["kind"] not in ROLES:
            continue
        found = ours().named(ROLES[channel["kind"]], SAME[channel["id"]])  # type: ignore[arg-type]
        assert found is not None, channel["id"]
        named = {"general" if "general" in source else source for source in channel["sources"]}
        assert named <= set(found.sources), (channel["id"], named - set(found.sources))
        assert order.index(found.confidence) <= order.index(channel["confidence"]), channel["id"]
        checked += 1
    assert checked >= 18

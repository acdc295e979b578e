"""What sites do after a notice, each way a list of (hours after the notice, state): removal, half of it, its looks."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.removals.state import State

GONE = State("404", "404", "404")


@dataclass(frozen=True, slots=True)
class Way:
    """``steps`` begin at hours after the notice; before them the item is live. ``needs``: what the site must be like:
    "video", "edge" (a cache before its media), "variant" (the page in a second language), "copy" (a second media host),
    "scripted", "abroad" (seen from several places), "kin" (the other page that is known is one like it),
    "browser" (only a browser can tell)."""

    name: str
    steps: tuple[tuple[float, State], ...]
    needs: str = ""


def _once(name: str, state: State, needs: str = "") -> Way:
    return Way(name, ((0.5, state),), needs)


def _absent(page: str, **more: str) -> State:
    return State(page, **{"media": "404", "thumb": "404", **more})  # type: ignore[arg-type]


WAYS = (
    # removed indeed
    _once("gone: 404", GONE), _once("gone: 410", _absent("410", media="410", thumb="410")),
    _once("gone: 404 in words nobody knows", _absent("404-quiet")),
    _once("gone: 200 that says so", _absent("200-words")), _once("gone: 200 in words nobody knows", _absent("200-quiet"), "kin"),
    _once("gone: 200 full of recommendations", _absent("200-recommends"), "kin"),
    _once("gone: to the front page", _absent("home-redirect"), "kin"),
    _once("gone: to a listing", _absent("list-redirect"), "kin"),
    _once("gone: to a page of regret", _absent("sorry-redirect"), "kin"),
    _once("gone: front page for every address", _absent("home-200"), "kin"),
    _once("gone: meta refresh home", _absent("meta-refresh"), "kin"),
    _once("gone: placeholder picture for every address", _absent("404", media="placeholder", thumb="placeholder")),
    _once("gone: media host answers with a page", _absent("404", media="page", thumb="page")),
    Way("gone: step by step", ((0.5, State("404")), (8, State("404", "404")), (20, GONE))),
    Way("gone: after a week", ((168, GONE),)),
    _once("gone: video, all of it", _absent("404", pieces="gone"), "video"),
    _once("gone: with its other language", _absent("404", variant="gone"), "variant"),
    _once("gone: with its copy elsewhere", _absent("404", copy="gone"), "copy"),
    _once("gone: robots.txt forbids everything", GONE),
    _once("gone: another gallery stands there", _absent("other"), "kin"),
    # left standing, or half of it
    _once("kept: nothing happens", State()), _once("kept: 404, full picture alive", State("404")),
    _once("kept: says removed, picture alive", State("200-words")),
    _once("kept: front page for it, picture alive", State("home-redirect")),
    _once("kept: page gone, thumbnails left", State("404", "404")),
    _once("kept: page there, full picture gone", State("live", "404")),
    _once("kept: an edge still has it", State("404", "cached", "404"), "edge"),
    _once("kept: pieces of the video left", State("404", "404", "404", pieces="alive"), "video"),
    _once("kept: words left, picture out", State("text", "404", "404")),
    _once("kept: encoded anew in place", State("live", "reencoded", "reencoded")),
    _once("kept: page gone, encoded anew", State("404", "reencoded", "404")),
    _once("kept: mirrored in place", State("live", "mirrored", "mirrored")),
    _once("kept: page gone, mirrored", State("404", "mirrored", "404")),
    _once("kept: page gone, cropped in place", State("404", "cropped", "404")),
    _once("kept: page gone, caption over it", State("404", "captioned", "404")),
    _once("kept: moved to a new address", State("moved", "404", "404")),
    _once("kept: another language still shows it", State("404", "404", "404", variant="live"), "variant"),
    _once("kept: a copy on another host", State("404", "404", "404", copy="alive"), "copy"),
    _once("kept: shown to browsers, not to us", State(unseen_by="bot")),
    _once("kept: shown to who comes from a search engine", State(unseen_by="direct")),
    _once("kept: shown to who comes from the site", State(unseen_by="outside")),
    _once("kept: shown abroad, 404 here", State(unseen_by="here"), "abroad"),
    Way("kept: swapped back after a check", ((0.5, GONE), (4, State()))),
    Way("kept: comes and goes", ((0.5, GONE), (9, State()), (15, GONE), (40, State()), (60, GONE), (80, State()))),
    Way("kept: returns after a week", ((0.5, GONE), (150, State()))),
    Way("kept: returns at a new address", ((0.5, GONE), (150, State("moved", "404", "404")))),
    _once("kept: endless page", State("endless", "404", "404")),
    # hidden
    _once("hidden: log-in", State("login", "404", "404")), _once("hidden: log-in, media too", State("login", "403", "403")),
    _once("hidden: log-in, media open", State("login")),
    _once("hidden: every gallery for members, in no known words", State("login-quiet", "404", "404"), "kin"),
    _once("hidden: every gallery 404 for guests", State("members-404", "404", "404"), "kin"),
    _once("hidden: age", State("age", "404", "404")), _once("hidden: paywall", State("paywall", "404", "404")),
    _once("hidden: challenge", State("challenge", "404", "404")),
    _once("hidden: challenge with 200", State("challenge-200", "404", "404")),
    _once("hidden: page gone, media signed", State("404", "403", "403")),
    _once("hidden: too many requests", State("ratelimit", "404", "404")),
    _once("hidden: 451", State("451", "404", "404")), _once("hidden: not in your country", State("geo", "404", "404")),
    _once("hidden: domain gone", State(site="nxdomain")), _once("hidden: name server broken", State(site="servfail")),
    _once("hidden: connection refused", State(site="refused")), _once("hidden: never an answer", State(site="hang")),
    _once("hidden: server errors", State(site="500")), _once("hidden: maintenance page everywhere", State(site="maintenance")),
    _once("hidden: parked", State(site="parked")), _once("hidden: suspended", State(site="suspended")),
    _once("hidden: sold, one strange page everywhere", State(site="sold")),
    _once("hidden: connections cut", State(site="reset")),
    _once("hidden: body drips", State("drip", "404", "404")), _once("hidden: length that lies", State("lying", "404", "404")),
    Way("hidden: away for two days, then back", ((0.5, State(site="hang")), (48, State()))),
    Way("hidden: away, then truly gone", ((0.5, State(site="500")), (30, GONE))),
    # written by scripts
    _once("kept: scripts write it", State("scripted"), "scripted"),
    _once("gone: scripts write that it is gone", _absent("scripted-empty"), "scripted"),
    _once("kept: an empty frame, media alive", State("scripted-empty"), "scripted"),
    # bombs where the picture was
    _once("gone: page is a bomb of spaces", _absent("bomb")), _once("gone: picture became a bomb", State("404", "enormous", "404")),
    # still found by a search engine
    _once("listed: gone, result left", State("404", "404", "404", listed=True)),
    Way("listed: gone, result leaves later", ((0.5, State("404", "404", "404", listed=True)), (50, GONE))),
)  # fmt: skip

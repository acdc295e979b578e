"""What a site does with one item at one moment, and what that truly means. It knows nothing of what is measured."""

from __future__ import annotations

from dataclasses import dataclass

DOWN = frozenset({
    "nxdomain", "servfail", "refused", "hang", "500", "maintenance", "parked", "suspended", "sold", "reset",
})  # fmt: skip
"""Ways of a whole site not to be there."""
DOORS = frozenset({
    "login", "login-quiet", "members-404", "age", "paywall", "challenge", "challenge-200", "ratelimit", "451", "geo",
    "drip", "lying",
})  # fmt: skip
THERE = frozenset({"live", "scripted"})
SERVED = frozenset({"alive", "reencoded", "cropped", "mirrored", "captioned"})
"""What a medium may have become and still be hers."""


@dataclass(frozen=True, slots=True)
class State:
    """``page``: "live", a way of being absent (``dress.ABSENT``), a door, "moved", "text" (words left, picture out),
    "other" (another gallery stands there), "drip", "lying", "bomb", "endless". ``media`` and ``thumb``: one of
    ``SERVED``, "404", "410", "403", "placeholder", "other", "page", "cached" (an edge has it, the origin does not),
    "enormous". ``pieces`` of a video: "alive" or "gone". ``variant``: the page in another language, ``copy``: the same
    file on another host. ``unseen_by`` are the visitors who are told that there is nothing: "bot" (our own agent),
    "here" (our country), "direct" (who comes from no search engine), "outside" (who comes from nowhere on the site).
    ``listed``: a search engine still leads there."""

    page: str = "live"
    media: str = "alive"
    thumb: str = "alive"
    pieces: str = ""
    site: str = "up"
    variant: str = ""
    copy: str = ""
    unseen_by: str = ""
    listed: bool = False


def truth(state: State) -> str:
    """"live": somebody is shown it; "moved"; "part": a medium of it is served, the page is not; "text": words about her
    are left; "hidden": behind a door, or the site is away; "listed": gone, and a search engine still leads there;
    "gone": nobody is served anything of it."""
    if state.site in DOWN:
        return "hidden"
    served = {state.media, state.thumb} & (SERVED | {"cached"}) or state.pieces == "alive" or state.copy == "alive"
    if state.variant == "live" or state.page == "endless":
        return "live"
    if state.page == "moved":
        return "moved"
    if state.page in THERE and state.media in SERVED:
        return "live"
    if state.page in DOORS or state.media == "403":
        return "part" if state.media in SERVED and state.page in DOORS else "hidden"
    if served:
        return "part"
    if state.page == "text":
        return "text"
    return "listed" if state.listed else "gone"

"""How one made-up site looks: its frame, its addresses and its words, all drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from random import Random

from testbed.removals.words import LANGUAGES, Language

ABSENT = frozenset({
    "404", "410", "404-quiet", "200-words", "200-quiet", "200-recommends", "home-redirect", "list-redirect", "home-200",
    "sorry-redirect", "empty", "meta-refresh", "scripted-empty",
})  # fmt: skip
_WRAPS = ("div", "section", "article", "main")
_SYLLABLES = ["ba", "ke", "lo", "mi", "nu", "ra", "so", "ti", "ve", "zo", "fa", "du", "pe", "gi"]


@dataclass(frozen=True, slots=True)
class Pic:
    """A picture on a page: its thumbnail and the full one behind it."""

    thumb: str
    full: str


def name(rng: Random, parts: int = 3) -> str:
    return "".join(rng.choice(_SYLLABLES) for _ in range(parts))


class Dress:
    """The look of one site."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.language: Language = rng.choice(LANGUAGES)
        self.title = name(rng).capitalize()
        self.wraps = [rng.choice(_WRAPS) for _ in range(4)]
        self.classes = [name(rng, 2) for _ in range(8)]
        self.nav_first = rng.random() < 0.7
        self.sidebar = rng.choice([0, 0, 3, 6])
        self.links_full = rng.random() < 0.7
        self.counter = rng.random() < 0.6
        self.style = rng.randrange(5)
        self.missing_words = rng.choice(self.language.missing)
        self.quiet_words = rng.choice(self.language.missing[2:])
        self.tail = [self.language.sentence(rng) for _ in range(rng.randint(0, 3))]
        self.login_words = rng.choice(self.language.login)
        self.age_words = rng.choice(self.language.age)

    def address(self, number: int, words: str) -> str:
        """The path of a gallery."""
        slug = "-".join(word for word in words.lower().split() if word.isascii())[:40] or name(Random(number))
        return (
            f"/v/{number}/{slug}", f"/gallery/{slug}-{number}.html", f"/album.php?id={number}", f"/{slug}-{number}/",
            f"/p/{number}",
        )[self.style]  # fmt: skip

    def page(self, title: str, body: str, fresh: Random, beside: list[Pic], status: str = "", head: str = "") -> bytes:
        """A whole page: frame, body, and what changes with every visit."""
        first, second, third, fourth = self.wraps
        menu = "".join(f"<li><a href='/{i}'>{escape(word)}</a></li>" for i, word in enumerate(self.language.menu))
        nav = f"<nav class='{self.classes[0]}'><ul>{menu}</ul></nav>"
        aside = ""
        if beside:
            shown = "".join(f"<a href='/x/{fresh.randrange(999)}'><img src='{one.thumb}'></a>" for one in beside)
            words = "".join(f"<span>{escape(self.language.title(fresh))}</span>" for _ in beside)
            aside = f"<aside class='{self.classes[1]}'>{shown}{words}</aside>"
        visits = f"{fresh.randrange(9999)} / {fresh.randrange(99)}"
        seen = f"<p class='{self.classes[2]}'>{visits}</p>" if self.counter else ""
        inner = f"<{second} class='{self.classes[3]}'><{third} class='{self.classes[4]}'>{body}</{third}></{second}>"
        foot = f"<footer><{fourth}>{escape(self.title)} {seen}</{fourth}></footer>"
        parts = [nav, inner, aside] if self.nav_first else [aside, inner, nav]
        return (
            f"<!doctype html><html lang='{self.language.code}'><head><meta charset='utf-8'>"
            f"<title>{escape(title)} - {escape(self.title)}</title>{head}</head><body class='{status}'>"
            f"<{first} class='{self.classes[5]}'>{''.join(parts)}</{first}>{foot}</body></html>"
        ).encode()

    def gallery(self, title: str, sentences: list[str], pics: list[Pic], video: str = "") -> str:
        """The inside of a gallery: words and pictures."""
        shown = "".join(
            f"<a href='{one.full}'><img src='{one.thumb}' alt=''></a>" if self.links_full
            else f"<img src='{one.thumb}' data-full='{one.full}' alt=''>"
            for one in pics
        )  # fmt: skip
        film = f"<video controls src='{video}'></video>" if video else ""
        words = "".join(f"<p>{escape(one)}</p>" for one in sentences)
        return f"<h1>{escape(title)}</h1>{film}<div class='{self.classes[6]}'>{shown}</div>{words}"

    def missing(self, words: str, recommends: list[Pic]) -> str:
        """The inside of a page that says that there is nothing."""
        tail = "".join(f"<p>{escape(one)}</p>" for one in self.tail)
        more = "".join(f"<a href='{one.full}'><img src='{one.thumb}'></a>" for one in recommends)
        return f"<h1>{escape(words)}</h1>{tail}<div class='{self.classes[7]}'>{more}</div>"

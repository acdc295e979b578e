"""Ways in which sites keep an address from machines, each with its variations drawn from the site's own randomness."""

from __future__ import annotations

import base64
import codecs
from collections.abc import Callable
from random import Random

from testbed.lookups.words import LANGUAGES


def at_words(address: str, rng: Random, language: str) -> str:
    user, _, domain = address.partition("@")
    _, _, _, _, _, at, dot = LANGUAGES[language]
    if rng.random() < 0.5:
        at, dot = "at", "dot"
    left, right = rng.choice(["[]", "()", "{}", "  ", "--"]) if at == "at" else rng.choice(["[]", "()", "  "])
    if rng.random() < 0.3 and (left, right) != (" ", " "):
        return f"{user} {left}{at}{right} {domain}"
    if (left, right) == (" ", " "):
        return f"{user} {at} {domain.replace('.', f' {dot} ')}"
    return f"{user} {left}{at}{right} " + domain.replace(".", f" {left}{dot}{right} ")


def entities(address: str, rng: Random, language: str) -> str:
    form = rng.choice(["&#{};", "&#x{:x};"])
    coded = "".join(form.format(ord(letter)) for letter in address)
    return coded if rng.random() < 0.5 else f"<a href='&#109;&#97;&#105;lto:{coded}'>{coded}</a>"


def cfemail(address: str, rng: Random, language: str) -> str:
    key = rng.randrange(1, 256)
    coded = f"{key:02x}" + "".join(f"{ord(letter) ^ key:02x}" for letter in address)
    if rng.random() < 0.5:
        return f"<a href='/cdn-cgi/l/email-protection#{coded}'>[email&#160;protected]</a>"
    return f"<span class='__cf_email__' data-cfemail='{coded}'>[email&#160;protected]</span>"


def backwards(address: str, rng: Random, language: str) -> str:
    turned = address[::-1]
    if rng.random() < 0.4:
        name = f"m{rng.randrange(1000)}"
        rule = f"<style>.{name} {{ unicode-bidi: bidi-override; direction: rtl; }}</style>"
        return f"{rule}<span class='{name}'>{turned}</span>"
    if rng.random() < 0.3:
        return f"<bdo dir='rtl'>{turned}</bdo>"
    return f"<span style='direction:rtl;unicode-bidi:bidi-override'>{turned}</span>"


def _parts(address: str, rng: Random) -> list[str]:
    cuts = sorted(rng.sample(range(1, len(address)), 3))
    return [address[a:b] for a, b in zip([0, *cuts], [*cuts, len(address)], strict=True)]


def script(address: str, rng: Random, language: str) -> str:
    parts = _parts(address, rng)
    quote = rng.choice("'\"")
    literals = [f"{quote}{part}{quote}" for part in parts]
    name = rng.choice(["u", "m", "addr", "eml", "_0x1a"]) + str(rng.randrange(9))
    how = rng.randrange(4)
    if how == 0:
        made = " + ".join(literals)
    elif how == 1:
        made = f"[{', '.join(literals)}].join({quote}{quote})"
    elif how == 2:
        names = [f"{name}{place}" for place in range(4)]
        settings = "".join(f"var {one} = {literal};" for one, literal in zip(names, literals, strict=True))
        return f"<script>{settings} document.getElementById('c').innerHTML = {' + '.join(names)};</script>"
    else:
        made = f"{quote}{address[::-1]}{quote}.split({quote}{quote}).reverse().join({quote}{quote})"
    if rng.random() < 0.5:
        return f"<script>var {name} = {made}; document.write({name});</script>"
    return f"<script>location.href = {quote}mailto:{quote} + {made};</script>"


def codes(address: str, rng: Random, language: str) -> str:
    if rng.random() < 0.5:
        return f"<script>el.href='mailto:'+String.fromCharCode({','.join(str(ord(one)) for one in address)})</script>"
    return f"<script>document.write(atob('{base64.b64encode(address.encode()).decode()}'))</script>"


def attribute(address: str, rng: Random, language: str) -> str:
    coded = base64.b64encode(address.encode()).decode()
    return rng.choice([
        f"<span data-mail='{coded}'>mail</span>",
        f"<a href='#' data-rot13='{codecs.encode(address, 'rot13')}'>mail</a>",
        f"<a href='#' data-user='{address.partition('@')[0]}' data-domain='{address.partition('@')[2]}'>mail</a>",
        f"<span data-reversed='{address[::-1]}'>mail</span>",
    ])  # fmt: skip


def structured(address: str, rng: Random, language: str) -> str:
    if rng.random() < 0.5:
        return (
            '<script type="application/ld+json">{"@context":"https://schema.org","@type":"Organization","contactPoint":'
            f'[{{"@type":"ContactPoint","contactType":"abuse","email":"{address}"}}]}}</script>'
        )
    return (
        f"<div itemscope itemtype='https://schema.org/Organization'><meta itemprop='email' content='{address}'></div>"
    )


def split(address: str, rng: Random, language: str) -> str:
    return "".join(f"<span>{part}</span>" for part in _parts(address, rng))


def css(address: str, rng: Random, language: str) -> str:
    user, _, domain = address.partition("@")
    name = f"e{rng.randrange(1000)}"
    if rng.random() < 0.5:
        return f"<style>.{name}::before {{ content: \"{user}@\"; }}</style><span class='{name}'>{domain}</span>"
    return (
        f"<style>.{name}:after {{ content: attr(data-u) '\\0040' attr(data-d); }}</style>".replace("\\0040", "@")
        + f"<i class='{name}' data-u='{user}' data-d='{domain}'></i>"
    )


def invisible(address: str, rng: Random, language: str) -> str:
    sign = rng.choice(["\u200b", "\u200c", "\u2060", "\ufeff", "\u00ad"])
    parts = _parts(address, rng)
    return sign.join(parts) if rng.random() < 0.6 else address.replace("@", "\uff20")


HIDINGS: dict[str, Callable[[str, Random, str], str]] = {
    "plain": lambda address, rng, language: address,
    "mailto": lambda address, rng, language: f"<a href='mailto:{address}?subject=Removal'>e-mail</a>",
    "at-words": at_words,
    "entities": entities,
    "cfemail": cfemail,
    "backwards": backwards,
    "script": script,
    "codes": codes,
    "attribute": attribute,
    "structured": structured,
    "split": split,
    "css": css,
    "invisible": invisible,
}


def write(address: str, how: str, rng: Random, language: str) -> str:
    """``address`` as HTML in one of the ``HIDINGS``."""
    return HIDINGS[how](address, rng, language)

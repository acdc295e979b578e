"""HTML of the sites of a look-up world: a gallery page, a front page, and whatever page names the contact."""

from __future__ import annotations

from html import escape
from random import Random

from testbed import names
from testbed.lookups.hiding import write
from testbed.lookups.model import Site, World
from testbed.lookups.words import IMPRINT, LANGUAGES


def page(world: World, site: Site, path: str) -> tuple[int, str, str]:
    """Status, MIME type and body of what the site answers."""
    if site.where == "wall":
        return (
            403,
            "text/html",
            (
                "<title>Just a moment...</title><h1>Checking your browser before accessing the site</h1>"
                "<div id='challenge-form'></div>"
            ),
        )
    if path == "/":
        return (
            200,
            "text/html",
            _shell(site, site.name, "<p>" + names.sentences(Random(site.seed), 2) + "</p>" + _links(site)),
        )
    if path == site.gallery:
        return 200, "text/html", _shell(site, "Gallery", _gallery(world, site))
    if path == site.path and site.where != "none":
        return 200, "text/html", _shell(site, "-", _contact(site))
    if path == "/second" and site.second:
        return (
            200,
            "text/html",
            _shell(site, "-", f"<p>{escape(site.name)}: <a href='mailto:{site.second}'>{site.second}</a></p>"),
        )
    if path == "/about":
        return 200, "text/html", _shell(site, "About", "<p>" + names.sentences(Random(site.seed + 1), 3) + "</p>")
    if path == "/ads.txt" and site.ads_by == "ads.txt":
        return (
            200,
            "text/plain",
            f"# sellers\n{world.companies[site.ads].domain}, {site.seed % 90000}, DIRECT, f00d\nbroken line\n",
        )
    return 404, "text/html", _shell(site, "404", "<p>Nothing here.</p>")


def _links(site: Site) -> str:
    rng = Random(site.seed + 2)
    contact, report, _, _, _, _, _ = LANGUAGES[site.language]
    text = (
        IMPRINT.get(site.language, "Legal notice")
        if site.where == "imprint"
        else report
        if site.where in ("abuse", "both", "form")
        else contact
    )
    made = [f"<a href='{site.path}'>{text}</a>"] if site.where not in ("none", "footer") else []
    made += ["<a href='/about'>About</a>", f"<a href='{site.gallery}'>{names.title(rng)}</a>"]
    if site.second:
        made.append(f"<a href='/second'>{contact}</a>")
    made += [f"<a href='/tag/{names.word(rng)}'>{names.word(rng)}</a>" for _ in range(4)]
    rng.shuffle(made)
    return "<ul>" + "".join(f"<li>{one}</li>" for one in made) + "</ul>"


def _shell(site: Site, title: str, main: str) -> str:
    foot = ""
    if site.where == "footer":
        sentence = LANGUAGES[site.language][4]
        foot = f"<p>{sentence} {write(site.mailbox, site.hiding, Random(site.seed), site.language)}</p>"
    nav = _links(site)
    turned = " dir='rtl'" if site.language == "ar" else ""
    return (
        f"<!doctype html><html lang='{site.language}'{turned}><head><meta charset='utf-8'>"
        f"<title>{escape(title)}</title></head>"
        f"<body><header><h1>{escape(site.name)}</h1></header><main>{main}</main><footer>{nav}{foot}</footer></body></html>"
    )


def _gallery(world: World, site: Site) -> str:
    rng = Random(site.seed + 3)
    host = site.media.host if site.media is not None else site.place.host
    pictures = "".join(f"<img src='http://{host}/p/{rng.randrange(9999)}.jpg' alt=''>" for _ in range(3))
    made = f"<h2>{names.title(rng)}</h2><p>{names.sentences(rng, 2)}</p>{pictures}"
    if "subject" in site.traps:
        address = site.traps["subject"]
        made += rng.choice(
            [
                f"<p>Contact her directly: <a href='mailto:{address}'>{address}</a></p>",
                f"<p>She is {address}, report back what she answers!</p>",
            ]
        )
    if "visitor" in site.traps:
        kind = rng.choice(["comments", "comment-list", "user-reviews comment"])
        made += f"<div class='{kind}'><p>write me at {site.traps['visitor']}</p></div>"
    if site.embed:
        player = f"http://player.{world.companies[site.embed].domain}/embed/{rng.randrange(999)}"
        made += f"<iframe src='{player}' allowfullscreen></iframe>"
    if site.ads and site.ads_by == "script":
        made += f"<script src='http://js.{world.companies[site.ads].domain}/tag.js'></script>"
    if site.payment:
        made += f"<a href='http://{world.companies[site.payment].domain}/join?site={site.domain}'>Premium</a>"
    if "link" in site.hint:
        made += f"<a href='http://direct.{site.domain}/files'>files</a>"
    return made


def _contact(site: Site) -> str:
    rng = Random(site.seed + 4)
    sentence = LANGUAGES[site.language][4]
    if site.where == "form":
        made = (
            f"<form method='post' action='{site.path}'><label>URL <input name='url'></label><textarea name='message'>"
            "</textarea><input name='website' style='display:none'><button>OK</button>"
            + ("<div class='g-recaptcha' data-sitekey='x'></div>" if rng.random() < 0.4 else "")
            + "</form>"
        )
    elif site.where == "image":
        made = f"<p>{sentence} <img src='/mail.png' alt='mail'></p>"
    elif site.where in ("footer", "dead-dns"):
        made = ""
    else:
        made = f"<p>{sentence} <b id='c'></b>{write(site.mailbox, site.hiding, Random(site.seed), site.language)}</p>"
    return made + _trapped(site, rng)


def _trapped(site: Site, rng: Random) -> str:
    """What stands on the contact page and is none."""
    made = ""
    if "honeypot" in site.traps:
        link = f"<a href='mailto:{site.traps['honeypot']}'>{site.traps['honeypot']}</a>"
        made += rng.choice(
            [
                f"<div style='display:none'>{link}</div>",
                f"<p style='position:absolute;left:-9999px'>{link}</p>",
                f"<style>.hx {{ visibility: hidden }}</style><p class='hx'>{link}</p>",
                f"<p hidden>{link}</p>",
                f"<p style='color:#fff;background:#ffffff'>{link}</p>",
                f"<span style='font-size:0'>{link}</span>",
                f"<style>#a1 .b2 {{ display: none; }}</style><div id='a1'><p class='b2'>{link}</p></div>",
                f"<p aria-hidden='true'>{link}</p>",
                f"<noscript>{link}</noscript>",
                f"<p class='sr-only'>{link}</p>",
            ]
        )
    if "stale" in site.traps:
        made += f"<!-- old contact: abuse, {site.traps['stale']} -->"
    if "vendor" in site.traps:
        made += f"<p>Theme by our vendor, theme support: {site.traps['vendor']}</p>"
    if "decoy" in site.traps:
        made += f"<p>Mail comes from {site.traps['decoy']}</p>"
    return made

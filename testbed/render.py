"""HTML of the ordinary pages: lists, galleries, contact and report pages, and every style of "not found".

All functions are pure strings in, strings out; what is visible is the caller's business.
"""

from __future__ import annotations

import base64
import codecs
from html import escape
from random import Random

from testbed import names
from testbed.model import Gallery, Operator, Shot, Site, Trap

_BLANK = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
_THEMES = [
    (
        "<div class='wrap'><header><h1 class='logo'><a href='/'>{name}</a></h1><nav class='top'>{nav}</nav></header>"
        "<main id='content'>{main}</main><aside class='side'><h3>Tags</h3><ul>{tags}</ul></aside>"
        "<footer>{foot}</footer></div>"
    ),
    (
        "<div id='page'><div class='masthead'><a href='/'><strong>{name}</strong></a></div><ul class='menu'>{nav}</ul>"
        "<section class='body'>{main}</section><div class='widgets'><ol>{tags}</ol></div>"
        "<div class='bottom'>{foot}</div></div>"
    ),
    (
        "<table class='frame'><tr><td colspan='2'><h1>{name}</h1>{nav}</td></tr>"
        "<tr><td class='left'><ul>{tags}</ul></td>"
        "<td class='right'>{main}</td></tr><tr><td colspan='2'>{foot}</td></tr></table>"
    ),
    (
        "<header class='bar'><span class='brand'>{name}</span>{nav}</header><article class='post'>{main}</article>"
        "<section class='cloud'><ul>{tags}</ul></section><footer class='ft'>{foot}</footer>"
    ),
    (
        "<div class='container'><div class='row'><div class='col-8'><h2>{name}</h2><div class='links'>{nav}</div>"
        "{main}</div>"
        "<div class='col-4'><ul class='list'>{tags}</ul></div></div><div class='row footer'>{foot}</div></div>"
    ),
]
_WORDS = {
    "en": ("Latest", "Contact", "About", "Report", "Next", "Previous"),
    "de": ("Neu", "Kontakt", "Impressum", "Melden", "Weiter", "Zurück"),
    "es": ("Nuevo", "Contacto", "Acerca de", "Denunciar", "Siguiente", "Anterior"),
}
NOT_FOUND = ["Page not found", "The page you were looking for does not exist or was removed."]


def shell(site: Site, title: str, main: str, operator: Operator, head: str = "", foot: str = "") -> str:
    """A whole page in the site's theme."""
    latest, contact, about, report, _, _ = _WORDS[site.language]
    nav = " ".join(
        f"<a href='{path}'>{text}</a>"
        for path, text in [("/", latest), ("/about", about), ("/contact", contact), ("/report", report)]
    )
    rng = Random(site.domain)
    words = [names.word(rng) for _ in range(6)]
    tags = "".join(f"<li><a href='/tag/{word}'>{word}</a></li>" for word in words[:2])
    tags += "".join(f"<li>{word}</li>" for word in words[2:])
    pay = ""
    if operator.extortion:
        pay = "<p class='removal'>Want your pictures removed? Use our <a href='/removal'>paid removal service</a>.</p>"
    body = _THEMES[site.theme % len(_THEMES)].format(
        name=escape(site.name),
        nav=nav,
        main=main,
        tags=tags,
        foot=f"{pay}<small>&copy; 2026 {escape(site.name)}</small>{foot}",
    )
    return (
        f"<!doctype html><html lang='{site.language}'><head><meta charset='utf-8'>"
        f"<meta name='viewport' content='width=device-width'><title>{escape(title)}</title>"
        f"<script async src='/js/tag.js?id={site.analytics}'></script>"
        f"<link rel='icon' href='/favicon.ico'>{head}</head><body>{body}</body></html>"
    )


def media_base(site: Site) -> str:
    return "" if site.media_domain == site.domain else f"http://{site.media_domain}"


def listing(site: Site, galleries: list[Gallery], page: int, operator: Operator) -> str | None:
    """Page ``page`` (from 1) of the list of ``galleries``; None beyond the end."""
    start = (page - 1) * site.per_page
    shown = galleries[start : start + site.per_page]
    if page < 1 or (not shown and page > 1):
        return None
    base = media_base(site)
    cards = []
    for entry in shown:
        thumb = base + entry.shots[0].thumb_path
        src = f"src='{thumb}'" if site.theme != 3 else f"src='{_BLANK}' data-src='{thumb}' class='lazy'"
        cards.append(
            f"<div class='card'><a href='{escape(entry.path)}'><img {src} alt='' width='220'></a>"
            f"<h3><a href='{escape(entry.path)}'>{escape(entry.title)}</a></h3>"
            f"<time>{entry.published_at[:10]}</time></div>"
        )
    _, _, _, _, following, before = _WORDS[site.language]
    pager = ""
    if page > 1:
        pager += f"<a rel='prev' href='{'/' if page == 2 else f'/page/{page - 1}'}'>{before}</a> "
    if start + site.per_page < len(galleries):
        pager += f"<a rel='next' href='/page/{page + 1}'>{following}</a>"
    if site.calendar and page == 1:
        pager += " <a href='/calendar?month=2026-09'>Calendar</a>"
    if site.hostile and page == 1:
        pager += " <a href='/lab/'>Lab</a>"
    if site.theme == 1 and page == 1:
        pager += " <a href='/members/new'>Members</a> <a href='/go/round'>Partners</a>"
    title = site.name if page == 1 else f"{site.name} - {page}"
    return shell(site, title, f"<div class='grid'>{''.join(cards)}</div><p class='pager'>{pager}</p>", operator)


def _figure(base: str, shot: Shot, style: int) -> str:
    full, thumb = base + shot.full_path, base + shot.thumb_path
    if style == 0:
        return f"<figure><a href='{full}'><img src='{thumb}' alt=''></a></figure>"
    if style == 1:
        return f"<figure><img src='{full}' srcset='{thumb} 240w, {full} 1024w' sizes='100vw' alt=''></figure>"
    if style == 2:
        return (
            f"<figure><a class='zoom' href='{full}'><img class='lazy' src='{_BLANK}' data-src='{thumb}' alt=''></a>"
            f"<noscript><img src='{thumb}' alt=''></noscript></figure>"
        )
    if style == 3:
        return f"<figure><picture><source srcset='{full}'><img src='{thumb}' alt=''></picture></figure>"
    return f"<div class='pic'><a href='{full}' target='_blank'><img src='{thumb}' loading='lazy' alt=''></a></div>"


def gallery(site: Site, entry: Gallery, operator: Operator, related: list[Gallery], traps: list[Trap]) -> str:
    """The page of one gallery. A trap of kind subject or comment stands in its text."""
    base = media_base(site)
    pictures = "".join(_figure(base, shot, entry.style) for shot in entry.shots)
    text = f"<p>{escape(entry.text)}</p>"
    for trap in traps:
        if trap.why == "subject":
            text += f"<p>Contact her directly: <a href='mailto:{trap.address}'>{trap.address}</a></p>"
        elif trap.why == "comment":
            text += f"<div class='comments'><p>write me at {trap.address}</p></div>"
    more = "".join(f"<li><a href='{escape(other.path)}'>{escape(other.title)}</a></li>" for other in related)
    head = f"<meta property='og:title' content='{escape(entry.title)}'>"
    if entry.style == 4:
        url = base + entry.shots[0].full_path
        head += f"<meta property='og:image' content='{url if base else f'http://{site.domain}{url}'}'>"
    main = (
        f"<h2 class='title'>{escape(entry.title)}</h2><time>{entry.published_at[:10]}</time>{text}"
        f"<div class='pictures'>{pictures}</div><p><a class='report' href='/report?url={escape(entry.path)}'>Report</a>"
        f"</p><h4>More</h4><ul class='related'>{more}</ul>"
    )
    return shell(site, f"{entry.title} - {site.name}", main, operator, head)


def obfuscated(address: str, style: str) -> str:
    """``address`` as HTML in one of the ways sites write it."""
    user, _, domain = address.partition("@")
    if style == "at-words":
        return f"{user} [at] {domain.replace('.', ' [dot] ')}"
    if style == "entities":
        coded = "".join(f"&#{ord(char)};" for char in address)
        return f"<a href='&#109;&#97;&#105;&#108;&#116;&#111;&#58;{coded}'>{coded}</a>"
    if style == "cfemail":
        key = 0x5A
        coded = f"{key:02x}" + "".join(f"{ord(char) ^ key:02x}" for char in address)
        return (
            f"<a href='/cdn-cgi/l/email-protection#{coded}' class='__cf_email__' data-cfemail='{coded}'>"
            "[email&#160;protected]</a>"
        )
    if style == "reversed":
        return f"<span style='unicode-bidi:bidi-override;direction:rtl'>{address[::-1]}</span>"
    if style == "js":
        return f"<script>document.write('<a href=\"mailto:' + '{user}' + '@' + '{domain}' + '\">mail</a>')</script>"
    if style == "base64":
        return f"<span data-mail='{base64.b64encode(address.encode()).decode()}'>mail</span>"
    if style == "rot13":
        return f"<span data-rot13='{codecs.encode(address, 'rot13')}'>mail</span>"
    return f"<a href='mailto:{address}'>{address}</a>"


def contact(site: Site, operator: Operator, traps: list[Trap]) -> str:
    """Contact page with the operator's mailbox in the site's style, and traps that look like contacts."""
    if operator.extortion:
        return shell(
            site,
            f"Contact - {site.name}",
            "<h2>Contact</h2><p>Removal requests are handled by our paid removal service only. The fee for "
            f"removal is $299 per picture, payable in crypto. Mail {operator.mailbox} for the wallet.</p>",
            operator,
        )
    if not operator.mailbox or site.contact == "none":
        main = "<h2>Contact</h2><p>We do not answer mail.</p>"
    elif site.contact == "form":
        main = "<h2>Contact</h2><p>Please use our <a href='/report'>form</a> to report content.</p>"
    else:
        main = (
            "<h2>Contact</h2><p>To report content, abuse or request removal write to "
            f"{obfuscated(operator.mailbox, site.contact)}.</p>"
        )
    foot = ""
    for trap in traps:
        if trap.why == "honeypot":
            foot += f"<div style='display:none'><a href='mailto:{trap.address}'>{trap.address}</a></div>"
        elif trap.why == "stale":
            foot += f"<!-- old contact: {trap.address} -->"
        elif trap.why == "vendor":
            foot += f"<p>Theme by our vendor, theme support: {trap.address}</p>"
    return shell(site, f"Contact - {site.name}", main, operator, foot=foot)


def about(site: Site, operator: Operator) -> str:
    rng = Random(f"about:{site.domain}")
    return shell(site, f"About - {site.name}", f"<h2>About</h2><p>{names.sentences(rng, 4)}</p>", operator)


def report(site: Site, operator: Operator, done: bool = False) -> str:
    """The site's report form (POST /report, field ``url``), or the page after it was sent."""
    if done:
        return shell(
            site, f"Report - {site.name}", "<h2>Report</h2><p>Thank you. Your report was received.</p>", operator
        )
    form = (
        "<form method='post' action='/report'><label>URL <input name='url' required></label>"
        "<label>Reason <select name='reason'><option>abuse</option><option>removal without consent</option></select>"
        "</label><label>Message <textarea name='message'></textarea></label>"
        "<input name='website' style='display:none' tabindex='-1'><button>Send</button></form>"
    )
    return shell(site, f"Report - {site.name}", f"<h2>Report content</h2>{form}", operator)


def removal(site: Site, operator: Operator) -> str:
    """The paid removal page of an extortionist."""
    return shell(
        site,
        f"Paid removal - {site.name}",
        "<h2>Paid removal service</h2><p>We remove pictures after payment. Removal fee: $299 per picture, "
        "express removal $499. Pay in Bitcoin. No payment, no removal.</p>",
        operator,
    )


def missing(site: Site, path: str, operator: Operator, others: list[Gallery]) -> tuple[int, str]:
    """Status and page for what is not there, in the site's style. Style "home" is the caller's redirect."""
    if site.missing == "200-static":
        return 200, shell(site, NOT_FOUND[0], f"<h2>{NOT_FOUND[0]}</h2><p>{NOT_FOUND[1]}</p>", operator)
    if site.missing == "200-echo":
        main = f"<h2>Sorry</h2><p>Nothing was found at <code>{escape(path[:200])}</code>.</p>"
        return 200, shell(site, f"Nothing at {path[:60]}", main, operator)
    if site.missing == "200-recommendations":
        cards = "".join(f"<li><a href='{escape(entry.path)}'>{escape(entry.title)}</a></li>" for entry in others)
        main = f"<h2>This content is not available</h2><p>You may like:</p><ul class='related'>{cards}</ul>"
        return 200, shell(site, site.name, main, operator)
    status = 410 if site.missing == "410" else 404
    return status, shell(site, f"{status} {NOT_FOUND[0]}", f"<h2>{NOT_FOUND[0]}</h2><p>{NOT_FOUND[1]}</p>", operator)


def login(site: Site, operator: Operator) -> str:
    form = (
        "<h2>Members only</h2><p>Please log in to continue.</p><form method='post' action='/login'>"
        "<label>User <input name='username'></label><label>Password <input type='password' name='password'></label>"
        "<button>Log in</button></form>"
    )
    return shell(site, f"Log in - {site.name}", form, operator)


def complaints(site: Site, letters: list[str]) -> str:
    """A page on which the operator shows who complained."""
    shown = "".join(f"<li>Letter from {escape(one)}</li>" for one in letters)
    return (
        f"<!doctype html><html lang='en'><head><title>Complaints, {escape(site.domain)}</title></head><body><main>"
        f"<h1>Complaints we received</h1><p>We publish every complaint.</p><ul>{shown}</ul></main></body></html>"
    )


def challenge(site: Site) -> str:
    return (
        "<!doctype html><html lang='en'><head><title>Just a moment...</title></head><body><div id='challenge-form'>"
        "<h1>Checking your browser before accessing the site</h1><p>Please complete the captcha.</p>"
        "<div class='g-captcha'></div><noscript>Enable JavaScript and cookies to continue</noscript>"
        "</div></body></html>"
    )


def calendar(site: Site, month: str, operator: Operator) -> str:
    """One month of an endless calendar."""
    try:
        year, number = (int(part) for part in month.split("-"))
    except ValueError:
        year, number = 2026, 9
    year, number = max(1, min(9998, year)), max(1, min(12, number))
    after = f"{year + number // 12:04d}-{number % 12 + 1:02d}"
    before = f"{year - (number == 1):04d}-{(number - 2) % 12 + 1:02d}"
    days = "".join(
        f"<td><a href='/calendar?day={year:04d}-{number:02d}-{day:02d}'>{day}</a></td>" for day in range(1, 29)
    )
    return shell(
        site,
        f"Calendar {year}-{number:02d}",
        f"<h2>{year}-{number:02d}</h2><table><tr>{days}</tr></table><a href='/calendar?month={before}'>earlier</a> "
        f"<a href='/calendar?month={after}'>later</a>",
        operator,
    )


def robots(site: Site) -> str:
    lines = ["User-agent: *"]
    if site.robots == "disallow":
        lines += ["Disallow: /members/", "Disallow: /search", "Disallow: /go/"]
    elif site.robots == "forbid":
        lines += ["Disallow: /"]
    elif site.robots == "delay":
        lines += [f"Crawl-delay: {site.crawl_delay:g}", "Disallow: /login"]
    else:
        lines += ["Disallow:"]
    return "\n".join(lines) + "\n"

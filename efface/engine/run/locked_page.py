"""What the web process serves while the installation is locked: one calm page at every address. It has no key, no
session and no database."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path
from typing import Any

import efface

STYLE = "/static/efface/style.css"
WORDS = {
    "en": ("This place is locked for the moment",
           "The organisation has locked it, to keep what is here safe. Nothing is lost, and nobody can read any of it "
           "until it is opened again. Please come back later. If you are in danger, call the emergency number."),
    "de": ("Diese Seite ist im Moment verschlossen",
           "Die Organisation hat sie verschlossen, damit alles hier sicher ist. Nichts ist verloren, und niemand kann "
           "etwas davon lesen, bis sie wieder geöffnet wird. Bitte kommen Sie später wieder. Wenn Sie in Gefahr sind, "
           "rufen Sie den Notruf."),
    "es": ("Este lugar está cerrado por el momento",
           "La organización lo ha cerrado para que lo que hay aquí esté a salvo. No se ha perdido nada, y nadie puede "
           "leer nada de ello hasta que se abra de nuevo. Vuelve más tarde, por favor. Si estás en peligro, llama al "
           "número de emergencias."),
}  # fmt: skip
_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="robots" content="noindex"><title>{title}</title>
<link rel="stylesheet" href="{style}"></head>
<body><main id="main"><h1>{title}</h1><p>{words}</p></main></body></html>
"""
_HEADERS = [
    ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"),
]  # fmt: skip


def language_of(accepted: str) -> str:
    """The first language of a browser's list that there are words in; English where there is none."""
    for one in accepted.split(","):
        code = one.split(";")[0].strip().lower().split("-")[0]
        if code in WORDS:
            return code
    return "en"


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """WSGI. Every address answers 503 with the same page; only its style sheet is served besides."""
    if environ.get("PATH_INFO") == STYLE:
        body = (Path(efface.__file__).parent / "portal" / "static" / "efface" / "style.css").read_bytes()
        start("200 OK", [("Content-Type", "text/css; charset=utf-8"), ("Content-Length", str(len(body))), *_HEADERS])
        return [body]
    language = language_of(environ.get("HTTP_ACCEPT_LANGUAGE", ""))
    title, words = WORDS[language]
    body = _PAGE.format(language=language, title=escape(title), words=escape(words), style=STYLE).encode()
    start("503 Service Unavailable", [
        ("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body))), ("Retry-After", "300"),
        ("Vary", "Accept-Language"), *_HEADERS,
    ])  # fmt: skip
    return [body]

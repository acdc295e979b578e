"""Suggestions out of the messages she kept: handles, wallets, amounts, deadlines, demands, platforms. Pure.

Only suggestions: a person confirms, corrects or drops each one. Her own words count too where they name what was
demanded, so nothing is left out because of who wrote it; the sentence stands beside each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from efface.evidence.extortion import wallets

KINDS = ("handle", "wallet", "amount", "deadline", "demand", "platform")
MOST = 400
QUOTE = 240
LEAST_RING = 4
"""Letters of a handle by which cases are compared: shorter ones many people have."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``kind`` of ``KINDS``; ``value`` as it is kept and compared; ``detail`` what more is known of it (network of a
    wallet, currency of an amount, platform of a handle); ``sure``: a checksum or address proves what it is;
    ``quote`` the sentence, ``by`` and ``at`` whose and when, as the export has them."""

    kind: str
    value: str
    detail: str = ""
    sure: bool = False
    quote: str = ""
    by: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """One message."""

    text: str
    by: str = ""
    at: str = ""


PLATFORMS = {
    "instagram": r"instagram|insta|ig", "snapchat": r"snapchat|snap", "telegram": r"telegram|tele|tg",
    "whatsapp": r"whats ?app|wa", "facebook": r"facebook|messenger|fb", "tiktok": r"tik ?tok", "discord": r"discord",
    "twitter": r"twitter", "signal": r"signal", "viber": r"viber", "tinder": r"tinder", "skype": r"skype",
    "wechat": r"wechat|weixin", "line": r"line id", "kik": r"kik", "vk": r"vk(?:ontakte)?", "onlyfans": r"onlyfans",
}  # fmt: skip
_PLATFORM = {name: re.compile(rf"(?i)(?<!\w)(?:{words})(?!\w)") for name, words in PLATFORMS.items()}
_SHORT = frozenset({"ig", "tg", "wa", "fb", "tele", "snap", "vk", "signal", "insta", "messenger"})
"""Words that mean the platform only beside a handle."""
_LINKS = {
    "telegram": re.compile(r"(?i)(?:t\.me|telegram\.me)/(?:\+)?([a-z0-9_]{4,40})"),
    "instagram": re.compile(r"(?i)instagram\.com/([a-z0-9_.]{2,40})"),
    "snapchat": re.compile(r"(?i)snapchat\.com/add/([a-z0-9_.\-]{3,40})"),
    "whatsapp": re.compile(r"(?i)wa\.me/(\d{6,15})"),
    "facebook": re.compile(r"(?i)(?:facebook|fb)\.com/([a-z0-9.]{4,60})"),
    "tiktok": re.compile(r"(?i)tiktok\.com/@([a-z0-9_.]{2,40})"),
    "paypal": re.compile(r"(?i)paypal\.me/([a-z0-9]{2,40})"),
    "cashapp": re.compile(r"(?i)cash\.app/(\$[a-z0-9_]{2,30})"),
    "revolut": re.compile(r"(?i)revolut\.me/([a-z0-9]{2,40})"),
}
_AT = re.compile(r"(?<![\w@/.])@([A-Za-z0-9_][A-Za-z0-9_.]{2,39})(?![\w@])")
_MAIL = re.compile(r"(?<![\w.+-])[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}")
_PHONE = re.compile(r"(?<![\w+])\+\d[\d ()./\-]{6,20}\d(?!\w)")
_SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "₹": "INR", "₦": "NGN", "₱": "PHP", "₺": "TRY", "₽": "RUB", "zł": "PLN",
          "₴": "UAH", "¥": "JPY", "₩": "KRW", "r$": "BRL"}  # fmt: skip
_WORDS = {
    "eur": "EUR", "euro": "EUR", "euros": "EUR", "usd": "USD", "dollar": "USD", "dollars": "USD", "bucks": "USD",
    "gbp": "GBP", "pound": "GBP", "pounds": "GBP", "chf": "CHF", "pln": "PLN", "zloty": "PLN", "złotych": "PLN",
    "inr": "INR", "rupees": "INR", "php": "PHP", "pesos": "MXN", "mxn": "MXN", "brl": "BRL", "reais": "BRL",
    "ngn": "NGN", "naira": "NGN", "xof": "XOF", "uah": "UAH", "btc": "BTC", "bitcoin": "BTC", "eth": "ETH",
    "usdt": "USDT", "xmr": "XMR", "ltc": "LTC", "try": "TRY", "cad": "CAD", "aud": "AUD",
}  # fmt: skip
_NUMBER = r"\d{1,3}(?:[.,'\u00a0 ]\d{3}){1,3}(?:[.,]\d{1,2})?|\d{1,9}(?:[.,]\d{1,8})?"
_BEFORE = re.compile(rf"(?i)(R\$|[€$£₹₦₱₺₽₴¥₩]|zł)[ \u00a0]?({_NUMBER})(?![\d])")
_AFTER = re.compile(
    rf"(?i)(?<![\w.,@])({_NUMBER})[ \u00a0]?(€|\$|£|₹|₦|₱|₺|₽|₴|zł"
    rf"|{'|'.join(sorted(_WORDS, key=len, reverse=True))})(?!\w)"
)
_DEADLINE = re.compile(
    r"(?i)(?<!\w)(?:(?:with)?in|next|innerhalb von|in den nächsten|dentro de|dans|w ciągu)\s"
    r"(?:the\snext\s)?(\d{1,3})\s?"
    r"(hours?|hrs?|h|minutes?|mins?|days?|stunden?|minuten?|tagen?|horas?|minutos|d[ií]as|heures?|jours?|godzin\w*|dni)(?!\w)"
    r"|(?<!\w)(?:until|till?|before|by|bis|hasta|antes del?|avant|jusqu'à|do)\s(?:(?:the|el|le|zum)\s)?"
    r"(tomorrow|tonight|midnight|noon|monday|tuesday|wednesday|thursday|friday|saturday|sunday|morgen|mitternacht|"
    r"montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|mañana|lunes|martes|miércoles|jueves|viernes|"
    r"demain|lundi|mardi|mercredi|jeudi|vendredi|jutra|\d{1,2}(?::\d{2})?\s?(?:am|pm|uhr|h)|"
    r"\d{1,2}[./]\d{1,2}(?:[./]\d{2,4})?)(?!\w)"
    r"|(?<!\w)(\d{1,3})\s(hours?|minutes?|days?|stunden|minuten|tage|horas|minutos|heures|jours)\s"
    r"(?:left|to pay|zeit|or)(?!\w)"
)
_DEMANDS = {
    "pay": r"(?:pay|send (?:me )?(?:the )?money|transfer|zahl\w*|überweis\w*|paga\w*|pague|"
    r"env[ií]a\w* dinero|pay[ée]r?|zapła\w+)",
    "more pictures": r"(?:send|schick\w*|manda\w*|envoie\w*|wyślij)\W+(?:\w+\W+){0,4}(?:nudes?|pics?|pictures?|photos?|"
    r"videos?|bilder|fotos?|zdjęci\w+)",
    "meet": r"(?:meet me|come to my|have sex|triff mich|treffen wir|sleep with)",
    "gift card": r"(?:gift ?cards?|itunes card|steam card|paysafe\w*|google play card|gutschein\w*|razer gold)",
    "access": r"(?:your password|log ?in (?:code|details)|verification code|dein passwort|tu contraseña)",
    "threat to publish": r"(?:i(?:'ll| will)? (?:send|post|share|leak|upload|expose)|leak (?:it|them|your)|"
    r"everyone will see|all your (?:friends|followers|family|contacts)|alle werden|"
    r"schicke? (?:es|sie) (?:an )?(?:allen?|deine)|"
    r"ruin your life|voy a publicar|lo va a ver todo|je vais publier)",
}
_DEMAND = {name: re.compile(rf"(?i)(?<!\w){words}(?!\w)") for name, words in _DEMANDS.items()}


def suggest(messages: Iterable[Said]) -> list[Suggestion]:
    """In the order in which each was first said; every value once."""
    found: dict[tuple[str, str], Suggestion] = {}
    for message in messages:
        for one in _of(message):
            found.setdefault((one.kind, one.value.casefold()), one)
            if len(found) >= MOST:
                return list(found.values())
    return list(found.values())


def _of(message: Said) -> Iterable[Suggestion]:
    text = message.text[:8000]

    def said(kind: str, value: str, start: int, end: int, detail: str = "", sure: bool = False) -> Suggestion:
        return Suggestion(kind, value, detail, sure, _quote(text, start, end), message.by, message.at)

    for wallet in wallets.find(text):
        yield said("wallet", wallet.value, wallet.start, wallet.end, wallet.kind, wallet.certain)
    taken: list[tuple[int, int]] = []
    named = [
        name for name, words in _PLATFORM.items() for word in words.finditer(text) if word[0].lower() not in _SHORT
    ]
    for platform, words in _LINKS.items():
        for link in words.finditer(text):
            taken.append(link.span())
            yield said("handle", link[1], link.start(), link.end(), platform, True)
    for word in _MAIL.finditer(text):
        taken.append(word.span())
        yield said("handle", word[0].lower(), word.start(), word.end(), "e-mail", True)
    for word in _AT.finditer(text):
        if not any(start <= word.start() < end for start, end in taken):
            around = text[max(0, word.start() - 40) : word.start()] + " | " + text[word.end() : word.end() + 25]
            beside = [name for name, words in _PLATFORM.items() if words.search(around)]
            yield said("handle", word[1].rstrip("."), word.start(), word.end(), beside[-1] if beside else "")
    for word in _PHONE.finditer(text):
        yield said("handle", "+" + re.sub(r"\D", "", word[0]), word.start(), word.end(), "phone")
    for name in dict.fromkeys(named):
        at = _PLATFORM[name].search(text)
        if at is not None:
            yield said("platform", name, at.start(), at.end())
    yield from (
        said("amount", f"{plain(number)} {unit}", start, end, unit) for number, unit, start, end in _amounts(text)
    )
    for word in _DEADLINE.finditer(text):
        yield said("deadline", " ".join(word[0].split()), word.start(), word.end())
    for name, words in _DEMAND.items():
        at = words.search(text)
        if at is not None:
            yield said("demand", name, at.start(), at.end())


def _amounts(text: str) -> list[tuple[str, str, int, int]]:
    found = [
        (word[2], _SIGNS.get(word[1].lower(), _SIGNS.get(word[1], "")), *word.span()) for word in _BEFORE.finditer(text)
    ]
    spans = [(start, end) for _, _, start, end in found]
    for word in _AFTER.finditer(text):
        if not any(start < word.end() and word.start() < end for start, end in spans):
            unit = word[2].lower()
            found.append((word[1], _SIGNS.get(unit) or _WORDS[unit], *word.span()))
    return sorted(found, key=lambda one: one[2])


def plain(number: str) -> str:
    """A sum as it is compared: point before the decimals, nothing between thousands."""
    squeezed = re.sub(r"[ '\u00a0]", "", number)
    last = max(squeezed.rfind("."), squeezed.rfind(","))
    if last < 0:
        return squeezed.lstrip("0") or "0"
    whole, rest = re.sub(r"[.,]", "", squeezed[:last]), squeezed[last + 1 :]
    several = len(re.findall(r"[.,]", squeezed)) > 1 and len(set(re.findall(r"[.,]", squeezed))) == 1
    if len(rest) == 3 and (several or (len(whole) <= 3 and whole != "0")):
        return (whole + rest).lstrip("0") or "0"
    rest = rest.rstrip("0")
    return f"{whole.lstrip('0') or '0'}{'.' + rest if rest else ''}"


def _quote(text: str, start: int, end: int) -> str:
    room = max(0, (QUOTE - (end - start)) // 2)
    return " ".join(text[max(0, start - room) : end + room].split())[:QUOTE]


def ring_value(kind: str, value: str, detail: str) -> str:
    """What two cases are compared by: empty for what many people say."""
    if kind == "wallet":
        return f"wallet:{value.casefold()}" if detail in ("iban",) or value[:2] == "0x" else f"wallet:{value}"
    name = value.casefold().lstrip("@")
    return f"handle:{name}" if kind == "handle" and len(name) >= LEAST_RING else ""

"""The sender's own words out of a mail's text: without quotations, signatures and disclaimers, sentence by sentence.

Programs quote in a dozen ways and in every language: lines marked with ">", a line that ends in a colon and names an
address or a time, a ruled line, or the head of the older mail field by field. All of it is bounded, line by line.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from efface.engine.base.text import one_line

LONGEST_TEXT = 20_000
LONGEST_SENTENCE = 600
LONGEST_LINE = 2_000
MOST_SENTENCES = 200
WRAPPED = 45
"""A line at least this wide (an ideograph counts two) was broken by a program and goes on in the next."""

_MARKED = (">", "|", "＞", "»")
_RULE = re.compile(r"^\s*(?:[-_=*]{2,40}\s{0,3}[^\s\-_=*][^\n]{2,80}?\s{0,3}[-_=*]{2,40}|_{8,200}|={20,200})\s*$")
"""A ruled line: "-----Original Message-----" in any language, or a line of underscores."""
_OLDER = re.compile(
    r"original|forward|nachricht|mensaje|message|mensagem|messaggio|wiadomo|bericht|сообщени|повідомленн|письмо|[iİ]leti"
    r"|邮件|郵件|メッセージ|الرسالة|meddelande|zpráva",
    re.IGNORECASE,
)
_WROTE = re.compile(r"[:：]\s*$")
_WHEN = re.compile(r"\d{1,2}[:.h]\d{2}|\d{4}|\d{1,2}[./-]\d{1,2}[./-]")
_SAID = re.compile(
    r"\b(?:wrote|writes|schrieb|escribi[oó]|a [eé]crit|escreveu|ha scritto|napisa[lł]\(?a?\)?|schreef|пишет|написал\(?а?\)?"  # noqa: E501
    r"|писав|написав\(?ла\)?|пише|yazd[iı]|skrev|napsal\(?a?\)?)\b|写道|寫道|のメール|書きました|كتب",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^\s<>@]{1,64}@[^\s<>@]{1,255}")
_FIELD = re.compile(r"^\s*\*?([^\W\d_][\w .ё'’-]{0,24}?)\s{0,2}\*?\s?[:：]\s?\*?\s?\S")
_FROM = frozenset({
    "from", "von", "de", "da", "van", "od", "från", "fra", "от", "від", "kimden", "gönderen", "差出人", "送信者",
    "发件人", "寄件者", "من", "remitente", "expéditeur", "mittente", "afzender", "avsändare", "odesílatel", "отправитель",  # noqa: E501
})  # fmt: skip
_HEAD = _FROM | {
    "sent", "date", "to", "subject", "cc", "gesendet", "datum", "an", "betreff", "enviado", "enviado el", "fecha", "para",  # noqa: E501
    "asunto", "envoyé", "à", "objet", "enviada em", "data", "assunto", "inviato", "a", "oggetto", "verzonden", "aan",
    "onderwerp", "wysłano", "wysłane", "do", "temat", "odesláno", "komu", "předmět", "skickat", "till", "ämne",
    "отправлено", "дата", "кому", "тема", "надіслано", "gönderildi", "tarih", "kime", "konu", "送信日時", "日付", "宛先",  # noqa: E501
    "件名", "发送时间", "日期", "收件人", "主题", "寄件日期", "收件者", "主旨", "تاريخ الإرسال", "إلى", "الموضوع", "التاريخ",  # noqa: E501
    "enviado em", "envoyé le",
}  # fmt: skip
_SIGNED = re.compile(r"^--\s?$")
_PHONE = re.compile(
    r"^\s*(?:sent (?:from|via|with) |get outlook |von meinem |gesendet (?:von|mit) |diese nachricht wurde von meinem "
    r"|enviado (?:desde|do|a partir|de(?:l)? m|via) |envoy[ée] (?:de|à partir|depuis) |inviato d|verzonden v|verstuurd v"  # noqa: E501
    r"|skickat fr|wys[łl]ano z |odesl[áa]no z|отправлено (?:с|из) |надіслано (?:з|із) |.{0,30} gönderildi$"
    r"|iphone ?から送信|.{0,20}から送信|发自|發自|从我的|أُ?رسلت? من|تم الإرسال من).{0,80}$",
    re.IGNORECASE,
)
_ABOVE = re.compile(r"^\W{0,8}(?:please )?(?:type|write|reply|antwort|bitte .{0,20}antwort|responda|répondre)\b.{0,40}"
                    r"\b(?:above|oberhalb|encima|au-dessus)\b", re.IGNORECASE)  # fmt: skip
_CONFIDENTIAL = re.compile(
    r"confidential|intended (?:only |solely )?(?:for|recipient)|vertraulich|confidenciales?\b|confidentiel|confidenciais"  # noqa: E501
    r"|riservat[eoi]\b|poufn[eay]|vertrouwelijk|конфиденциальн|конфіденційн|gizli(?:dir|lik)|機密|保密|سري[ةه]?\b"
    r"|konfidentiell|důvěrn|consider the environment|(?:vor|before) dem ausdrucken|antes de imprimir|avant d'imprimer",
    re.IGNORECASE,
)
_CLOSES = re.compile(r"(?<=[.!?:;…])[\"'”’»)]{0,2}\s+|(?<=[。！？；])|(?<=[؟؛])\s*|\n+")


def unquoted(text: str) -> str:
    """What the sender wrote themselves, so that our own notice, quoted back, is not taken for their words.

    Marked quotations are left out wherever they stand; below the head of an unmarked one nothing is read."""
    kept: list[str] = []
    lines = [line[:LONGEST_LINE] for line in text[:LONGEST_TEXT].replace("\r\n", "\n").split("\n")]
    quoting = False
    for number, line in enumerate(lines):
        if line.lstrip().startswith(_MARKED):
            quoting = False
            continue
        if quoting and not line.strip():
            continue
        quoting = False
        if _head_of_quotation(lines, number):
            if _RULE.match(line) and not _OLDER.search(line) and not any(one.strip() for one in kept):
                continue  # "reply above this line", or an ornament at the top
            if not _marked_below(lines, number):
                break
            quoting = True
            continue
        kept.append(line)
    return "\n".join(kept)


def _marked_below(lines: list[str], number: int) -> bool:
    """Whether the quotation under this head marks its lines: then more of the sender's words may follow it."""
    for line in lines[number + 1 : number + 5]:
        if line.strip() and not _FIELD.match(line):
            return line.lstrip().startswith(_MARKED) or (_wrote(line) and not _RULE.match(line))
    return False


def _head_of_quotation(lines: list[str], number: int) -> bool:
    line = lines[number]
    if len(line) > 300 or not line.strip():
        return False
    if _RULE.match(line) or _wrote(line):
        return True
    follows = lines[number + 1] if number + 1 < len(lines) else ""
    broken = line.strip() and follows.strip() and not _WROTE.search(line) and len(follows) < 200
    if broken and _WHEN.search(line) and _wrote(f"{line.strip()} {follows.strip()}"):
        return True
    return _fields(lines, number)


def _wrote(line: str) -> bool:
    """The line that a program writes above a quotation: it ends in a colon, with the writer and the time before it."""
    if not _WROTE.search(line):
        return False
    signs = bool(_WHEN.search(line)) + bool(_ADDRESS.search(line)) + bool(_SAID.search(line.strip()))
    return signs >= 2


def _fields(lines: list[str], number: int) -> bool:
    """An older mail's head, copied: "From: ..." with another field right below, in any of our languages."""
    first = _FIELD.match(lines[number])
    if not first or first[1].strip().lower() not in _FROM:
        return False
    if _ADDRESS.search(lines[number]) and lines[number].lower().lstrip(" *").startswith("from"):
        return True
    following = [_FIELD.match(line) for line in lines[number + 1 : number + 4]]
    return sum(1 for one in following if one and one[1].strip().lower() in _HEAD) >= 1


def own_words(text: str) -> str:
    """``unquoted`` without what stands under every mail: the signature, "sent from my phone", the small print."""
    kept: list[str] = []
    for line in unquoted(text).split("\n"):
        if _SIGNED.match(line) and any(one.strip() for one in kept):
            break
        if not _PHONE.match(line) and not _ABOVE.match(line):
            kept.append(line)
    paragraphs = re.split(r"\n[ \t]*\n", "\n".join(kept))
    small_print = [place for place, one in enumerate(paragraphs) if place and _CONFIDENTIAL.search(one[:1000])]
    return "\n\n".join(one for place, one in enumerate(paragraphs) if place not in small_print)


_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]"
)
"""Letters that no reader sees: soft hyphens, joiners of no width, marks of direction, fillers."""
_INSIDE = re.compile(f"[^\\W\\d_]{_UNSEEN.pattern}+[^\\W\\d_]")
_MIXED = re.compile(
    "[a-z\u00c0-\u024f][\u0370-\u03ff\u0400-\u052f]|[\u0370-\u03ff\u0400-\u052f][a-z\u00c0-\u024f]", re.IGNORECASE
)
_JOINING = re.compile("[\u0600-\u06ff]")


def visible(text: str) -> str:
    """The text as it is seen: without letters of no width, which would part a "not" that everybody reads."""
    return _UNSEEN.sub("", text[:LONGEST_TEXT])


def disguised(text: str) -> bool:
    """Whether words were made to read otherwise than they look: parted by what nobody sees, turned round, or spelt with
    letters of another alphabet. Joiners belong to Arabic writing, soft hyphens to none of these mails."""
    head = text[:LONGEST_TEXT]
    if any("\u202a" <= one <= "\u202e" or "\u2066" <= one <= "\u2069" for one in head):
        return True
    parted = bool(_INSIDE.search(head)) and not _JOINING.search(head)
    return parted or bool(_MIXED.search(head))


def sentences(text: str) -> Iterator[str]:
    """At most 200, each on one line and at most 600 characters."""
    count = 0
    for piece in _CLOSES.split(_joined(text[:LONGEST_TEXT])):
        sentence = short(piece)
        if sentence:
            yield sentence
            count += 1
            if count == MOST_SENTENCES:
                return


def _joined(text: str) -> str:
    """Lines that a program broke are put together again; a short line stays one."""
    found: list[str] = []
    lines = text.replace("\r\n", "\n").split("\n")
    for number, line in enumerate(lines):
        found.append(line.strip())
        if number + 1 == len(lines):
            break
        after = lines[number + 1].strip()
        goes_on = bool(after) and not after.startswith(("-", "*", "•")) and line.strip() != ""
        carried = _width(line) >= WRAPPED or after[:1].islower() or after.lower().startswith("http")
        if goes_on and carried:
            found.append("" if _ideographic(line) and _ideographic(after) else " ")
        else:
            found.append("\n")
    return "".join(found)


def _width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line[:100])


def _ideographic(line: str) -> bool:
    return any(unicodedata.east_asian_width(letter) in "WF" for letter in line.strip()[:1] + line.strip()[-1:])


def short(text: str) -> str:
    return one_line(text)[:LONGEST_SENTENCE]

"""What stands in front of a page instead of what was looked for: a wall is not a removal.

Recognised from status, headers and the page itself; the words are those of common software in some languages. The
phrases decide only where the page holds little else, so that a page with a log-in link is not taken for a wall.
"""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser

from efface.net.protocol import FetchFacts

SHORT = 1500
"""A page with more characters of main text than this is not judged by its phrases."""


def _any(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(phrases), re.IGNORECASE)


_CHALLENGE_TITLE = _any(
    r"just a moment",
    r"attention required",
    r"checking your browser",
    r"ddos[- ]guard",
    r"are you (?:a )?human",
    r"security check",
    r"access denied",
    r"one more step",
    r"robot check",
    r"bot verification",
    r"einen moment",
    r"un momento",
    r"un instant",
    r"один момент",
    r"請稍候|请稍候",
    r"少々お待ちください",
    r"잠시만",
)
_CHALLENGE = _any(
    r"verify(?:ing)? (?:that )?you are (?:a )?human",
    r"checking your browser before",
    r"enable javascript and cookies",
    r"complete the (?:captcha|security check)",
    r"unusual traffic from your",
    r"prove (?:that )?you(?:'| a)re not a robot",
    r"needs to review the security of your connection",
    r"please wait while we check",
    r"(?:überprüfen|bestätigen) sie,? dass sie ein mensch",
    r"v[ée]rifiez que vous [êe]tes (?:un )?humain",
    r"(?:verifica|compruebe|confirme) que (?:eres|es) (?:un )?humano",
    r"подтвердите, что вы (?:человек|не робот)",
    r"я не робот",
    r"私はロボットではありません",
    r"我不是机器人|进行人机验证|人機驗證",
    r"로봇이 아닙니다",
    r"robot olmadığınızı",
)
_CHALLENGE_MARKS = (
    ".cf-turnstile, .g-recaptcha, .h-captcha, #challenge-form, #cf-challenge-running, #challenge-running, "
    "[src*='challenge-platform'], [src*='hcaptcha.com'], [src*='recaptcha/api'], [src*='captcha-delivery'], "
    "[id*='px-captcha']"
)
_AGE = _any(
    r"are you (?:at least |over )?(?:18|21|eighteen)",
    r"i am (?:at least |over )?(?:18|21)",
    r"you must be (?:at least |over )?(?:18|21)",
    r"age (?:verification|check|gate|confirmation)",
    r"confirm (?:that )?you are (?:over|at least)",
    r"bist du (?:über |mindestens )?18",
    r"verify your age",
    r"(?:avez-vous|as-tu) (?:plus de )?18",
    r"(?:eres|soy|debes ser) mayor de (?:18|edad)",
    r"(?:soy|tengo) (?:más de |mayor de )?18 años",
    r"(?:j'ai|vous devez avoir) (?:plus de |au moins )?18",
    r"(?:ich bin|sie müssen) (?:über |mindestens )?18",
    r"altersverifikation|altersnachweis|ab 18",
    r"(?:hai|ho) (?:più di|almeno) 18|maggiorenne",
    r"(?:tenho|sou) (?:mais de |maior de )(?:18|idade)",
    r"ben je (?:ouder dan )?18|ik ben (?:ouder dan )?18",
    r"(?:masz|mam) (?:ukończone )?18 lat|jestem pełnoletni",
    r"мне (?:есть |уже )?(?:исполнилось )?18|вам (?:есть |исполнилось )18|старше 18",
    r"18 yaşından büyü",
    r"18歳以上|満18歳|年齢確認",
    r"(?:年满|已满|滿|滿了?)\s?18|18\s?岁以上|18\s?歲以上",
    r"18세 이상|성인 ?인증",
    r"فوق سن 18|عمري (?:أكثر|فوق)",
    r"adults only",
)
_LOGIN = _any(
    r"(?:log|sign) ?in to (?:continue|view|see)",
    r"please (?:log|sign) ?in",
    r"you must be logged in",
    r"members? only",
    r"login required",
    r"bitte (?:melde|loggen)",
    r"connectez-vous",
    r"inicia sesi[oó]n",
    r"register to (?:view|continue)",
    r"(?:melde|loggen sie) (?:dich|sich) an,? um",
    r"anmelden,? um (?:fortzufahren|weiter)",
    r"nur für (?:registrierte )?mitglieder",
    r"(?:veuillez vous|pour continuer,? ?) ?connecte[rz]",
    r"réservé aux membres",
    r"(?:debes|tienes que) iniciar sesi[oó]n",
    r"s[oó]lo (?:para )?(?:miembros|usuarios registrados)",
    r"(?:effettua|devi effettuare) l'accesso|accedi per (?:continuare|vedere)|solo per (?:gli )?iscritti",
    r"fa(?:ça|zer) login|entre para (?:continuar|ver)|(?:só|apenas) para membros",
    r"log in om (?:verder|te)|alleen voor leden",
    r"zaloguj się,? aby|musisz (?:być zalogowan|się zalogować)",
    r"(?:войдите|авторизуйтесь)[^.]{0,30}(?:чтобы|для)|только для (?:зарегистрированных|участников)",
    r"giriş yap(?:ın|manız)|sadece üyeler",
    r"ログイン(?:してください|が必要)|会員限定",
    r"(?:请|請)(?:先)?登[录錄入]|登录后(?:查看|可见)|仅限会员",
    r"로그인(?:이 필요|해 ?주세요|하세요)|회원 전용",
    r"تسجيل الدخول (?:للمتابعة|مطلوب)|يجب تسجيل الدخول",
)
_LOGIN_PATH = re.compile(r"/(?:log-?in|sign-?in|auth|account/login)\b")
_PAYWALL = _any(
    r"subscribe to (?:continue|read|view|see|unlock)",
    r"premium (?:members|content|access)",
    r"unlock (?:this|full)",
    r"become a (?:premium )?member",
    r"purchase (?:access|to view)",
    r"upgrade (?:your account )?to (?:view|see|continue)",
)
_SUSPENDED = _any(
    r"account (?:has been |is )?suspended",
    r"(?:web)?site (?:has been |is )?suspended",
    r"this account has been suspended",
    r"hosting (?:account )?(?:has been |is )?(?:suspended|disabled)",
    r"contact your hosting provider",
    r"konto (?:wurde )?gesperrt",
    r"bandwidth limit exceeded",
)
_PARKED = _any(
    r"(?:this |the )?domain (?:name )?(?:is|may be) (?:for sale|parked|available)",
    r"buy this domain",
    r"domain (?:is )?parked",
    r"parked free",
    r"this domain has expired",
    r"inquire about this domain",
    r"domain steht zum verkauf",
)
_GEO = _any(
    r"not available (?:in|for) your (?:country|region|location|area)",
    r"(?:blocked|restricted) in your (?:country|region|location)",
    r"unavailable (?:in|for) your (?:country|region|location)",
    r"in deinem land nicht verf",
    r"for legal reasons",
    r"n'est pas disponible dans votre pays",
    r"no est[aá] disponible en tu pa[ií]s",
    r"non (?:è )?disponibile nel tuo paese",
    r"não (?:está )?disponível no seu país",
    r"niet beschikbaar in (?:jouw|uw) land",
    r"недоступ(?:но|ен|на) в ваше[йм] (?:стране|регионе)",
    r"お住まいの地域では",
    r"(?:您|你)所在的(?:地区|国家)",
)
_GONE = _any(
    r"\b404\b",
    r"\b410\b",
    r"not found",
    r"no longer (?:available|exists?)",
    r"(?:content|page|video|image|gallery) (?:is )?not available",
    r"(?:page|post|video|image|album|content|file|item) "
    r"(?:has been |was |is )?(?:removed|deleted|gone)",
    r"does(?:n't| not) exist",
    r"could(?:n't| not) (?:be found|find)",
    r"nicht gefunden",
    r"introuvable",
    r"no encontrad",
    r"nothing (?:was )?(?:here|found)",
    r"page missing",
    r"non trovat[ao]|não encontrad|niet gevonden|nie (?:znaleziono|istnieje)",
    r"не найден|bulunamadı|見つかりません|找不到|찾을 수 없",
)


def walls(facts: FetchFacts, tree: LexborHTMLParser | None, title: str, text: str, media: int) -> list[str]:
    """The walls recognised, in the protocol's words. ``text`` is the main text, ``media`` the number of media the
    page shows."""
    found: list[str] = []
    short = len(text) < SHORT
    heading = f"{title}\n{_heading(tree)}"
    said = f"{heading}\n{text[: 2 * SHORT]}"
    if _challenged(facts, tree, title, text):
        found.append("challenge")
    if facts.status == 401 or (short and _login(facts, tree, said, media)):
        found.append("login")
    if short and media <= 3 and _AGE.search(said):
        found.append("age")
    if facts.status == 402 or (short and media <= 3 and _PAYWALL.search(said)):
        found.append("paywall")
    if (short and _SUSPENDED.search(said)) or "suspendedpage" in facts.final_url:
        found.append("suspended")
    if short and _PARKED.search(said):
        found.append("parked")
    if facts.status == 451 or (short and media <= 3 and _GEO.search(said)):
        found.append("geo")
    if facts.status in (404, 410) or (facts.status == 200 and _GONE.search(heading)):
        found.append("not-found")
    return found


def _heading(tree: LexborHTMLParser | None) -> str:
    if tree is None:
        return ""
    return "\n".join(node.text(deep=True, strip=True)[:200] for node in tree.css("h1, h2")[:3])


def _challenged(facts: FetchFacts, tree: LexborHTMLParser | None, title: str, text: str) -> bool:
    if facts.headers.get("cf-mitigated", "").lower() == "challenge" or facts.headers.get("x-datadome", ""):
        return True
    short = len(text) < SHORT
    if short and _CHALLENGE_TITLE.search(title):
        return True
    if short and _CHALLENGE.search(text):
        return True
    return short and len(text) < 400 and tree is not None and tree.css_first(_CHALLENGE_MARKS) is not None


def _login(facts: FetchFacts, tree: LexborHTMLParser | None, said: str, media: int) -> bool:
    asks = tree is not None and tree.css_first("input[type=password]") is not None
    if asks and media <= 2:
        return True
    moved = bool(facts.redirects) and _LOGIN_PATH.search(facts.final_url) is not None
    return (asks or media <= 2) and (moved or _LOGIN.search(said) is not None)

"""The words by which sites in many languages call their report, removal, contact and legal pages, and the ways they
spell "at" and "dot". Lower case; matched anywhere in a link's text or path."""

from __future__ import annotations

import re

ABUSE_WORDS: dict[str, str] = {
    "en": r"abuse|dmca|copyright|take[- _]?down|remov(?:e|al)|delet(?:e|ion)[- _](?:request|content|my)|report|"
    r"complain|ncii|non-?consensual|2257|legal[- _]?notice|content[- _]?policy|flag[- _]this|infring|notice[- _]and",
    "es": r"denunci|eliminar|eliminaci|retirar|reportar|quejas?\b|borrar",
    "fr": r"signale|supprim|suppression|retrait|abus\b|plainte",
    "de": r"melden|meldung|missbrauch|beschwerde|lösch|loesch|entfern",
    "pt": r"denúnci|remover|remoção|remocao|excluir|apagar|retirada",
    "it": r"segnala|rimuov|rimozione|cancella|reclam",
    "pl": r"zgłoś|zglos|zgłoszen|usuń|usunięci|usuwani|nadużyci|naduzyci|naruszen",
    "nl": r"melding|misbruik|verwijder|klacht|rapporte",
    "ru": r"удал|жалоб|пожаловаться|нарушен|правообладател|абуз",
    "uk": r"скарг|видал|поскаржит|порушен|правовласник",
    "tr": r"şikayet|sikayet|kaldır|kaldir|bildir|ihbar|kötüye",
    "ja": r"削除|通報|報告|違反|申告|著作権",
    "zh": r"删除|刪除|举报|舉報|侵权|侵權|投诉|投訴|下架",
    "ko": r"신고|삭제|침해|게시\s?중단",
    "ar": r"إبلاغ|ابلاغ|بلاغ|إزالة|ازالة|حذف|شكوى|انتهاك",
    "cs": r"nahlás|nahlas|zneužit|zneuzit|odstran|smaz|stížnost|stiznost",
    "ro": r"raporteaz|sesizar|eliminare|șterge|sterger|abuz|reclama",
    "hu": r"bejelent|visszaélés|visszaeles|eltávolít|eltavolit|törlés|panasz|jelentés",
    "sv": r"anmäl|anmal|missbruk|radera|klagomål|ta[- ]bort",
    "da": r"anmeld|misbrug|slet|fjern|klage",
    "no": r"varsle|rapporter|slett",
    "fi": r"ilmoita|poista|väärinkäyt|valitus",
    "el": r"αναφορά|καταγγελ|διαγραφ|αφαίρεσ",
    "vi": r"báo cáo|gỡ bỏ|vi phạm|khiếu nại",
    "id": r"laporkan|hapus|penghapusan|pelanggaran",
}
CONTACT_WORDS: dict[str, str] = {
    "en": r"contact|imprint|legal|privacy|terms|support|help|about|feedback|\btos\b",
    "es": r"contacto|aviso|privacidad|términos|terminos|condiciones|acerca|ayuda|soporte",
    "fr": r"mentions|confidentialité|confidentialite|conditions|à propos|a-propos|aide\b|nous écrire",
    "de": r"kontakt|impressum|datenschutz|\bagb\b|rechtliches|hilfe|über uns|ueber-uns",
    "pt": r"contato|contacto|privacidade|termos|sobre\b|ajuda|fale conosco",
    "it": r"contatt|note legali|privacy|termini|chi siamo|aiuto",
    "pl": r"kontakt|regulamin|polityka prywatności|prywatnosc|pomoc\b|o nas",
    "nl": r"contact|voorwaarden|colofon|privacybeleid|over ons|klantenservice",
    "ru": r"связ|контакт|о сайте|правила|поддержк|помощь|соглашени|конфиденциальн",
    "uk": r"зв.?яз|контакт|про нас|правила|підтримк|допомог|конфіденційн",
    "tr": r"iletişim|iletisim|künye|kunye|gizlilik|şartlar|kullanım koşulları|hakkımızda|hakkimizda|yardım",
    "ja": r"問い合わせ|問合せ|お問合|運営|規約|プライバシー|会社概要|連絡",
    "zh": r"联系|聯繫|聯絡|关于|關於|条款|條款|隐私|隱私|帮助|客服",
    "ko": r"문의|연락|약관|개인정보|고객센터|소개",
    "ar": r"اتصل|تواصل|سياسة|الشروط|الخصوصية|من نحن|مساعدة",
    "cs": r"kontakt|podmínky|podminky|ochrana osobních|o nás|nápověda",
    "ro": r"contact|termeni|confidențialitate|confidentialitate|despre|ajutor",
    "hu": r"kapcsolat|impresszum|adatvédel|adatvedel|feltételek|rólunk|rolunk|segítség",
    "sv": r"kontakt|villkor|integritet|om oss|hjälp",
    "da": r"kontakt|vilkår|om os|hjælp",
    "no": r"kontakt|vilkår|om oss|hjelp",
    "fi": r"yhteys|ota yhteyttä|käyttöehdot|tietosuoja|tietoa meistä",
    "el": r"επικοινων|όροι|απόρρητο|σχετικά",
    "vi": r"liên hệ|điều khoản|giới thiệu",
    "id": r"hubungi|kontak|ketentuan|tentang|bantuan",
}
ABUSE = re.compile("|".join(ABUSE_WORDS.values()), re.IGNORECASE)
CONTACT = re.compile("|".join(CONTACT_WORDS.values()), re.IGNORECASE)

BARE_AT = (
    "at",
    "ät",
    "arroba",
    "arobase",
    "chiocciola",
    "małpa",
    "malpa",
    "apenstaartje",
    "kukac",
    "zavináč",
    "zavinac",
    "snabel-a",
    "собака",
    "собачка",
    "песик",
    "равлик",
    "アット",
    "アットマーク",
    "골뱅이",
    "艾特",
    "آت",
)
"""Words for @ that are also written without brackets, where a word for the dot follows."""
AT = (*BARE_AT, "@", "a", "ат", "эт", "et", "na", "kuyruklu a", "arond", "coadă de maimuță", "圈a")
DOT = (
    "dot",
    ".",
    "punkt",
    "punto",
    "point",
    "ponto",
    "kropka",
    "punt",
    "pont",
    "tečka",
    "tecka",
    "nokta",
    "punct",
    "punktum",
    "piste",
    "teleia",
    "точка",
    "тчк",
    "крапка",
    "ドット",
    "点",
    "點",
    "점",
    "닷",
    "نقطة",
)


def either(words: tuple[str, ...]) -> str:
    """A pattern for any of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))

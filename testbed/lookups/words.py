"""What sites in twenty languages write on their contact pages: link text of the contact page, of the report page, a path
for each, a sentence before the address, and how people there spell "at" and "dot"."""

from __future__ import annotations

LANGUAGES: dict[str, tuple[str, str, str, str, str, str, str]] = {
    # contact link, report link, contact path, report path, sentence, at, dot
    "en": ("Contact us", "Report abuse", "contact-us", "report-abuse", "To request removal of content write to", "at", "dot"),
    "es": ("Contacto", "Denunciar contenido", "contacto", "denunciar", "Para eliminar contenido escriba a", "arroba", "punto"),
    "fr": ("Nous contacter", "Signaler un contenu", "contact", "signaler", "Pour demander un retrait, écrivez à", "arobase", "point"),
    "de": ("Kontakt", "Inhalt melden", "kontakt", "melden", "Um Inhalte löschen zu lassen, schreiben Sie an", "ät", "punkt"),
    "pt": ("Contato", "Denunciar", "contato", "denuncia", "Para pedir a remoção escreva para", "arroba", "ponto"),
    "it": ("Contatti", "Segnala contenuto", "contatti", "segnala", "Per la rimozione scrivere a", "chiocciola", "punto"),
    "pl": ("Kontakt", "Zgłoś naruszenie", "kontakt", "zglos", "Aby usunąć treść, napisz na", "małpa", "kropka"),
    "nl": ("Contact", "Misbruik melden", "contact", "misbruik", "Voor verwijdering mailt u naar", "apenstaartje", "punt"),
    "ru": ("Контакты", "Пожаловаться", "contacts", "abuse", "Для удаления материалов пишите на", "собака", "точка"),
    "uk": ("Контакти", "Поскаржитися", "contacts", "skarga", "Щоб видалити матеріали, пишіть на", "собака", "крапка"),
    "tr": ("İletişim", "Şikayet et", "iletisim", "sikayet", "İçerik kaldırma talebi için yazın:", "et", "nokta"),
    "ja": ("お問い合わせ", "削除依頼", "toiawase", "sakujo", "削除のご依頼はこちらまで:", "アット", "ドット"),
    "zh": ("联系我们", "举报", "lianxi", "jubao", "删除内容请发邮件至", "艾特", "点"),
    "ko": ("문의하기", "신고하기", "munui", "singo", "삭제 요청은 다음으로 보내 주세요:", "골뱅이", "점"),
    "ar": ("اتصل بنا", "الإبلاغ عن محتوى", "contact", "report", "لطلب حذف المحتوى راسلونا على", "آت", "نقطة"),
    "cs": ("Kontakty", "Nahlásit obsah", "kontakty", "nahlasit", "O odstranění obsahu pište na", "zavináč", "tečka"),
    "ro": ("Contactați-ne", "Raportează conținut", "contactati", "raporteaza", "Pentru eliminare scrieți la", "arond", "punct"),
    "hu": ("Kapcsolat", "Tartalom bejelentése", "kapcsolat", "bejelentes", "Eltávolításhoz írjon ide:", "kukac", "pont"),
    "sv": ("Kontakta oss", "Anmäl innehåll", "kontakta", "anmal", "För att ta bort innehåll, skriv till", "snabel-a", "punkt"),
    "da": ("Kontakt os", "Anmeld indhold", "kontakt", "anmeld", "Skriv for at få indhold fjernet til", "at", "punktum"),
}  # fmt: skip
IMPRINT = {"de": "Impressum", "fr": "Mentions légales", "es": "Aviso legal", "it": "Note legali", "en": "Legal notice"}

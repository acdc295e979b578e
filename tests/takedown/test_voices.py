"""What turns a removal round is heard in every language: denials, conditions, plans, rules, questions, other things."""

from __future__ import annotations

import pytest

from efface.net.protocol import Mail
from efface.takedown import voices
from efface.takedown.classify import Classification, classify
from efface.takedown.phrasebook import languages, tongues
from efface.takedown.reading import sentences

DONE = {
    "en": ("We deleted the images an hour ago.", "The video has been taken offline.", "That account no longer exists."),
    "de": ("Das Video haben wir gestern vom Netz genommen.", "Die Seite ist nicht mehr erreichbar.",
           "Wir löschten die Bilder umgehend."),
    "fr": ("Les images viennent d'être supprimées.", "Nous avons retiré la vidéo hier.", "La page n'est plus en ligne."),  # noqa: E501
    "es": ("Acabamos de borrar las fotos.", "El vídeo fue retirado ayer.", "La página ya no está disponible."),
    "pt": ("Acabámos de apagar as fotos.", "O vídeo foi retirado ontem.", "A página já não está disponível."),
    "it": ("Le foto sono state cancellate ieri.", "Abbiamo appena rimosso il video.", "La pagina non è più online."),
    "nl": ("De foto's zijn gisteren gewist.", "Wij hebben de video verwijderd.", "De pagina is niet meer bereikbaar."),
    "pl": ("Zdjęcia skasowaliśmy wczoraj.", "Film został usunięty.", "Strona nie jest już dostępna."),
    "ru": ("Фотографии мы вчера удалили.", "Видео удалено.", "Страница больше не открывается."),
    "uk": ("Фотографії ми вчора видалили.", "Відео видалено.", "Сторінка більше не відкривається."),
    "tr": ("Fotoğrafları dün sildik.", "Video yayından kaldırıldı.", "Sayfaya artık erişilemiyor."),
    "ja": ("画像は昨日削除いたしました。", "動画を非公開にしました。", "該当ページは削除済みです。"),
    "zh": ("照片昨天已经删除。", "视频已下架。", "该网页我们已经移除。"),
    "ar": ("حذفنا الصور أمس.", "تمت إزالة الفيديو.", "الصفحة لم تعد متاحة."),
    "sv": ("Vi raderade bilderna igår.", "Filmen har tagits bort.", "Sidan är inte längre tillgänglig."),
    "cs": ("Fotky jsme včera smazali.", "Video bylo odstraněno.", "Stránka již není dostupná."),
}  # fmt: skip
DENIED = {
    "en": ("We did not delete the images.", "The video wasn't taken offline.", "Nothing has been removed so far."),
    "de": ("Das Video haben wir nicht gelöscht.", "Keines der Bilder wurde entfernt.", "Die Seite ist noch nicht gesperrt."),  # noqa: E501
    "fr": ("Les images n'ont pas été supprimées.", "Nous n'avons rien retiré.", "Aucune page n'a été supprimée."),
    "es": ("No hemos borrado las fotos.", "El vídeo no fue retirado.", "Ninguna página ha sido eliminada."),
    "pt": ("Não apagámos as fotos.", "O vídeo não foi retirado.", "Nenhuma página foi removida."),
    "it": ("Le foto non sono state cancellate.", "Non abbiamo rimosso il video.", "Nessuna pagina è stata rimossa."),
    "nl": ("De foto's zijn niet gewist.", "Wij hebben de video niet verwijderd.", "Geen enkele pagina is verwijderd."),
    "pl": ("Nie skasowaliśmy zdjęć.", "Film nie został usunięty.", "Żadne zdjęcie nie zostało usunięte."),
    "ru": ("Фотографии мы не удалили.", "Видео не удалено.", "Ни одна страница не была удалена."),
    "uk": ("Фотографії ми не видалили.", "Відео не видалено.", "Жодна сторінка не була видалена."),
    "tr": ("Fotoğrafları silmedik.", "Video yayından kaldırılmadı.", "Hiçbir sayfa kaldırılmadı."),
    "ja": ("画像は削除しておりません。", "動画はまだ削除されていません。", "ページは削除していません。"),
    "zh": ("照片没有删除。", "视频尚未下架。", "该网页我们没有移除。"),
    "ar": ("لم نحذف الصور.", "لم تتم إزالة الفيديو.", "لم يتم حذف الصفحة."),
    "sv": ("Vi har inte raderat bilderna.", "Filmen har inte tagits bort.", "Ingen sida har tagits bort."),
    "cs": ("Fotky jsme nesmazali.", "Video nebylo odstraněno.", "Žádná stránka nebyla odstraněna."),
}  # fmt: skip
TO_COME = {
    "en": ("The images will be deleted tomorrow.", "We are going to take the video down."),
    "de": ("Die Bilder werden morgen gelöscht.", "Wir werden das Video entfernen."),
    "fr": ("Les images seront supprimées demain.", "Nous allons retirer la vidéo."),
    "es": ("Las fotos serán eliminadas mañana.", "Vamos a retirar el vídeo."),
    "pt": ("As fotos serão apagadas amanhã.", "Vamos retirar o vídeo."),
    "it": ("Le foto verranno cancellate domani.", "Stiamo rimuovendo il video."),
    "nl": ("De foto's worden morgen gewist.", "Wij zullen de video verwijderen."),
    "pl": ("Zdjęcia zostaną skasowane jutro.", "Usuniemy ten film."),
    "ru": ("Фотографии будут удалены завтра.", "Мы удалим видео."),
    "uk": ("Фотографії буде видалено завтра.", "Ми видалимо відео."),
    "tr": ("Fotoğraflar yarın silinecek.", "Videoyu kaldıracağız."),
    "ja": ("画像は明日削除いたします。", "動画は削除される予定です。"),
    "zh": ("照片明天将删除。", "我们会下架视频。"),
    "ar": ("سيتم حذف الصور غدا.", "سنزيل الفيديو."),
    "sv": ("Bilderna kommer att raderas imorgon.", "Vi ska ta bort filmen."),
    "cs": ("Fotky budou zítra smazány.", "Video odstraníme."),
}  # fmt: skip
ON_CONDITION = {
    "en": "If you send proof of identity, the images are deleted.",
    "de": "Wenn Sie einen Nachweis senden, werden die Bilder gelöscht.",
    "fr": "Si vous envoyez un mandat, les images sont supprimées.",
    "es": "Si nos envía el poder, las fotos quedan eliminadas.",
    "pt": "Se nos enviar a procuração, as fotos são apagadas.",
    "it": "Se ci invia la delega, le foto sono rimosse.",
    "nl": "Als u een machtiging stuurt, zijn de foto's verwijderd.",
    "pl": "Jeśli prześlą Państwo pełnomocnictwo, zdjęcia są usuwane.",
    "ru": "Если пришлёте доверенность, фото удалены.",
    "uk": "Якщо надішлете довіреність, фото видалено.",
    "tr": "Vekaletname gönderirseniz fotoğraflar silinir.",
    "ja": "委任状をお送りいただければ画像を削除します。",
    "zh": "如果您提供授权书,照片就已删除。",
    "ar": "إذا أرسلتم توكيلا تم حذف الصور.",
    "sv": "Om ni skickar en fullmakt är bilderna raderade.",
    "cs": "Pokud pošlete plnou moc, fotky jsou smazány.",
}
ASKED = {
    "en": "Have the images been removed?",
    "de": "Wurden die Bilder gelöscht?",
    "fr": "Les images ont-elles été supprimées ?",
    "es": "¿Han sido eliminadas las fotos?",
    "pt": "As fotos foram removidas?",
    "it": "Le foto sono state rimosse?",
    "nl": "Zijn de foto's verwijderd?",
    "pl": "Czy zdjęcia zostały usunięte?",
    "ru": "Фотографии были удалены?",
    "uk": "Фотографії було видалено?",
    "tr": "Fotoğraflar kaldırıldı mı?",
    "ja": "画像は削除されましたか?",
    "zh": "照片已经删除了吗?",
    "ar": "هل تم حذف الصور؟",
    "sv": "Har bilderna tagits bort?",
    "cs": "Byly fotky odstraněny?",
}
SOMETHING_ELSE = {
    "en": "Your message was deleted as spam.",
    "de": "Ihre Nachricht wurde als Spam gelöscht.",
    "fr": "Votre message a été supprimé comme indésirable.",
    "es": "Su mensaje fue eliminado por spam.",
    "pt": "A sua mensagem foi apagada como spam.",
    "it": "Il suo messaggio è stato cancellato come spam.",
    "nl": "Uw bericht is verwijderd als spam.",
    "pl": "Państwa wiadomość została usunięta jako spam.",
    "ru": "Ваше сообщение удалено как спам.",
    "uk": "Ваше повідомлення видалено як спам.",
    "tr": "Mesajınız spam olarak silindi.",
    "ja": "お客様のメールは迷惑メールとして削除されました。",
    "zh": "您的邮件已作为垃圾邮件删除。",
    "ar": "تم حذف بريدكم مع المرفقات.",
    "sv": "Ert mejl raderades som skräppost.",
    "cs": "Váš e-mail byl smazán jako spam.",
}
BACK_AGAIN = {
    "en": "We had removed the video. After an appeal it was restored.",
    "de": "Wir hatten das Video entfernt. Nach einem Widerspruch ist es wieder online.",
    "fr": "Nous avions retiré la vidéo. Après un recours, nous l'avons rétablie.",
    "es": "Habíamos retirado el vídeo. Tras un recurso lo hemos vuelto a publicar.",
    "pt": "Tínhamos removido o vídeo. Após recurso, foi restabelecido.",
    "it": "Avevamo rimosso il video. A seguito di reclamo è stato ripristinato.",
    "nl": "Wij hadden de video verwijderd. Na bezwaar is hij teruggeplaatst.",
    "pl": "Film został usunięty. Po odwołaniu został przywrócony.",
    "ru": "Видео было удалено. После апелляции мы его восстановили.",
    "uk": "Відео було видалено. Після апеляції ми його відновили.",
    "tr": "Videoyu kaldırmıştık. İtiraz üzerine yeniden yayına alındı.",
    "ja": "動画を削除しましたが、異議申し立てにより復元しました。",
    "zh": "视频曾被删除。用户申诉后已恢复。",
    "ar": "تم حذف الفيديو. بعد الاعتراض أعدنا نشره.",
    "sv": "Vi hade tagit bort filmen. Efter överklagande har den återställts.",
    "cs": "Video bylo odstraněno. Po odvolání jsme je obnovili.",
}
TOLD: dict[str, list[str]] = {
    "en": [
        "We have asked our customer to remove the pictures.",
        "Our customer has until noon to take the pages offline.",
        "We have instructed the operator to have the images deleted.",
    ],
    "de": [
        "Wir haben den Kunden gebeten, die Bilder zu entfernen.",
        "Der Kunde hat bis morgen Zeit, die Seiten offline zu nehmen.",
        "Wir haben den Betreiber aufgefordert, die Fotos löschen zu lassen.",
        "Ich habe dem Kunden gesagt, dass die Bilder weg müssen.",
    ],
    "fr": [
        "Nous avons demandé au client de supprimer les images.",
        "Le client a jusqu'à demain pour retirer les pages.",
        "Nous avons invité l'éditeur à faire effacer les photos.",
    ],
    "es": [
        "Hemos pedido al cliente que elimine las imágenes.",
        "El cliente tiene hasta mañana para retirar las páginas.",
        "Hemos instado al titular a borrar las fotos.",
    ],
    "it": [
        "Abbiamo chiesto al cliente di rimuovere le immagini.",
        "Il cliente ha tempo fino a domani per togliere le pagine.",
        "Ho invitato il gestore a cancellare le foto.",
        "Abbiamo detto al titolare di far sparire le foto.",
    ],
    "nl": [
        "We hebben de klant gevraagd de foto's te verwijderen.",
        "De klant heeft tot morgen om de pagina's offline te halen.",
        "Ik heb de beheerder verzocht de beelden te wissen.",
    ],
    "pt": [
        "Pedimos ao cliente que remova as imagens.",
        "O cliente tem até amanhã para tirar as páginas do ar.",
        "Solicitei ao dono que apagasse as fotos.",
    ],
    "pl": [
        "Poprosiliśmy klienta o usunięcie zdjęć.",
        "Klient ma czas do jutra na zdjęcie strony.",
        "Wezwaliśmy operatora, by usunął fotografie.",
    ],
    "ru": [
        "Мы попросили клиента удалить фотографии.",
        "У клиента есть время до завтра, чтобы убрать страницы.",
    ],
    "uk": [
        "Ми попросили клієнта видалити світлини.",
        "Клієнт має час до завтра, щоб прибрати сторінки.",
    ],
    "tr": [
        "Müşteriden görselleri kaldırmasını istedik.",
        "Müşteriye sayfaları kaldırması için yarına kadar süre verdik.",
    ],
    "sv": [
        "Vi har bett kunden att ta bort bilderna.",
        "Kunden har till i morgon på sig att ta ner sidorna.",
    ],
    "cs": [
        "Požádali jsme zákazníka, aby fotografie smazal.",
        "Zákazník má do zítřka čas stránky stáhnout.",
    ],
    "ja": [
        "契約者に画像の削除を依頼しました。",
        "契約者には明日までに削除するよう求めています。",
    ],
    "zh": [
        "我们已要求客户删除图片。",
        "客户须在明天之前删除页面。",
    ],
    "ar": [
        "طلبنا من العميل حذف الصور.",
        "أمام العميل حتى الغد لإزالة الصفحات.",
    ],
}
"""What somebody else was asked to do has not been done."""
LISTS = {"DENIED": DENIED, "TO_COME": TO_COME, "ON_CONDITION": ON_CONDITION, "ASKED": ASKED,
         "SOMETHING_ELSE": SOMETHING_ELSE, "BACK_AGAIN": BACK_AGAIN, "TOLD": TOLD}  # fmt: skip
NOT_GONE = [
    (code, kind, text)
    for kind, table in LISTS.items()
    for code, said in table.items()
    for text in ([said] if isinstance(said, str) else said)
]


def said(text: str) -> Classification:
    return classify(Mail(sender="desk@host.example", subject="Re: reference EF-1", text=text))


def test_every_language_has_every_case() -> None:
    for table in (DONE, *LISTS.values()):
        assert set(table) == set(languages())


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in DONE.items() for text in texts])
def test_what_was_done_is_heard(code: str, text: str) -> None:
    found = said(text)
    assert (found.kind, found.needs_person) == ("claims-removal", False), found


@pytest.mark.parametrize(("code", "kind", "text"), NOT_GONE)
def test_what_was_not_done_is_never_a_removal(code: str, kind: str, text: str) -> None:
    found = said(text)
    assert found.kind != "claims-removal" or found.needs_person, found


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in TOLD.items() for text in texts])
def test_what_somebody_else_was_asked_to_do_is_passed_on(code: str, text: str) -> None:
    found = said(text)
    assert (found.kind, found.needs_person) == ("forwards", False), found


@pytest.mark.parametrize("text", ["The customer did not answer and we have disconnected the server.",
                                  "El cliente no contestó y hemos dado de baja el servidor.",
                                  "Le client n'a pas répondu et nous avons coupé le serveur."])  # fmt: skip
def test_silence_of_a_customer_denies_nothing(text: str) -> None:
    assert said(text).kind == "claims-removal"


def test_a_robot_that_says_something_nobody_understood_goes_to_a_person() -> None:
    odd = "The frobnication of your quandary was settled by the seventh committee of elders."
    found = classify(Mail(sender="desk@host.example", subject="x", text=odd, auto_submitted=True))
    assert found.needs_person and "unread" in found.ground


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in TO_COME.items() for text in texts])
def test_what_is_promised_is_not_yet_done(code: str, text: str) -> None:
    found = said(text)
    assert found.kind == "auto-acknowledgement", found


@pytest.mark.parametrize("code", sorted(DONE))
def test_a_removal_is_doubted_where_the_mail_denies_it_elsewhere(code: str) -> None:
    for other in (DENIED[code][0], DENIED[code][1]):
        found = said(f"{DONE[code][0]}\n\n{other}")
        assert found.kind != "claims-removal" or found.needs_person, found


def test_a_point_granted_before_the_removal_takes_nothing_away() -> None:
    found = said("Although we are not obliged to act, we have removed the images.")
    assert (found.kind, found.needs_person) == ("claims-removal", False)
    undone = said("Although we removed the images last week, we will not remove them again.")
    assert undone.kind != "claims-removal" or undone.needs_person


def test_the_sender_says_it_and_the_sentence_is_kept() -> None:
    text = "Hello. We deleted the images. Bye."
    heard = voices.listen(sentences(text), "", tongues(text))
    assert heard.of("removed") == ["We deleted the images."] and heard.first("refuses") == ""


def test_a_notice_that_is_known_is_left_out_wherever_it_stands() -> None:
    sent = "Dear desk, the following pages were published without consent. The images were removed elsewhere already."
    text = "The images were removed elsewhere already. Which page do you mean?"
    assert voices.own(sentences(text), ["en"], sent) == ["Which page do you mean?"]
    assert len(voices.own(sentences(text), ["en"])) == 2


def test_a_few_words_that_the_notice_has_too_are_still_the_desks() -> None:
    assert voices.own(["Images were removed."], ["en"], "Confirm that the images were removed.") == [
        "Images were removed."
    ]

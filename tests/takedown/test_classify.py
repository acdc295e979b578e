"""What a reply means, and when a person has to say."""

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efface.law import load
from efface.net.protocol import Mail
from efface.takedown.classify import Kind, classify
from efface.takedown.inbox import KINDS, MACHINE
from efface.takedown.notice import draft
from efface.takedown.phrasebook import languages
from efface.takedown.reading import sentences, unquoted
from tests.takedown.goldens import AGAIN, WRITTEN, made
from tests.takedown.notice_facts import COMPLETE

SENDER = "desk@host.example"


def reply(text: str, subject: str = "Re: reference EF-1", automatic: bool = False) -> Mail:
    return Mail(sender=SENDER, subject=subject, text=text, auto_submitted=automatic)


SAID = [
    ("auto-acknowledgement", "Thank you for your report. A ticket has been created, number 4711."),
    ("auto-acknowledgement", "This is an automated response. Please do not reply to this email."),
    ("auto-acknowledgement", "We have received your complaint and will review it."),
    ("auto-acknowledgement", "Vielen Dank für Ihre Meldung. Wir werden den Fall prüfen."),
    ("auto-acknowledgement", "Ihre Nachricht ist eingegangen und wird bearbeitet."),
    ("auto-acknowledgement", "Hemos recibido su denuncia. Nos pondremos en contacto con usted."),
    ("claims-removal", "The content has been removed."),
    ("claims-removal", "Thanks for reporting. We have taken down the page and the images."),
    ("claims-removal", "Hello, our customer confirmed the removal of the files."),
    ("claims-removal", "The URL is no longer accessible."),
    ("claims-removal", "We have reviewed your report and removed the content."),
    ("claims-removal", "The domain name has been placed on hold."),
    ("claims-removal", "We removed it this morning. Regards, abuse desk"),
    ("claims-removal", "Die Inhalte wurden heute entfernt."),
    ("claims-removal", "Wir haben den Zugang zu der Seite gesperrt."),
    ("claims-removal", "Das Bild ist nicht mehr erreichbar."),
    ("claims-removal", "Die Bilder haben wir heute um 11:40 Uhr gelöscht."),
    ("refuses", "Nö."),
    ("claims-removal", "El contenido ha sido eliminado."),
    ("claims-removal", "Hemos retirado las imágenes. Un saludo"),
    ("refuses", "We will not remove this content."),
    ("refuses", "After review we found no violation of our terms."),
    ("refuses", "Your request has been rejected."),
    ("refuses", "We act only on a court order."),
    ("refuses", "We are unable to take action."),
    ("refuses", "Wir können die Inhalte leider nicht entfernen."),
    ("refuses", "Ihr Antrag wurde abgelehnt."),
    ("refuses", "Wir handeln nur auf gerichtlichen Beschluss, nur mit Gerichtsbeschluss."),
    ("refuses", "No podemos eliminar el contenido."),
    ("refuses", "Su solicitud ha sido rechazada."),
    ("asks-for-more", "Please provide a copy of your ID."),
    ("asks-for-more", "We need more information to proceed."),
    ("asks-for-more", "Could you send the exact links?"),
    ("asks-for-more", "Additional documentation is required."),
    ("asks-for-more", "Bitte senden Sie uns eine Vollmacht."),
    ("asks-for-more", "Wir benötigen noch weitere Angaben."),
    ("asks-for-more", "Por favor, envíe una copia de su documento."),
    ("asks-for-more", "Necesitamos más información sobre las URL."),
    ("counter-notice", "Our user has submitted a counter notification, attached."),
    ("counter-notice", "The uploader disputes the claim."),
    ("counter-notice", "Der Nutzer widerspricht der Meldung."),
    ("counter-notice", "El usuario niega los hechos."),
    ("forwards", "Your complaint has been forwarded to our customer."),
    ("forwards", "We have notified the owner of the site."),
    ("forwards", "Wir haben Ihre Meldung an den Kunden weitergeleitet."),
    ("forwards", "Hemos reenviado su denuncia a nuestro cliente."),
]


@pytest.mark.parametrize(("kind", "text"), SAID)
def test_what_desks_say(kind: str, text: str) -> None:
    found = classify(reply(f"Hello,\n\n{text}\n\nRegards,\nThe desk\n"))
    assert (found.kind, found.needs_person) == (kind, False), found
    assert found.because in text
    assert found.address == SENDER and not found.permanent


@pytest.mark.parametrize(
    "text",
    [
        "The content has not been removed.", "We have not removed anything.",
        "We will remove the content if we find that it violates our terms.", "If the content was removed, tell us.",
        "Once the images are deleted we will write again.", "Has the page been removed?",
        "Die Inhalte wurden nicht entfernt.", "Sobald das Bild gelöscht wurde, melden wir uns.",
        "No se ha eliminado el contenido.", "No content was removed.", "The image can't be removed.",
    ],
)  # fmt: skip
def test_a_removal_that_did_not_happen_is_not_claimed(text: str) -> None:
    found = classify(reply(text))
    assert found.kind != "claims-removal" or found.needs_person


@pytest.mark.parametrize(
    "text",
    [
        "Your account has been suspended for sending spam to us.", "Your email address has been blocked.",
        "The report has been removed from our queue.", "We removed your message as spam.",
        "The uploader says the video was deleted in 2019.", "It is false that the images have been removed.",
        "The customer promised the files are deleted by Friday.", "The page is offline for maintenance.",
        "The content was removed last year and uploaded again by someone else.",
        "Our site is no longer available in your country.", "Ihre E-Mail wurde als Spam gelöscht.",
        "Su mensaje ha sido eliminado.", "Votre message a été supprimé.", "Treść nie została usunięta.",
        "Фото ещё не удалены.", "İçerik henüz kaldırılmadı.", "画像はまだ削除されておりません。", "内容尚未删除。",
        "لم يتم حذف الصور.", "Fotky budou smazány.",
    ],
)  # fmt: skip
def test_what_went_is_something_else_or_is_still_there(text: str) -> None:
    found = classify(reply(text))
    assert found.kind != "claims-removal" or found.needs_person, found


@pytest.mark.parametrize(
    "text",
    [
        "Hello there", "", "?", "lol", "This ticket has been resolved.", "Appropriate action has been taken.",
        "We have removed one image. We will not remove the others.",
        "Send us 300 EUR and it goes away",
    ],
)  # fmt: skip
def test_what_is_not_clear_goes_to_a_person(text: str) -> None:
    assert classify(reply(text)).needs_person


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("We do not host this site.", "refuses"),
        ("The content has been removed. The uploader disputes the claim.", "counter-notice"),
    ],
)
def test_what_a_person_always_sees_may_be_sure(text: str, kind: str) -> None:
    """Neither of these kinds is acted on by a machine, however sure it is."""
    assert classify(reply(text)).kind == kind
    assert KINDS[kind] not in MACHINE


def test_a_whole_mail_of_two_words() -> None:
    assert (classify(reply("listo, borrado")).kind, classify(reply("ok")).kind) == ("claims-removal", "other")


def test_a_condition_is_a_question_rather_than_a_refusal() -> None:
    found = classify(reply("We cannot process this request. Please provide a power of attorney."))
    assert found.kind == "asks-for-more"


def test_a_machine_that_says_removed_is_believed_less_than_a_person() -> None:
    machine = classify(reply("The content has been removed.", automatic=True))
    person = classify(reply("The content has been removed."))
    assert machine.kind == person.kind == "claims-removal" and machine.confidence < person.confidence


def test_an_automatic_mail_without_words_is_an_acknowledgement() -> None:
    found = classify(reply("#4711", subject="Ticket 4711", automatic=True))
    assert (found.kind, found.because) == ("auto-acknowledgement", "Ticket 4711")


NOTICES = [(type, language) for type, language in WRITTEN if "email" in load().notices[type].via]


@pytest.mark.parametrize(("type", "language"), NOTICES)
@pytest.mark.parametrize("head", ["On Sat, Nov 21, 2026 at 10:30 AM Example Helpline <n@reply.example> wrote:",
                                  "-----Original Message-----", "Am 21.11.2026 um 10:30 schrieb Example Helpline:",
                                  "El 21 nov 2026, a las 10:30, Example Helpline escribió:",
                                  "From: Example Helpline <n@reply.example>"])  # fmt: skip
def test_our_own_notice_quoted_back_says_nothing(type: str, language: str, head: str) -> None:
    ours = made(type, language, again=type in AGAIN)
    plain = classify(reply(f"ok\n\n{head}\n\n{ours.text}", subject=f"Re: {ours.subject}"))
    assert plain.kind == "other", plain
    marked = "\n".join(f"> {line}" for line in ours.text.splitlines())
    assert classify(reply(f"ok\n\n{marked}", subject=f"AW: {ours.subject}")).kind == "other"
    said = classify(reply(f"The content has been removed.\n\n{head}\n{marked}", subject=f"Re: {ours.subject}"))
    assert (said.kind, said.because) == ("claims-removal", "The content has been removed.")


def test_a_quotation_whose_head_is_broken_over_two_lines() -> None:
    text = (
        "Danke\n\nOn Sat, Nov 21, 2026 at 10:30 AM Example Helpline\n<n@reply.helpline.example> wrote:\nWe removed it."
    )
    assert unquoted(text).strip() == "Danke"


def report(text: str, **more: object) -> Mail:
    return Mail(sender="mailer-daemon@mx.example", subject="Undelivered Mail", text=text, is_bounce=True, **more)  # type: ignore[arg-type]


def test_a_hard_bounce_names_the_dead_mailbox() -> None:
    found = classify(
        report("550 5.1.1 user unknown", bounce=["abuse@host.example"], bounce_permanent=["abuse@host.example"])
    )
    assert (found.kind, found.address, found.permanent) == ("bounce", "abuse@host.example", True)
    assert "5.1.1" in found.because and not found.needs_person and found.refusal == "gone"


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("552 5.2.2 mailbox full", "full"),
        ("The recipient's mailbox is full.", "full"),
        ("550 5.7.1 IP address blacklisted by recipient", "policy"),
        ("550-5.7.26 Unauthenticated email is not accepted due to domain's DMARC policy", "policy"),
        ("554 message rejected as spam", "policy"),
    ],
)
def test_a_mailbox_that_is_full_or_refuses_us_is_not_dead(text: str, refusal: str) -> None:
    found = classify(report(text, bounce=["a@host.example"], bounce_permanent=["a@host.example"]))
    assert (found.kind, found.permanent, found.refusal) == ("bounce", False, refusal)


def test_a_delay_is_not_a_bounce() -> None:
    found = classify(report("Delivery delayed; will retry for 3 days. 4.4.1", bounce=["abuse@host.example"]))
    assert (found.kind, found.address, found.permanent) == ("delay", "abuse@host.example", False)
    full = classify(report("452 4.2.2 mailbox full", bounce=["abuse@host.example"]))
    assert (full.kind, full.permanent) == ("delay", False)


def test_a_report_nobody_could_parse_is_still_one_when_a_mail_system_wrote_it() -> None:
    text = "Your message could not be delivered: no such user here"
    found = classify(
        Mail(sender="MAILER-DAEMON@mx.example", subject="failure notice", text=text, recipients=["r@us.example"])
    )
    assert (found.kind, found.permanent) == ("bounce", True)
    spoken = classify(
        Mail(sender="jo@host.example", subject="Re: x", text="The mailbox does not exist in our records.")
    )
    assert spoken.kind == "other"


def test_a_report_that_does_not_say_whether_it_is_final_goes_to_a_person() -> None:
    found = classify(replace(report("Something went wrong.", bounce=["abuse@host.example"]), subject="Mail status"))
    assert (found.kind, found.permanent, found.needs_person) == ("bounce", False, True)


def test_an_unreadable_mail_goes_to_a_person() -> None:
    found = classify(Mail(error="not-a-mail"))
    assert (found.kind, found.confidence, found.needs_person) == ("other", 0.0, True)


@pytest.mark.parametrize(
    "text",
    [
        "Removal is possible through our priority service only. The fee is 299 per picture, payable in advance.",
        "Send us 300 EUR and it goes away.", "Removal costs $500 in bitcoin.", "Die Löschung kostet 200 Euro.",
        "La eliminación tiene una tarifa.",
    ],
)  # fmt: skip
def test_a_price_for_a_removal_is_said_and_goes_to_a_person(text: str) -> None:
    found = classify(reply(text))
    assert found.demands_money and found.kind == "refuses" and found.needs_person


def test_the_host_a_network_names_is_kept() -> None:
    text = (
        "We offer a pass-through service. The hosting provider of the site is Far Hosting; its abuse contact is "
        "abuse@far.example.\n> n@reply.example"
    )
    found = classify(reply(text))
    assert (found.kind, found.mentions, found.demands_money) == ("forwards", ("abuse@far.example",), False)


def test_our_complete_notice_is_long_enough_to_matter() -> None:
    assert len(list(sentences(draft("us_tida", COMPLETE).text))) > 10


@given(st.text(max_size=3000), st.text(max_size=200), st.booleans(), st.booleans())
def test_no_mail_breaks_it_and_the_reason_is_one_short_line(
    text: str, subject: str, bounce: bool, automatic: bool
) -> None:
    mail = Mail(sender="a@b.example", subject=subject, text=text, is_bounce=bounce, auto_submitted=automatic)
    found = classify(mail)
    assert 0.0 <= found.confidence <= 1.0
    assert len(found.because) <= 600 and "\n" not in found.because
    assert found.kind in get_args(Kind)


def test_a_mail_of_one_endless_line_is_bounded() -> None:
    found = classify(reply("please " * 100_000))
    assert found.kind == "other"
    assert len(list(sentences("a. " * 100_000))) == 200


def test_every_language_has_words_for_what_matters() -> None:
    known = languages()
    assert len(known) >= 16
    for language in known.values():
        for section in ("removed", "refuses", "asks", "counter", "forwards", "received"):
            assert language.patterns[section] is not None, (language.code, section)

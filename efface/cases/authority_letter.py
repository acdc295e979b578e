"""The words of a letter of authority, and the letter as a tagged PDF (``engine.base.typeset``). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from efface.engine.base import typeset

SOURCE = Path(__file__).parent / "authority.typ"


class CannotSet(ValueError):
    """The letter could not be set in type; the message says why."""


@dataclass(frozen=True, slots=True)
class Letter:
    """``paragraphs`` as she reads them; ``signed`` and ``reference`` are the words beside signature and reference."""

    language: str
    title: str
    paragraphs: tuple[str, ...]
    signed: str
    typed: str
    reference: str


WORDS: dict[str, tuple[str, tuple[str, ...], str, str, str]] = {
    "en": (
        "Letter of authority",
        (
            "I allow {organisation} to act for me in having intimate pictures and videos of me removed that were "
            "published or threatened to be published without my consent, and copies of them.",
            "For this {organisation} may write to sites, hosts, search engines, platforms and authorities, fill in "
            "their forms, receive their answers, and say that it acts for a depicted person.",
            "It must not give them my name, an identity document or the pictures, unless I allow that one by one. It "
            "must not accept money, sign contracts or go to court for me.",
            "I can end this at any time, without a reason. From then on nothing new is done in my name.",
        ),
        "Signed on screen on {day}", "Name typed by me as my signature", "Reference",
    ),
    "de": (
        "Vollmacht",
        (
            "Ich erlaube {organisation}, für mich zu handeln, damit intime Bilder und Videos von mir entfernt werden, "
            "die ohne meine Zustimmung veröffentlicht wurden oder deren Veröffentlichung angedroht wurde, und Kopien "
            "davon.",
            "Dafür darf {organisation} an Websites, Hoster, Suchmaschinen, Plattformen und Behörden schreiben, deren "
            "Formulare ausfüllen, ihre Antworten empfangen und sagen, dass sie für eine abgebildete Person handelt.",
            "Meinen Namen, einen Ausweis oder die Bilder darf sie nicht weitergeben, außer ich erlaube es im einzelnen "
            "Fall. Sie darf für mich kein Geld annehmen, keine Verträge schließen und nicht vor Gericht gehen.",
            "Ich kann dies jederzeit und ohne Grund beenden. Ab dann geschieht nichts Neues mehr in meinem Namen.",
        ),
        "Am Bildschirm unterschrieben am {day}", "Name von mir als Unterschrift getippt", "Zeichen",
    ),
    "es": (
        "Autorización",
        (
            "Autorizo a {organisation} a actuar por mí para que se retiren imágenes y vídeos íntimos míos publicados "
            "sin mi consentimiento, o con cuya publicación se me amenaza, y sus copias.",
            "Para ello {organisation} puede escribir a sitios, servicios de alojamiento, buscadores, plataformas y "
            "autoridades, rellenar sus formularios, recibir sus respuestas y decir que actúa por una persona que "
            "aparece en las imágenes.",
            "No puede darles mi nombre, un documento de identidad ni las imágenes, salvo que yo lo permita en cada "
            "caso. No puede aceptar dinero, firmar contratos ni ir a juicio por mí.",
            "Puedo terminar esta autorización en cualquier momento y sin dar motivos. Desde entonces no se hace nada "
            "nuevo en mi nombre.",
        ),
        "Firmado en pantalla el {day}", "Nombre escrito por mí como firma", "Referencia",
    ),
    "fr": (
        "Procuration",
        (
            "J’autorise {organisation} à agir pour moi afin que soient retirées des images et vidéos intimes de moi, "
            "publiées sans mon accord ou que l’on menace de publier, ainsi que leurs copies.",
            "Pour cela, {organisation} peut écrire à des sites, hébergeurs, moteurs de recherche, plateformes et "
            "autorités, remplir leurs formulaires, recevoir leurs réponses et dire agir pour une personne représentée "
            "sur les images.",
            "Il n’est pas permis de leur donner mon nom, une pièce d’identité ou les images, sauf si je l’autorise au "
            "cas par cas. Il n’est pas permis non plus d’accepter de l’argent, de signer des contrats ou d’aller en "
            "justice pour moi.",
            "Je peux y mettre fin à tout moment, sans donner de raison. Dès lors, rien de nouveau n’est fait en mon "
            "nom.",
        ),
        "Signé à l’écran le {day}", "Nom tapé par moi comme signature", "Référence",
    ),
    "pt": (
        "Procuração",
        (
            "Autorizo {organisation} a agir por mim para que sejam removidas imagens e vídeos íntimos meus, publicados "
            "sem o meu consentimento ou que alguém ameaça publicar, e as suas cópias.",
            "Para isso, {organisation} pode escrever a sites, empresas de hospedagem, motores de busca, plataformas e "
            "autoridades, preencher os seus formulários, receber as suas respostas e dizer que age por uma pessoa que "
            "aparece nas imagens.",
            "Não pode dar-lhes o meu nome, um documento de identidade nem as imagens, a não ser que eu autorize em "
            "cada caso. Não pode aceitar dinheiro, assinar contratos nem ir a tribunal por mim.",
            "Posso terminar isto a qualquer momento, sem dar um motivo. A partir daí nada de novo é feito em meu nome.",
        ),
        "Assinado no aparelho em {day}", "Nome escrito por mim como assinatura", "Referência",
    ),
    "pl": (
        "Pełnomocnictwo",
        (
            "Upoważniam {organisation} do działania za mnie w celu usunięcia moich intymnych zdjęć i filmów, które "
            "opublikowano bez mojej zgody lub których publikacją ktoś grozi, oraz ich kopii.",
            "W tym celu {organisation} może pisać do serwisów, firm hostingowych, wyszukiwarek, platform i urzędów, "
            "wypełniać ich formularze, odbierać ich odpowiedzi i mówić, że działa za osobę widoczną na zdjęciach.",
            "Nie może przekazywać im mojego nazwiska, dokumentu tożsamości ani tych zdjęć, chyba że pozwolę na to w "
            "konkretnym przypadku. Nie może za mnie przyjmować pieniędzy, zawierać umów ani występować w sądzie.",
            "Mogę to zakończyć w każdej chwili, bez podawania powodu. Od tej chwili nic nowego nie dzieje się w moim "
            "imieniu.",
        ),
        "Podpisano na ekranie {day}", "Imię i nazwisko wpisane przeze mnie jako podpis", "Oznaczenie",
    ),
    "uk": (
        "Довіреність",
        (
            "Я уповноважую {organisation} діяти за мене, щоб було прибрано мої інтимні фото та відео, оприлюднені без "
            "моєї згоди або такі, оприлюдненням яких мені погрожують, та їхні копії.",
            "Для цього {organisation} може писати сайтам, хостинговим компаніям, пошуковим системам, платформам і "
            "державним органам, заповнювати їхні форми, отримувати їхні відповіді й казати, що діє за людину на фото.",
            "Передавати їм моє ім’я, документ, що посвідчує особу, чи ці фото не можна, якщо я не дозволю цього в "
            "окремому випадку. Брати за мене гроші, укладати договори чи йти до суду не можна.",
            "Я можу закінчити це будь-коли, без пояснення причин. Відтоді нічого нового від мого імені не роблять.",
        ),
        "Підписано на екрані {day}", "Ім’я, набране мною як підпис", "Номер",
    ),
    "ar": (
        "تفويض",
        (
            "أسمح لمنظمة {organisation} بالتصرف نيابة عني من أجل إزالة صور ومقاطع فيديو حميمة لي جرى نشرها دون موافقتي "
            "أو التهديد بنشرها، وإزالة نسخها.",
            "لهذا الغرض يجوز لمنظمة {organisation} الكتابة إلى المواقع وشركات الاستضافة ومحركات البحث والمنصات "
            "والسلطات، وملء استماراتها، واستلام ردودها، والقول بأنها تتصرف نيابة عن شخص يظهر في الصور.",
            "لا يجوز لها إعطاء هذه الجهات اسمي أو وثيقة هوية أو الصور، إلا إذا سمحت بذلك في كل مرة على حدة. ولا يجوز "
            "لها قبول مال أو توقيع عقود أو التقاضي نيابة عني.",
            "يمكنني إنهاء هذا في أي وقت ودون ذكر سبب. ومنذ ذلك الحين لا يحدث أي شيء جديد باسمي.",
        ),
        "جرى التوقيع على الشاشة في {day}", "الاسم كتبته بنفسي وهو توقيعي", "المرجع",
    ),
}  # fmt: skip
"""Language -> title, paragraphs, words beside a signature, beside a typed name, and before the reference."""


def letter(language: str, organisation: str, reference: str) -> Letter:
    """The letter in a language; in English where there is none."""
    code = language.lower().split("-")[0]
    code = code if code in WORDS else "en"
    title, paragraphs, signed, typed, words = WORDS[code]
    filled = tuple(one.replace("{organisation}", typeset.kept(organisation, code)) for one in paragraphs)
    return Letter(code, title, filled, signed, typed, f"{words} {typeset.kept(reference, code)}")


def pdf(text: Letter, name: str, strokes: list[list[tuple[float, float]]], now: datetime) -> bytes:
    """The signed letter. ``strokes``: the drawn signature, points as shares of the field's width; none for a typed
    one. Raises ``CannotSet``."""
    data = {
        "language": text.language, "title": text.title, "paragraphs": list(text.paragraphs), "name": name,
        "signed": text.signed.replace("{day}", typeset.kept(now.date().isoformat(), text.language)),
        "typed": text.typed if not strokes else "",
        "reference": text.reference, "strokes": [[list(point) for point in stroke] for stroke in strokes],
    }  # fmt: skip
    try:
        return typeset.pdf(SOURCE, "letter", data)
    except typeset.CannotSet:
        raise CannotSet("no font on this machine has all letters of the name") from None

"""Words of made-up sites in some languages: menus, sentences, and what a page says that is not there, or not for you.

Of each there are some that much software says and some that nobody has said before, so that knowing phrases is not
enough to tell a page that is gone from one that is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Language:
    code: str
    plain: str
    menu: tuple[str, ...]
    missing: tuple[str, ...]
    login: tuple[str, ...]
    age: tuple[str, ...]
    away: str
    wait: str

    def sentence(self, rng: Random, length: int = 0) -> str:
        words = self.plain.split()
        chosen = [rng.choice(words) for _ in range(length or rng.randint(6, 14))]
        return " ".join([chosen[0].capitalize(), *chosen[1:]]) + "."

    def title(self, rng: Random) -> str:
        return " ".join(rng.choice(self.plain.split()) for _ in range(rng.randint(3, 5))).capitalize()


LANGUAGES = (
    Language(
        "en", "river stone morning window paper garden lantern market harbour winter summer letter bridge silver copper "
        "meadow candle ribbon orchard valley thunder marble velvet compass feather anchor",
        ("Home", "Popular", "New", "Categories", "About"),
        ("Page not found", "This item has been removed", "Oops, this trail ends here", "We looked behind every sofa"),
        ("Please log in to continue", "Members only: sign in to view"),
        ("Are you over 18?", "You must be at least 18 to enter"),
        "This content is not available in your country", "Checking your browser before accessing",
    ),
    Language(
        "de", "fluss stein morgen fenster papier garten laterne markt hafen winter sommer brief brücke silber kupfer "
        "wiese kerze band obstgarten tal donner marmor samt kompass feder anker",
        ("Start", "Beliebt", "Neu", "Kategorien", "Impressum"),
        ("Seite nicht gefunden", "Dieser Eintrag wurde entfernt", "Hier geht es leider nicht weiter", "Da ist nichts mehr"),
        ("Bitte melde dich an, um fortzufahren", "Nur für Mitglieder"),
        ("Bist du über 18?", "Altersverifikation"),
        "In deinem Land nicht verfügbar", "Einen Moment, wir prüfen deinen Browser",
    ),
    Language(
        "es", "río piedra mañana ventana papel jardín farol mercado puerto invierno verano carta puente plata cobre "
        "prado vela cinta huerto valle trueno mármol terciopelo brújula pluma ancla",
        ("Inicio", "Popular", "Nuevo", "Categorías", "Contacto"),
        ("Página no encontrada", "Este contenido fue retirado", "Aquí se acaba el camino", "Ya no queda nada por ver"),
        ("Debes iniciar sesión para ver esto", "Inicia sesión"),
        ("¿Eres mayor de edad?", "Debes ser mayor de 18 años"),
        "No está disponible en tu país", "Un momento, comprobando tu navegador",
    ),
    Language(
        "fr", "fleuve pierre matin fenêtre papier jardin lanterne marché port hiver été lettre pont argent cuivre pré "
        "bougie ruban verger vallée tonnerre marbre velours boussole plume ancre",
        ("Accueil", "Populaires", "Nouveautés", "Catégories", "Contact"),
        ("Page introuvable", "Cet élément a été retiré", "Le chemin s'arrête ici", "Il n'y a plus rien à voir"),
        ("Veuillez vous connecter", "Réservé aux membres"),
        ("Avez-vous plus de 18 ans ?", "Vous devez avoir au moins 18 ans"),
        "Ce contenu n'est pas disponible dans votre pays", "Un instant, vérifiez que vous êtes humain",
    ),
    Language(
        "pt", "rio pedra manhã janela papel jardim lanterna mercado porto inverno verão carta ponte prata cobre prado "
        "vela fita pomar vale trovão mármore veludo bússola pena âncora",
        ("Início", "Popular", "Novo", "Categorias", "Contato"),
        ("Página não encontrada", "Este item foi retirado", "O caminho termina aqui", "Nada para ver por aqui"),
        ("Faça login para ver", "Apenas para membros"),
        ("Sou maior de idade", "Tenho mais de 18 anos"),
        "Não está disponível no seu país", "Um momento, complete the captcha",
    ),
    Language(
        "ru", "река камень утро окно бумага сад фонарь рынок гавань зима лето письмо мост серебро медь луг свеча лента "
        "долина гром мрамор бархат компас перо якорь",
        ("Главная", "Популярное", "Новое", "Категории", "Контакты"),
        ("Страница не найдена", "Материал удалён по жалобе", "Здесь тропинка кончается", "Смотреть больше нечего"),
        ("Войдите, чтобы продолжить", "Только для зарегистрированных"),
        ("Вам исполнилось 18 лет?", "Мне уже исполнилось 18"),
        "Недоступно в вашей стране", "Подтвердите, что вы человек",
    ),
    Language(
        "tr", "nehir taş sabah pencere kağıt bahçe fener pazar liman kış yaz mektup köprü gümüş bakır çayır mum kurdele "
        "vadi gök mermer kadife pusula tüy çapa",
        ("Ana sayfa", "Popüler", "Yeni", "Kategoriler", "İletişim"),
        ("Sayfa bulunamadı", "Bu içerik kaldırıldı", "Yol burada bitiyor", "Artık görecek bir şey yok"),
        ("Lütfen giriş yapın", "Sadece üyeler"),
        ("18 yaşından büyük müsünüz?", "18 yaşından büyüğüm"),
        "Bu içerik not available in your region", "Robot olmadığınızı doğrulayın",
    ),
    Language(
        "ja", "かわ いし あさ まど かみ にわ ともしび いちば みなと ふゆ なつ てがみ はし ぎん どう のはら ろうそく たに かみなり はね いかり",
        ("ホーム", "人気", "新着", "カテゴリ", "お問い合わせ"),
        ("ページが見つかりません", "このコンテンツは削除されました", "道はここで終わりです", "もう何もありません"),
        ("ログインしてください", "会員限定"),
        ("18歳以上ですか", "年齢確認"),
        "お住まいの地域ではご利用いただけません", "私はロボットではありません",
    ),
)  # fmt: skip

"""Written however they like, it is found; what is somebody else's is not."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from efface.vision.text import TextHit, TextIndex, TextRefused, counting, normalise, text_print, why_refused

NAME, HANDLE, MAIL, PHONE = "Alina Exemplova", "lena_mb.99", "lena.mb@example.org", "+49 30 1234567"

EVERYTHING = (("name", NAME), ("name", "Юлия Щербакова"), ("handle", HANDLE), ("email", MAIL), ("phone", PHONE))


def index(kind: str, value: str, country: str = "") -> TextIndex[str]:
    made: TextIndex[str] = TextIndex()
    made.add("k", text_print(kind, value, country))
    return made


def found(kind: str, value: str, text: str, country: str = "") -> list[tuple[str, str, str]]:
    return [(hit.matched, hit.how, hit.strength) for hit in index(kind, value, country).search(text)]


@pytest.mark.parametrize(
    "text",
    [
        "alina EXEMPLOVA",
        "A L I N A   E X E M P L O V A",
        "a.l.i.n.a e-x-e-m-p-l-o-v-a",
        "Al1na Ex3mpl0va",
        "@lina Exempl0v@",
        "Аlinа Ехеmрlоvа",
        "Exemplova, Alina",
        "A\u200bli\u00adna E\u0301xémplova",
        "ａｌｉｎａ 𝕰𝖝𝖊𝖒𝖕𝖑𝖔𝖛𝖆",
        "Ⓐⓛⓘⓝⓐ Exemplova",
        "Алина Экземплова",
        "alina_exemplova",
        "alinaexemplova1999",
        "hotAlinaExemplovaVideo",
        "#alinaexemplovaleaked",
    ],
)
def test_a_name_is_found_however_it_is_written(text: str) -> None:
    hits = index("name", NAME).search("see " + text + " here")
    assert len(hits) == 1
    assert hits[0].strength == "review"
    assert normalise(hits[0].matched).text in normalise(text, by_look=False).text


@pytest.mark.parametrize(
    "text",
    [
        "Alina", "Exemplova", "Malina Exemplova", "Alina Exemplovaya", "Alina and Exemplova", "alin aexemplova",
        "Alina\n\nExemplova", "Alina ************** Exemplova", "41114 3x3mp1", "", "\u200b" * 50,
    ],
)  # fmt: skip
def test_what_is_not_the_name_is_not_found(text: str) -> None:
    assert found("name", NAME, text) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Lena Müllerbach", "lena muellerbach"),
        ("Lena Müllerbach", "Lena Mullerbach"),
        ("Lena Muellerbach", "Lena Müllerbach"),
        ("Юлия Щербакова", "Julia Shcherbakova"),
        ("Юлия Щербакова", "Yuliya Shcherbakova"),
        ("Julia Shcherbakova", "Юлия Щербакова"),
        ("王小明", "我叫王小明的"),
        ("王小明", "wang xiaoming"),
        ("Anna Maria Beispielova", "Anna Beispielova"),
        ("Σοφία Παραδειγματίδη", "σοφια παραδειγματιδη"),
    ],
)
def test_names_cross_spellings_and_scripts(value: str, text: str) -> None:
    assert len(found("name", value, text)) == 1


def test_the_same_sound_in_other_characters_is_another_name() -> None:
    assert found("name", "王小明", "汪晓鸣") == []


def test_a_common_name_counts_only_beside_another_item() -> None:
    both: TextIndex[str] = TextIndex()
    both.add("name", text_print("name", "Anna Smith"))
    both.add("mail", text_print("email", MAIL))
    alone = both.search("Anna Smith, 23")
    assert [hit.strength for hit in alone] == ["weak"]
    assert counting(alone, lambda key: "case") == []
    together = both.search(f"Anna Smith, write to {MAIL}")
    assert len(counting(together, lambda key: "case")) == 2
    assert [hit.key for hit in counting(together, lambda key: key)] == ["mail"]


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("@lena_mb.99", "exact"), ("https://example.org/lena_mb.99/x", "exact"), ("LENA_MB.99", "exact"),
        ("lena.mb.99", "variant"), ("lenamb99", "variant"), ("l3na_mb.99", "variant"), ("_lena_mb.99", "variant"),
    ],
)  # fmt: skip
def test_a_handle(text: str, how: str) -> None:
    assert [one[1] for one in found("handle", "https://www.example.org/@lena_mb.99/?a=b", text)] == [how]


@pytest.mark.parametrize("text", ["xlena_mb.99", "lena_mb.991", "lena mb, 99"])
def test_another_handle(text: str) -> None:
    assert not [one for one in found("handle", HANDLE, text) if one[1] == "exact"]


def test_a_short_handle_stands_alone() -> None:
    assert found("handle", "lenmb", "@lenmb") == [("lenmb", "exact", "weak")]
    assert found("handle", "lenmb", "xlenmb lenmbs lenmb_2 l3nmb le.nmb") == []


@pytest.mark.parametrize(
    ("text", "how"),
    [
        (MAIL, ["exact"]), ("mailto:LENA.MB@EXAMPLE.ORG", ["exact"]), ("lena.mb (at) example (dot) org", ["variant"]),
        ("lena.mb[at]example.org", ["variant"]), ("lena.mb＠example。org", ["variant"]),
        ("x" + MAIL, []), (MAIL + ".uk", []),
        ("lena mb example org", []), ("lena.mb@example.com", []),
    ],
)  # fmt: skip
def test_an_address(text: str, how: list[str]) -> None:
    assert [one[1] for one in found("email", MAIL, text)] == how


@pytest.mark.parametrize(
    ("text", "strength"),
    [
        ("+49 30 1234567", "strong"), ("0049301234567", "strong"), ("+49 (0)30 123 45 67", "strong"),
        ("030/1234567", "review"), ("(030) 123-4567", "review"), ("０３０１２３４５６７", "review"),
        ("0\ufe0f\u20e33\ufe0f\u20e30\ufe0f\u20e31234567", "review"), ("o3o-i23 4567", "review"),
        ("٠٣٠١٢٣٤٥٦٧", "review"),
        ("0 3 0 1 2 3 4 5 6 7", "review"), ("call030 1234567", "review"),
    ],
)  # fmt: skip
def test_a_number(text: str, strength: str) -> None:
    assert [one[2] for one in found("phone", "030 1234567", f"tel: {text}!", "DE")] == [strength]


@pytest.mark.parametrize(
    "text", ["12345301234567", "3012345678", "+44 30 1234567", "30 1234 is not 567", "0 3 0 1 2 3 4 5 6 7 8"]
)
def test_another_number(text: str) -> None:
    assert found("phone", PHONE, text) == []


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        ("name", "Anna", "One name alone"), ("name", "Anna B.", "initial"), ("name", "New York", "place"),
        ("name", "anna99 smith", "no name"), ("handle", "abc", "short"), ("handle", "sexy", "everyday"),
        ("handle", "@berlin", "place"), ("handle", "anna", "alone"), ("handle", "123456789", "Digits"),
        ("handle", "two words", "one word"), ("handle", "https://example.org/", "no account"),
        ("email", "info@example.org", "office"), ("email", "nobody", "no e-mail"), ("email", "a@...", "no e-mail"),
        ("phone", "+49 110", "short"), ("phone", "hello", "no phone"), ("phone", "030 1234567", "no phone"),
        ("street", "x", "Only"), ("name", "", "1 to"), ("name", "x" * 200, "1 to"),
    ],
)  # fmt: skip
def test_what_would_find_strangers_is_refused_in_plain_words(kind: str, value: str, says: str) -> None:
    assert says in why_refused(kind, value)
    with pytest.raises(TextRefused):
        text_print(kind, value)


def test_what_may_be_looked_for_is_not_refused() -> None:
    for kind, value in (("name", NAME), ("handle", HANDLE), ("email", MAIL), ("phone", PHONE)):
        assert why_refused(kind, value) == ""


def test_changes_count_at_once() -> None:
    made: TextIndex[int] = TextIndex()
    made.add(1, text_print("name", NAME))
    made.add(2, text_print("handle", HANDLE))
    assert len(made) == 2 and 1 in made
    made.add(1, text_print("name", "Berta Beispielova"))
    text = f"{NAME} {HANDLE} Berta Beispielova"
    assert [hit.key for hit in made.search(text)] == [2, 1]
    assert made.remove(2) and not made.remove(2)
    assert [hit.key for hit in made.search(text)] == [1]
    made.clear()
    assert made.search(text) == [] and len(made) == 0


letters = st.text("abcdefghijkmnopqrtuvw", min_size=4, max_size=9)


@settings(max_examples=80, deadline=None)
@given(letters, letters, st.data())
def test_any_name_survives_any_dressing(first: str, last: str, data: st.DataObject) -> None:
    value = f"{first} {last}"
    if why_refused("name", value):
        return
    dress = {"a": "4а@á", "e": "3еé", "o": "0оö", "i": "1í!"}
    text = "".join(
        data.draw(st.sampled_from([letter, letter.upper(), *dress.get(letter, "")]))
        + data.draw(st.sampled_from(["", "", "\u200b", "\u00ad"]))
        for letter in value
    )
    plain = sum(letter.isalpha() for letter in unicodedata.normalize("NFKC", text))
    hits = index("name", value).search(f"xx {text}, yy")
    if 2 * plain > len(value) and not any(sign in text for sign in "@!"):
        assert hits
    for hit in hits:
        assert text.startswith(hit.matched[:1]) or hit.matched in f"xx {text}, yy"


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_the_way_back_leads_to_the_text(text: str) -> None:
    for by_look in (False, True):
        folded = normalise(text, by_look=by_look)
        assert len(folded.origin) == len(folded.text) == len(folded.gaps) - 1
        assert list(folded.origin) == sorted(folded.origin)
        assert folded.text == "" or set(folded.text) <= set("abcdefghijklmnopqrstuvwxyz0123456789")
        if folded.text:
            start, end = folded.span(0, len(folded.text))
            assert 0 <= start < end <= len(text)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_no_text_breaks_the_search(text: str) -> None:
    made: TextIndex[str] = TextIndex()
    for kind, value in EVERYTHING:
        made.add(value, text_print(kind, value))
    for hit in made.search(text + NAME + text):
        assert isinstance(hit, TextHit)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.sampled_from(["name", "handle", "email", "phone"]), st.sampled_from(["", "DE", "??"]))
def test_any_value_is_made_or_refused(value: str, kind: str, country: str) -> None:
    try:
        made = text_print(kind, value, country)
    except TextRefused as refusal:
        assert str(refusal).endswith(".")
    else:
        assert made.spellings and all(spelling.pattern for spelling in made.spellings)


@pytest.mark.parametrize(
    "unit",
    ["Alina Exemplova ", "alina exemplov ", "1 ", "a\u0301", "\ufdfa", "юлия щербаков ", "АВ", "30123456", "@l!n@ "],
)
def test_a_text_made_to_be_slow_ends(unit: str) -> None:
    made: TextIndex[str] = TextIndex()
    for kind, value in EVERYTHING:
        made.add(value, text_print(kind, value))
    text = (unit * 100_000)[:100_000]
    assert len(made.search(text)) <= 5 * len(EVERYTHING)

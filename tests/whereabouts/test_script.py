"""What a page's own script would write, worked out without running it, in bounded time."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efface.whereabouts.script import plain, strings


def last(source: str) -> list[str]:
    return [value for value, _ in strings(source)]


@pytest.mark.parametrize(
    ("source", "value", "steps"),
    [
        ("el.innerHTML = 'a' + 'b' + \"c\"", "abc", ("script",)),
        ("el.innerHTML = ['c','b','a'].reverse().join('-')", "a-b-c", ("script", "join")),
        ("el.innerHTML = 'x'.concat('y', 'z')", "xyz", ("script",)),
        ("el.innerHTML = decodeURIComponent('%61%62')", "ab", ("script", "percent")),
        ("el.innerHTML = window.atob('YWI=') + 'c'", "abc", ("script", "base64")),
        ("el.innerHTML = String.fromCharCode(0x61, 98)", "ab", ("script", "codes")),
        ("el.innerHTML = 'a#b'.replace(/#/g, '@')", "a@b", ("script", "replace")),
        ("var a = 'x'; let b = `y`; el.innerHTML = a + b;", "xy", ("script",)),
        (r"el.innerHTML = '\x61\u0062\u{63}\144'", "abcd", ("script",)),
    ],
)
def test_the_usual_ways_of_putting_a_string_together(source: str, value: str, steps: tuple[str, ...]) -> None:
    assert (value, steps) in list(strings(source))


def test_a_script_that_writes_nothing_is_not_read() -> None:
    assert last("window.users = [{mail: 'jo@mail-box.net'}]") == []


def test_a_name_with_two_values_and_a_pattern_that_is_more_than_words_are_left() -> None:
    assert "xb" not in last("var a = 'x'; a = 'y'; el.innerHTML = a + 'b'")
    assert "cXc" not in last("el.innerHTML = 'aaXa'.replace(/a+/g, 'c')")


SLOW = {
    "plus": "innerHTML" + "'a'+" * 15_000,
    "brackets": "innerHTML" + "[" * 60_000,
    "literals": "innerHTML" + "['a','b'" * 7_000,
    "quotes": "innerHTML='" + "\\" * 60_000,
    "names": "innerHTML;" + "".join(f"var a{number}='x';" for number in range(5_000)),
    "thirteen": "innerHTML" + " 13 <" * 12_000,
    "replace": "innerHTML" + "'a'.replace(" * 5_000,
    "codes": "innerHTML String.fromCharCode(" + "1," * 30_000,
    "doubling": "innerHTML;var a='" + "x" * 400 + "';" + "a+" * 9_000 + "a;",
}


@pytest.mark.parametrize("what", SLOW)
def test_a_script_made_to_be_slow_is_read_in_bounded_time(what: str) -> None:
    start = time.monotonic()
    for _ in strings(SLOW[what]):
        pass
    assert time.monotonic() - start < 4.0


@given(st.text(max_size=300))
def test_nothing_breaks_it(text: str) -> None:
    list(strings("innerHTML " + text))
    plain("'" + text + "'")


TOKENS = "innerHTML|'a'|\"b\"|+|[|]|,|.join('')|.split('')|.reverse()|String.fromCharCode(|97|)|atob(|var x=|x|;|\\"


@given(st.lists(st.sampled_from(TOKENS.split("|")), max_size=60))
def test_no_soup_of_operations_breaks_it(parts: list[str]) -> None:
    list(strings("innerHTML " + "".join(parts)))

"""Whether a place where a pattern was found is really the value: what stands around it and between its letters."""

from __future__ import annotations

from efface.vision.text.fold import FAR, MARK, NONE, Normalised, stands_alone
from efface.vision.text.prints import Spelling, TextPrint, shown_alike

_GLUED_NAME = 11
"""Letters from which a name counts inside a longer word too (#annaexamplovaleaked)."""

_GLUED_HANDLE = 10
_SEPARATORS = frozenset("_.-")


def written(text: Normalised, start: int, end: int, sought: TextPrint, spelling: Spelling) -> bool | None:
    """For a name, a handle or an address whose skeleton stands at ``start:end``: True where it is the value as given,
    False for a variant of it, None where it is something else."""
    glued = _glued(text, start) + _glued(text, end)
    if glued and not (_may_be_glued(sought, end - start) and _in_one(text, start, end)):
        return None
    if not _put_together(text, start, end, spelling.parts):
        return None
    first, last = text.span(start, end)
    found = text.source[first:last]
    if sought.kind == "email":
        return _address(text, first, last, found, sought, spelling)
    if sought.kind == "handle":
        return _account(text, first, last, found, sought, bool(glued))
    letters = sum(letter.isalpha() for letter in text.text[start:end])
    if 2 * letters < end - start:
        return None
    if not sought.latin and any(stands_alone(one) for one in found) and any(stands_alone(one) for one in sought.value):
        # Many characters sound alike: only the very ones count, in either order.
        own = sorted(one for one in sought.value if stands_alone(one))
        if sorted(one for one in found if stands_alone(one)) != own:
            return None
    return not glued and spelling.as_given and shown_alike(sought.value, found)


def _glued(text: Normalised, at: int) -> bool:
    """Whether the letters before and after ``at`` belong to one word."""
    if at == 0 or at >= len(text.text) or text.gaps[at] != NONE:
        return False
    before, after = text.origin[at - 1], text.origin[at]
    if before == after:
        return True
    left, right = text.source[before], text.source[after]
    if left.isdigit() != right.isdigit() or (left.islower() and right.isupper()):
        return False
    return not (stands_alone(left) or stands_alone(right))


def _may_be_glued(sought: TextPrint, size: int) -> bool:
    if sought.kind == "name":
        return sought.strength != "weak" and size >= _GLUED_NAME
    return sought.kind == "handle" and size >= _GLUED_HANDLE


def _in_one(text: Normalised, start: int, end: int) -> bool:
    return not any(text.gaps[start + 1 : end])


def _put_together(text: Normalised, start: int, end: int, parts: tuple[int, ...]) -> bool:
    """Whether what stands between the letters leaves the words whole: nothing, marks, or the same between all of them
    (a n n a). White space within one word only is the end of that word."""
    at = start
    for size in parts:
        inner = [
            text.gaps[i] for i in range(at + 1, min(at + size, end)) if text.origin[i] != text.origin[i - 1]
        ]  # fmt: skip
        if any(gap > MARK for gap in inner) and (NONE in inner or FAR in inner):
            return False
        at += size
        if at < end and (text.gaps[at] == FAR or text.origin[at] == text.origin[at - 1]):
            return False
    return True


def _address(
    text: Normalised, first: int, last: int, found: str, sought: TextPrint, spelling: Spelling
) -> bool | None:
    source = text.source
    if shown_alike(sought.value, found):
        before, after = source[first - 1 : first], source[last : last + 2]
        longer = before in "._+-%" if before else False
        longer = longer or after[:1] in ("-", "_", "@") or (after[:1] == "." and after[1:].isalnum())
        return None if longer else True
    if spelling.as_given and not any(sign in found for sign in "@＠﹫"):
        return None
    return False


def _account(text: Normalised, first: int, last: int, found: str, sought: TextPrint, glued: bool) -> bool | None:
    source = text.source
    before, after = source[max(first - 2, 0) : first], source[last : last + 2]
    longer = _goes_on(before[::-1]) or _goes_on(after)
    if sought.strength == "weak" and (longer or glued or not shown_alike(sought.value, found)):
        return None
    return not longer and not glued and shown_alike(sought.value, found)


def _goes_on(beside: str) -> bool:
    """Whether a handle goes on there: with a sign that handles may hold, and a letter behind."""
    if beside[:1] == "_":
        return True
    return beside[:1] in _SEPARATORS and beside[1:2].isalnum()


def dialled(text: Normalised, start: int, end: int, sought: TextPrint) -> tuple[bool, bool] | None:
    """For a national number that stands at ``start:end``, some zeros and ones perhaps as letters: (with its
    country code, as it is written
    commonly), or None where it is part of something else."""
    digits = text.text
    inner = [text.gaps[i] for i in range(start + 1, end)]
    if FAR in inner:
        return None
    widest = max(inner) if NONE not in inner else NONE
    if end < len(digits) and digits[end].isdigit() and text.gaps[end] <= widest:
        return None
    at = start
    while at > 0 and digits[at - 1].isdigit() and text.gaps[at] <= widest and start - at < 8:
        at -= 1
    prefix = digits[at:start]
    with_code = {sign + sought.code + trunk for sign in ("", "00", "011") for trunk in ("", "0")}
    if prefix and prefix not in with_code | {"0", "1", "8"}:
        return None
    coded = prefix in with_code
    if not coded and at > 0 and digits[at - 1].isdigit() and text.gaps[at] < FAR:
        group = _group_before(text, digits, at)
        abroad = digits[group:at]
        if text.source[: text.origin[group]].rstrip(" (")[-1:] in ("+", "＋") or abroad.startswith("00"):
            if abroad.removeprefix("00") not in (sought.code, sought.code + "0"):
                return None
            coded = True
    plain = all(text.source[text.origin[i]].isdecimal() for i in range(start, end))
    return coded, plain and NONE in inner


def _group_before(text: Normalised, digits: str, at: int) -> int:
    """Where the run of digits that ends before ``at`` begins, a trunk zero in brackets included."""
    group = at - 1
    while group > 0 and digits[group - 1].isdigit() and (
        text.gaps[group] == NONE or (digits[group:at] == "0" and text.gaps[group] < FAR)
    ):  # fmt: skip
        group -= 1
    return group

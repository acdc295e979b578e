"""What does not hold together between the law data and the words of the notices."""

from __future__ import annotations

from collections.abc import Iterator

from efface.law import Law, NoticeType
from efface.takedown import templates
from efface.takedown.templates import Template, TemplateError


def written(law: Law) -> dict[str, tuple[str, ...]]:
    """The languages each notice type is written in."""
    return {id: tuple(sorted(templates.languages(id))) for id in sorted(law.notices)}


def problems(law: Law) -> list[str]:
    """Plain sentences, sorted; empty when nothing is wrong."""
    found = set()
    for id, languages in written(law).items():
        if "en" not in languages:
            found.add(f"takedown/notices/{id}: is not written in English")
        for language in languages:
            try:
                words = templates.template(id, language)
            except TemplateError as error:
                found.add(f"takedown/notices/{error}")
                continue
            found.update(_of(law.notices[id], words))
    return sorted(found)


def _of(notice: NoticeType, words: Template) -> Iterator[str]:
    here = f"takedown/notices/{notice.id}/{words.language}.yaml"
    filled = {block.element for block in words.blocks if block.element}
    known = {element.id for element in notice.elements}
    for element in notice.elements:
        if element.required and element.id not in filled:
            yield f"{here}: nothing is said for {element.id!r}, which {element.citation or 'practice'} requires"
    named = filled | {one.element for one in words.fields if one.element}
    for wrong in sorted(named - known):
        yield f"{here}: {wrong!r} is no element of this notice"
    if notice.form and not words.fields:
        yield f"{here}: a form, and no answers are prepared"
    whole = " ".join([words.subject, words.title, *(block.text for block in words.blocks)])
    for phrase in notice.never_cite:
        if phrase in whole:
            yield f"{here}: cites {phrase}"


def by_language(law: Law) -> dict[str, int]:
    """How many notice types are written in each language."""
    counts: dict[str, int] = {}
    for languages in written(law).values():
        for one in languages:
            counts[one] = counts.get(one, 0) + 1
    return dict(sorted(counts.items()))

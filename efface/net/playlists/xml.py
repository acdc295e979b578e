"""A small XML tree without entities or anything fetched: document types, and with them all entities, are refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn
from xml.parsers import expat

MOST_ELEMENTS = 60_000
_MOST_DEPTH = 24
_MOST_TEXT = 4_096


class XmlError(ValueError):
    """Not XML, or XML with something that is not read."""


@dataclass(slots=True)
class Node:
    """An element: ``name`` without its name space, ``given`` its attributes, the first characters of its ``text``."""

    name: str
    given: dict[str, str]
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def all(self, name: str) -> Iterator[Node]:
        """The children of that name."""
        return (child for child in self.children if child.name == name)

    def one(self, name: str) -> Node | None:
        """The first child of that name."""
        return next(self.all(name), None)


def parse(data: bytes) -> Node:
    """The root of ``data``. Raises ``XmlError``."""
    top = Node("", {})
    stack = [top]
    count = 0

    def begin(name: str, given: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if count > MOST_ELEMENTS or len(stack) > _MOST_DEPTH:
            raise XmlError("too many elements")
        node = Node(name.rpartition(" ")[2], {key.rpartition(" ")[2]: value for key, value in given.items()})
        stack[-1].children.append(node)
        stack.append(node)

    def end(_: str) -> None:
        stack.pop()

    def words(text: str) -> None:
        node = stack[-1]
        if len(node.text) < _MOST_TEXT:
            node.text += text[:_MOST_TEXT]

    def refuse(*_: Any) -> NoReturn:
        raise XmlError("document type")

    reader = expat.ParserCreate(namespace_separator=" ")
    reader.StartElementHandler = begin
    reader.EndElementHandler = end
    reader.CharacterDataHandler = words
    reader.StartDoctypeDeclHandler = refuse
    reader.EntityDeclHandler = refuse
    reader.ExternalEntityRefHandler = refuse
    try:
        reader.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise XmlError(type(error).__name__) from None
    if not top.children:
        raise XmlError("empty")
    return top.children[0]

"""Rows of one model written or read with one statement, its text made once. For what is done for every page that is
read: Django's own way builds a statement anew each time, at several times the cost of the statement, and says nothing
of which rows were there before an insert.

Names come from the models alone; every value is a parameter.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db import connection
from django.db.models import (
    BigIntegerField,
    BinaryField,
    BooleanField,
    CharField,
    DateTimeField,
    Field,
    ForeignKey,
    IntegerField,
    Model,
    PositiveIntegerField,
    PositiveSmallIntegerField,
    SmallIntegerField,
    TextField,
    UUIDField,
)

Row = TypeVar("Row", bound=Model)
MOST_VALUES = 20_000
"""Values of one statement; PostgreSQL's protocol has room for three times as many."""


def insert(rows: Sequence[Model], *, unique: Sequence[str] = (), renew: str = "") -> set[Any]:
    """Insert ``rows`` in the order given; the keys of those that were. What conflicts with a row that is there is left
    out; with ``renew``, where it has the same ``unique`` fields, that field of the row that is there is set instead,
    and its key is among those returned."""
    if not rows:
        return set()
    head, one, tail, fields = _insertion(type(rows[0]), tuple(unique), renew)
    step = max(1, MOST_VALUES // len(fields))
    made: set[Any] = set()
    with connection.cursor() as cursor:
        for start in range(0, len(rows), step):
            part = rows[start : start + step]
            values = [_value(field, attribute, plain, row) for row in part for field, attribute, plain in fields]
            cursor.execute(head + ", ".join([one] * len(part)) + tail, values)
            made |= {row[0] for row in cursor.fetchall()}
    for row in rows:
        if row.pk in made:  # saving it later changes it, as after Django's own way
            row._state.adding, row._state.db = False, connection.alias
    return made


def update(
    model: type[Model], keys: Iterable[Any], values: Mapping[str, Any], *, unless: tuple[str, Any] = ("", "")
) -> int:
    """Set ``values`` (by the fields' names) in the rows with these ``keys``, but for those where the field ``unless``
    has that value. How many were."""
    wanted = list(keys)
    if not wanted or not values:
        return 0
    text, fields = _change(model, tuple(values), unless[0])
    given: list[Any] = [
        value if value is None or type(value) is plain else field.get_db_prep_save(value, connection)
        for (field, _, plain), value in zip(fields, values.values(), strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(text, [*given, wanted, *([unless[1]] if unless[0] else [])])
        return int(cursor.rowcount)


def read(model: type[Row], text: str, values: Sequence[Any]) -> list[Row]:
    """Rows of ``model``, whole. ``text`` is what stands after ``FROM`` and the table's name."""
    head, names, converters = _selection(model)
    found = []
    for row in select(head + text, values):
        given = list(row)
        for place, convert in converters:
            given[place] = convert(given[place], None, connection)
        found.append(model.from_db(connection.alias, names, given))
    return found


def select(text: str, values: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement that is written out."""
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        return list(cursor.fetchall())


_Column = tuple[Any, str, type | None]
"""A field; the attribute that holds its value, "" where the field has to be asked for it; and the type of values that
go to the database as they are."""
_PLAIN: dict[type, type] = {
    UUIDField: uuid.UUID, DateTimeField: datetime, CharField: str, TextField: str, BooleanField: bool,
    IntegerField: int, PositiveIntegerField: int, SmallIntegerField: int, PositiveSmallIntegerField: int,
    BigIntegerField: int, BinaryField: bytes,
}  # fmt: skip


def _column(field: Field[Any, Any]) -> _Column:
    kind: Any = field
    while isinstance(kind, ForeignKey):
        kind = kind.target_field
    asked = type(field).pre_save is not Field.pre_save and type(field) is not DateTimeField
    return field, "" if asked else str(field.attname), _PLAIN.get(type(kind))


def _value(field: Field[Any, Any], attribute: str, plain: type | None, row: Model) -> Any:
    """What is written of a row. Django's own way walks through half a dozen calls a value, most of which change
    nothing."""
    value = getattr(row, attribute) if attribute else field.pre_save(row, add=True)
    return value if value is None or type(value) is plain else field.get_db_prep_save(value, connection)


@functools.cache
def _insertion(
    model: type[Model], unique: tuple[str, ...], renew: str
) -> tuple[str, str, str, tuple[_Column, ...]]:  # fmt: skip
    meta = model._meta
    fields = tuple(map(_column, meta.concrete_fields))
    columns = ", ".join(_quoted(field) for field, _, _ in fields)
    then = "DO NOTHING"
    if renew:
        on = ", ".join(_quoted(meta.get_field(name)) for name in unique)
        column = _quoted(meta.get_field(renew))
        then = f"({on}) DO UPDATE SET {column} = EXCLUDED.{column}"
    head = f"INSERT INTO {connection.ops.quote_name(meta.db_table)} ({columns}) VALUES "  # noqa: S608
    one = f"({', '.join(['%s'] * len(fields))})"
    return head, one, f" ON CONFLICT {then} RETURNING {_quoted(meta.pk)}", fields


def run(text: str, values: Sequence[Any]) -> int:
    """A statement that is written out and gives no rows back. How many it touched."""
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        return int(cursor.rowcount)


@functools.cache
def _selection(model: type[Model]) -> tuple[str, list[str], list[tuple[int, Any]]]:
    fields = model._meta.concrete_fields
    columns = ", ".join(_quoted(field) for field in fields)
    converters = [
        (place, convert) for place, field in enumerate(fields) for convert in field.get_db_converters(connection)
    ]  # fmt: skip
    head = f"SELECT {columns} FROM {connection.ops.quote_name(model._meta.db_table)} "  # noqa: S608
    return head, [str(field.attname) for field in fields], converters


@functools.cache
def _change(model: type[Model], names: tuple[str, ...], unless: str) -> tuple[str, tuple[_Column, ...]]:
    meta = model._meta
    fields = tuple(_column(meta.get_field(name)) for name in names)  # type: ignore[arg-type]
    values = ", ".join(f"{_quoted(field)} = %s" for field, _, _ in fields)
    but = f" AND {_quoted(meta.get_field(unless))} <> %s" if unless else ""
    table = connection.ops.quote_name(meta.db_table)
    return f"UPDATE {table} SET {values} WHERE {_quoted(meta.pk)} = ANY(%s){but}", fields  # noqa: S608


def _quoted(field: Any) -> str:
    return connection.ops.quote_name(str(field.column))

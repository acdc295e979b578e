"""Search an installation's database and objects, opened, for canaries. A process of its own, as the app role.

Reads {"canaries": [...]} from standard input; prints the leaks as JSON.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator
from typing import Any

from efface.engine.run import manage
from testbed.demo.canaries import Leak, Searcher, unpacked


def rows() -> Iterator[tuple[str, bytes]]:
    """Every row of every table, sealed fields opened, and every object, opened."""
    from django.apps import apps
    from django.db import connection, models

    from efface.engine.base import objects, sealing

    for model in apps.get_models(include_auto_created=True):
        for row in model._default_manager.all().iterator(chunk_size=500):
            values: list[Any] = []
            for field in model._meta.concrete_fields:
                value = getattr(row, field.attname)
                if isinstance(value, memoryview | bytes):
                    data = bytes(value)
                    yield f"{model._meta.db_table}.{field.name}", data
                    continue
                values.append(value)
                if isinstance(field, models.UUIDField) and value is not None and hasattr(row, "case_id"):
                    try:
                        yield f"object {value}", objects.get(row.case_id, value)
                    except (objects.ObjectMissing, sealing.KeyMissing):
                        pass
            yield model._meta.db_table, json.dumps(values, default=str, ensure_ascii=False).encode()
    known = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table not in known:
                cursor.execute(f'SELECT * FROM "{table}"')
                for record in cursor.fetchall():
                    yield table, repr(record).encode()


def with_base64(data: bytes) -> Iterator[bytes]:
    """Bytes, unpacked, and what a long base64 run in a text decodes to."""
    yield from unpacked(data)
    for word in data.split(b'"'):
        if len(word) > 400:
            try:
                yield from unpacked(base64.b64decode(word, validate=True))
            except ValueError:
                continue


def main() -> None:
    wanted = json.load(sys.stdin)
    manage.setup_django()
    from efface.accounts.models import Organisation
    from efface.engine.base import tenancy

    searcher = Searcher(wanted["canaries"])
    leaks: list[Leak] = []
    searched = 0
    with tenancy.organisation(Organisation.objects.get().pk):
        for where, data in rows():
            searched += len(data)
            for form in with_base64(data):
                leaks += searcher.search(form, where)
    json.dump({"searched": searched, "leaks": [[leak.canary, leak.where, leak.form] for leak in leaks]}, sys.stdout)


if __name__ == "__main__":
    main()

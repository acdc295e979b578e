"""Model fields that are sealed at rest.

``SealedField`` holds any JSON value, sealed with the key of the row's case (``case_id``, or the row's own ``id``
where the model is the case) or with the installation key (``scope="installation"``). Reading an attribute opens it; a
value whose case was erased reads as ``None``. The plain value never reaches SQL.
"""

from __future__ import annotations

import json
from typing import Any

from django.db import models

from efface.engine.base import sealing


class _Sealed:
    """Bytes as they came from the database, not opened yet."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data


class _Attribute:
    def __init__(self, field: SealedField) -> None:
        self.field = field

    def __get__(self, instance: models.Model | None, owner: type | None = None) -> Any:
        if instance is None:
            return self
        if self.field.attname not in instance.__dict__:
            instance.refresh_from_db(fields=[self.field.attname])
        value = instance.__dict__.get(self.field.attname)
        if isinstance(value, _Sealed):
            value = self.field.open(instance, value.data)
            instance.__dict__[self.field.attname] = value
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class SealedField(models.BinaryField):
    """See the module. ``scope`` is "case" or "installation"."""

    # For the type checker: any JSON value goes in and comes out.
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def __init__(self, *args: Any, scope: str = "case", **kwargs: Any) -> None:
        self.scope = scope
        kwargs.setdefault("null", True)
        kwargs.setdefault("blank", True)
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs["scope"] = self.scope
        kwargs.pop("editable", None)
        return name, path, args, kwargs

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, self.attname, _Attribute(self))

    def from_db_value(self, value: Any, *_: Any) -> Any:
        return None if value is None else _Sealed(bytes(value))

    def _key(self, instance: Any) -> bytes:
        if self.scope == "installation":
            return sealing.derive("sealed")
        return sealing.case_key(instance.case_id if hasattr(instance, "case_id") else instance.pk)

    def _context(self, instance: Any) -> str:
        return f"{self.model._meta.label_lower}.{self.name}:{instance.pk}"

    def open(self, instance: Any, data: bytes) -> Any:
        try:
            return json.loads(sealing.unseal(self._key(instance), data, self._context(instance)))
        except sealing.KeyMissing:
            return None

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        value = model_instance.__dict__.get(self.attname)
        if value is None:
            return None
        if isinstance(value, _Sealed):
            return value.data
        plain = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return sealing.seal(self._key(model_instance), plain, self._context(model_instance))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is not None and not isinstance(value, bytes | memoryview):
            raise TypeError(f"{self.name} is sealed: save it through its row, and find it by a digest")
        return super().get_db_prep_value(value, connection, prepared)

"""Objects on S3-compatible storage. Only the configured endpoint is dialled: addresses are path-style, no redirect is
followed, no proxy is taken from the environment."""

from __future__ import annotations

import io
import ssl
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error

from efface.engine.base import settings
from efface.engine.base.objects.errors import ObjectMissing, StoreUnavailable

CONNECT_S, READ_S, TRIES = 5.0, 60.0, 3
_WHOLE = 5 * 1024 * 1024
"""Least size of a part. An object is one part: one that was cut off leaves nothing behind."""


@dataclass(frozen=True, slots=True)
class S3:
    client: Minio
    endpoint: str
    bucket: str
    prefix: str = ""

    @classmethod
    def of(cls, where: str, endpoint: str, region: str, key: str, secret: str) -> S3:
        """``where`` is s3://bucket/prefix, ``endpoint`` https://host[:port]. Raises ``settings.SettingError``."""
        target, place = urlsplit(where), urlsplit(endpoint)
        if not target.netloc:
            raise settings.SettingError("objects must be s3://bucket or s3://bucket/prefix")
        if place.scheme not in ("http", "https") or not place.hostname or place.path.strip("/") or place.username:
            raise settings.SettingError("objects_endpoint must be the storage's address, as https://host or https://host:port")
        if not key:
            raise settings.SettingError("objects_key is empty: the storage asks for an access key")
        pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=CONNECT_S, read=READ_S), maxsize=8,
            ssl_context=ssl.create_default_context(),
            retries=urllib3.Retry(total=TRIES, redirect=0, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504)),
        )  # fmt: skip
        client = Minio(
            endpoint=place.netloc, access_key=key, secret_key=secret, secure=place.scheme == "https", region=region,
            http_client=pool,
        )  # fmt: skip
        client.disable_virtual_style_endpoint()
        return cls(client, endpoint, target.netloc, target.path.strip("/"))

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix} at {self.endpoint}".replace("/ at", " at")

    def write(self, name: uuid.UUID, data: bytes) -> None:
        try:
            self.client.put_object(
                bucket_name=self.bucket, object_name=self._key(name), data=io.BytesIO(data), length=len(data),
                part_size=max(len(data), _WHOLE),
            )  # fmt: skip
        except _FAILURES as error:
            raise self._failed(error) from None

    def read(self, name: uuid.UUID) -> bytes:
        try:
            answer = self.client.get_object(bucket_name=self.bucket, object_name=self._key(name))
            try:
                return answer.read()
            finally:
                answer.close()
                answer.release_conn()
        except S3Error as error:
            if error.code == "NoSuchKey":
                raise ObjectMissing(str(name)) from None
            raise self._failed(error) from None
        except _FAILURES as error:
            raise self._failed(error) from None

    def remove(self, name: uuid.UUID) -> None:
        try:
            self.client.remove_object(bucket_name=self.bucket, object_name=self._key(name))
        except _FAILURES as error:
            raise self._failed(error) from None

    def names(self) -> Iterator[uuid.UUID]:
        """Needs the right to list, which nothing else here does."""
        before = f"{self.prefix}/".lstrip("/")
        try:
            for found in self.client.list_objects(bucket_name=self.bucket, prefix=before, recursive=True):
                last = str(found.object_name).rpartition("/")[2]
                if len(last) == 32:
                    yield uuid.UUID(last)
        except _FAILURES as error:
            raise self._failed(error) from None

    def _key(self, name: uuid.UUID) -> str:
        return f"{self.prefix}/{name.hex[-2:]}/{name.hex}".lstrip("/")

    def _failed(self, error: Exception) -> StoreUnavailable:
        """Words without the request: it holds the access key."""
        said = error.code if isinstance(error, S3Error) else type(error).__name__
        remedy = {
            "NoSuchBucket": "; make the bucket first", "AccessDenied": "; the key may not write there",
            "InvalidAccessKeyId": "; objects_key is not known there",
            "SignatureDoesNotMatch": "; secret or region is wrong",
        }.get(str(said), "")  # fmt: skip
        return StoreUnavailable(f"{self} refused or did not answer: {said}{remedy}")


_FAILURES = (MinioException, urllib3.exceptions.HTTPError, OSError, ValueError)

"""How anybody checks a signed statement, with stock tools; the key it must be signed with."""

from __future__ import annotations

import hashlib
from typing import Any

from cryptography.hazmat.primitives import serialization
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from efface.accounts.access import PUBLIC, view
from efface.cases import statements as made


@view(access=PUBLIC)
@require_GET
def statements(request: Any) -> HttpResponse:
    pem = made.public_pem()
    raw = serialization.load_pem_public_key(pem.encode()).public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw
    )
    return render(request, "portal/statements.html", {"pem": pem, "key_sha256": hashlib.sha256(raw).hexdigest()})

"""The fetcher process: everything that speaks to strangers' servers. No database, no keys."""

from efface.net.fetcher.context import Context, ExtraOps
from efface.net.fetcher.main import main

__all__ = ["Context", "ExtraOps", "main"]

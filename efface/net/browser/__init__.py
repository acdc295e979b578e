"""Pages that their scripts write, shown to the system's Chromium behind the same egress guard. No bytes of media.

``proxy`` is the only way out and lives in the fetcher; ``runner`` is a process of its own, of another user, that starts
a browser for one page and ends it; ``client`` is the fetcher's way to both.
"""

from efface.net.browser.client import Browser
from efface.net.browser.model import Rendered

__all__ = ["Browser", "Rendered"]

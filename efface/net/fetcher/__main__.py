"""``python -m efface.net.fetcher``."""

import sys

from efface.net.fetcher.main import main

if __name__ == "__main__":
    sys.exit(main())

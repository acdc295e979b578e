"""Print every match of a bench's installation, (case, address of the page), as JSON. As the app role."""

from __future__ import annotations

import json
import sys

from efface.engine.run import manage


def main() -> None:
    manage.setup_django()
    from efface.accounts.models import Organisation
    from efface.engine.base import tenancy
    from efface.search.models import Match

    with tenancy.organisation(Organisation.objects.get().pk):
        json.dump([[str(match.case_id), match.page_url] for match in Match.objects.all()], sys.stdout)


if __name__ == "__main__":
    main()

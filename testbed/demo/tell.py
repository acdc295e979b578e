"""Print what this installation says it found, sent and saw removed, as JSON, for the score."""

from __future__ import annotations

import json
import sys

from efface.engine.run import manage


def main() -> None:
    manage.setup_django()
    from efface.accounts.models import Organisation
    from efface.engine.base import tenancy
    from efface.takedown.export import export

    organisation = Organisation.objects.get()
    with tenancy.organisation(organisation.pk):
        json.dump(export(organisation), sys.stdout, default=str)


if __name__ == "__main__":
    main()

"""What organisations share in the database, said by name: everything else belongs to one. No way round the row rules by
a view, a function or a job."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from efface.engine.base import tenancy
from tests import people
from tests.accounts.test_isolation import planted
from tests.conftest import role

pytestmark = pytest.mark.django_db

#: Of nobody: what it is, and why it may be shared. A new table is named here, or has an organisation.
SHARED = {
    "auth_group": "Django's own, empty", "auth_group_permissions": "Django's own, empty",
    "auth_permission": "Django's own", "django_content_type": "Django's own", "django_session": "sealed by their keys",
    "account_emailaddress": "sign-in", "account_emailconfirmation": "sign-in, empty",
    "mfa_authenticator": "sign-in, sealed",
    "accounts_user": "sign-in: an address is unique",
    "accounts_organisation": "names of houses, on portals",
    "procrastinate_jobs": "ids only", "procrastinate_events": "ids only", "procrastinate_workers": "machines",
    "procrastinate_periodic_defers": "machines", "engine_installation": "the machine", "engine_lease": "machines",
    "engine_bucket": "keyed digests", "engine_worker": "machines",
    "cases_comparedday": "sums of the whole installation",
    "sites_network": "sites", "sites_site": "sites", "sites_sitechange": "sites", "sites_contactobservation": "desks",
    "sites_delivery": "desks", "sites_asked": "desks; the notice as a keyed digest", "sites_factskey": "shared facts",
    "sites_factsimport": "shared facts", "sites_evidence": "sites", "sites_networkedge": "sites",
    "sites_networkrules": "sites", "sites_networkword": "sites", "sites_membership": "sites",
    "search_frontier": "the crawl, addresses sealed", "search_sitelist": "the crawl, addresses sealed",
    "search_sitelore": "sites", "search_siterule": "sites", "search_media": "fingerprints of what is on the web",
    "search_sighting": "where it is, addresses sealed", "search_sitestop": "sites", "takedown_outcome": "desks",
}  # fmt: skip
#: Rows of one organisation, and rows of nobody.
PARTLY = {"engine_deadline": "the machine's own clocks", "search_hotlinedraft": "of what the crawl itself met"}
#: Columns that a shared table must not have: what they hold is of a case.
OF_CASES = {"case_id", "finding_id", "match_id", "notice_id", "route_id", "subject_name", "worker_id", "text",
            "message", "fingerprint_id", "member_id", "organisation_id"}  # fmt: skip


def shared() -> dict[str, set[str]]:
    found = {}
    for model in apps.get_models(include_auto_created=True):
        columns = {str(field.column) for field in model._meta.concrete_fields}
        if "organisation_id" not in columns:
            found[model._meta.db_table] = columns
    return found


def test_every_table_that_organisations_share_is_named_with_its_reason() -> None:
    assert set(shared()) == set(SHARED)
    partly = {model._meta.db_table for model in apps.get_models() if getattr(model, "tenant_or_global", False)}
    assert partly == set(PARTLY)


def test_none_of_them_points_to_a_case_or_a_member() -> None:
    found = {table: columns & OF_CASES for table, columns in shared().items() if columns & OF_CASES}
    assert found == {"procrastinate_jobs": {"worker_id"}}, "whose worker is a process"


def test_no_view_function_or_trigger_of_ours_goes_round_the_rules() -> None:
    """What is there besides tables is the job queue's, runs with the asker's rights, and reads its own tables only."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind IN ('v', 'm', 'f', 'p') "
                       "AND relnamespace = 'public'::regnamespace")  # fmt: skip
        assert cursor.fetchall() == []
        cursor.execute("SELECT proname, prosecdef, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace")
        functions = cursor.fetchall()
        tables = set(connection.introspection.table_names(cursor))
    others = {table for table in tables if not table.startswith("procrastinate_")}
    # This one refuses a change, and reads nothing.
    functions = [one for one in functions if one[0] != "accounts_training_stays" or one[1]]
    assert functions and all(name.startswith("procrastinate_") and not definer for name, definer, _ in functions)
    assert [name for name, _, source in functions if any(table in source for table in others)] == []


def test_the_application_owns_nothing_and_may_become_nobody_else() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT c.relname FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname IN "
                       "('efface_app', 'efface_engine')")  # fmt: skip
        assert cursor.fetchall() == []
        cursor.execute("SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication FROM pg_roles WHERE "
                       "rolname IN ('efface_app', 'efface_engine') ORDER BY 1")  # fmt: skip
        assert cursor.fetchall() == [(False,) * 5] * 2
        cursor.execute("SELECT pg_has_role('efface_app', 'efface_owner', 'MEMBER'), "
                       "pg_has_role('efface_app', 'efface_engine', 'MEMBER'), "
                       "has_schema_privilege('efface_app', 'public', 'CREATE')")  # fmt: skip
        assert cursor.fetchone() == (False, False, False)


def test_a_job_names_ids_only_and_never_words_of_a_case(organisation: Any, now: Any, monkeypatch: Any) -> None:
    """Arguments of jobs are seen by every organisation's transaction: whatever waits there says nothing."""
    from tests.console.everything import furnish

    furnish(organisation, monkeypatch)
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, args FROM procrastinate_jobs")
        jobs = cursor.fetchall()
    assert len(jobs) > 3
    given = [(name, key, value) for name, args in jobs for key, value in json.loads(args).items()]
    odd = [one for one in given if not _says_nothing(one[2])]
    assert odd == []


def _says_nothing(value: Any) -> bool:
    if isinstance(value, int | float | bool) or value in ("", None):
        return True
    if isinstance(value, list):
        return all(_says_nothing(one) for one in value)
    try:
        uuid.UUID(str(value))
    except ValueError:
        return str(value).isascii() and str(value).replace("-", "").replace("_", "").isalnum() and len(str(value)) <= 40
    return True


def test_what_is_partly_shared_is_written_for_nobody_by_nobody_else(two: Any) -> None:
    """An organisation sees the rows of nobody in those tables, and those of no other."""
    from efface.engine.base.models import Deadline

    a, b = two
    planted(Deadline, b)
    with tenancy.organisation(a.pk):
        assert not Deadline.objects.filter(organisation_id=b.pk).exists()


@pytest.fixture
def two(db: None) -> tuple[Any, Any]:
    return people.make_organisation("A"), people.make_organisation("B")


def test_a_shared_table_that_is_not_named_fails(db: None) -> None:
    """What the first test sees when somebody adds one."""
    with role("efface_owner"), connection.cursor() as cursor:
        cursor.execute("CREATE VIEW peek AS SELECT * FROM cases_case")
    with pytest.raises(AssertionError):
        test_no_view_function_or_trigger_of_ours_goes_round_the_rules()

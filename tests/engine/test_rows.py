"""Row-level security, tested in SQL as the roles that run: not in views."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import DatabaseError, ProgrammingError, connection, transaction

from efface.accounts.models import Programme
from efface.engine.base import rows, tenancy
from tests.conftest import make_organisation, role

pytestmark = pytest.mark.django_db


def test_the_tests_do_not_run_as_the_owner() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == ("efface_app", False, False)


def test_one_organisation_never_sees_another() -> None:
    first, second = make_organisation("A"), make_organisation("B")
    with tenancy.organisation(first.pk):
        Programme.objects.create(organisation=first, name="a")
        assert Programme.objects.count() == 1
    with tenancy.organisation(second.pk):
        assert Programme.objects.count() == 0
        assert Programme.objects.update(name="stolen") == 0
        assert Programme.objects.all().delete()[0] == 0
        with pytest.raises(DatabaseError), transaction.atomic():
            Programme.objects.create(organisation=first, name="planted")


def test_unset_organisation_means_no_rows() -> None:
    first = make_organisation("A")
    with tenancy.organisation(first.pk):
        Programme.objects.create(organisation=first, name="a")
    assert Programme.objects.count() == 0


def test_the_owner_is_bound_too() -> None:
    first = make_organisation("A")
    with tenancy.organisation(first.pk):
        Programme.objects.create(organisation=first, name="a")
    with role("efface_owner"):
        assert Programme.objects.count() == 0


def test_without_its_policy_a_table_would_leak() -> None:
    """Break the guard and see red: the same query without row security shows the other organisation's row."""
    first, second = make_organisation("A"), make_organisation("B")
    with tenancy.organisation(first.pk):
        Programme.objects.create(organisation=first, name="a")
    with role("efface_owner"), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE accounts_programme DISABLE ROW LEVEL SECURITY")
    with tenancy.organisation(second.pk):
        assert Programme.objects.count() == 1


def test_every_table_has_a_rule() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relkind = 'r'")
        security = {name: (on, forced) for name, on, forced in cursor.fetchall()}
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label in {"engine", "accounts", "cases", "sites", "search", "evidence", "takedown"}:
            owned = any(field.name == "organisation" for field in model._meta.fields)
            # What belongs to no organisation is narrowed for an investigator alone, where the model says how.
            narrowed = owned or hasattr(model, "police_may")
            assert security[model._meta.db_table] == (narrowed, owned), model._meta.db_table


def test_a_table_nobody_declared_is_refused() -> None:
    with role("efface_owner"):
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE forgotten (id int)")
        with pytest.raises(rows.UnprotectedTable, match="forgotten"):
            rows.protect()


def test_the_engine_sees_only_what_names_it() -> None:
    first = make_organisation("A")
    with tenancy.organisation(first.pk):
        Programme.objects.create(organisation=first, name="a")
    with role("efface_engine"), pytest.raises(ProgrammingError), transaction.atomic():
        Programme.objects.count()

"""Who may touch which row, in the database itself.

After every migration the rules are written again from what the models declare, so a new table cannot be forgotten: a
table that is neither owned by an organisation nor declared global is refused.

Roles: ``efface_owner`` migrates; ``efface_app`` (web, jobs) sees one organisation a transaction, the one in the setting
``efface.org``; unset means no rows. ``efface_engine`` (matcher, scheduler) sees the tables that name it. In a
transaction of an investigator (``efface.investigator``) it sees of what an organisation owns only what a model opens
with ``police_may``, and writes none of it.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import connection, models

APP, ENGINE = "efface_app", "efface_engine"
FULL = ("SELECT", "INSERT", "UPDATE", "DELETE")

# Each a sub-select: read once for a statement, not once for a row.
ORGANISATION = "(SELECT NULLIF(current_setting('efface.org', true), '')::uuid)"
CASE = "(SELECT NULLIF(current_setting('efface.case', true), '')::uuid)"
INVESTIGATOR = "(SELECT NULLIF(current_setting('efface.investigator', true), '')::uuid)"
MOMENT = "(SELECT NULLIF(current_setting('efface.moment', true), '')::timestamptz)"
REFERRALS = "evidence_referral"
REFERRED = (
    f"SELECT case_id FROM {REFERRALS} WHERE organisation_id = {ORGANISATION} AND investigator_id = {INVESTIGATOR} "  # noqa: S608
    f"AND ended_at IS NULL AND until > {MOMENT}"
)
"""Cases that stand referred to the investigator of this transaction, at its moment."""

#: Tables of libraries, with what the app role may do there. Jobs carry ids only.
LIBRARY_TABLES: dict[str, tuple[str, ...]] = {
    "django_content_type": ("SELECT",),
    "django_migrations": ("SELECT",),
    "django_session": FULL,
    "auth_permission": ("SELECT",),
    "auth_group": ("SELECT",),
    "auth_group_permissions": ("SELECT",),
    "account_emailaddress": FULL,
    "account_emailconfirmation": FULL,
    "mfa_authenticator": FULL,
    "efface_cache": FULL,
}
JOB_TABLES = "procrastinate_"


class UnprotectedTable(RuntimeError):
    """A table has no rule. Declare its model ``Owned``, or give it ``engine_may``/``app_may`` as a global one."""


def _owned(model: type[models.Model]) -> bool:
    return any(field.name == "organisation" for field in model._meta.get_fields()) and not getattr(
        model, "tenant_or_global", False
    )


def _police(model: type[models.Model]) -> str:
    """What an investigator sees of a table: nothing, where the model does not say; of one that belongs to cases, rows
    of referred ones alone."""
    allowed, column = getattr(model, "police_may", ""), getattr(model, "case_column", "")
    within = f"{column} IN ({REFERRED}) AND " if column else ""
    seen = f"({within}({allowed}))" if allowed else "false"
    # Not as "is null or": the planner takes that for one row in two hundred, and goes through the table row by row.
    return f"(CASE WHEN {INVESTIGATOR} IS NULL THEN true ELSE {seen} END)"


def rule_for(model: type[models.Model]) -> str:
    """The SQL condition under which the app role sees a row of this model."""
    if getattr(model, "tenant_or_global", False):
        return f"((organisation_id IS NULL OR organisation_id = {ORGANISATION}) AND {_police(model)})"
    if not _owned(model):
        return _police(model)
    rule = f"organisation_id = {ORGANISATION} AND {_police(model)}"
    column = getattr(model, "case_column", "")
    if column:
        rule += f" AND (CASE WHEN {CASE} IS NULL THEN true ELSE {column} = {CASE} END)"
    narrower = getattr(model, "narrower_rule", "")
    if narrower:
        rule += f" AND ({narrower})"
    extra = getattr(model, "extra_rule", "")
    return f"(({rule}) OR ({extra}))" if extra else f"({rule})"


def protect(**_: Any) -> None:
    """Write grants and policies for every table. Runs as the owner, after each migration."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP])
        if cursor.fetchone() is None:
            raise UnprotectedTable("the database roles efface_app and efface_engine do not exist; see docs/operator.md")
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {APP}, {ENGINE}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP}, {ENGINE}")
        known = {}
        for model in apps.get_models(include_auto_created=True):
            known[model._meta.db_table] = model
        present = set(connection.introspection.table_names(cursor))
        if any(model._meta.managed and table not in present for table, model in known.items()):
            # Half made, as while an older backup is put back step by step: rules name tables that are not there yet.
            # Nothing is granted on what is new, and the last step comes here again.
            return
        for table in sorted(present):
            if table.startswith(JOB_TABLES):
                cursor.execute(f'GRANT ALL ON "{table}" TO {APP}, {ENGINE}')
            elif table in LIBRARY_TABLES:
                cursor.execute(f'REVOKE ALL ON "{table}" FROM {APP}, {ENGINE}')
                cursor.execute(f'GRANT {", ".join(LIBRARY_TABLES[table])} ON "{table}" TO {APP}')
                if table == "django_content_type":
                    cursor.execute(f'GRANT SELECT ON "{table}" TO {ENGINE}')
            elif table in known:
                _protect(cursor, known[table])
            else:
                raise UnprotectedTable(table)


def _protect(cursor: Any, model: type[models.Model]) -> None:
    table = model._meta.db_table
    owned = _owned(model) or getattr(model, "tenant_or_global", False)
    if not owned and not hasattr(model, "engine_may") and not hasattr(model, "app_may"):
        raise UnprotectedTable(table)
    app_may: tuple[str, ...] = getattr(model, "app_may", FULL)
    engine_may: tuple[str, ...] = getattr(model, "engine_may", ())
    cursor.execute(f'REVOKE ALL ON "{table}" FROM {APP}, {ENGINE}')
    if app_may:
        cursor.execute(f'GRANT {", ".join(app_may)} ON "{table}" TO {APP}')
    if engine_may:
        cursor.execute(f'GRANT {", ".join(engine_may)} ON "{table}" TO {ENGINE}')
    cursor.execute(f'DROP POLICY IF EXISTS tenant ON "{table}"')
    cursor.execute(f'DROP POLICY IF EXISTS engine ON "{table}"')
    for verb in ("insert", "update", "delete"):
        cursor.execute(f'DROP POLICY IF EXISTS police_{verb} ON "{table}"')
    if not owned and not hasattr(model, "police_may"):
        return
    rule = rule_for(model)
    cursor.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
    if owned:
        cursor.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
    cursor.execute(f'CREATE POLICY tenant ON "{table}" TO {APP} USING {rule} WITH CHECK {rule}')
    for verb, clause in (("INSERT", "WITH CHECK"), ("UPDATE", "USING"), ("DELETE", "USING")) if owned else ():
        cursor.execute(
            f'CREATE POLICY police_{verb.lower()} ON "{table}" AS RESTRICTIVE FOR {verb} TO {APP} '
            f"{clause} ({INVESTIGATOR} IS NULL)"
        )
    if engine_may:
        cursor.execute(f'CREATE POLICY engine ON "{table}" TO {ENGINE} USING (true) WITH CHECK (true)')

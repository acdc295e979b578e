"""What stands in the database in the clear, of cases: named column by column, so that SECURITY.md can say what a dump
surrenders, and a new one is a decision."""

from __future__ import annotations

from django.apps import apps
from django.db import models

ROOMS = ("cases_", "search_", "evidence_", "takedown_", "console_")
#: Text that is no state and no enumeration: keys, kinds, digests, who acted, whom was written to, and the short reasons
#: that workers give (``reason``, ``why``, ``decided_why``, ``state_why``, ``proof_seen``).
PLAIN = {
    "cases_accesscode": "proof",
    "cases_attestation": "proof_seen",
    "cases_authority": "digest language",
    "cases_avoided": "added_by kind",
    "cases_case": "acquisition country language reference",
    "cases_caseevent": "actor kind",
    "cases_casefact": "by name",
    "cases_consentuse": "by what",
    "cases_conversation": "way",
    "cases_draft": "path",
    "cases_facealarm": "decided_by",
    "cases_hold": "owner reason",
    "cases_message": "author topic",
    "cases_ownplace": "added_by",
    "cases_policewish": "by decided_by",
    "cases_recoveryword": "proof",
    "cases_reportedlink": "by outcome",
    "cases_safetysign": "decided_by where",
    "cases_safetyword": "proof",
    "cases_sealedproof": "why",
    "cases_telling": "channel key occasion",
    "console_opinion": "kind",
    "console_taken": "choice kind",
    "evidence_capture": "clock stamp_error warc_sha256",
    "evidence_custody": "about action actor sha256",
    "evidence_fact": "by decided_by detail kind",
    "evidence_kept": "app by kind md5 pdq problem sha256",
    "evidence_pack": "asked_by blobs findings ground key manifest_sha256 once parts problem sha256",
    "evidence_policerequest": "decided_by once owner",
    "evidence_question": "by once",
    "evidence_referral": "by desk ended_by file_number once parts reference statute terms",
    "evidence_sealedcopy": "problem sha256",
    "evidence_signal": "by decided_by",
    "search_asset": "host pdq role sha256",
    "search_finding": "stopped",
    "search_match": "decided_by decided_why kind reasons",
    "takedown_approval": "exposure notice_type party_key template",
    "takedown_check": "reason state",
    "takedown_clockfact": "by",
    "takedown_firstword": "exposure notice_type party_key shown template",
    "takedown_inbound": "handled_by kind",
    "takedown_named": "contact notice_type",
    "takedown_notice": "channel clock_basis contact exposure_lines language "
        "notice_type outside_reference reference state_why template",
    "takedown_particular": "by name",
    "takedown_planchange": "notice_type other party_key verb",
    "takedown_publication": "seen_by",
    "takedown_route": "alternatives arranged channel clock_basis contact country covers exposure "
        "exposure_lines notice_type party_key party_name role state_why told why",
    "takedown_step": "channel clock_basis confirm contact desk done_by elsewhere enclosures exposure "
        "exposure_lines key made_by notice_type party_key party_name place purpose role why",
    "takedown_ticket": "desk key outside_id",
}  # fmt: skip


def plain() -> dict[str, set[str]]:
    """Text that is neither sealed nor one of a list of choices, of every table that has a case."""
    found = {}
    for model in apps.get_models():
        names = {field.column for field in model._meta.concrete_fields}
        of_case = "case_id" in names | {getattr(model, "case_column", "")} or model._meta.db_table == "cases_case"
        if not (of_case and model._meta.db_table.startswith(ROOMS)):
            continue
        columns = {
            str(field.column) for field in model._meta.concrete_fields
            if isinstance(field, models.TextField | models.CharField | models.JSONField) and not field.choices
        }  # fmt: skip
        if columns:
            found[model._meta.db_table] = columns
    return found


def test_every_column_of_a_case_that_is_in_the_clear_is_named() -> None:
    assert plain() == {table: set(columns.split()) for table, columns in PLAIN.items()}


def test_what_is_hers_is_not_among_them() -> None:
    hers = {"text", "url", "page_url", "media_url", "address", "raw", "sender", "subject_line", "answers", "value"}
    assert {table: columns & hers for table, columns in plain().items() if columns & hers} == {}
    named = {table for table, columns in plain().items() if "name" in columns}
    assert named == {"cases_casefact", "takedown_particular"}, "which of the questions is answered, not by what"

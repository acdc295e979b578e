# One model of what is done by hand, particulars of notices, notices that leave in one mail.

import hashlib
from typing import Any

import django.db.models.deletion
import efface.engine.base.fields
import efface.engine.base.ids
from django.db import migrations, models

CHANNELS = {
    "police_report": ("police", "police", "her", "police"),
    "hash_bank_submission": ("hash_list", "hash_bank", "her", "hash_lists"),
    "csam_hotline_report": ("hotline", "hotline", "worker", "notify"),
    "hotline_report_adult": ("hotline", "helpline", "worker", "notify"),
    "ca_bc_crt": ("regulator", "court", "worker", "notify"),
    "court_order_packet": ("regulator", "court", "worker", "notify"),
    "payment_network": ("payment", "payment", "worker", "notify"),
    "tos_report": ("account", "site_operator", "worker", "contact_operator"),
    "evidence_preservation_letter": ("form", "host", "worker", "notify"),
    "jp_removal_request": ("form", "host", "worker", "notify"),
    "search_google": ("search", "search", "worker", "notify"),
    "search_bing": ("search", "search", "worker", "notify"),
    "search_yandex": ("search", "search", "worker", "notify"),
    "search_duckduckgo": ("search", "search", "worker", "notify"),
}
"""Notice type to channel, role, hand and purpose; what is not here went to a regulator."""
STATES = {"open": "todo", "done": "done", "answered": "done", "skipped": "dropped"}


def move(apps: Any, editor: Any) -> None:
    """Steps of plans become steps by hand: what somebody did, answered, left out or noted. What nobody touched is
    planned anew. The row keeps its id, so what was recorded of it still leads here."""
    Old, New = apps.get_model("takedown", "GuidedStep"), apps.get_model("takedown", "Step")
    Deadline = apps.get_model("engine", "Deadline")
    for old in Old.objects.select_related("case").iterator(chunk_size=500):
        note = old.note
        if old.state == "open" and not note:
            continue
        new = _step(apps, New, old)
        if New.objects.filter(case_id=old.case_id, key=new.key).exists():
            continue
        new.state, new.made_at, new.made_by = STATES[old.state], old.state_at, "engine"
        new.starts_at, new.done_by = old.state_at, f"caseworker:{old.by_id}"
        if new.state == "done":
            new.done_at = old.done_at or old.state_at
        if old.state == "answered":
            new.answered_at, new.answered_as, new.answer = old.state_at, "other", note
        elif old.state == "skipped":
            new.state_why = note
        else:
            new.note = note
            new.clock_due, new.clock_basis = old.clock_due, old.clock_basis
        new.save(force_insert=True)
        Deadline.objects.filter(key=f"step.clock:{old.pk}").update(
            kind="byhand.clock", key=f"byhand.clock:{old.pk}"
        )
    Deadline.objects.filter(kind="step.clock").delete()


def _step(apps: Any, New: Any, old: Any) -> Any:
    Finding = apps.get_model("search", "Finding")
    about = Finding.objects.filter(case_id=old.case_id, site__domain=old.scope) if old.scope else Finding.objects.none()
    finding = about.order_by("-confirmed_at").first()
    notice_type, _, party = old.key.partition(":")
    if notice_type == "outdated":
        notice_type = f"search_{party}"
    channel, role, hand, purpose = CHANNELS.get(notice_type, ("regulator", "regulator", "worker", "notify"))
    if finding is None:
        key = f"case:moved:{_short(notice_type)}"
    elif old.key.startswith("outdated:"):
        key = f"outdated:{finding.pk}:{finding.episode}:{notice_type}"
    else:
        key = f"site:{finding.site_id}:{finding.episode}:{_short(old.key)}"
    return New(
        id=old.pk, organisation_id=old.organisation_id, case_id=old.case_id, finding=finding,
        episode=finding.episode if finding else 1, key=key, channel=channel, hand=hand, purpose=purpose,
        notice_type=notice_type, role=role, party_key=party[:200], party_name=party[:200],
    )


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0003_facts_and_avoided'),
        ('engine', '0003_leases_and_workers'),
        ('search', '0008_asked_pages'),
        ('takedown', '0009_check_places'),
    ]

    operations = [
        migrations.AddField(
            model_name='step',
            name='answered_as',
            field=models.CharField(blank=True, choices=[('removed', 'they say it is removed'), ('refused', 'they refuse'), ('asks', 'they ask for more'), ('received', 'they have it, and look at it'), ('other', 'something else')], help_text='what their answer is', max_length=8),
        ),
        migrations.AddField(
            model_name='step',
            name='confirm',
            field=models.JSONField(default=list, help_text='what whoever does it says yes to, a line each'),
        ),
        migrations.AddField(
            model_name='step',
            name='elsewhere',
            field=models.JSONField(default=list, help_text='where else to turn, a line each'),
        ),
        migrations.AddField(
            model_name='notice',
            name='together',
            field=models.ForeignKey(help_text='whose mail it leaves in', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='members', to='takedown.notice'),
        ),
        migrations.CreateModel(
            name='Particular',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=40)),
                ('value', efface.engine.base.fields.SealedField(blank=True, null=True, scope='case')),
                ('said_at', models.DateTimeField()),
                ('by', models.CharField(max_length=60)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='cases.case')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
        ),
        migrations.AddConstraint(
            model_name='particular',
            constraint=models.UniqueConstraint(models.F('case'), models.F('name'), name='one_particular_a_case'),
        ),
        migrations.RunPython(move, migrations.RunPython.noop),
        migrations.DeleteModel(name='GuidedStep'),
    ]

# Invitations, sessions of members, what was not sent, legal demands, the sealed end of each audit chain.

import django.db.models.deletion
import efface.engine.base.fields
import efface.engine.base.ids
from django.conf import settings
from django.db import migrations, models


def seal_ends(apps, schema_editor):
    """Chains from before their ends were sealed: as they stand now. The owner sees rows only while nothing is forced."""
    from efface.accounts import audit

    Entry, Head = apps.get_model("accounts", "AuditEntry"), apps.get_model("accounts", "AuditHead")
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_auditentry NO FORCE ROW LEVEL SECURITY")
        ends = list(Entry.objects.order_by("organisation_id", "-number").distinct("organisation_id"))
        cursor.execute("ALTER TABLE accounts_auditentry FORCE ROW LEVEL SECURITY")
    for last in ends:
        digest = bytes(last.digest)
        Head.objects.create(
            organisation_id=last.organisation_id, number=last.number, digest=digest,
            seal=audit.seal(last.organisation_id, last.number, digest),
        )


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_levels'),
    ]

    operations = [
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('digest', models.BinaryField(unique=True)),
                ('email', models.EmailField(max_length=254)),
                ('name', models.CharField(max_length=80)),
                ('role', models.CharField(choices=[('caseworker', 'caseworker'), ('lead', 'lead'), ('coordinator', 'coordinator'), ('investigator', 'investigator'), ('auditor', 'auditor'), ('operator', 'operator')], max_length=12)),
                ('made_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('needs_lead', models.BooleanField(default=False)),
                ('agreed_at', models.DateTimeField(null=True)),
                ('used_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('agreed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('member', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='ways_back', to='accounts.member')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='SignIn',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('digest', models.BinaryField(unique=True)),
                ('device', models.CharField(max_length=60)),
                ('began_at', models.DateTimeField(help_text="by the machine's clock, as all three")),
                ('seen_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sign_ins', to='accounts.member')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='AuditHead',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.BigIntegerField()),
                ('digest', models.BinaryField()),
                ('seal', models.BinaryField()),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('organisation'), name='one_audit_head')],
            },
        ),
        migrations.CreateModel(
            name='LegalDemand',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('asked_by', efface.engine.base.fields.SealedField(blank=True, null=True, scope='installation')),
                ('asked_for', efface.engine.base.fields.SealedField(blank=True, null=True, scope='installation')),
                ('law', efface.engine.base.fields.SealedField(blank=True, null=True, scope='installation')),
                ('received_at', models.DateField()),
                ('until', models.DateField(null=True)),
                ('may_tell', models.BooleanField(default=True, help_text='whether the person concerned may be told')),
                ('noted_at', models.DateTimeField()),
                ('outcome', models.CharField(blank=True, choices=[('', 'not decided yet'), ('nothing', 'nothing was given'), ('part', 'a part was given'), ('all', 'all of it was given'), ('not_here', 'we do not have it')], default='', max_length=8)),
                ('given', efface.engine.base.fields.SealedField(blank=True, null=True, scope='installation')),
                ('decided_at', models.DateTimeField(null=True)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('noted_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                'ordering': ['-number'],
                'constraints': [models.UniqueConstraint(models.F('organisation'), models.F('number'), name='one_demand_number')],
            },
        ),
        migrations.CreateModel(
            name='Unsent',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('path', models.CharField(max_length=200)),
                ('fields', efface.engine.base.fields.SealedField(blank=True, null=True, scope='installation')),
                ('at', models.DateTimeField(help_text="by the machine's clock")),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='unsent', to='accounts.member')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('member'), models.F('path'), name='one_unsent_a_form')],
            },
        ),
        migrations.RunPython(seal_ends, migrations.RunPython.noop),
    ]

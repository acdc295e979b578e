from datetime import UTC, datetime

import django.db.models.deletion
import efface.engine.base.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('cases', '0001_initial'),
        ('takedown', '0001_initial'),
    ]

    operations = [
        migrations.AddField("route", "country", models.CharField(blank=True, default="", help_text="of the party", max_length=2), preserve_default=False),
        migrations.AddField("route", "covers", models.JSONField(default=list, help_text="hosts of the asset set it answers for; empty: all")),
        migrations.AddField("route", "planned_at", models.DateTimeField(default=datetime(2026, 1, 1, tzinfo=UTC)), preserve_default=False),
        migrations.AddField("notice", "state_why", models.CharField(blank=True, default="", max_length=200), preserve_default=False),
        migrations.CreateModel(
            name='Named',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('contact', models.CharField(max_length=500)),
                ('notice_type', models.CharField(max_length=40)),
                ('step', models.PositiveSmallIntegerField()),
                ('url_digest', models.BinaryField()),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='cases.case')),
                ('notice', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='named', to='takedown.notice')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                'indexes': [models.Index(models.F('contact'), models.F('url_digest'), name='named_to_contact')],
                'constraints': [models.UniqueConstraint(models.F('notice'), models.F('url_digest'), name='one_name_a_notice')],
            },
        ),
    ]

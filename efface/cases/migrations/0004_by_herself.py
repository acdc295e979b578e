# Cases opened by herself: recovery word, drafts, alarm.


import django.db.models.deletion
import efface.engine.base.fields
import efface.engine.base.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_portal_of_an_organisation'),
        ('cases', '0003_facts_and_avoided'),
    ]

    operations = [
        migrations.AddField(
            model_name='case',
            name='alarm_at',
            field=models.DateTimeField(help_text='she said that she is in danger; no worker has seen it yet', null=True),
        ),
        migrations.AddField(
            model_name='case',
            name='by_herself',
            field=models.BooleanField(default=False, help_text='opened in the portal, without a worker'),
        ),
        migrations.CreateModel(
            name='RecoveryWord',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('lookup', models.BinaryField(unique=True)),
                ('proof', models.CharField(max_length=200)),
                ('created', models.DateTimeField()),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='cases.case')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('path', models.CharField(max_length=120)),
                ('fields', efface.engine.base.fields.SealedField(blank=True, null=True, scope='case')),
                ('at', models.DateTimeField()),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='cases.case')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('case'), models.F('path'), name='one_draft_a_form')],
            },
        ),
    ]

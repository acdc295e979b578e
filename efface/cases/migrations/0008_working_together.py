# What colleagues need to work together, and an index of events by kind.

import django.db.models.deletion
import efface.engine.base.fields
import efface.engine.base.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_levels'),
        ('cases', '0007_safe_contact'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Absence',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('begins', models.DateTimeField()),
                ('ends', models.DateTimeField()),
                ('said_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(help_text='back earlier, or taken back', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Duty',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('begins', models.DateTimeField()),
                ('ends', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Note',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('text', efface.engine.base.fields.SealedField(blank=True, null=True, scope='case')),
                ('taken_back_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddIndex(
            model_name='caseevent',
            index=models.Index(models.F('kind'), models.F('subject'), name='event_of_kind'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(models.F('at'), condition=models.Q(('from_survivor', True), ('read_at__isnull', True)), name='message_unread'),
        ),
        migrations.AddField(
            model_name='absence',
            name='member',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='absences', to='accounts.member'),
        ),
        migrations.AddField(
            model_name='absence',
            name='organisation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation'),
        ),
        migrations.AddField(
            model_name='absence',
            name='said_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='absence',
            name='substitute',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='substitutions', to='accounts.member'),
        ),
        migrations.AddField(
            model_name='duty',
            name='member',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='duties', to='accounts.member'),
        ),
        migrations.AddField(
            model_name='duty',
            name='organisation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation'),
        ),
        migrations.AddField(
            model_name='note',
            name='author',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='note',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='cases.case'),
        ),
        migrations.AddField(
            model_name='note',
            name='organisation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation'),
        ),
        migrations.AddIndex(
            model_name='absence',
            index=models.Index(models.F('member'), models.F('ends'), name='absence_of_member'),
        ),
        migrations.AddConstraint(
            model_name='duty',
            constraint=models.UniqueConstraint(models.F('member'), models.F('begins'), name='one_duty_a_begin'),
        ),
        migrations.AddIndex(
            model_name='note',
            index=models.Index(models.F('case'), models.F('at'), name='note_of_case'),
        ),
    ]

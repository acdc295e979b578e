# What colleagues need to work together on the desk.

import django.db.models.deletion
import efface.engine.base.fields
import efface.engine.base.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0004_levels'),
        ('cases', '0008_working_together'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DeskRule',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('looks', models.PositiveSmallIntegerField(help_text='pictures a worker may look at in a shift')),
                ('pause_after', models.PositiveSmallIntegerField(help_text='pictures after which there is a pause')),
                ('pause_minutes', models.PositiveSmallIntegerField()),
                ('set_at', models.DateTimeField()),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
                ('set_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Look',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('match', models.UUIDField()),
                ('at', models.DateTimeField()),
                ('shift', models.DateField(help_text="the day of the shift, in the installation's zone")),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='cases.case')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='looks', to='accounts.member')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                'indexes': [models.Index(models.F('member'), models.F('shift'), name='looks_of_shift')],
            },
        ),
        migrations.CreateModel(
            name='Opinion',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=20)),
                ('subject', models.UUIDField()),
                ('asked_at', models.DateTimeField()),
                ('question', efface.engine.base.fields.SealedField(blank=True, null=True, scope='case')),
                ('answer', efface.engine.base.fields.SealedField(blank=True, null=True, scope='case')),
                ('answered_at', models.DateTimeField(null=True)),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('answered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('asked', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='cases.case')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                'indexes': [models.Index(models.F('kind'), models.F('subject'), name='opinion_of_decision')],
            },
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=40)),
                ('query', models.CharField(max_length=300)),
                ('made_at', models.DateTimeField()),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_views', to='accounts.member')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('member'), models.F('name'), name='one_view_a_name')],
            },
        ),
        migrations.CreateModel(
            name='Taken',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=20)),
                ('subject', models.UUIDField()),
                ('case_id', models.UUIDField(null=True)),
                ('choice', models.CharField(max_length=30)),
                ('at', models.DateTimeField()),
                ('batch', models.UUIDField(null=True)),
                ('undone_at', models.DateTimeField(null=True)),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='taken', to='accounts.member')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                'indexes': [models.Index(fields=['member', '-at'], name='taken_by_member')],
            },
        ),
    ]

# The first notice of a case to a party may need two people.

import django.db.models.deletion
import efface.engine.base.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_levels'),
        ('cases', '0008_working_together'),
        ('search', '0013_waiting_rows'),
        ('takedown', '0010_one_model_of_steps'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='FirstWord',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('party_key', models.CharField(max_length=200)),
                ('notice_type', models.CharField(max_length=40)),
                ('template', models.CharField(max_length=40)),
                ('exposure', models.CharField(max_length=30)),
                ('shown', models.CharField(help_text='SHA-256 of what was read', max_length=64)),
                ('at', models.DateTimeField()),
                ('taken_back_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='FourEyes',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('since', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(models.F('state'), models.F('drafted_at'), condition=models.Q(('state__in', ['draft', 'prepared', 'held'])), name='notice_waiting'),
        ),
        migrations.AddField(
            model_name='firstword',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='firstword',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='cases.case'),
        ),
        migrations.AddField(
            model_name='firstword',
            name='notice',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='first_words', to='takedown.notice'),
        ),
        migrations.AddField(
            model_name='firstword',
            name='organisation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation'),
        ),
        migrations.AddField(
            model_name='foureyes',
            name='organisation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation'),
        ),
        migrations.AddField(
            model_name='foureyes',
            name='set_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='firstword',
            constraint=models.UniqueConstraint(models.F('case'), models.F('party_key'), models.F('notice_type'), models.F('template'), models.F('exposure'), condition=models.Q(('taken_back_at', None)), name='one_first_word'),
        ),
        migrations.AddConstraint(
            model_name='foureyes',
            constraint=models.UniqueConstraint(models.F('organisation'), condition=models.Q(('ended_at', None)), name='four_eyes_once'),
        ),
    ]

import django.db.models.deletion
import efface.engine.base.fields
import efface.engine.base.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('cases', '0002_own_places'),
    ]

    operations = [
        migrations.CreateModel(
            name='Avoided',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=8)),
                ('value', efface.engine.base.fields.SealedField(blank=True, null=True, scope='case')),
                ('added_by', models.CharField(max_length=60)),
                ('added_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='cases.case')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='CaseFact',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=30)),
                ('value', efface.engine.base.fields.SealedField(blank=True, null=True, scope='case')),
                ('by', models.CharField(max_length=60)),
                ('at', models.DateTimeField()),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='cases.case')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                'indexes': [models.Index(models.F('case'), models.F('at'), name='fact_of_case')],
            },
        ),
    ]

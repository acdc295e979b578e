import django.db.models.deletion
import efface.engine.base.fields
import efface.engine.base.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('cases', '0003_facts_and_avoided'),
        ('search', '0007_speed'),
        ('takedown', '0006_clock_facts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='route',
            name='arranged',
            field=models.CharField(blank=True, help_text="a person's word that shapes it", max_length=10),
        ),
        migrations.AddField(
            model_name='route',
            name='gone_since',
            field=models.DateTimeField(help_text='first look-up of a row that named others instead', null=True),
        ),
        migrations.AddField(
            model_name='route',
            name='told',
            field=models.JSONField(default=dict, help_text='what is missing, what it achieved, what else is open'),
        ),
        migrations.CreateModel(
            name='KeptPlan',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('episode', models.PositiveSmallIntegerField()),
                ('made_at', models.DateTimeField()),
                ('content', efface.engine.base.fields.SealedField(blank=True, null=True, scope='case')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='cases.case')),
                ('finding', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='kept_plan', to='search.finding')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='GuidedStep',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('scope', models.CharField(blank=True, max_length=253)),
                ('key', models.CharField(max_length=160)),
                ('notice_type', models.CharField(blank=True, max_length=40)),
                ('state', models.CharField(choices=[('open', 'to do'), ('done', 'done, waits for an answer'), ('answered', 'answered'), ('skipped', 'left out')], default='open', max_length=10)),
                ('state_at', models.DateTimeField()),
                ('done_at', models.DateTimeField(null=True)),
                ('clock_due', models.DateTimeField(null=True)),
                ('clock_basis', models.CharField(blank=True, max_length=200)),
                ('note', efface.engine.base.fields.SealedField(blank=True, null=True, scope='case')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='cases.case')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('case'), models.F('scope'), models.F('key'), name='one_step_a_case')],
            },
        ),
        migrations.CreateModel(
            name='PlanChange',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('episode', models.PositiveSmallIntegerField()),
                ('at', models.DateTimeField()),
                ('verb', models.CharField(max_length=10)),
                ('party_key', models.CharField(blank=True, max_length=200)),
                ('notice_type', models.CharField(blank=True, max_length=40)),
                ('other', models.CharField(blank=True, help_text='the party it goes before', max_length=200)),
                ('until', models.DateTimeField(null=True)),
                ('why', efface.engine.base.fields.SealedField(blank=True, null=True, scope='case')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='cases.case')),
                ('finding', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='plan_changes', to='search.finding')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
                ('undoes', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='takedown.planchange')),
            ],
            options={
                'indexes': [models.Index(models.F('finding'), models.F('at'), name='change_of_plan')],
                'constraints': [models.UniqueConstraint(models.F('undoes'), name='undone_once')],
            },
        ),
    ]

import django.db.models.deletion
import efface.engine.base.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0008_training'),
    ]

    operations = [
        migrations.CreateModel(
            name='Practice',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('exercise', models.CharField(max_length=30)),
                ('content', models.JSONField(default=dict)),
                ('times', models.PositiveSmallIntegerField(default=1, help_text='how often it was begun')),
                ('begun_at', models.DateTimeField()),
                ('done_at', models.DateTimeField(null=True)),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='practices', to='accounts.member')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('member'), models.F('exercise'), name='one_practice_an_exercise')],
            },
        ),
    ]

# What starts, stops and lengthens the clocks of a notice, as it was seen or written down; when it was seen to be late.

import django.db.models.deletion
import efface.engine.base.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('cases', '0002_own_places'),
        ('takedown', '0005_publications'),
    ]

    operations = [
        migrations.AddField(
            model_name='notice',
            name='overdue_at',
            field=models.DateTimeField(help_text="the law's time was seen to be over then", null=True),
        ),
        migrations.CreateModel(
            name='ClockFact',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('receipt', 'they have it'), ('acknowledgement', 'they confirmed that they have it'), ('confirmation', 'they confirmed the request itself'), ('authority_notice', 'the authority gave its order or asked for removal'), ('provider_inquiry', 'the provider asked whoever posted it'), ('merchant_complaint', 'the complaint reached the merchant'), ('counter_notice', 'the other side objected (counter-notice)'), ('court_order', 'a court gave its order'), ('identity_asked', 'they asked who she is, or by what right we write'), ('identity_given', 'their question who she is was answered'), ('extended', 'they said in time that they need the longer period')], max_length=20)),
                ('at', models.DateTimeField()),
                ('how', models.CharField(choices=[('auto-reply', "their machine's confirmation"), ('reply', 'their mail'), ('delivery-report', 'a delivery report of their mail server'), ('form', 'what the form showed or sent'), ('post', "the post's proof of delivery"), ('phone', 'said on the telephone'), ('letter', 'a letter or a file of theirs')], max_length=16)),
                ('noted_at', models.DateTimeField()),
                ('by', models.CharField(max_length=60)),
                ('taken_back_at', models.DateTimeField(null=True)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='cases.case')),
                ('notice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='clock_facts', to='takedown.notice')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                'ordering': ['at', 'id'],
                'constraints': [models.UniqueConstraint(models.F('notice'), models.F('kind'), models.F('at'), condition=models.Q(('taken_back_at', None)), name='one_clock_fact')],
            },
        ),
    ]

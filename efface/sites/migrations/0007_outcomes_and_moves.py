from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sites', '0006_network_rules'),
    ]

    operations = [
        migrations.AddField(
            model_name='asked',
            name='ended_days',
            field=models.FloatField(help_text='until nobody looked, or it went for another reason', null=True),
        ),
        migrations.AddField(
            model_name='asked',
            name='host',
            field=models.CharField(blank=True, help_text='party key of the host it stood with', max_length=200),
        ),
        migrations.AddField(
            model_name='asked',
            name='site',
            field=models.CharField(blank=True, help_text='domain it was about', max_length=253),
        ),
        migrations.AddField(
            model_name='site',
            name='moving',
            field=models.JSONField(help_text='a change of parties that one look-up saw and none has borne out', null=True),
        ),
        migrations.AddIndex(
            model_name='asked',
            index=models.Index(models.F('sent_on'), name='asked_on'),
        ),
    ]

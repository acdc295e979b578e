# Who may open a case without a worker, and under which host name.


from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_calendar_feed'),
    ]

    operations = [
        migrations.AddField(
            model_name='organisation',
            name='opens_herself',
            field=models.BooleanField(default=False, help_text='survivors may open a case in the portal without a worker'),
        ),
        migrations.AddField(
            model_name='organisation',
            name='portal_host',
            field=models.CharField(blank=True, help_text="host name of this organisation's portal", max_length=253),
        ),
    ]

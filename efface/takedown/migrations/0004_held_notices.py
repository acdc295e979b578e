# Notices of a party that is not in charge any more wait for a person.

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('takedown', '0003_route_confirmed'),
    ]

    operations = [
        migrations.AddField(
            model_name='route',
            name='kept_at',
            field=models.DateTimeField(help_text='a person goes on with it although others are in charge', null=True),
        ),
        migrations.AlterField(
            model_name='notice',
            name='state',
            field=models.CharField(choices=[('draft', 'waits for approval'), ('queued', 'approved, being sent'), ('sent', 'sent'), ('prepared', 'to be filed by a person'), ('filed', 'filed'), ('ambiguous', 'unclear whether it was sent'), ('bounced', 'came back'), ('failed', 'could not be sent'), ('cancelled', 'cancelled'), ('held', 'the party changed: a person decides')], default='draft', max_length=10),
        ),
    ]

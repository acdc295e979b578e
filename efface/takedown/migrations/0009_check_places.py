# From how many places a check looked.

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('takedown', '0008_steps'),
    ]

    operations = [
        migrations.AddField(
            model_name='check',
            name='places',
            field=models.PositiveSmallIntegerField(default=1, help_text='from how many places it was seen so'),
        ),
    ]

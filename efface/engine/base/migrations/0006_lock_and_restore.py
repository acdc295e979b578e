# The moment of a lock, and of a restore.

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('engine', '0005_buckets'),
    ]

    operations = [
        migrations.AddField(
            model_name='installation',
            name='locked_at',
            field=models.DateTimeField(help_text='`efface lock`: every host forgets its keys', null=True),
        ),
        migrations.AddField(
            model_name='installation',
            name='restored_at',
            field=models.DateTimeField(help_text='when a backup was last put back here', null=True),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0009_stopped_sites'),
    ]

    operations = [
        migrations.AddField(
            model_name='frontier',
            name='harm',
            field=models.PositiveSmallIntegerField(default=0, help_text='candidates and findings there, returns counted twice'),
        ),
    ]

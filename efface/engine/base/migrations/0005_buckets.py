# Buckets that limit how often something is tried.


from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('engine', '0004_jobs_by_lock'),
    ]

    operations = [
        migrations.CreateModel(
            name='Bucket',
            fields=[
                ('key', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('level', models.FloatField()),
                ('at', models.DateTimeField(help_text="by the machine's clock")),
            ],
        ),
    ]

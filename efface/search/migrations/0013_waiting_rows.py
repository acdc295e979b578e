# What waits for a person is found by an index of its own.

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_levels'),
        ('cases', '0008_working_together'),
        ('search', '0012_put_off'),
        ('sites', '0008_priority'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(models.F('url_digest'), name='asset_of_url'),
        ),
        migrations.AddIndex(
            model_name='finding',
            index=models.Index(models.F('confirmed_at'), condition=models.Q(('age', 'unknown')), name='finding_of_no_age'),
        ),
        migrations.AddIndex(
            model_name='finding',
            index=models.Index(models.F('confirmed_at'), condition=models.Q(('state', 'conflict')), name='finding_conflict'),
        ),
        migrations.AddIndex(
            model_name='match',
            index=models.Index(models.F('made_at'), condition=models.Q(('state', 'candidate')), name='match_candidate'),
        ),
        migrations.AddIndex(
            model_name='match',
            index=models.Index(models.F('page_digest'), name='match_of_page'),
        ),
    ]

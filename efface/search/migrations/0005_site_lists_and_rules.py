import django.db.models.deletion
import efface.engine.base.fields
import efface.engine.base.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0004_clips_and_looks'),
        ('sites', '0003_visit_numbers'),
    ]

    operations = [
        migrations.CreateModel(
            name='SiteLore',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('scripted', models.PositiveIntegerField(default=0, help_text='pages in a row that only a browser could show')),
                ('unseen', models.PositiveIntegerField(default=0, help_text='of these, pages for which there was no browser')),
                ('parameters', models.JSONField(default=dict, help_text='parameter: pages [the same, different] without it')),
                ('search', efface.engine.base.fields.SealedField(blank=True, help_text='address of its search form, {word} in it', null=True, scope='installation')),
                ('harm', models.PositiveIntegerField(default=0, help_text='findings there, returns counted twice')),
                ('guessed_at', models.DateTimeField(help_text='when sitemaps and feeds were looked for', null=True)),
                ('site', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='lore', to='sites.site')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='SiteList',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('digest', models.BinaryField(unique=True)),
                ('url', efface.engine.base.fields.SealedField(blank=True, null=True, scope='installation')),
                ('kind', models.CharField(blank=True, help_text='what it turned out to be; empty before it was read', max_length=8)),
                ('guessed', models.BooleanField(default=False, help_text='looked for where such lists usually lie')),
                ('found_at', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('read_at', models.DateTimeField(null=True)),
                ('visit', models.PositiveIntegerField(default=0)),
                ('etag', models.CharField(blank=True, max_length=200)),
                ('last_modified', models.CharField(blank=True, max_length=60)),
                ('failures', models.PositiveSmallIntegerField(default=0)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lists', to='sites.site')),
            ],
            options={
                'indexes': [models.Index(models.F('site'), models.F('due_at'), name='site_list_due')],
            },
        ),
        migrations.CreateModel(
            name='SiteRule',
            fields=[
                ('id', models.UUIDField(default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('decided_in', models.UUIDField(help_text='organisation whose coordinator decided')),
                ('decided_by', models.CharField(max_length=60)),
                ('decided_at', models.DateTimeField()),
                ('reason', models.CharField(max_length=300)),
                ('robots_until', models.DateTimeField(help_text='robots.txt does not bind the crawl until then', null=True)),
                ('delay_s', models.FloatField(help_text='seconds between two pages', null=True)),
                ('from_hour', models.PositiveSmallIntegerField(help_text='visited from this hour on, UTC', null=True)),
                ('to_hour', models.PositiveSmallIntegerField(help_text='and until this one', null=True)),
                ('pages', models.PositiveSmallIntegerField(help_text='pages of one visit', null=True)),
                ('search_words', models.BooleanField(default=False, help_text="the site's own search may be asked for names that cases consented to")),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='sites.site')),
            ],
            options={
                'indexes': [models.Index(models.F('site'), models.F('decided_at'), name='site_rule_latest')],
            },
        ),
    ]

# Observations that are only added to, history, learning, facts from elsewhere.

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from typing import Any

import django.db.models.deletion
import efface.engine.base.ids
from efface.sites.models import grams
from django.db import migrations, models


def fill(apps: Any, editor: Any) -> None:
    """What older rows have of the new columns."""
    Site = apps.get_model("sites", "Site")
    batch = []
    for site in Site.objects.iterator(chunk_size=1000):
        site.grams = grams(site.domain)
        if site.hostility_why:
            site.hostility_how = "page" if site.hostility_why.startswith("its pages") else "person"
        site.covered = any(party.get("contacts") for party in (site.dossier or {}).get("parties", []))
        batch.append(site)
    Site.objects.bulk_update(batch, ["grams", "hostility_how", "covered"], batch_size=1000)
    Observation = apps.get_model("sites", "ContactObservation")
    seen = []
    for row in Observation.objects.iterator(chunk_size=1000):
        row.steps_key, row.confidence = ",".join(map(str, row.steps))[:200], round(row.confidence, 2)
        seen.append(row)
    Observation.objects.bulk_update(seen, ["steps_key", "confidence"], batch_size=1000)


class Migration(migrations.Migration):
    dependencies = [
        ("sites", "0003_visit_numbers"),
    ]

    operations = [
        migrations.CreateModel(
            name="Asked",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("mark", models.CharField(max_length=32, unique=True)),
                (
                    "provider",
                    models.CharField(help_text="registered domain of the address, or AS number", max_length=120),
                ),
                ("role", models.CharField(max_length=12)),
                ("channel", models.CharField(max_length=8)),
                ("notice_type", models.CharField(max_length=40)),
                ("language", models.CharField(max_length=8)),
                ("sent_on", models.DateField()),
                ("delivered", models.BooleanField(default=True, help_text="false once it came back")),
                ("acknowledged", models.BooleanField(default=False)),
                ("replied", models.BooleanField(default=False)),
                ("removed_days", models.FloatField(help_text="until it was gone; empty while it is not", null=True)),
            ],
        ),
        migrations.CreateModel(
            name="FactsImport",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("batch", models.UUIDField(help_text="of the changes it made to sites")),
                ("by", models.CharField(max_length=60)),
                ("at", models.DateTimeField()),
                ("sites", models.PositiveIntegerField(default=0)),
                ("contacts", models.PositiveIntegerField(default=0)),
                ("withdrawn_at", models.DateTimeField(null=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="FactsKey",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("fingerprint", models.CharField(max_length=64, unique=True)),
                ("name", models.CharField(max_length=120)),
                ("pinned_by", models.CharField(max_length=60)),
                ("pinned_at", models.DateTimeField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SiteChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=efface.engine.base.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField()),
                ("by", models.CharField(help_text="engine, or role and id of a member", max_length=60)),
                ("what", models.CharField(help_text="the field, or host, cdn, registrar", max_length=20)),
                ("before", models.JSONField(null=True)),
                ("after", models.JSONField(null=True)),
                ("batch", models.UUIDField(null=True)),
                ("undoes", models.UUIDField(help_text="the batch that this one takes back", null=True)),
                ("why", models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="contactobservation",
            name="one_contact_observation",
        ),
        migrations.AddField(
            model_name="contactobservation",
            name="seen",
            field=models.PositiveIntegerField(default=1, help_text="how often"),
        ),
        migrations.AddField(
            model_name="contactobservation",
            name="steps_key",
            field=models.CharField(blank=True, help_text="the steps in one word", max_length=200),
        ),
        migrations.AddField(
            model_name="site",
            name="depended_until",
            field=models.DateTimeField(help_text="until then it is looked up more often", null=True),
        ),
        migrations.AddField(
            model_name="site",
            name="covered",
            field=models.BooleanField(default=False, help_text="somebody who could act can be written to"),
        ),
        migrations.AddField(
            model_name="site",
            name="grams",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=3),
                default=list,
                help_text="three-letter parts of the domain",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="site",
            name="hostility_how",
            field=models.CharField(blank=True, help_text="page, reply, person or shared", max_length=8),
        ),
        migrations.AddField(
            model_name="site",
            name="merged",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="aliases", to="sites.site"
            ),
        ),
        migrations.AddField(
            model_name="site",
            name="origin",
            field=models.CharField(blank=True, help_text="how it came here", max_length=12),
        ),
        migrations.AddField(
            model_name="site",
            name="review",
            field=models.CharField(
                choices=[("new", "new: nobody has said yet"), ("accepted", "accepted"), ("ignored", "ignored")],
                default="accepted",
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="site",
            name="hostility",
            field=models.CharField(
                choices=[
                    ("unknown", "not known"),
                    ("cooperative", "answers requests"),
                    ("hostile", "hostile"),
                    ("extortionate", "asks money for removal"),
                    ("publishes", "publishes notices it gets"),
                    ("doxxes", "exposes who complains"),
                ],
                default="unknown",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="site",
            name="kind",
            field=models.CharField(
                choices=[
                    ("unknown", "not known"),
                    ("tube", "video site"),
                    ("forum", "forum"),
                    ("leak_board", "leak board"),
                    ("imageboard", "imageboard"),
                    ("file_host", "file host"),
                    ("messenger", "messenger channel"),
                    ("social", "social network"),
                    ("blog", "blog"),
                    ("search", "search engine"),
                    ("other", "other"),
                ],
                default="unknown",
                max_length=30,
            ),
        ),
        migrations.AddIndex(
            model_name="site",
            index=django.contrib.postgres.indexes.GinIndex(models.F("grams"), name="site_grams"),
        ),
        migrations.AddIndex(
            model_name="site",
            index=models.Index(models.F("review"), models.F("added_at"), name="site_review"),
        ),
        migrations.AddIndex(
            model_name="site",
            index=models.Index(models.F("state"), models.F("domain"), name="site_state"),
        ),
        migrations.AddIndex(
            model_name="site",
            index=models.Index(models.F("kind"), models.F("domain"), name="site_kind"),
        ),
        migrations.AddIndex(
            model_name="site",
            index=models.Index(models.F("hostility"), models.F("domain"), name="site_hostility"),
        ),
        migrations.AddIndex(
            model_name="site",
            index=models.Index(models.F("looked_up_at").asc(nulls_first=True), models.F("id"), name="site_looked_up"),
        ),
        migrations.AddIndex(
            model_name="site",
            index=models.Index(models.F("added_at"), models.F("id"), name="site_added"),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="contactobservation",
            constraint=models.UniqueConstraint(
                models.F("party_key"),
                models.F("channel"),
                models.F("value"),
                models.F("source"),
                models.F("confidence"),
                models.F("steps_key"),
                name="one_observation",
            ),
        ),
        migrations.AddIndex(
            model_name="asked",
            index=models.Index(
                models.F("provider"),
                models.F("channel"),
                models.F("notice_type"),
                models.F("language"),
                name="asked_of_provider",
            ),
        ),
        migrations.AddField(
            model_name="factsimport",
            name="key",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="imports", to="sites.factskey"
            ),
        ),
        migrations.AddField(
            model_name="sitechange",
            name="site",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="changes", to="sites.site"
            ),
        ),
        migrations.AddIndex(
            model_name="sitechange",
            index=models.Index(models.F("site"), models.F("at"), name="change_of_site"),
        ),
        migrations.AddIndex(
            model_name="sitechange",
            index=models.Index(models.F("batch"), name="change_of_batch"),
        ),
        migrations.AddIndex(
            model_name="sitechange",
            index=models.Index(models.F("by"), models.F("at"), name="change_by"),
        ),
    ]

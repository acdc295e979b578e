"""The table of Django's database cache (rate limits), made here so that it has its grants like any other."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("engine", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "CREATE TABLE efface_cache (cache_key varchar(255) PRIMARY KEY, value text NOT NULL, "
            "expires timestamp with time zone NOT NULL); CREATE INDEX efface_cache_expires ON efface_cache (expires)",
            "DROP TABLE efface_cache",
        )
    ]

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("takedown", "0002_named_addresses")]

    operations = [
        migrations.AddField(
            "route",
            "confirmed_at",
            models.DateTimeField(help_text="last look-up that named this party as in charge", null=True),
        ),
    ]

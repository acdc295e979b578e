from django.db import migrations, models

KEEP = """
CREATE FUNCTION accounts_training_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'an organisation is a training one from the beginning, or never';
END $$;
CREATE TRIGGER training_stays BEFORE UPDATE ON accounts_organisation FOR EACH ROW
  WHEN (OLD.training IS DISTINCT FROM NEW.training) EXECUTE FUNCTION accounts_training_stays();
"""
BACK = "DROP TRIGGER training_stays ON accounts_organisation; DROP FUNCTION accounts_training_stays();"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_grants_and_invoices'),
    ]

    operations = [
        migrations.AddField(
            model_name='organisation',
            name='training',
            field=models.BooleanField(default=False, help_text='nothing here is real and nothing leaves; said when it is made, never changed'),
        ),
        migrations.RunSQL(KEEP, BACK),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sites', '0007_outcomes_and_moves'),
    ]

    operations = [
        migrations.AddField(
            model_name='site',
            name='priority',
            field=models.CharField(choices=[('first', 'before others'), ('usual', 'as every site'), ('last', 'after others')], default='usual', help_text='how soon it is visited, beside others', max_length=5),
        ),
    ]

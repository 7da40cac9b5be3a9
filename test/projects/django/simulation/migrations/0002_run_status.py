from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("simulation", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="simulation",
            name="status",
            field=models.CharField(max_length=20, default="queued", db_default="queued"),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="Session",
            fields=[
                ("session_key", models.CharField(max_length=40, primary_key=True)),
                ("user", models.ForeignKey("accounts.User", on_delete=models.PROTECT)),
                ("expire_date", models.DateTimeField()),
            ],
            options={"db_table": "sessions"},
        ),
    ]

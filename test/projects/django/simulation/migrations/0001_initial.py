from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = [("accounts", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="Simulation",
            fields=[
                ("id", models.BigAutoField(primary_key=True)),
                ("name", models.CharField(max_length=200)),
                ("owner", models.ForeignKey("accounts.User", on_delete=models.PROTECT)),
                ("created_at", models.DateTimeField()),
            ],
            options={"db_table": "simulation_runs"},
        ),
    ]

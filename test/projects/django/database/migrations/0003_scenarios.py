from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("database", "0002_construction_sets")]
    operations = [
        migrations.CreateModel(
            name="Scenario",
            fields=[
                ("id", models.BigAutoField(primary_key=True)),
                ("name", models.CharField(max_length=200)),
                ("set", models.ForeignKey("database.ConstructionSet", on_delete=models.PROTECT)),
            ],
            options={"db_table": "scenarios"},
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("database", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="ConstructionSet",
            fields=[
                ("id", models.BigAutoField(primary_key=True)),
                ("name", models.CharField(max_length=200)),
                ("wall", models.ForeignKey("database.Construction", on_delete=models.PROTECT)),
            ],
            options={"db_table": "construction_sets"},
        ),
    ]

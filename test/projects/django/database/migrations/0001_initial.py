from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Material",
            fields=[
                ("id", models.BigAutoField(primary_key=True)),
                ("name", models.CharField(max_length=200, unique=True)),
                ("conductivity", models.FloatField()),
                ("density", models.FloatField()),
            ],
            options={"db_table": "materials"},
        ),
        migrations.CreateModel(
            name="Construction",
            fields=[
                ("id", models.BigAutoField(primary_key=True)),
                ("name", models.CharField(max_length=200)),
                ("material", models.ForeignKey("database.Material", on_delete=models.PROTECT)),
                ("thickness_m", models.FloatField()),
            ],
            options={"db_table": "constructions"},
        ),
    ]

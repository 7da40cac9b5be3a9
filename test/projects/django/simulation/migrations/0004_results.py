from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("simulation", "0003_files")]
    operations = [
        migrations.CreateModel(
            name="SimulationResult",
            fields=[
                ("id", models.BigAutoField(primary_key=True)),
                ("simulation_id", models.BigIntegerField(db_index=True)),
                ("total_energy_kwh", models.FloatField()),
                ("created_at", models.DateTimeField()),
            ],
            options={"db_table": "simulation_results"},
        ),
        migrations.CreateModel(
            name="SimulationZone",
            fields=[
                ("id", models.BigAutoField(primary_key=True)),
                ("result", models.ForeignKey("simulation.SimulationResult", on_delete=models.PROTECT)),
                ("zone_name", models.CharField(max_length=200)),
                ("floor_area_m2", models.FloatField()),
            ],
            options={"db_table": "simulation_zones"},
        ),
    ]

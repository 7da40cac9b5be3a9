from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("simulation", "0004_results")]
    operations = [
        migrations.CreateModel(
            name="SimulationEnergyUse",
            fields=[
                ("id", models.BigAutoField(primary_key=True)),
                ("result", models.ForeignKey("simulation.SimulationResult", on_delete=models.PROTECT)),
                ("end_use", models.CharField(max_length=100)),
                ("electricity_kwh", models.FloatField()),
            ],
            options={"db_table": "simulation_energy_use"},
        ),
        migrations.CreateModel(
            name="SimulationHourlyTimeseries",
            fields=[
                ("id", models.BigAutoField(primary_key=True)),
                ("zone", models.ForeignKey("simulation.SimulationZone", on_delete=models.PROTECT)),
                ("hour", models.IntegerField()),
                ("temperature_c", models.FloatField()),
            ],
            options={"db_table": "simulation_hourly_timeseries"},
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("simulation", "0002_run_status")]
    operations = [
        migrations.CreateModel(
            name="SimulationFile",
            fields=[
                ("id", models.BigAutoField(primary_key=True)),
                ("simulation", models.ForeignKey("simulation.Simulation", on_delete=models.PROTECT)),
                ("path", models.CharField(max_length=500)),
            ],
            options={"db_table": "simulation_files"},
        ),
    ]

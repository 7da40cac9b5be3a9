from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(primary_key=True)),
                ("username", models.CharField(max_length=150, unique=True)),
                ("email", models.CharField(max_length=254)),
                ("is_active", models.BooleanField()),
            ],
            options={"db_table": "users"},
        ),
    ]

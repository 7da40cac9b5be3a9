RESULTS = {"simulationresult", "simulationzone", "simulationenergyuse", "simulationhourlytimeseries"}


def home(app_label, model_name):
    if app_label == "database":
        return "materials"
    return "results" if app_label == "simulation" and model_name in RESULTS else "default"


class Router:
    def db_for_read(self, model, **hints):
        return home(model._meta.app_label, model._meta.model_name)

    db_for_write = db_for_read

    def allow_migrate(self, db, app_label, model_name=None, **hints):
        return db == home(app_label, model_name)

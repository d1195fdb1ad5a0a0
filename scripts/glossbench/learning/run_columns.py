"""What tells a run from others, and the settings of it that tables name."""

from typing import Any


def identity(settings: dict[str, Any]) -> dict[str, Any]:
    """A run's keys and settings from its settings.json. None where one does not apply."""
    objective = settings["objective"]
    arguments, training = objective["loss_settings"], objective["training"]
    return {
        "corpus": settings["corpus"],
        "encoder": settings["encoder"],
        "objective": settings["objective_key"],
        "preset": objective["preset"],
        "protocol": objective["protocol"],
        "seed": settings["seed"],
        **{name: arguments.get(name) for name in ("sigma", "labeled_fraction", "temperature", "margin")},
        "weight": objective["weight"],
        "learning_rate": training["learning_rate"],
        "batch_size": training["batch_size"],
        "max_epochs": training["epochs"],
        "tuned": bool(objective["tuned"]),
        **{name: settings[name] for name in ("n_train", "n_val", "n_test", "n_parameters", "n_trainable")},
    }

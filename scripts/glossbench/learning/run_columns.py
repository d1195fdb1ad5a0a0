"""The columns that identify a run, and those of its settings that tables show."""

from typing import Any

LOSS_SETTINGS = ("sigma", "labeled_fraction", "temperature", "margin", "anchors_per_class")


def run_columns(settings: dict[str, Any]) -> dict[str, Any]:
    """Keys and settings of a run.

    Args:
        settings: content of the run's settings.json.

    Returns:
        A value for each column; None where a setting does not apply to the run.
    """
    objective = settings["objective"]
    loss_settings, training = objective["loss_settings"], objective["training"]
    encoder = settings.get("encoder_settings", {})
    return {
        "corpus": settings["corpus"],
        "encoder": settings["encoder"],
        "objective": settings["objective_key"],
        "preset": objective["preset"],
        "protocol": objective["protocol"],
        "seed": settings["seed"],
        **{name: loss_settings.get(name) for name in LOSS_SETTINGS},
        "weight": objective["weight"],
        **{name: training.get(name) for name in ("learning_rate", "batch_size", "patience")},
        "max_epochs": training.get("epochs"),
        "max_length": settings.get("max_length"),
        **{name: encoder.get(name) for name in ("pooling", "layers", "trainable_layers")},
        "tuned": bool(objective["tuned"]),
        **{name: settings[name] for name in ("n_train", "n_val", "n_test", "n_parameters", "n_trainable")},
    }

"""Which rows are about an objective as it is, and which about one of its settings changed.

An objective's key is ``{name}[@preset][,setting=value]...``. With a preset it is a competitor of its own; with a
setting it is the same competitor, varied.
"""

import pandas as pd

RELATIVE = "x"  # "x1.5": times the value that the plain objective uses
NEARBY = ("x0.9", "x1.1")  # the steps of a one-at-a-time sensitivity analysis
CELL = ["corpus", "encoder", "protocol", "objective"]


def changes(key: str) -> tuple[str, dict[str, str]]:
    """Competitor and varied settings of a key.

    ``"gloss-o-ce@reference,weight=0.5"`` gives ``("gloss-o-ce@reference", {"weight": "0.5"})``.
    """
    competitor, *settings = key.split(",")
    return competitor, {name: value for name, _, value in (text.partition("=") for text in settings)}


def one_at_a_time(rows: pd.DataFrame, settings: list[str]) -> pd.DataFrame:
    """The rows in which exactly one of ``settings`` and nothing else is varied, and the plain rows beside them.

    A plain row stays where its corpus, encoder and protocol have a varied row of its objective. objective becomes
    the competitor without the setting; two columns are added: setting and value, as texts of the key, both
    empty for a plain row.
    """
    parsed = {key: changes(key) for key in rows["objective"].unique()}
    kept = {key: next(iter(varied.items()), ("", "")) for key, (_, varied) in parsed.items() if len(varied) < 2}
    kept = {key: pair for key, pair in kept.items() if pair[0] in ("", *settings)}
    chosen = rows[rows["objective"].isin(list(kept))]
    chosen = chosen.assign(
        setting=[kept[key][0] for key in chosen["objective"]],
        value=[kept[key][1] for key in chosen["objective"]],
        objective=[parsed[key][0] for key in chosen["objective"]],
    )
    beside = (chosen["setting"] != "").groupby([chosen[key] for key in CELL]).transform("any")
    return chosen[beside.astype(bool)]


def is_relative(values: pd.Series) -> pd.Series:
    """Whether each value of a key is a multiple (``x1.5``) and not the value itself."""
    return values.astype(str).str.startswith(RELATIVE)


def numbers(values: pd.Series) -> pd.Series:
    """The values of keys as numbers, multiples without their mark; NaN for words and empty texts."""
    return pd.to_numeric(values.astype(str).str.removeprefix(RELATIVE), errors="coerce").astype(float)

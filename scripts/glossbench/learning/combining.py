"""The frames of several studies as those of one."""

from collections.abc import Iterable

import pandas as pd

from glossbench.frames import ONE_ROW


def combine(name: str, frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """All rows of a frame that several studies have, in the order of its keys.

    A corpus that two studies describe has one row. A column that a study lacks is missing in its rows.

    Args:
        name: A key of ``frames.CONTRACT``.
        frames: One frame per study. The column ``study`` of runs and trials keeps the study's name.
    """
    whole = pd.concat(frames, ignore_index=True)
    if name == "corpora":
        whole = whole.drop_duplicates(ONE_ROW[name])
    return whole.sort_values(ONE_ROW[name], ignore_index=True)

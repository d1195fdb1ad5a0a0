"""What can be said about the difference between objectives, and with how much certainty.

All functions take the collected runs.parquet and a metric: ``accuracy``, ``macro_f1`` or ``macro_silhouette`` (the
column ``test_{metric}``, a fraction), or the name of any other column of numbers. Scores that are no number are left
out. Where there are too few runs for a number the number is NaN and ``reason`` says why.
"""

from glossbench.evidence.statistics.cells import cells
from glossbench.evidence.statistics.pairs import paired, pairwise
from glossbench.evidence.statistics.power import seeds_needed
from glossbench.evidence.statistics.ranks import Friedman, friedman

__all__ = ["Friedman", "cells", "friedman", "paired", "pairwise", "seeds_needed"]

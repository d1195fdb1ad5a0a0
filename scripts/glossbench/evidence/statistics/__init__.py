"""Statistical tests of the differences between objectives.

Functions take the collected runs and a metric: ``accuracy``, ``macro_f1`` or ``macro_silhouette`` (the column
``test_{metric}``, a fraction), or the name of another numeric column. Missing scores are left out. If there are too few
runs to compute a number, the number is NaN and ``reason`` says why.
"""

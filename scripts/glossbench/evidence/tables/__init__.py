"""Tables: one module per table, or per kind of table.

A module of config/outputs.yaml has these functions. They take the output's ``settings`` as keyword arguments.

- ``select(runs, **settings)``: the rows of a frame of runs that the table uses. Only the columns of the run's keys are
  needed, so that planned runs can be selected, too. Without this function: the rows without changed settings.
- ``tidy(**inputs, **settings)``: the table as a tidy frame. The inputs are the frames and the paper's numbers that the
  output ``reads``, by name.
- ``layout(table, **settings)``: the tidy frame as a ``Layout`` for readers.
"""

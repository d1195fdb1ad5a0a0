"""Figures: one module per figure, or per kind of figure.

A module of config/outputs.yaml has these functions. They take the output's ``settings`` as keyword arguments.

- ``select(runs, **settings)``: the rows of a frame of runs that the figure uses. Only the columns of the run's keys are
  needed, so that planned runs can be selected, too. Without this function: the rows without changed settings.
- ``tidy(**inputs, **settings)``: the data of the figure as a tidy frame. The inputs are the frames and the paper's
  numbers that the output ``reads``, by name.
- ``draw(frame, **settings)``: the figure of that frame.
"""

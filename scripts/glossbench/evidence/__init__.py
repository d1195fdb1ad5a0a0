"""Third stage: from frames to tables, figures, tests, verdicts and the report. All of it is made by build.py."""

"""Third stage: from frames to tables, figures, tests, verdicts and the report. All of it is made by build.py.

- tables/, figures/, statistics/, claims/, report/: the pieces; text/: numbers and names as all of them write them.
- selection.py: rows of frames; notes.py: what stands below tables and figures; sizes.py: documents and parameters
  beside the paper's.
"""

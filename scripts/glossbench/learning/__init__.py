"""Second stage: from tokens to frames. Start with training/run.py.

- encoder/: documents to embeddings.
- training/: run.py makes a run, trainer.py is the loop, inputs.py has what a run reads, writing.py what it writes.
- tuning/: the search of settings with Optuna.
- evaluation/: scores, the probe and projections.
- untuned/: classifiers without fine-tuning.
- devices.py: device and precision of a job; estimating.py: sigma before training; collecting.py: all runs of a study as
  frames; exporting.py: the encoder of a run for transformers.
"""

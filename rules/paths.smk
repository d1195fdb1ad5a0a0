# Where the files of the study are, and what wildcards may be; no rules.

import os
import re

from glossbench.settings.paths import (
    EVALUATION_FILES,
    SEARCH_FILES,
    SNAPSHOTS,
    TRAINING_FILES,
    UNTUNED_FILES,
    WEIGHTS,
    card_file,
    manifest_file,
    run_folder,
    search_folder,
)
from glossbench.settings.study_file import Run

PREFIX = workflow.modifier.path_modifier


def on_disk(path):
    """Where a file is: below the prefix of a module statement, if that gives one.

    Snakemake itself adds the prefix to inputs, outputs, logs and benchmarks of rules, and to nothing else.
    """
    return PREFIX.replace_prefix(path)


RESULTS = f"results/{STUDY.name}"
PARTIAL = f"{RESULTS}/partial"
STATE = f"{RESULTS}/.state"
CELL = "{corpus}/{encoder}"
ANY_RUN = Run("{corpus}", "{encoder}", "{objective}", "{seed}")
RUN = f"{RESULTS}/{run_folder(ANY_RUN)}"
# ancient: a reworded title must not rerun evaluations; changed counts reach them through the code or the tokens.
CARD = ancient(f"{RESULTS}/{card_file('{corpus}')}")
# For the directive cache. Rules that have it can have no benchmark, and without a place for a cache Snakemake would hint
# at it in the log of every job.
CACHED = "SNAKEMAKE_OUTPUT_CACHE" in os.environ
# A download may succeed the next time; what a mirror on a disk lacks, it lacks again.
RETRIES = 0 if STUDY.settings.offline else 3
TEMPLATES = ROOT / "scripts/glossbench/evidence/report/templates"


def files_in(folder, files):
    """Outputs of a rule: files by name in a folder."""
    return {name: f"{folder}/{file}" for name, file in files.items()}


TRAINING_OUTPUTS = files_in(RUN, TRAINING_FILES | ({"weights": WEIGHTS} if STUDY.settings.keep_weights else {}))


def alternatives(keys):
    """A regular expression for exactly these texts."""
    return "|".join(map(re.escape, keys)) or "(?!)"


UNTUNED_KEYS = alternatives(key for key in STUDY.objectives if STUDY.is_untuned(key))
TRAINED_KEYS = alternatives(key for key in STUDY.objectives_resolved if not STUDY.is_untuned(key))


wildcard_constraints:
    corpus=alternatives(STUDY.registries.corpora),
    encoder=alternatives(STUDY.registries.encoders),
    objective=alternatives(STUDY.objectives_resolved),
    seed=r"\d+",
    view=alternatives([RESULTS, PARTIAL]),
    table=alternatives(output.key for output in OUTPUTS if output.kind == "table"),
    figure=alternatives(output.key for output in OUTPUTS if output.kind == "figure"),

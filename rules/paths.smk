# The study, where its files are, and what wildcards may be; no rules.

import os
import re
import sys
from contextlib import contextmanager
from pathlib import Path

from glossbench.errors import GlossbenchError, SettingsError
from glossbench.settings.checks import check_losses, check_mirror
from glossbench.settings.claims_file import load_claims
from glossbench.settings.model import canonical
from glossbench.settings.outputs import load_outputs
from glossbench.settings.paths import UNTUNED_OUTPUT_NAMES, card_file, manifest_file, run_folder, search_folder
from glossbench.settings.study import load_study
from glossbench.settings.study_file import Run
from glossbench.settings.yaml_file import read_yaml


def config_files():
    """The files that the study is read from; none where a module statement gives a part of its own configuration."""
    if workflow.modifier.is_main_snakefile() or config is workflow.modifier_stack[0].globals["config"]:
        return workflow.configfiles
    return [] if workflow.modifier.skip_configfile else workflow.configfiles[-1:]


CONFIG_FILES = [min(os.path.relpath(path), str(path), key=len) for path in config_files()]
SOURCE = ", ".join(CONFIG_FILES) or f"config of the module {workflow.modifier.namespace}"


@contextmanager
def errors_on_one_line():
    try:
        yield
    except GlossbenchError as error:  # a WorkflowError would bury the line under a traceback
        sys.exit(f"glossbench: {error}")


with errors_on_one_line():
    if workflow.modifier.path_modifier.modifies_prefixes:
        raise SettingsError("replace_prefix is not supported in the module statement; prefix is")
    for path in CONFIG_FILES:  # of two equal keys Snakemake silently took the last
        read_yaml(Path(path))
    STUDY = load_study(config, SOURCE, ROOT / "config")
    if workflow.is_main_process:
        check_mirror(STUDY, SOURCE)
        check_losses(STUDY, SOURCE)
    OUTPUTS = load_outputs(ROOT / "config")
    CLAIMS = load_claims(ROOT / "config")

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
TUNING = f"{RESULTS}/{search_folder(ANY_RUN)}"
# ancient: a reworded title must not rerun evaluations; changed counts reach them through the code or the tokens.
CARD = ancient(f"{RESULTS}/{card_file('{corpus}')}")
# For the directive cache. Rules that have it can have no benchmark, and without a place for a cache Snakemake would hint
# at it in the log of every job.
CACHED = "SNAKEMAKE_OUTPUT_CACHE" in os.environ
# A download may succeed the next time; what a mirror on a disk lacks, it lacks again.
RETRIES = 0 if STUDY.settings.offline else 3
TEMPLATES = ROOT / "scripts/glossbench/evidence/report/templates"

# The files of a run: those that train writes, and all those of a run that fine-tunes nothing.
UNTUNED_OUTPUTS = {Path(name).stem: f"{RUN}/{name}" for name in UNTUNED_OUTPUT_NAMES}
RUN_OUTPUTS = {
    "settings": f"{RUN}/settings.json",
    "epochs": f"{RUN}/epochs.csv",
    "embeddings": f"{RUN}/embeddings.npz",
    "logits": f"{RUN}/logits.npz",
    "timing": f"{RUN}/timing.json",
    "timing_epochs": f"{RUN}/timing.csv",
    **({"weights": f"{RUN}/weights.safetensors"} if STUDY.settings.keep_weights else {}),
}


def alternatives(keys):
    """A regular expression for exactly these texts."""
    return "|".join(map(re.escape, keys)) or "(?!)"


UNTUNED_KEYS = alternatives(key for key in STUDY.objectives if STUDY.is_untuned(key))
TRAINED_KEYS = alternatives(key for key in STUDY.objectives_resolved if not STUDY.is_untuned(key))


wildcard_constraints:
    corpus=alternatives(STUDY.registry["corpora"]),
    encoder=alternatives(STUDY.registry["encoders"]),
    objective=alternatives(STUDY.objectives_resolved),
    seed=r"\d+",
    view=alternatives([RESULTS, PARTIAL]),
    table=alternatives(output.key for output in OUTPUTS if output.kind == "table"),
    figure=alternatives(output.key for output in OUTPUTS if output.kind == "figure"),

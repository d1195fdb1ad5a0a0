# The study, where its files are, and what wildcards may be; no rules.

import os
import re
import sys
from pathlib import Path

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT / "scripts"))

from glossbench.errors import SettingsError
from glossbench.study.names import names_of
from glossbench.study.outputs import ENDINGS, load_claims, load_outputs, read_caption, report_entries
from glossbench.study.study import VOLATILE, canonical, check_mirror, load_study
from glossbench.study.union import is_union, load_union
from glossbench.study.yaml_file import read_yaml

CONFIG_FILES = [min(os.path.relpath(path), str(path), key=len) for path in workflow.configfiles]
try:
    for path in CONFIG_FILES:  # of two equal keys Snakemake silently took the last
        read_yaml(Path(path))
    if is_union(config):
        STUDY, MEMBERS = load_union(config, ", ".join(CONFIG_FILES), ROOT / "config")
    else:
        STUDY, MEMBERS = load_study(config, ", ".join(CONFIG_FILES), ROOT / "config"), []
    if workflow.is_main_process:
        check_mirror(STUDY, ", ".join(CONFIG_FILES))
    OUTPUTS = load_outputs(ROOT / "config")
    CLAIMS = load_claims(ROOT / "config")
except SettingsError as error:
    # a WorkflowError would bury the line under a traceback
    sys.exit(f"glossbench: {error}")

RESULTS = f"results/{STUDY.name}"
PARTIAL = f"{RESULTS}/partial"
STATE = f"{RESULTS}/.state"
CELL = "{corpus}/{encoder}"
RUN = f"{RESULTS}/runs/{CELL}/{{objective}}/seed-{{seed}}"
TUNING = f"{RESULTS}/tuning/{CELL}/{{objective}}"
TEMPLATES = ROOT / "scripts/glossbench/evidence/report/templates"

# The files of a run: those that train writes, and all those of a run that fine-tunes nothing.
FLOOR_FILES = {name: f"{RUN}/{name}.json" for name in ("settings", "metrics", "timing")} | {
    "predictions": f"{RUN}/predictions.parquet"
}
RUN_FILES = {
    "settings": f"{RUN}/settings.json",
    "epochs": f"{RUN}/epochs.csv",
    "embeddings": f"{RUN}/embeddings.npz",
    "logits": f"{RUN}/logits.npz",
    "timing": f"{RUN}/timing.json",
    "timing_epochs": f"{RUN}/timing.csv",
    **({"weights": f"{RUN}/weights.safetensors"} if STUDY.settings["keep_weights"] else {}),
}


def alternatives(keys):
    """A regular expression for exactly these texts."""
    return "|".join(map(re.escape, keys)) or "(?!)"


FLOORS = alternatives(key for key in STUDY.objectives if STUDY.is_floor(key))
TRAINED = alternatives(key for key in STUDY.objectives_resolved if not STUDY.is_floor(key))


wildcard_constraints:
    corpus=alternatives(STUDY.registry["corpora"]),
    encoder=alternatives(STUDY.registry["encoders"]),
    objective=alternatives(STUDY.objectives_resolved),
    seed=r"\d+",
    view=alternatives([RESULTS, PARTIAL]),
    table=alternatives(output.key for output in OUTPUTS if output.kind == "table"),
    figure=alternatives(output.key for output in OUTPUTS if output.kind == "figure"),

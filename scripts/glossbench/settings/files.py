"""Where the files of runs and searches lie below the folder of a study, and which of them its evidence reads.

Snakemake imports this module while it parses the workflow, so it imports no large packages.
"""

from glossbench.settings.grid import Run, TuningJob
from glossbench.settings.study import Study

OF_UNTUNED = ("settings.json", "metrics.json", "predictions.parquet", "timing.json")
OF_RUNS = (*OF_UNTUNED, "epochs.csv", "timing.csv")
OF_SEARCHES = ("best.yaml", "trials.csv", "timing.csv")


def run_folder(run: Run) -> str:
    """Folder of a run below that of its study."""
    return f"runs/{run.corpus}/{run.encoder}/{run.objective}/seed-{run.seed}"


def search_folder(search: TuningJob) -> str:
    """Folder of a search below that of its study."""
    return f"tuning/{search.corpus}/{search.encoder}/{search.objective}"


def card_file(corpus: str) -> str:
    """Description of a corpus below the folder of a study."""
    return f"corpora/{corpus}/card.json"


def evidence_files(study: Study, run: Run) -> list[str]:
    """Names of the files of a run that the evidence of a study is made from."""
    names = [*(OF_UNTUNED if study.is_untuned(run.objective) else OF_RUNS)]
    if run in study.runs_shown("projection"):
        names.append("embeddings.npz")
    if run in study.runs_shown("snapshots"):
        names.append("snapshots.npz")
    return names

# Where this workflow's own files are, and its package; no rules.

import importlib.util
import os
import sys
from pathlib import Path


def workflow_folder():
    """The folder of this workflow's own files, whichever Snakefile imports it as a module.

    It follows from the file being read; ``workflow.basedir`` is the folder of the Snakefile that Snakemake was given.
    For a workflow on GitHub or GitLab it is a folder in Snakemake's source cache. Snakemake fills it only with the
    files that it reads itself, so the others are asked for here.
    """
    here = workflow.current_basedir
    if not hasattr(here, "hosted_repo"):
        return Path(os.path.abspath(here.get_path_or_uri(secret_free=True))).parent
    commit = here.hosted_repo.repo.commit(here.ref)
    for entry in commit.tree.traverse():
        if entry.type == "blob" and entry.path.startswith(("config/", "envs/", "report/", "scripts/")):
            cached = Path(workflow.sourcecache.get_path(here.join(f"../{entry.path}")))
            folder = cached.parents[entry.path.count("/")]
    if not (folder / "COMMIT").is_file():
        (folder / "COMMIT").write_text(commit.hexsha)
    return folder


def import_package_from(folder):
    """Import the package from a folder; in jobs too, where another copy may be installed."""
    found = importlib.util.find_spec("glossbench")
    other = None if found is None else Path(found.origin).parents[1]
    if other not in (None, folder):
        if "glossbench" in sys.modules:
            sys.exit(f"glossbench: two copies of it in one workflow: {other.parent}, {folder.parent}")
        paths = [str(folder), os.environ.get("PYTHONPATH")]
        os.environ.update(PYTHONPATH=os.pathsep.join(filter(None, paths)))
    sys.path.insert(0, str(folder))


ROOT = workflow_folder()
os.environ.update(GLOSSBENCH_ROOT=str(ROOT))  # for jobs, whose copy of scripts/ may lie elsewhere
import_package_from(ROOT / "scripts")

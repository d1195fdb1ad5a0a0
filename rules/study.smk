# The study: the files that it is read from, what is checked before any job starts, and the registries of outputs; no rules.

import os
import sys
from contextlib import contextmanager
from pathlib import Path

from glossbench.errors import GlossbenchError, SettingsError
from glossbench.settings.checks import check_losses, check_mirror
from glossbench.settings.claims_file import load_claims
from glossbench.settings.outputs import load_outputs
from glossbench.settings.study import load_study
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

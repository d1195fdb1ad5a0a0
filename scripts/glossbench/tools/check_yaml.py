"""Checks that files are valid YAML, with one line for whoever made a mistake in them.

``python -m glossbench.tools.check_yaml FILE ...``; ``make study`` runs it first, because Snakemake reads a
``--configfile`` before the workflow does, names no line and takes the last of two equal keys.
"""

import sys
from pathlib import Path

from glossbench.errors import SettingsError
from glossbench.study.yaml_file import read_yaml

if __name__ == "__main__":
    try:
        for name in sys.argv[1:]:
            read_yaml(Path(name))
    except SettingsError as error:
        sys.exit(f"glossbench: {error}")

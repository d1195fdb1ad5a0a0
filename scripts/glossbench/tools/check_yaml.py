"""Checks that files are valid YAML; errors are one line.

``python -m glossbench.tools.check_yaml FILE ...``. ``make study`` runs it first, because Snakemake reads a
``--configfile`` before the workflow does. Its errors name no line, and of two equal keys it uses the last.
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

"""Prints the files of the studies that a report over several studies lists, each to be run before it.

``python -m glossbench.tools.members STUDY`` (``make study STUDY=...``). Of a study by itself it prints nothing.
"""

import sys
from pathlib import Path

from glossbench.errors import SettingsError
from glossbench.study.union import is_union, member_files
from glossbench.study.yaml_file import read_yaml

CONFIG = Path(__file__).parents[3] / "config"


def members(file: Path) -> list[Path]:
    """The files of the listed studies.

    Args:
        file: A study file.

    Raises:
        SettingsError: It is not valid.
    """
    config = read_yaml(file)
    return member_files(config, str(file), CONFIG) if is_union(config) else []


if __name__ == "__main__":
    try:
        print(*(member for name in sys.argv[1:] for member in members(Path(name))), sep="\n")
    except SettingsError as error:
        sys.exit(f"glossbench: {error}")

"""Checks what Snakemake reads before the workflow does: study files and ``--config``. Errors are one line.

Snakemake's own errors about these are tracebacks that name no line, and of two equal keys it uses the last.
"""

import argparse
import re
from pathlib import Path

from glossbench.errors import SettingsError
from glossbench.settings.messages import shown
from glossbench.settings.yaml_file import read_yaml

NAME = re.compile(r"[a-zA-Z_][\w-]*\w")  # what Snakemake accepts as a key of --config


def check_arguments(arguments: list[str]) -> None:
    """Raise SettingsError if the study files or settings among Snakemake's arguments cannot be read.

    Args:
        arguments: Command line of snakemake, without the program.
    """
    given = configuration_in(arguments)
    for name in given.configfile:
        read_yaml(Path(name))
    for entry in given.config:
        key, equals, value = entry.partition("=")
        if not equals or not NAME.fullmatch(key):
            place = ""
            if equals and "." in key:
                outer, _, inner = key.partition(".")
                place = f"; write {outer}='{{{inner.replace('.', ': {')}: {value}{'}' * inner.count('.')}}}'"
            raise SettingsError(f"--config: {shown(entry)} found, expected key=value with a key of a study{place}")


def configuration_in(arguments: list[str]) -> argparse.Namespace:
    """The ``configfile`` and ``config`` among Snakemake's arguments, as lists of texts."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for option, *others in (("--configfile", "--configfiles"), ("--config", "-C")):
        parser.add_argument(option, *others, nargs="*", action="extend", default=[])
    return parser.parse_known_args(arguments)[0]

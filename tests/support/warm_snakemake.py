"""Snakemake, imported once: it reads commands as lines of JSON and forks a child for each, which saves a start's seconds.

It is run as a script, by ``studies.forked``. What a workflow imports of this project is not imported here: it may lie in
a copy that a test edits.
"""

import json
import os
import sys

import pandas  # noqa: F401 - what parsing a workflow imports
import pydantic  # noqa: F401
import snakemake.cli


def run(arguments: list[str], folder: str, environment: dict[str, str], output: list[str]) -> None:
    """Run Snakemake in this process, as its command would in ``folder``; stdout and stderr go to two files."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    files = [
        os.open(os.devnull, os.O_RDONLY),
        *(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) for name in output),
    ]
    for number, file in enumerate(files):
        os.dup2(file, number)
    sys.argv = ["snakemake", *arguments]
    snakemake.cli.main(arguments)


for line in sys.stdin:
    child = os.fork()
    if not child:
        run(**json.loads(line))
        sys.exit()
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)

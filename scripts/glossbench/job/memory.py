"""Jobs that run out of memory: one line with what was asked for and what to change."""

import re
from collections.abc import Mapping

# numpy, the CPU allocators of torch on Linux and macOS and on Windows, those of C++ and of devices
MESSAGES = ("can't allocate memory", "not enough memory", "bad_alloc", "out of memory", "Cannot allocate memory")
# In Snakemake's log: by itself, and below the shell that activates a conda environment
KILLED = re.compile(r"died with <Signals\.SIGKILL: 9>|non-zero exit status 137\b")
FAILED = re.compile(r"^Error in rule (?P<rule>\w+).*?^ +log: (?P<log>\S+)", re.MULTILINE | re.DOTALL)
TRAINING = re.compile("train|tune")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that there is no memory, whichever library raised it."""
    known = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"  # the latter is torch's
    return known or any(text in str(error) for text in MESSAGES)


def remedy(rule: str, asked: int | None) -> str:
    """What a job asked for, in MB if that is known, and what to change."""
    smaller = "; training.gradient_cache: true or a smaller training.micro_batch_tokens" * bool(TRAINING.match(rule))
    found = f"it asked for {asked:,} MB (mem_mb); " if asked else ""
    return f"{found}run fewer jobs at once (--cores 1, or --resources mem_mb=N), or give it more memory{smaller}"


def killed_jobs(text: str, asked: Mapping[str, int | None]) -> list[str]:
    """One line for each job that was killed as for want of memory.

    Args:
        text: Snakemake's log, in which the reason of a failure stands before the job.
        asked: Memory in MB that jobs asked for, by the path of their log.
    """
    lines, start = {}, 0
    for job in FAILED.finditer(text):
        if KILLED.search(text, start, job.end()):
            cause = "killed (SIGKILL), as the kernel or a limit does to what takes too much memory"
            lines[job["log"]] = f"{job['log']}: {job['rule']}: {cause}; {remedy(job['rule'], asked.get(job['log']))}"
        start = job.end()
    return list(lines.values())

"""A study while it runs: on a terminal one bar, and below it what is at work, with epoch, score and time left.

Snakemake's logger plugin ``glossbench``, for which ``make`` asks on a terminal; Snakemake finds it by the name of this
package. Elsewhere, and in a dry run, it prints Snakemake's own lines.
"""

import logging
import re
import time

from glossbench.commands.status import at_work, spelled
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

ERRORS = {LogEvent.ERROR, LogEvent.JOB_ERROR, LogEvent.GROUP_ERROR}
LINES = 8  # at work that are shown
EVERY = 2.0  # seconds between two looks at the files of what is at work
# in the name of the log of a job that learns: its experiment and, of runs, its seeds
LOG = re.compile(r".*/logs/(?:train|tune)/(?P<experiment>.+?)(?:/seeds?-(?P<seeds>[0-9-]+))?\.log")


class LogHandler(LogHandlerBase):
    """The plugin. Snakemake gives it each record of its log."""

    writes_to_stream, writes_to_file = True, False
    has_filter, has_formatter, needs_rulegraph = False, False, False  # Snakemake attaches its own

    def __post_init__(self) -> None:
        """Prepare bar and console; the bar appears when Snakemake knows its jobs."""
        self.console = Console(stderr=not self.common_settings.stdout, highlight=False)
        self.shows_bar = self.console.is_terminal and not self.console.is_dumb_terminal
        self.shows_bar &= not self.common_settings.dryrun
        columns = BarColumn(None), MofNCompleteColumn(), TextColumn("jobs,"), TimeElapsedColumn(), TextColumn("so far,")
        # jobs take from a second to hours, so that the speed is that of the whole time
        self.bar = Progress(*columns, TimeRemainingColumn(), TextColumn("left"), speed_estimate_period=1e6)
        self.task = self.bar.add_task("jobs", total=None)
        self.jobs: dict[int, tuple[str, re.Match | None]] = {}  # at work: what to call it, ``LOG`` if it learns
        self.lines, self.looked = Text(), 0.0
        self.live = Live(console=self.console, get_renderable=self._picture, refresh_per_second=2, transient=True)

    def emit(self, record: logging.LogRecord) -> None:
        """Move the bar on, or print what has to be read."""
        event = getattr(record, "event", None)
        if self.shows_bar:
            try:
                self._follow(event, record)
            except Exception:  # what a later Snakemake says otherwise costs the bar, and no line of its log
                self.shows_bar = False
                self.live.stop()
        chatter = event not in ERRORS and record.levelno < logging.WARNING and (event or self.live.is_started)
        if not (self.shows_bar and chatter):
            self.console.print(Text(self.format(record)), soft_wrap=True)

    def close(self) -> None:
        """Take the bar away, and say how much was done."""
        if self.live.is_started:
            self.live.stop()
            task = self.bar.tasks[0]
            self.console.print(f"{task.completed:.0f} of {task.total:.0f} jobs done in {spelled(task.elapsed or 0)}")
        super().close()

    def _follow(self, event: LogEvent | None, record: logging.LogRecord) -> None:
        fields = record.__dict__
        match event:
            case LogEvent.PROGRESS:
                self.bar.update(self.task, completed=fields["done"], total=fields["total"])
            case LogEvent.RUN_INFO:
                self.bar.update(self.task, total=fields["stats"]["total"])
                self.live.start()
            case LogEvent.JOB_INFO:
                log = next((found for log in fields["log"] or () if (found := LOG.fullmatch(str(log)))), None)
                self.jobs[fields["jobid"]] = fields["rule_msg"] or fields["rule_name"], log
            case LogEvent.JOB_FINISHED:
                self.jobs.pop(fields["job_id"], None)
            case LogEvent.JOB_ERROR:
                self.jobs.pop(fields["jobid"], None)

    def _picture(self) -> Group:
        if time.monotonic() - self.looked > EVERY:
            self.lines, self.looked = self._at_work(), time.monotonic()
        return Group(self.bar, self.lines)

    def _at_work(self) -> Text:
        """A line for each job, and for each run or search at work in it."""
        jobs = list(self.jobs.values())
        learning = at_work() if any(log for _, log in jobs) else []
        lines = []
        for name, log in jobs:
            lines += [f"{one.name}: {one.text}" for one in learning if log and is_of(one.name, log)] or [name]
        more = [f"and {len(lines) - LINES} more"] if len(lines) > LINES else []
        return Text("\n".join(f"  {line}" for line in lines[:LINES] + more), no_wrap=True, overflow="ellipsis")


def is_of(name: str, log: re.Match) -> bool:
    """Whether a run or a search is one of the job with a log; see ``LOG``."""
    seeds = [""] if log["seeds"] is None else [f"/seed-{seed}" for seed in log["seeds"].split("-")]
    return any(name.endswith(f"/{log['experiment']}{seed}") for seed in seeds)

"""A process on a pseudo-terminal, as a user sees it."""

import os
import pty
import re
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class OnTerminal:
    """Context: a process whose output is a wide terminal, and a function that gives the text shown so far."""

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]):
        self.leader, follower = pty.openpty()
        size = {"TERM": "xterm", "COLUMNS": "500", "LINES": "40", "OMP_NUM_THREADS": "1"}
        env = {**os.environ, **size, **environment}
        self.process = subprocess.Popen(command, cwd=folder, stdin=follower, stdout=follower, stderr=follower, env=env)
        os.close(follower)
        self.read: list[bytes] = []
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def __enter__(self) -> tuple[subprocess.Popen, Callable[[], str]]:
        return self.process, self.shown

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.wait()
        self.reader.join()
        os.close(self.leader)

    def shown(self) -> str:
        """All that was written, without control sequences."""
        return CONTROL.sub("", b"".join(self.read).decode(errors="replace")).replace("\r", "\n")

    def _read(self) -> None:
        try:
            while found := os.read(self.leader, 2**16):
                self.read.append(found)
        except OSError:  # the other side is closed
            pass

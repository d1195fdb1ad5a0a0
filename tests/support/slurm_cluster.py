"""A SLURM of the tests' own on this machine: two nodes with a pretended GPU each, without accounting."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import psutil
import pytest
from filelock import FileLock, Timeout

from tests.support.waiting import wait_until

TEMPLATES = Path(__file__).parent / "slurm"
NODES = ("n1", "n2")
WHERE = Path("/etc/slurm")  # SLURM looks here: a job's step has no SLURM_CONF in its environment
PREFIX = "glossbench-slurm-"
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel")


class Cluster:
    """Daemons that are started and ended by their process ids."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.interfaces = folder / "interfaces.txt"

    def start(self):
        for name in ("state", *(f"spool-{node}" for node in NODES)):
            (self.folder / name).mkdir()
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        for name in ("slurm.conf", "gres.conf"):
            text = (TEMPLATES / f"{name}.in").read_text()
            text = text.replace("@FOLDER@", str(self.folder)).replace("@HOST@", socket.gethostname().split(".")[0])
            (self.folder / name).write_text(text)
            (WHERE / name).symlink_to(self.folder / name)
        names = ("socket", "pid", "log", "seed")
        files = [f"--{name}{'-file' if name != 'socket' else ''}={self.folder}/munge.{name}" for name in names]
        run("munged", "--force", f"--key-file={key}", *files)
        self.start_controller("-i", "-c")
        for node in NODES:
            self.start_node(node)
        wait_until(lambda: run("sinfo", "-h", "-N", "-o", "%T").split() == ["idle"] * len(NODES), 60, "nodes are idle")

    def stop(self):
        for name in (*NODES, "slurmctld", "munge"):
            self.end(name)
        for name in ("slurm.conf", "gres.conf"):
            if (WHERE / name).is_symlink() and (WHERE / name).readlink() == self.folder / name:
                (WHERE / name).unlink()

    def start_controller(self, *options):
        run("slurmctld", *options)

    def start_node(self, node):
        run("slurmd", "-N", node)

    def end(self, name, number=signal.SIGTERM):
        """End a daemon."""
        file = self.folder / f"{name}.pid"
        if not file.is_file():
            return
        process = psutil.Process(int(file.read_text())) if psutil.pid_exists(int(file.read_text())) else None
        if process is not None:
            process.send_signal(number)
            _, alive = psutil.wait_procs([process], timeout=20)
            for left in alive:
                left.kill()
        file.unlink(missing_ok=True)

    def stop_processes(self, job, script):
        """Hold a script of a job with SIGSTOP. SLURM wakes it when it ends the job."""
        for process in psutil.process_iter():
            try:
                if process.environ().get("SLURM_JOB_ID") == job and process.cmdline()[-1].endswith(f".{script}.py"):
                    process.send_signal(signal.SIGSTOP)
            except (psutil.Error, IndexError):
                continue

    def lose_node(self, node):
        """What a power failure does: the daemon of a node and all processes of its jobs are gone at once."""
        jobs = {job["JobId"] for job in self.queue() if job.get("NodeList") == node}
        self.end(node, signal.SIGKILL)
        for process in psutil.process_iter():
            try:
                steps = process.name() == "slurmstepd" and re.findall(r"\[(\d+)\.", " ".join(process.cmdline()))
                if process.environ().get("SLURM_JOB_ID") in jobs or jobs & set(steps or []):
                    process.kill()
            except psutil.Error:
                continue

    def jobs(self):
        """What SLURM knows of its jobs, as mappings of its own names."""
        found = [dict(re.findall(r"(\S+?)=(\S*)", line)) for line in run("scontrol", "show", "job", "-o").splitlines()]
        return [job for job in found if "JobId" in job]

    def queue(self):
        """Jobs that have not ended."""
        return [job for job in self.jobs() if job["JobState"] in ("PENDING", "RUNNING", "COMPLETING")]


def run(program, *arguments):
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    process = subprocess.run([path, *arguments], capture_output=True, text=True, timeout=60)
    assert process.returncode == 0, f"{program}: {process.stdout}{process.stderr}"
    return process.stdout


def end_left_behind():
    """End the SLURM of tests that were killed. The caller has the lock, so no test uses it."""
    link = WHERE / "slurm.conf"
    if link.is_symlink() and link.readlink().parent.name.startswith(PREFIX):
        folder = link.readlink().parent
        Cluster(folder).stop()
        shutil.rmtree(folder, ignore_errors=True)


def running_cluster():
    """A generator of one cluster, for a fixture; skips where there can be none."""
    missing = [name for name in PROGRAMS if not (shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin"))]
    if missing:
        pytest.skip(f"no SLURM can be started here: {', '.join(missing)} missing (apt-get install slurm-wlm munge)")
    if os.getuid() != 0:
        pytest.skip("no SLURM can be started here: its daemons need root")
    lock = FileLock(Path(tempfile.gettempdir()) / "glossbench-slurm-test.lock")
    try:
        lock.acquire(timeout=900)
    except Timeout:
        pytest.skip("another test has had its SLURM on this machine for a quarter of an hour")
    with lock:
        end_left_behind()
        if (WHERE / "slurm.conf").exists():
            pytest.skip(f"no SLURM can be started here: this machine has one ({WHERE / 'slurm.conf'})")
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))  # short: the name of a socket has at most 107 characters
        folder.chmod(0o755)
        cluster = Cluster(folder)
        try:
            cluster.start()
            yield cluster
        finally:
            if shutil.which("scancel") and (WHERE / "slurm.conf").exists():
                subprocess.run(["scancel", "--user", "root"], timeout=60)
            cluster.stop()
            shutil.rmtree(folder, ignore_errors=True)

"""The journal of a search: finished trials on disk, which survive a kill, each line with a checksum."""

import hashlib
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from glossbench.settings.jobs import SearchSettings

log = logging.getLogger(__name__)
STATES = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}
NAME = "search"


def open_study(journal: Path, key: str, tuning: SearchSettings, limit: int | None = None) -> optuna.Study:
    """Open the search in a journal, or a new one if there is none.

    A trial that was interrupted is dropped, and the next one gets its number. Since the sampler is seeded by the
    number and knows the same finished trials, it proposes the same settings again.

    Args:
        journal: File with the trials. If it is damaged or has another key, it is not used, and the log has a warning.
        key: Digest of all that defines the search.
        tuning: Settings of the search.
        limit: Most finished trials to take over; None takes all.
    """
    finished: list[FrozenTrial] = []
    if journal.is_file():
        try:
            before = optuna.load_study(study_name=NAME, storage=_storage(journal))
            if before.user_attrs.get("key") == key:
                finished = before.get_trials(deepcopy=False, states=tuple(STATES))
            else:
                log.warning("%s: belongs to other settings, code or inputs; ignored", journal)
        except (KeyError, ValueError, RuntimeError) as error:
            aside = journal.replace(journal.with_suffix(".damaged"))
            log.warning("%s: damaged (%s); set aside as %s, and the search starts anew", journal, error, aside)
    if limit is not None and len(finished) >= limit:  # nothing more is tried, and the journal keeps what it has
        study = optuna.create_study(direction="maximize")
        study.add_trials(finished[:limit])
        return study
    journal.parent.mkdir(parents=True, exist_ok=True)
    fresh = journal.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    study = optuna.create_study(study_name=NAME, storage=_storage(fresh), direction="maximize")
    study.set_user_attr("key", key)
    study.add_trials(finished)
    fresh.replace(journal)
    if finished:
        log.info("resuming after %d finished trials", len(finished))
    pruner: optuna.pruners.BasePruner = optuna.pruners.NopPruner()
    if tuning.pruner.kind == "median":
        pruner = optuna.pruners.MedianPruner(tuning.pruner.startup_trials, tuning.pruner.warmup_epochs)
    return optuna.load_study(study_name=NAME, storage=_storage(journal), pruner=pruner)


class CheckedJournal(JournalFileBackend):
    """A journal whose lines have a checksum: Optuna takes any other number for the one that was written."""

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Write lines with their checksums."""
        super().append_logs([{**line, "sha256": self.digest(line)} for line in logs])

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """Lines as they were written."""
        for number, line in enumerate(super().read_logs(log_number_from), start=log_number_from + 1):
            if not isinstance(line, dict) or line.pop("sha256", None) != self.digest(line):
                raise ValueError(f"line {number} is not what was written")
            yield line

    @staticmethod
    def digest(line: dict[str, Any]) -> str:
        """The checksum of a line."""
        return hashlib.sha256(json.dumps(line).encode()).hexdigest()


def _storage(journal: Path) -> JournalStorage:
    return JournalStorage(CheckedJournal(str(journal)))

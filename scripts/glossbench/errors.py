"""What can go wrong through no fault of the code: one clear line for the person who can mend it."""


class GlossbenchError(Exception):
    """An error whose message is one line: what was found, where, and what was expected."""


class SettingsError(GlossbenchError):
    """A setting is missing, unknown or out of range; the message names file and key."""


class FetchError(GlossbenchError):
    """A file could not be fetched or is not the file that was asked for."""


class CorpusError(GlossbenchError):
    """The files of a corpus do not fit together."""


class TrainingError(GlossbenchError):
    """A training run cannot go on; the message names the run, the epoch and what to change."""

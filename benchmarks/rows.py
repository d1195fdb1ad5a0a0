"""A measurement, and the settings of a whole benchmark."""

from dataclasses import dataclass

SUBJECTS = ("step", "graph", "cache", "data", "workflow", "evidence")


@dataclass(frozen=True)
class Row:
    """One measurement.

    Attributes:
        subject: module that measured it.
        case: documents and settings that it was measured on.
        what: quantity.
        value: its value.
        unit: unit of value and baseline.
        baseline: value of what it is compared with, or None.
        ratio: what the comparison gives, as ``compared`` says, or None.
        compared: meaning of baseline and ratio.
    """

    subject: str
    case: str
    what: str
    value: float
    unit: str
    baseline: float | None = None
    ratio: float | None = None
    compared: str = ""


@dataclass(frozen=True)
class Options:
    """How much is measured.

    Attributes:
        repeats: measurements of which the median is taken.
        quick: measure the smallest cases only, to see that all works.
        snakemake: further arguments of Snakemake, such as those that name a mirror.
    """

    repeats: int = 3
    quick: bool = False
    snakemake: tuple[str, ...] = ()

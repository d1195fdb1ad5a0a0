"""The runs that a claim needs, in words."""

from typing import Any

from glossbench.evidence.claims.competitors import listed
from glossbench.evidence.claims.support import FEWEST_CORPORA, FEWEST_SEEDS
from glossbench.evidence.text.names import SYMBOLS, corpus_name, objective_name

NUMBERS = {1: "one corpus", 2: "two corpora", 3: "three corpora"}


def needed(claim: dict[str, Any]) -> str:
    """What a study must run so that a claim can be judged.

    Args:
        claim: Entry of config/claims.yaml.

    Returns:
        A sentence, e.g. "G-Loss-O + CE or G-Loss-SQRT + CE beside CE and SCL + CE, on three corpora with three seeds."
    """
    gloss = _either([objective_name(key) for key in claim["measure"]["gloss"]])
    return f"{gloss}{_beside(claim['measure'])}, on {_corpora(claim)} with {FEWEST_SEEDS} seeds."


def _beside(measure: dict[str, Any]) -> str:
    kind = measure["kind"]
    if kind == "best-values":
        low, high = measure["band"]
        return f" with values of {SYMBOLS[measure['setting']]} both within and outside {low} – {high}"
    if kind == "swings":
        symbols = [SYMBOLS[setting] for setting in (measure["setting"], *measure["baselines"])]
        return f" without changes, and with the same multiples (such as x0.9 and x1.1) of {listed(symbols)}"
    if kind == "overhead":
        return ""
    return f" beside {listed([objective_name(key) for key in measure['baselines']])}"


def _corpora(claim: dict[str, Any]) -> str:
    """The corpora that the claim is about where it names them, otherwise how many."""
    only = claim["measure"].get("only")
    if only:
        return listed([corpus_name(key) for key in only])
    return NUMBERS[min(FEWEST_CORPORA, len(claim["paper"]["corpora"]))]


def _either(names: list[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last

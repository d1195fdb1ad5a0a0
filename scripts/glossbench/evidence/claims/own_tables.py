"""Judges a claim on the paper's own tables, whose means have one row per cell, so that the rule on seeds is waived."""

from typing import Any

import pandas as pd

from glossbench.evidence.claims import advantage, cells_won
from glossbench.evidence.claims.measurement import Measurement, least_favourable, verdict_of
from glossbench.evidence.claims.scope import grid_of, restricted
from glossbench.evidence.claims.support import support_of, with_rule
from glossbench.evidence.claims.wording import reason, shown

# Kinds of claims that need means only. The paper prints no table for the others.
KINDS = {"cells-won": cells_won.measure, "advantage": advantage.measure}
WAIVED = "published means have one row per cell, so the rule on seeds is waived"


def judge_published(
    claim: dict[str, Any], published: pd.DataFrame | None, ours: list[Measurement] | str
) -> dict[str, Any]:
    """What the judge makes of the paper's own tables.

    Args:
        claim: Entry of the registry.
        published: From ``published_runs``; None to leave them out.
        ours: What was measured on the study's runs. Of several published values, the one against the same baseline is
            returned.

    Returns:
        published (the value, None if the paper gives none), published_text, published_verdict and published_reason
        (None and empty if there is no table to judge).
    """
    printed = claim.get("published")
    nothing = {"published_verdict": None, "published_reason": ""}
    kind = claim["measure"]["kind"]
    if published is None or kind not in KINDS:
        return {"published": printed, "published_text": _text(printed, claim), **nothing}
    rows = restricted({"runs": published}, grid_of(claim["paper"]))["runs"]
    rows = rows.assign(max_epochs=claim["paper"]["protocol"]["max_epochs"])
    theirs = KINDS[kind](claim["measure"], runs=rows)
    if isinstance(theirs, str):
        return {"published": None, "published_text": "", **nothing}
    theirs = with_rule(theirs, claim["paper"]["corpora"], published=True)
    holds, support = claim["holds"], support_of(theirs, claim["holds"], rows, published=True)
    hardest = least_favourable(theirs, holds)
    deciding = hardest if isinstance(ours, str) else least_favourable(ours, holds)
    value = next((one.value for one in theirs if one.about == deciding.about), hardest.value)
    verdict = verdict_of(theirs, holds)
    return {
        "published": value,
        "published_text": _text(value, claim),
        "published_verdict": verdict,
        "published_reason": reason(verdict, hardest, holds, claim["shown"], len(theirs), support),
    }


def _text(value: float | None, claim: dict[str, Any]) -> str:
    return "" if value is None else shown(value, claim["shown"])

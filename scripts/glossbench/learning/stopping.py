"""Early stopping on a validation score."""

from dataclasses import dataclass


@dataclass
class EarlyStopping:
    """Stops after ``patience`` bad epochs in a row; an epoch is bad when its score <= best - tolerance.

    With tolerance 0 that is an epoch no better than the best; the reference code's standalone protocol has 0.005.
    """

    patience: int
    tolerance: float = 0.0
    best: float = float("-inf")
    bad_epochs: int = 0

    def update(self, score: float) -> bool:
        """Take in an epoch's score; True where it is the best so far."""
        self.bad_epochs = self.bad_epochs + 1 if score <= self.best - self.tolerance else 0
        better = score > self.best
        self.best = max(self.best, score)
        return better

    @property
    def stop(self) -> bool:
        return self.bad_epochs >= self.patience

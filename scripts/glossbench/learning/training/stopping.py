"""Early stopping."""

from dataclasses import dataclass


@dataclass
class EarlyStopping:
    """Stops after ``patience`` bad epochs in a row; an epoch is bad if its score <= best - tolerance."""

    patience: int  # number of bad epochs in a row after which training stops
    tolerance: float = 0.0  # with 0 an epoch is bad if it is no better than the best
    best: float = float("-inf")  # highest score so far
    bad_epochs: int = 0  # number of bad epochs since the last one that was not bad

    def update(self, score: float) -> bool:
        """Take the score of an epoch into account. Returns True if it is the highest so far."""
        self.bad_epochs = self.bad_epochs + 1 if score <= self.best - self.tolerance else 0
        better = score > self.best
        self.best = max(self.best, score)
        return better

    @property
    def stop(self) -> bool:
        """Whether training should stop."""
        return self.bad_epochs >= self.patience

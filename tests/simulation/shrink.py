"""Shortening a failing history: the same failure with as few steps as can be found."""

from collections.abc import Callable, Sequence

from tests.simulation.episode import Failure

Play = Callable[[Sequence[int]], Failure | None]


def shrink(play: Play, failure: Failure, *, budget: int = 120) -> Failure:
    """Leave steps out for as long as the same law is broken.

    Delta debugging: ever smaller pieces are left out, and tried again whenever that helps.

    Args:
        play: plays the seed's episode with these steps only.
        budget: how many episodes may be played.

    Source: A. Zeller, R. Hildebrandt, "Simplifying and isolating failure-inducing input", 2002.
    """
    best = failure
    pieces = 2
    while len(best.steps) > 1 and budget > 0:
        size = max(1, len(best.steps) // pieces)
        for start in range(0, len(best.steps), size):
            if budget <= 0:
                return best
            budget -= 1
            found = play(best.steps[:start] + best.steps[start + size :])
            if found is not None and law(found) == law(failure):
                best = found
                pieces = max(2, pieces - 1)
                break
        else:
            if size == 1:
                return best
            pieces = min(len(best.steps), pieces * 2)
    return best


def law(failure: Failure) -> str:
    """The broken law, without the ids that differ from run to run."""
    first = failure.broken[0]
    if first.startswith("Traceback"):
        return first.strip().splitlines()[-1].partition(":")[0]
    return first.partition(" — ")[0]

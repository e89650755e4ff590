"""Each to its own: the one-to-one choice among possible pairs whose worth is the largest together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def best(worth: Mapping[tuple[str, str], float]) -> set[tuple[str, str]]:
    """Pairs of `worth` in which nobody stands twice, the sum of their worth (each above 0) as large as it can be.

    >>> sorted(best({("a", "x"): 0.9, ("a", "y"): 0.88, ("b", "x"): 0.85}))
    [('a', 'y'), ('b', 'x')]
    """
    left = sorted({one for one, _ in worth})
    right = sorted({other for _, other in worth})
    # a column of its own for each that is to stay alone
    costs = [[-worth.get((one, other), 0.0) for other in right] + [0.0] * len(left) for one in left]
    chosen = {(left[row], right[at]) for row, at in enumerate(_cheapest(costs)) if at < len(right)}
    return chosen & set(worth)


def _cheapest(costs: Sequence[Sequence[float]]) -> list[int]:
    """For each row its own column, so that the sum of the costs is the smallest (Kuhn and Munkres); rows <= columns."""
    rows, width = len(costs), len(costs[0]) if costs else 0
    of_row, of_column = [0.0] * (rows + 1), [0.0] * (width + 1)
    owner, before = [0] * (width + 1), [0] * (width + 1)
    for row in range(1, rows + 1):
        owner[0], at = row, 0
        least, seen = [float("inf")] * (width + 1), [False] * (width + 1)
        while owner[at]:
            seen[at], mine, step, following = True, owner[at], float("inf"), 0
            for column in range(1, width + 1):
                if seen[column]:
                    continue
                left = costs[mine - 1][column - 1] - of_row[mine] - of_column[column]
                if left < least[column]:
                    least[column], before[column] = left, at
                if least[column] < step:
                    step, following = least[column], column
            for column in range(width + 1):
                if seen[column]:
                    of_row[owner[column]] += step
                    of_column[column] -= step
                else:
                    least[column] -= step
            at = following
        while at:
            owner[at], at = owner[before[at]], before[at]
    places = [0] * rows
    for column in range(1, width + 1):
        if owner[column]:
            places[owner[column] - 1] = column - 1
    return places

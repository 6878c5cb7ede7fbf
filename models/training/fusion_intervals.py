"""How sure one can be of how sure a fusion is: intervals over speakers."""

import numpy as np

from calibration import calibration_error

RESAMPLES = 1000


def calibration_interval(parts, way, fusion):
    """Calibration error of the rows of clean clips, all seeds together: [error, 2.5 %, 97.5 %] over resampled speakers."""
    seeds = sorted({key[0] for key in parts[0][1]})
    theirs = []
    for _, part in parts:
        kept = [part[seed, way, fusion, "all"] for seed in seeds]
        sure = np.concatenate([one["sure"][one["kinds"] == 0].ravel() for one in kept])
        right = np.concatenate([one["right"][one["kinds"] == 0].ravel() for one in kept])
        theirs.append((sure[np.isfinite(sure)], right[np.isfinite(sure)]))
    of = lambda places: calibration_error(*(np.concatenate([theirs[at][column] for at in places]) for column in (0, 1)))
    rng = np.random.default_rng(0)
    drawn = [of(rng.integers(len(theirs), size=len(theirs))) for _ in range(RESAMPLES)]
    return [round(float(value), 3) for value in (of(range(len(theirs))), *np.percentile(drawn, [2.5, 97.5]))]

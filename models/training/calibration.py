"""How far what is stated is from what turns out."""

import numpy as np


def calibration_error(stated, right, bins=10):
    """ECE over bins that hold equally many: `stated` probabilities against whether it was `right` (or how much of it)."""
    order = np.argsort(stated, kind="stable")
    gaps = [abs((stated - right)[some].sum()) for some in np.array_split(order, bins)]
    return float(sum(gaps) / len(stated))

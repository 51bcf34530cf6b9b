"""A class for each method of the registry. It is imported when one is asked for: scikit-learn takes longer to import than all else."""

from . import METHODS, _estimator

for _description in METHODS:
    globals()[_description["class"]] = _estimator.make(_description)

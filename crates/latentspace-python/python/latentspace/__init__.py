"""Learn latent spaces from what was observed, know how far to trust them, and work in them.

Every method of the registry is an estimator of scikit-learn; ``Space`` opens what ``latent fit`` wrote and what estimators keep;
``explore`` shows a map in the browser or in a notebook.
"""

import json as _json

from . import _estimator, _native
from ._explore import Explorer, explore
from ._native import InputError, ParamError
from ._space import Measure, Space

__version__: str = _native.__version__
#: What the registry tells of each method: its name, its class, its parameters.
METHODS: list[dict] = _json.loads(_native.methods())

for _description in METHODS:
    globals()[_description["class"]] = _estimator.make(_description)

__all__ = ["Explorer", "InputError", "METHODS", "Measure", "ParamError", "Space", "explore"]
__all__ += [_description["class"] for _description in METHODS]
del _description

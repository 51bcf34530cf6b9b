"""Learn maps, factors, topics and embeddings from tables, images and text, and measure how far each can be trusted.

Every method is a scikit-learn estimator. ``Space`` opens the files that ``latent fit`` writes. ``explore`` shows a map in the browser or in
a notebook.
"""

import importlib as _importlib
import json as _json

from . import _native
from ._native import InputError, ParamError

__version__: str = _native.__version__
#: The registry's description of each method: its name, its class, its parameters.
METHODS: list[dict] = _json.loads(_native.methods())

#: Modules of the lazily imported names. Lazy, so that the command ``latent`` starts without scikit-learn.
_PLACES = {"Explorer": "_explore", "explore": "_explore", "Observations": "_observations", "Space": "_space"}
_PLACES |= {"LatentspaceWarning": "_progress", "read": "_observations", "TextOptions": "_options"}
_PLACES |= {name: "_analysis" for name in ("compare", "contributions", "describe", "dimension", "explain", "export", "fit")}
_PLACES |= {name: "_analysis" for name in ("loading_intervals", "measure", "neighbors", "plan", "stability", "sweep")}
_PLACES |= {name: "_report" for name in ("Explanation", "Measure", "Measures", "Report")}
_PLACES |= {method["class"]: "_methods" for method in METHODS}

__all__ = ["InputError", "METHODS", "ParamError", *_PLACES]


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value = getattr(_importlib.import_module(f".{_PLACES[name]}", __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

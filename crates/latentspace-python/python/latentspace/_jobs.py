"""Seeds and numbers of threads from scikit-learn's ``random_state`` and ``n_jobs``."""

from __future__ import annotations

import numbers
import os
from typing import Any

import numpy as np
from joblib.parallel import get_active_backend

from . import _native


def seed_of(random_state: Any) -> int:
    """The seed of a ``random_state``: 0 for None, an integer itself, or a draw from a generator."""
    if random_state is None:
        return 0
    if isinstance(random_state, numbers.Integral) and not isinstance(random_state, bool) and 0 <= int(random_state) < 2**64:
        return int(random_state)
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(0, 2**32, dtype=np.uint64))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(0, 2**32))
    raise _native.ParamError(
        f"random_state: {random_state!r} was given; it must be None, a whole number from 0, a RandomState or a Generator."
    )


def threads(n_jobs: Any) -> int:
    """The number of threads of an ``n_jobs``, 0 for all: None and -1 mean all cores, or one inside a joblib worker, as others run in parallel."""
    if n_jobs is None or (isinstance(n_jobs, numbers.Integral) and n_jobs == -1):
        backend, _ = get_active_backend()
        return 1 if getattr(backend, "nesting_level", 0) else 0
    if isinstance(n_jobs, numbers.Integral) and not isinstance(n_jobs, bool) and n_jobs != 0:
        return int(n_jobs) if int(n_jobs) > 0 else max(1, cores() + 1 + int(n_jobs))
    raise _native.ParamError(f"n_jobs: {n_jobs!r} was given; it must be None, a number of threads from 1, or -1 for all, -2 for all but one.")


def cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory_of(max_memory: Any) -> str | None:
    """A memory limit for the native module: bytes, or a size such as ``"4G"``."""
    if max_memory is None or isinstance(max_memory, str):
        return max_memory
    if isinstance(max_memory, numbers.Integral) and not isinstance(max_memory, bool) and max_memory > 0:
        return str(int(max_memory))
    raise _native.ParamError(f"max_memory: {max_memory!r} was given; it must be None, bytes, or a size such as '800M' or '4G'.")

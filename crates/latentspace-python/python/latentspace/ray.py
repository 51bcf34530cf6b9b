"""Fit on a Ray cluster (``pip install ray``): each task reads its own rows and returns statistics.

Ray repeats a task that fails, and the repetition returns the same bytes. Files must be readable under the same names on every node.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ray

from . import shares as _shares
from ._space import Space


def _cores() -> int:
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def fit(method: Any, data: str, *, shares: int | None = None, _share: Callable[..., bytes] = _shares.share, **options: Any) -> Space:
    """Fit ``method`` to files in ``shares`` tasks per round (default: the cluster's number of cores). Each task reads its own rows.

    ``options`` are those of :func:`latentspace.shares.first`. The space equals that of one machine, to the bit.
    """
    count = shares or _cores()
    begin = ray.remote(_shares.first).remote(method, data, n_jobs=1, **options)
    task = ray.remote(_share)

    def run(round: bytes) -> list[bytes]:
        kept = ray.put(round)
        return ray.get([task.remote(kept, at, count, n_jobs=1) for at in range(count)])

    return _shares.fit(ray.get(begin), run)


def encode(space: Space, paths: list[str], out: str, *, ending: str = ".parquet") -> list[str]:
    """Encode files, one task each, into files with the same stems in the folder ``out``. Returns their names."""
    Path(out).mkdir(parents=True, exist_ok=True)
    kept, task = ray.put(space.to_bytes()), ray.remote(_shares.encode)
    names = [str(Path(out, Path(path).stem + ending)) for path in map(os.fspath, paths)]
    ray.get([task.remote(kept, path, name, n_jobs=1) for path, name in zip(map(os.fspath, paths), names)])
    return names

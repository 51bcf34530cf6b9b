"""One fit on many machines: rounds of plain function calls that return bytes.

``first`` returns the round that all shares start from, ``share`` the statistics of one share, ``merge`` the next round or the space. Round 0
determines the preparation, the later rounds are those of the method; a share reads only its own rows. The bytes are those of the files of
``latent fit --partial`` and ``latent merge``, and the space equals that of one machine to the bit, for any number of shares. Any scheduler
can run the calls: ``latentspace.ray``, Dask, Slurm, a shell loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from . import _native
from ._jobs import seed_of, threads
from ._observations import prepare_options, read_options
from ._options import Missing, Scale, TextOptions
from ._space import Space


def _named(method: Any, params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The registry name and the parameters of a method, given by name or as an estimator."""
    description = getattr(method, "_description", None)
    if description is None:
        return str(method), params
    own = {} if isinstance(method, type) else method._params()
    return description["name"], {**own, **params}


def first(
    method: Any,
    data: str,
    *,
    columns: list[str] | None = None,
    scale: Scale | None = None,
    missing: Missing | None = None,
    read: dict[str, Any] | None = None,
    text: TextOptions | None = None,
    random_state: Any = None,
    n_jobs: int | None = None,
    **params: Any,
) -> bytes:
    """Return the first round of a fit of ``method`` (a registry name or an estimator) to files.

    ``data`` is a file name or a pattern such as ``parts/*.parquet``. ``scale`` and ``missing`` are those of the command line, ``text`` that of
    ``fit``; ``read`` holds other reading options by name (``{"delimiter": ";", "header": "no"}``).

    Reads the headers of the files, and counts the rows where a header does not contain their number.
    """
    name, params = _named(method, params)
    reading = read_options({**({} if columns is None else {"columns": columns}), **(read or {})})
    return _native.round_zero(name, params, data, reading, prepare_options(scale, missing, text), seed_of(random_state), threads(n_jobs), None)


def share(round: bytes, share: int, shares: int, *, n_jobs: int | None = None) -> bytes:
    """Return the statistics of share ``share`` (from 0) of ``shares``. Reads the rows of this share from the round's files."""
    return _native.share_of_round(round, share, shares, threads(n_jobs), None)


def merge(statistics: Iterable[bytes], *, n_jobs: int | None = None) -> Space | bytes:
    """Merge the statistics of all shares, in any order, into the next round or the space. The space is measured on the rows."""
    space, round = _native.merge_shares(list(statistics), threads(n_jobs), None)
    return Space(space) if space is not None else round


def combine(statistics: Iterable[bytes], *, n_jobs: int | None = None) -> bytes:
    """Merge the statistics of some shares into statistics of one share; smaller if the shares are adjacent. Merge many shares in steps."""
    return _native.combine_shares(list(statistics), threads(n_jobs), None)


def fit(round: bytes, run: Callable[[bytes], Iterable[bytes]]) -> Space:
    """Run all rounds; ``run`` returns the statistics of all shares of a round."""
    step: Space | bytes = round
    while not isinstance(step, Space):
        step = merge(run(step))
    return step


def encode(space: Space | bytes, data: str, out: str, *, read: dict[str, Any] | None = None, n_jobs: int | None = None) -> int:
    """Encode a file, block by block, into a file of codes (.npy, .parquet or .csv). Returns the number of rows. ``read`` as in ``first``."""
    space = Space.from_bytes(space) if isinstance(space, bytes) else space
    return _native.encode_file(space._native, data, out, read_options(read), threads(n_jobs), None)

"""One fit on many machines: rounds of plain calls whose results are bytes.

``first`` gives the round that all shares start from, ``share`` the statistics of one of them, ``merge`` what follows: the next round, or the
space. Round 0 finds out how observations become numbers, the rounds after it are the method's own; a share reads its own rows and no others.
The bytes are those of the files of ``latent fit --partial`` and ``latent merge``, and the space is that of one machine to the bit, in however
many shares. Whatever runs calls elsewhere will do: ``latentspace.ray``, Dask, Slurm, a shell loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from . import _native
from ._jobs import seed_of, threads
from ._observations import read_options, text_options
from ._space import Space


def _named(method: Any, params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The registry's name of a method that is named, or of an estimator, whose parameters are taken."""
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
    scale: str | None = None,
    missing: str | None = None,
    read: dict[str, Any] | None = None,
    text: dict[str, Any] | None = None,
    random_state: Any = None,
    n_jobs: int | None = None,
    **params: Any,
) -> bytes:
    """The round that learning ``method`` (a registry name or an estimator) from files begins with: a name, or a pattern such as
    ``parts/*.parquet``; ``scale`` and ``missing`` as the command line has them, ``text`` as ``fit`` has it; ``read`` has the other options of
    reading by their names (``{"delimiter": ";", "header": "no"}``).

    Reads the heads of the files; where these do not tell how many rows there are, counts them.
    """
    name, params = _named(method, params)
    reading = read_options({**({} if columns is None else {"columns": columns}), **(read or {})})
    return _native.round_zero(name, params, data, reading, scale, missing, text_options(text), seed_of(random_state), threads(n_jobs), None)


def share(round: bytes, share: int, shares: int, *, n_jobs: int | None = None) -> bytes:
    """The statistics of share ``share`` of ``shares``, from 0: reads the share's rows of the round's files, which must be there."""
    return _native.share_of_round(round, share, shares, threads(n_jobs), None)


def merge(statistics: Iterable[bytes], *, n_jobs: int | None = None) -> Space | bytes:
    """What follows from the statistics of all shares, in any order: the next round, or the space, which is measured on the rows."""
    space, round = _native.merge_shares(list(statistics), threads(n_jobs), None)
    return Space(space) if space is not None else round


def combine(statistics: Iterable[bytes], *, n_jobs: int | None = None) -> bytes:
    """The statistics of some shares as those of one, smaller where they are neighbors: very many can be merged in steps, side by side."""
    return _native.combine_shares(list(statistics), threads(n_jobs), None)


def fit(round: bytes, run: Callable[[bytes], Iterable[bytes]]) -> Space:
    """Goes from round to round; ``run`` gives the statistics of all shares of one."""
    step: Space | bytes = round
    while not isinstance(step, Space):
        step = merge(run(step))
    return step


def encode(space: Space | bytes, data: str, out: str, *, read: dict[str, Any] | None = None, n_jobs: int | None = None) -> int:
    """Encodes a file, block by block, into a file of codes (.npy, .parquet or .csv); gives the number of its rows. ``read``: as in ``first``."""
    space = Space.from_bytes(space) if isinstance(space, bytes) else space
    return _native.encode_file(space._native, data, out, read_options(read), threads(n_jobs), None)

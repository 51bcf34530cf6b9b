"""One fit in shares, on Dask: `python shares_dask.py 'parts/*.parquet' space.latent`."""

import sys

import dask
from latentspace import PCA, shares


def fit(data: str, count: int) -> "latentspace.Space":
    def run(round: bytes) -> list[bytes]:
        tasks = [dask.delayed(shares.share)(round, at, count, n_jobs=1) for at in range(count)]
        # Threads suffice: the GIL is released during the work. With a `distributed.Client`, the same tasks run on a cluster.
        return dask.compute(*tasks, scheduler="threads")

    return shares.fit(shares.first(PCA(n_components=4), data), run)


if __name__ == "__main__":
    fit(sys.argv[1], 4).save(sys.argv[2])

"""Everything that makes maps beside its peers, one bench after the other: neighbors, t-SNE (then its growth), UMAP (then with labels, and with
densities), PaCMAP, and the methods for curved data.

    python bench/maps.py [--only knn,tsne,growth,umap,umap_more,pacmap,manifold]

What each prints and takes is told in its own file.
"""

import argparse
import pathlib
import subprocess
import sys

BENCHES = ["knn", "tsne", "growth", "umap", "umap_more", "pacmap", "manifold"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(BENCHES))
    for name in parser.parse_args().only.split(","):
        print(f"\n== {name}", flush=True)
        subprocess.run([sys.executable, pathlib.Path(__file__).with_name(f"{name}.py")], check=True)


if __name__ == "__main__":
    main()

"""All methods that make maps compared with other tools, one bench after another: neighbors, t-SNE (and its growth), UMAP (also supervised, and
densMAP), PaCMAP, and the methods for curved data.

    python bench/maps.py [--only knn,tsne,growth,umap,umap_more,pacmap,manifold]

Each bench documents its options and output in its own file.
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

"""Seconds of t-SNE from 10,000 to 1,000,000 rows. Draws docs/growth.svg.

    python bench/growth.py [--data DIR] [--rows 10000,30000,100000,300000,1000000] [--threads 2]

The rows are the first 50 principal components of Fashion-MNIST's 60,000 training images, each shifted by -1 to 1 pixels in both directions and
mirrored (18 images per original); n of them are sampled. Up to 100,000 rows each figure is the median of three runs. Needs numpy, and
`cargo build --release --example map_phases`.
"""

import argparse
import gzip
import json
import math
import os
import pathlib
import statistics
import subprocess
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
COMPONENTS, MOST_THRICE, BOUND = 50, 100_000, 1.15


def rows_of(data):
    """All pictures at their principal components, in an order drawn at random."""
    raw = gzip.open(data / "fashion/train-images-idx3-ubyte.gz").read()
    pictures = np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 28, 28).astype(np.float32) / 255

    def variants():
        for mirrored in (pictures, pictures[:, :, ::-1]):
            for down in (-1, 0, 1):
                for right in (-1, 0, 1):
                    yield np.roll(mirrored, (down, right), (1, 2)).reshape(len(pictures), -1)

    count = 18 * len(pictures)
    mean = sum(part.sum(0, dtype=np.float64) for part in variants()) / count
    gram = sum((part - mean.astype(np.float32)).T @ (part - mean.astype(np.float32)) for part in variants()).astype(np.float64)
    directions = np.linalg.eigh(gram)[1][:, ::-1][:, :COMPONENTS].astype(np.float32)
    rows = np.concatenate([(part - mean.astype(np.float32)) @ directions for part in variants()])
    return rows[np.random.default_rng(0).permutation(count)]


def seconds(rows, threads):
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/rows.npy", rows)
        line = [ROOT / "target/release/examples/map_phases", "tsne", f"{folder}/rows.npy", f"{folder}/map.npy", str(threads)]
        told = json.loads(subprocess.run(line, check=True, capture_output=True, text=True).stdout)
    print(json.dumps({name: told[name] for name in ("rows", "seconds", "phases", "peak_mib", "measures")}), flush=True)
    return told["seconds"]


def picture(found, slope):
    width, height, left, right, top, bottom = 720, 340, 60, 190, 30, 46
    (first, _), (last, _) = found[0], found[-1]
    low, high = 0, math.ceil(math.log10(max(taken for _, taken in found)))
    x = lambda n: left + math.log10(n / first) / math.log10(last / first) * (width - left - right)  # noqa: E731
    y = lambda taken: height - bottom - (math.log10(taken) - low) / (high - low) * (height - top - bottom)  # noqa: E731
    line = lambda points: "M" + " L".join(f"{x(n):.1f} {y(taken):.1f}" for n, taken in points)  # noqa: E731
    marks = [f'<path class="grid" d="M{left} {y(10**power):.1f}H{width - right}"/>' for power in range(low, high + 1)]
    marks += [f'<text x="{left - 8}" y="{y(10**power) + 4:.1f}" text-anchor="end">{10**power}</text>' for power in range(low, high + 1)]
    marks += [f'<text x="{x(n):.1f}" y="{height - bottom + 18}" text-anchor="middle">{n:,}</text>' for n, _ in found]
    marks += [f'<circle cx="{x(n):.1f}" cy="{y(taken):.1f}" r="3.5"/>' for n, taken in found]
    bound = [(n, found[0][1] * (n / first) ** BOUND) for n in (first, last)]
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="Seconds of t-SNE over rows">
<style>
text {{ font: 12px Inter, system-ui, sans-serif; fill: #57606a }}
path {{ fill: none; stroke-width: 2 }}
.grid {{ stroke: #d8dee4; stroke-width: 1 }}
.bound {{ stroke: #8c959f; stroke-width: 1; stroke-dasharray: 4 4 }}
.taken {{ stroke: #2f5fe0; stroke-width: 2.5 }}
circle, .name {{ fill: #2f5fe0 }}
@media (prefers-color-scheme: dark) {{
text {{ fill: #9aa4b2 }} .grid {{ stroke: #2b3138 }} .taken {{ stroke: #8aa8ff }} circle, .name {{ fill: #8aa8ff }}
}}
</style>
<text x="{left - 8}" y="16" text-anchor="end">seconds</text>
<text x="{(left + width - right) / 2}" y="{height - 8}" text-anchor="middle">rows of {COMPONENTS} columns</text>
{chr(10).join(marks)}
<path class="bound" d="{line(bound)}"/><text x="{width - right + 10}" y="{y(bound[-1][1]) + 4:.1f}">rows to the power of {BOUND}</text>
<path class="taken" d="{line(found)}"/><text class="name" x="{width - right + 10}" y="{y(found[-1][1]) + 16:.1f}">t-SNE: to that of {slope:.2f}</text>
</svg>
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, default=os.environ.get("LATENTSPACE_DATA", ROOT.parent / "shared/data"))
    parser.add_argument("--rows", default="10000,30000,100000,300000,1000000")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    rows, found = rows_of(pathlib.Path(arguments.data)), []
    for n in map(int, arguments.rows.split(",")):
        times = 3 if n <= MOST_THRICE else 1
        found.append((n, statistics.median(seconds(rows[:n], arguments.threads) for _ in range(times))))
    (first, least), (last, most) = found[0], found[-1]
    slope = math.log(most / least) / math.log(last / first)
    print(f"from {first:,} to {last:,} rows: to the power of {slope:.3f}; {BOUND} is the bar")
    (ROOT / "docs/growth.svg").write_text(picture(found, slope))


main()

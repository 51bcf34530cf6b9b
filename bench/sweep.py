"""How many dimensions `latent sweep pca` recommends for tables of known rank, and held-out error of 1,000 and of 60,000 images. Draws docs/sweep.svg.

    python bench/sweep.py [--data DIR] [--seeds 10] [--latent target/release/latent]

Tables of 2,000 x 200: noise; noise whose columns differ tenfold in spread; ranks 5, 12 and 40, singular values evenly spaced from four times the
Marchenko-Pastur edge of the noise down to twice and to half of it. Needs numpy, and `cargo build --release`.
"""

import argparse
import gzip
import json
import os
import pathlib
import subprocess
import tempfile
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROWS, COLUMNS = 2000, 200
IMAGE_DIMS = (1, 2, 4, 8, 16, 32, 64, 100, 150, 200, 300, 400, 500)


def planted(rank, weakest, random):
    noise = random.normal(size=(ROWS, COLUMNS))
    if not rank:
        return noise
    edge = np.sqrt(ROWS) + np.sqrt(COLUMNS)
    left, right = np.linalg.qr(random.normal(size=(ROWS, rank)))[0], np.linalg.qr(random.normal(size=(COLUMNS, rank)))[0]
    return left * np.linspace(4, weakest, rank) * edge @ right.T + noise


def sweep(latent, rows, dims):
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/rows.npy", rows.astype(np.float32))
        line = [latent, "sweep", "pca", f"{folder}/rows.npy", "--dims", ",".join(map(str, dims)), "--json", "--quiet"]
        begun = time.perf_counter()
        told = json.loads(subprocess.run(line, check=True, capture_output=True, text=True).stdout)
        return told, time.perf_counter() - begun


def images(path):
    return np.frombuffer(gzip.open(path).read(), np.uint8, offset=16).reshape(-1, 784).astype(np.float32) / 255


def picture(curves):
    width, height, left, right, top, bottom = 720, 340, 60, 190, 30, 46
    most = max(value for _, held, training in curves for value in (*held, *training))
    x = lambda dims: left + np.log(dims) / np.log(IMAGE_DIMS[-1]) * (width - left - right)  # noqa: E731
    y = lambda value: height - bottom - value / most * (height - top - bottom)  # noqa: E731
    line = lambda values: "M" + " L".join(f"{x(dims):.1f} {y(value):.1f}" for dims, value in zip(IMAGE_DIMS, values))  # noqa: E731
    ticks = [most * part / 4 for part in range(5)]
    marks = [f'<path class="grid" d="M{left} {y(tick):.1f}H{width - right}"/>' for tick in ticks]
    marks += [f'<text x="{left - 8}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:.3f}</text>' for tick in ticks]
    marks += [f'<text x="{x(dims):.1f}" y="{height - bottom + 18}" text-anchor="middle">{dims}</text>' for dims in (1, 4, 16, 64, 200, 500)]
    for name, (rows, held, training) in zip(("few", "many"), curves):
        marks += [f'<path class="{name}" d="{line(held)}"/><path class="{name} dashed" d="{line(training)}"/>']
        marks += [f'<text class="{name}" x="{width - right + 10}" y="{y(held[-1]) + 4:.1f}">{rows:,} rows, held out</text>']
        best = int(np.argmin(held))
        marks += [f'<circle class="{name}" cx="{x(IMAGE_DIMS[best]):.1f}" cy="{y(held[best]):.1f}" r="4"/>']
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="Error of hidden pixels over dimensions">
<style>
text {{ font: 12px Inter, system-ui, sans-serif; fill: #57606a }}
path {{ fill: none; stroke-width: 2 }}
.grid {{ stroke: #d8dee4; stroke-width: 1 }}
.dashed {{ stroke-dasharray: 2 4 }}
path.few {{ stroke: #d97706 }} text.few, circle.few {{ fill: #d97706 }}
path.many {{ stroke: #2f5fe0 }} text.many, circle.many {{ fill: #2f5fe0 }}
@media (prefers-color-scheme: dark) {{
text {{ fill: #9aa4b2 }} .grid {{ stroke: #2b3138 }} path.many {{ stroke: #8aa8ff }} text.many, circle.many {{ fill: #8aa8ff }}
}}
</style>
<text x="{left}" y="16">mean squared error of hidden pixels (dotted: of training images)</text>
<text x="{(left + width - right) / 2}" y="{height - 8}" text-anchor="middle">principal components</text>
{chr(10).join(marks)}
</svg>
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, default=os.environ.get("LATENTSPACE_DATA", ROOT.parent / "shared/data"))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--latent", default=ROOT / "target/release/latent")
    arguments = parser.parse_args()
    spreads = np.logspace(0, 1, COLUMNS)
    cases = [("noise", 0, 0, 1, range(1, 13)), ("noise, spreads 1 to 10", 0, 0, spreads, range(1, 13))]
    cases += [(f"rank {rank}, weakest {weak} x edge", rank, weak, 1, range(max(1, rank - 8), rank + 9)) for weak in (2, 0.5) for rank in (5, 12, 40)]
    for name, rank, weak, scale, dims in cases:
        found = [sweep(arguments.latent, planted(rank, weak, np.random.default_rng(seed)) * scale, dims) for seed in range(arguments.seeds)]
        near = sum(abs(told["recommended"] - rank) <= (1 if rank else 0) for told, _ in found)
        open_ = sum(told["low"] < rank for told, _ in found)
        chosen = " ".join(f"{told['recommended']} ({told['low']}-{told['high']})" for told, _ in found)
        others = [[told["estimates"][key] for told, _ in found] for key in ("parallel_analysis", "gavish_donoho", "marchenko_pastur")]
        seconds = np.median([taken for _, taken in found])
        print(f"{name}: {near} of {len(found)} near, low below the rank in {open_}; {chosen}; {others}; {seconds:.2f} s", flush=True)
    pictures, curves = images(arguments.data / "mnist/train-images-idx3-ubyte.gz"), []
    for rows in (1000, 60_000):
        told, seconds = sweep(arguments.latent, pictures[:rows], IMAGE_DIMS)
        held, training = ([point[key]["value"] for point in told["dims"]] for key in ("held_out", "training"))
        curves.append((rows, held, training))
        print(f"{rows:,} images: {told['recommended']} ({told['low']} to {told['high']}), {told['estimates']}; {seconds:.1f} s")
        print(*told["verdict"], sep="\n")
    (ROOT / "docs/sweep.svg").write_text(picture(curves))


main()

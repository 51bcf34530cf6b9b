"""A fit in shares: PCA of 2,000,000 x 100 float32 in Parquet, one file and four, with one worker of one thread and with two in parallel.
Efficiency is the time of one worker divided by twice that of two; medians of three, alternating. The time of measuring is reported separately.

Workers are processes, and Ray tasks if a Python with ray and latentspace is given (LATENTSPACE_PYTHON).
`shares.py sizes 1 4 measures` selects parts: bytes sent, one file, four files, the time of measuring.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

root = pathlib.Path(__file__).resolve().parent.parent
latent, make = root / "target/release/latent", root / "target/release/examples/make_parquet"
python = pathlib.Path(os.environ.get("LATENTSPACE_PYTHON", root / ".cache/python/bin/python"))
MEGABYTES, COLUMNS, TURNS = 800, 100, 3
FIT = ["fit", "pca", "*.parquet", "--dims", "10", "--threads", "1", "--quiet"]

ON_RAY = """
import json, sys, time
import ray
from latentspace import shares

data, turns = sys.argv[1], int(sys.argv[2])
ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
task = ray.remote(shares.share)

def rounds(workers):
    begun = time.perf_counter()
    round, took = shares.first("pca", data, n_components=10, n_jobs=1), []
    for number in range(2):
        kept = ray.put(round)
        parts = ray.get([task.remote(kept, at, workers, n_jobs=1) for at in range(workers)])
        if number == 0:
            round = shares.merge(parts, n_jobs=1)
    return time.perf_counter() - begun

rounds(2)
print(json.dumps([[rounds(workers) for workers in (1, 2)] for _ in range(turns)]))
"""


def call(*args, folder):
    subprocess.run([latent, *args], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def by_shell(data: pathlib.Path, out: pathlib.Path, workers: int) -> dict[str, float]:
    """Seconds of each step."""
    seconds, state = {}, ["--describe"]
    for number in range(2):
        files = [out / f"{at}.part" for at in range(workers)]
        begun = time.perf_counter()
        each = [[latent, *FIT, *state, "--partial", f"{at}/{workers}", "-o", file] for at, file in enumerate(files)]
        running = [subprocess.Popen(line, cwd=data, stdout=subprocess.DEVNULL) for line in each]
        assert not any(process.wait() for process in running)
        seconds[f"round {number}"] = time.perf_counter() - begun
        begun = time.perf_counter()
        # Where the rows cannot be read the space is not measured.
        call("merge", *files, "-o", out / ("state", "space.latent")[number], "--threads", "1", folder=(data, out)[number])
        seconds[f"merge {number}"] = time.perf_counter() - begun
        state = ["--state", out / "state"]
    return seconds


def told(name: str, one: list[float], two: list[float]) -> None:
    a, b = statistics.median(one), statistics.median(two)
    spread = f"[{min(one):.2f} .. {max(one):.2f}], [{min(two):.2f} .. {max(two):.2f}]"
    print(f"{name:26} one worker {a:.2f} s, two {b:.2f} s {spread}  efficiency {a / (2 * b):.2f}", flush=True)


def sizes(folder: pathlib.Path) -> None:
    """What a worker sends and is sent, in bytes, of an eighth of 200,000 rows."""
    for columns in (100, 784):
        data = folder / f"d{columns}"
        subprocess.run([make, data, str(200_000 * columns * 4 // 1_000_000), str(columns)], check=True)
        call(*FIT, "--partial", "3/8", "--describe", "-o", "3.summary", folder=data)
        for at in range(2):
            call(*FIT, "--partial", f"{at}/2", "--describe", "-o", f"{at}.part", folder=data)
        call("merge", "0.part", "1.part", "-o", "state", folder=data)
        call(*FIT, "--partial", "3/8", "--state", "state", "-o", "3.stats", folder=data)
        print(f"{columns} columns:", {name: (data / name).stat().st_size for name in ("3.summary", "state", "3.stats")})


with tempfile.TemporaryDirectory(dir=os.environ.get("LATENTSPACE_SCRATCH")) as folder:
    folder = pathlib.Path(folder)
    asked, out = sys.argv[1:] or ["sizes", "1", "4", "measures"], folder / "out"
    out.mkdir()
    if "sizes" in asked:
        sizes(folder)
    for files in (files for files in (1, 4) if str(files) in asked):
        data = folder / f"files{files}"
        subprocess.run([make, data, str(MEGABYTES), str(COLUMNS), str(MEGABYTES // files)], check=True)
        by_shell(data, out, 2)
        turns = [[by_shell(data, out, workers) for workers in (1, 2)] for _ in range(TURNS)]
        told(f"{files} files, shell", *([sum(turn[at].values()) for turn in turns] for at in (0, 1)))
        for step in turns[0][0]:
            print(f"    {step:22} {statistics.median(t[0][step] for t in turns):.3f} s, {statistics.median(t[1][step] for t in turns):.3f} s")
        if python.exists():
            answer = subprocess.run([python, "-c", ON_RAY, f"{data}/*.parquet", str(TURNS)], check=True, stdout=subprocess.PIPE, text=True)
            times = json.loads(answer.stdout.splitlines()[-1])
            told(f"{files} files, Ray", *([turn[at] for turn in times] for at in (0, 1)))
    if "measures" in asked:
        line = [latent, "merge", *(out / f"{at}.part" for at in range(2)), "-o", out / "space.latent", "--threads", "1", "--json", "--quiet"]
        answer = json.loads(subprocess.run(line, cwd=data, check=True, stdout=subprocess.PIPE, text=True).stdout)
        print(f"measuring, one thread: {answer['seconds_measures']:.1f} s")

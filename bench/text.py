"""Tokenization and word counts compared with scikit-learn's CountVectorizer, with equal counts: runs of letters, lower case, no stop words, at least
5 documents per word. Two threads (CountVectorizer: one), alternating, median of three, without reading the file. Every cell is compared."""

import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

import numpy as np
import sklearn
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

root = pathlib.Path(__file__).resolve().parent.parent
data = pathlib.Path(os.environ.get("LATENTSPACE_DATA", root / "../shared/data"))
packed = data / "text/wikipedia.jsonl.zst"
lines = subprocess.run(["zstd", "-dc", packed], stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()
texts = [json.loads(line)["text"] for line in lines if line.strip()]
del lines

with tempfile.TemporaryDirectory() as folder:
    ours = subprocess.Popen([root / "target/release/examples/bench_text", packed, "2", folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def fit(word: str) -> dict:
        ours.stdin.write(word + "\n")
        ours.stdin.flush()
        return json.loads(ours.stdout.readline())

    mine, theirs = [], []
    fit("warm")
    for _ in range(3):
        mine.append(fit("fit")["seconds"])
        start = time.perf_counter()
        peer = CountVectorizer(min_df=5)
        counts = peer.fit_transform(texts)
        theirs.append(time.perf_counter() - start)
    answer = fit("write")
    assert ours.stdout.readline() == "written\n"
    ours.stdin.close()
    read = lambda name, kind: np.fromfile(pathlib.Path(folder) / name, kind)
    words = (pathlib.Path(folder) / "words").read_text().split("\n")
    assert words == list(peer.get_feature_names_out()), "other words"
    found = sparse.csr_array((read("values", "<f4"), read("indices", "<u4").astype(np.int64), read("starts", "<u8").astype(np.int64)), shape=counts.shape)
    assert (found != counts).nnz == 0, "other counts"

a, b = statistics.median(theirs), statistics.median(mine)
size = sum(len(text.encode()) for text in texts) / 1e6
print(f"{len(texts):,} documents, {size:.0f} MB, {answer['words']:,} words, {answer['cells']:,} cells, all equal")
print(f"scikit-learn {sklearn.__version__} CountVectorizer  {a:.2f} s  [{min(theirs):.2f} .. {max(theirs):.2f}]")
print(f"latentspace                          {b:.2f} s  [{min(mine):.2f} .. {max(mine):.2f}]  {size / b:.0f} MB/s")
print(f"ratio {a / b:.1f} (bar 8)")

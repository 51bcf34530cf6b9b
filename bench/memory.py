"""Peak memory of PCA with --max-memory 300M, for folders of Parquet from 125 MB to 2 GB of numbers. Draws docs/memory.svg."""

import json
import pathlib
import subprocess
import tempfile

MEGABYTES, COLUMNS, LIMIT, MOST = [125, 250, 500, 1000, 2000], 100, 300, 400
root = pathlib.Path(__file__).resolve().parent.parent


def told(line):
    return json.loads(subprocess.run(line, check=True, capture_output=True, text=True).stdout)


def measured(megabytes):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([root / "target/release/examples/make_parquet", folder, str(megabytes)], check=True, stdout=subprocess.DEVNULL)
        line = [root / "target/release/latent", "fit", "pca", f"{folder}/*.parquet", "--dims", "10"]
        line += ["--max-memory", f"{LIMIT}M", "--json", "--quiet"]
        plan, fit = told([*line, "--plan"]), told([*line, "-o", f"{folder}/x.latent"])
    print(
        f"{fit['rows']:9,} rows: told {plan['peak_bytes'] / 2**20:4.0f} MiB, took {fit['peak_mib']:4.0f} MiB;"
        f" told {plan['seconds']:4.1f} s, learned in {fit['seconds']:4.1f} s; measured in {fit['seconds_measures']:5.1f} s",
        flush=True,
    )
    return fit["rows"], fit["peak_mib"]


def picture(peaks):
    width, height, left, right, top, bottom = 720, 320, 60, 190, 30, 46
    most_rows = peaks[-1][0]
    x = lambda rows: left + rows / most_rows * (width - left - right)  # noqa: E731
    y = lambda mib: height - bottom - mib / MOST * (height - top - bottom)  # noqa: E731
    line = lambda points: "M" + " L".join(f"{x(rows):.1f} {y(mib):.1f}" for rows, mib in points)  # noqa: E731
    whole = MOST * 2**20 / (4 * COLUMNS)
    marks = [f'<path class="grid" d="M{left} {y(mib):.1f}H{width - right}"/>' for mib in range(0, MOST + 1, 100)]
    marks += [f'<text x="{left - 8}" y="{y(mib) + 4:.1f}" text-anchor="end">{mib}</text>' for mib in range(0, MOST + 1, 100)]
    for million in range(0, most_rows // 1_000_000 + 1):
        marks.append(f'<text x="{x(million * 1e6):.1f}" y="{height - bottom + 18}" text-anchor="middle">{million}</text>')
    marks += [f'<circle cx="{x(rows):.1f}" cy="{y(mib):.1f}" r="3.5"/>' for rows, mib in peaks]
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="Memory over rows">
<style>
text {{ font: 12px Inter, system-ui, sans-serif; fill: #57606a }}
path {{ fill: none; stroke-width: 2 }}
.grid {{ stroke: #d8dee4; stroke-width: 1 }}
.limit {{ stroke: #8c959f; stroke-width: 1; stroke-dasharray: 4 4 }}
.whole {{ stroke: #8c959f }}
.peak {{ stroke: #2f5fe0; stroke-width: 2.5 }}
circle, .name {{ fill: #2f5fe0 }}
@media (prefers-color-scheme: dark) {{
text {{ fill: #9aa4b2 }} .grid {{ stroke: #2b3138 }} .peak {{ stroke: #8aa8ff }} circle, .name {{ fill: #8aa8ff }}
}}
</style>
<text x="{left - 8}" y="16" text-anchor="end">MiB</text>
<text x="{(left + width - right) / 2}" y="{height - 8}" text-anchor="middle">million rows of {COLUMNS} columns</text>
<path class="limit" d="M{left} {y(LIMIT):.1f}H{width - right}"/><text x="{width - right + 10}" y="{y(LIMIT) + 4:.1f}">--max-memory {LIMIT}M</text>
<path class="whole" d="{line([(0, 0), (whole, MOST)])}"/><text x="{x(whole) + 10:.1f}" y="{top - 12}">the rows themselves, in memory</text>
{chr(10).join(marks)}
<path class="peak" d="{line(peaks)}"/><text class="name" x="{width - right + 10}" y="{y(peaks[-1][1]) + 4:.1f}">latent fit pca, at the peak</text>
</svg>
"""


peaks = [measured(megabytes) for megabytes in MEGABYTES]
assert all(peak <= LIMIT for _, peak in peaks)
(root / "docs/memory.svg").write_text(picture(peaks))

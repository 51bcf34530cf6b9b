#!/usr/bin/env bash
# One fit in shares, by a shell loop: `shares.sh 4 'parts/*.parquet' space.latent pca --dims 10`. On a cluster, submit the background line as a
# job (`sbatch --wrap`, `qsub`): the jobs share only files.
set -euo pipefail
shares=$1 data=$2 out=$3 method=$4
shift 4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Round 0 collects the statistics for the preparation; the later rounds start from a state. The vocabulary of text is learned from all documents:
# for text, each share starts with round 1 and reads all text first.
state=(--describe) first=1
if ! latent fit "$method" "$data" "$@" --describe --partial "0/$shares" -o "$work/0.stats" --quiet 2>"$work/why"; then
    grep -q 'without --describe' "$work/why" || { cat "$work/why" >&2; exit 2; }
    state=() first=0
fi
until [ -e "$work/done.latent" ]; do
    for i in $(seq "$first" $((shares - 1))); do
        latent fit "$method" "$data" "$@" "${state[@]}" --partial "$i/$shares" -o "$work/$i.stats" --quiet &
    done
    wait
    first=0
    if latent merge "$work"/*.stats -o "$work/next.latent" --json --quiet | grep -q '"done":true'; then
        mv "$work/next.latent" "$work/done.latent"
    else
        mv "$work/next.latent" "$work/state"
        state=(--state "$work/state")
    fi
done
mv "$work/done.latent" "$out"

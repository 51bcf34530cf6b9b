#!/usr/bin/env bash
# One fit in shares, by a shell loop: `shares.sh 4 'parts/*.parquet' space.latent pca --dims 10`. On a cluster, the line that is started in the
# background is a job of its own (`sbatch --wrap`, `qsub`): all that they share are the files.
set -euo pipefail
shares=$1 data=$2 out=$3 method=$4
shift 4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Round 0 finds out how rows become numbers; the rounds after it go on from a state.
state=(--describe)
until [ -e "$work/done.latent" ]; do
    for i in $(seq 0 $((shares - 1))); do
        latent fit "$method" "$data" "$@" "${state[@]}" --partial "$i/$shares" -o "$work/$i.stats" --quiet &
    done
    wait
    if latent merge "$work"/*.stats -o "$work/next.latent" --json --quiet | grep -q '"done":true'; then
        mv "$work/next.latent" "$work/done.latent"
    else
        mv "$work/next.latent" "$work/state"
        state=(--state "$work/state")
    fi
done
mv "$work/done.latent" "$out"

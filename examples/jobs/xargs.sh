#!/bin/sh
# xargs.sh IN OUT: eight shards, two at once, then one file OUT.jsonl of all lines in the order of the files.
set -u
in=$1 out=$2
seq 0 7 | xargs -P 2 -I SHARD unpkl convert --resume --shard SHARD/8 --jobs 1 --to jsonl \
	--errors "$out.errors-SHARD.jsonl" "$in/**/*.pkl" "$out/"
unpkl join-shards -o "$out.jsonl" --errors "$out.errors.jsonl" "$out"

#!/bin/sh
#SBATCH --job-name=unpkl-convert
#SBATCH --array=0-7
#SBATCH --cpus-per-task=2
#SBATCH --mem=4G
#SBATCH --requeue
# sbatch slurm.sh IN OUT; afterwards: unpkl join-shards OUT
set -u
in=$1 out=$2 shard=$SLURM_ARRAY_TASK_ID shards=${SLURM_ARRAY_TASK_COUNT:-8}
unpkl convert --resume --shard "$shard/$shards" --to jsonl --errors "$out.errors-$shard.jsonl" "$in/**/*.pkl" "$out/"
# The exit status 1 says that some files failed, which is not the job's failure; a shard that is not whole is.
test -e "$(printf '%s/shard-%05d-of-%05d.json' "$out" "$shard" "$shards")"

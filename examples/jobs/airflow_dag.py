"""A DAG for Airflow: eight shards of /data/in become /data/out/shard-00000-of-00008.parquet and so on, then are checked.

unpkl is on the PATH of each worker, which sees /data. A shard that is tried again keeps what was whole.
"""

from airflow.sdk import dag, task

SHARDS = 8
# The exit status 1 says that some files failed, which the errors' file names; a shard that is not whole has no manifest.
COMMAND = ("unpkl convert --resume --shard {shard}/{shards} --to parquet --errors /data/out/errors-{shard}.jsonl"
           " '/data/in/**/*.pkl' /data/out/;"
           " test -e \"$(printf '/data/out/shard-%05d-of-%05d.json' {shard} {shards})\"")


@dag(schedule=None, catchup=False)
def unpkl_convert():
    @task.bash(retries=3)
    def convert(shard: int) -> str:
        return COMMAND.format(shard=shard, shards=SHARDS)

    @task.bash
    def check() -> str:
        return "unpkl join-shards /data/out"

    convert.expand(shard=list(range(SHARDS))) >> check()


unpkl_convert()

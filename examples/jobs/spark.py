"""spark-submit spark.py PATHS OUT: a text file with a path a line becomes lines of JSON, one a file.

unpkl is on the PATH of each executor, which sees the files under the same names.
"""

import sys

from pyspark.sql import SparkSession

# The exit status 1 says that some files failed: they are told on the executor's standard error.
COMMAND = "sh -c 'unpkl convert --files-from - --to jsonl -; test $? -le 1'"


def main() -> None:
    paths, out = sys.argv[1:]
    spark = SparkSession.builder.appName("unpkl-convert").getOrCreate()
    sc = spark.sparkContext
    lines = sc.textFile(paths, minPartitions=4 * sc.defaultParallelism).pipe(COMMAND, checkCode=True)
    lines.saveAsTextFile(out)
    spark.stop()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""spark.py UNPKL FOLDER: holds what Spark pipes through `unpkl convert` against what Python loads.

FOLDER was written by gen_pickles.py. A cluster of two real executor processes on this machine, local-cluster[2,1,900],
runs examples/jobs/spark.py's command over its paths, twice: the second time one executor is killed once some tasks
are done. Each time the rows must be Python's, and the files without a line the hostile ones. It needs pyspark and
Java.
"""

import collections
import importlib.util
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

from pyspark.sql import SparkSession

PARTITIONS = 64
KILL_AFTER = 8  # tasks


def command(unpkl: str) -> str:
    """The example's command, of this unpkl, with rows as they are easiest to compare."""
    example = Path(__file__).parent.parent / "examples" / "jobs" / "spark.py"
    spec = importlib.util.spec_from_file_location("example", example)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.COMMAND.replace("unpkl convert", f"{unpkl} convert --json records --jobs 1 --quiet")


def executors() -> dict:
    """The processes that are executors below this one: {pid: its executor's id}."""
    parents, found = {}, {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if any(word.endswith("CoarseGrainedExecutorBackend") for word in words) and "java" in words[0]:
            found[int(entry.name)] = words[words.index("--executor-id") + 1]
    return {pid: name for pid, name in found.items() if descends(pid, parents)}


def descends(pid: int, parents: dict) -> bool:
    while pid in parents:
        pid = parents[pid]
        if pid == os.getpid():
            return True
    return False


class Killer(threading.Thread):
    """Kills an executor once some tasks of the job are done."""

    def __init__(self, sc):
        super().__init__(daemon=True)
        self.sc, self.killed, self.over = sc, None, False

    def run(self):
        tracker = self.sc.statusTracker()
        while not self.over:
            done = [info.numCompletedTasks for stage in tracker.getActiveStageIds()
                    if (info := tracker.getStageInfo(stage))]
            if done and KILL_AFTER <= max(done) < PARTITIONS:
                pid, name = sorted(executors().items())[0]
                os.kill(pid, signal.SIGKILL)
                self.killed = f"executor {name}, process {pid}, after {max(done)} of {PARTITIONS} tasks"
                return
            time.sleep(0.02)


def run(sc, unpkl: str, folder: Path, out: str, kill: bool) -> None:
    killer = Killer(sc)
    if kill:
        killer.start()
    before = executors()
    begin = time.time()
    sc.textFile(str(folder / "paths.txt"), minPartitions=PARTITIONS).pipe(command(unpkl), checkCode=True) \
        .saveAsTextFile(out)
    killer.over = True
    print(f"{len(before)} executors, {time.time() - begin:.1f} s, killed: {killer.killed}", flush=True)
    if len(before) != 2:
        sys.exit(f"there were {len(before)} executors, not two")
    if kill and killer.killed is None:
        sys.exit("no executor was killed: the job was over before")
    compare(folder, out)


def compare(folder: Path, out: str) -> None:
    got, lines = collections.Counter(), 0
    for part in sorted(Path(out).glob("part-*")):
        for line in part.read_text().splitlines():
            document = json.loads(line)
            lines += 1
            got.update(json.dumps({"path": document["path"], **row}, sort_keys=True) for row in document["value"])
    want = collections.Counter(json.dumps(json.loads(line), sort_keys=True)
                               for line in (folder / "expected.jsonl").open())
    if got != want:
        sys.exit(f"rows differ: {sum(got.values())} rows, Python has {sum(want.values())}; "
                 f"more: {list((got - want).items())[:3]}, less: {list((want - got).items())[:3]}")
    hostile = len((folder / "hostile.txt").read_text().splitlines())
    print(f"{lines} files, {sum(got.values())} rows: those of Python; {hostile} hostile files have none", flush=True)


def main() -> None:
    unpkl, folder = sys.argv[1], Path(sys.argv[2])
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    work = tempfile.mkdtemp(prefix="unpkl-spark-")
    spark = (SparkSession.builder.master("local-cluster[2,1,900]").appName("unpkl")
             .config("spark.ui.enabled", "false").config("spark.driver.host", "127.0.0.1")
             .config("spark.executor.memory", "900m").config("spark.ui.showConsoleProgress", "false").getOrCreate())
    try:
        sc = spark.sparkContext
        sc.setLogLevel("OFF")
        sc.parallelize(range(64), 64).map(lambda n: time.sleep(0.05)).count()  # until both executors are there
        for kill in (False, True):
            run(sc, os.path.abspath(unpkl), folder, os.path.join(work, f"out-{kill}"), kill)
    finally:
        spark.stop()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()

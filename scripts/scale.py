#!/usr/bin/env python3
"""scale.py UNPKL FOLDER [COUNT...] [--on WAY]: measures `unpkl convert` over growing numbers of gen_pickles.py's files.

For the first COUNT paths of FOLDER/paths.txt (1,000, 10,000, 100,000 and 200,000, as far as there are so many) it
converts to lines and to one Parquet file: on one core, on two, and as two processes of one core each (shards 0/2 and
1/2). It prints a table: time by the clock, time of the processors, files and MB a second of both, and the largest
memory of a process.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WAYS = {"one core": (1, 1), "two cores": (2, 1), "two processes": (1, 2)}  # processors of each, processes


def run(unpkl: str, listed: Path, out: Path, ending: str, procs: int, processes: int) -> tuple:
    """Runs the processes and returns clock, processor time in s, the largest resident set in MB."""
    env = {**os.environ, "GOMAXPROCS": str(procs)}
    children = []
    begin = time.monotonic()
    for shard in range(processes):
        args = [unpkl, "convert", "--files-from", str(listed), "--jobs", str(procs), "--json", "records", "--quiet",
                "--errors", str(out / f"errors-{shard}.jsonl")]
        if processes > 1:
            args += ["--shard", f"{shard}/{processes}", "--to", ending, str(out) + "/"]
        else:
            args.append(str(out / f"all.{ending}"))
        children.append(subprocess.Popen(args, env=env))
    cpu, memory = 0.0, 0
    for child in children:
        _, status, usage = os.wait4(child.pid, 0)
        if os.waitstatus_to_exitcode(status) not in (0, 1):
            sys.exit(f"{args} ended with {status}")
        cpu += usage.ru_utime + usage.ru_stime
        memory = max(memory, usage.ru_maxrss)
    return time.monotonic() - begin, cpu, memory / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("unpkl", type=os.path.abspath)
    parser.add_argument("folder", type=Path)
    parser.add_argument("counts", nargs="*", type=int)
    parser.add_argument("--on", action="append", choices=list(WAYS))
    args = parser.parse_args()
    unpkl = args.unpkl
    paths = (args.folder / "paths.txt").read_text().splitlines()
    counts = args.counts or [1_000, 10_000, 100_000, 200_000]
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    print("| to | files | on | clock | processor | files/s by clock | files/s of a core | MB/s of a core | largest memory |")
    print("|---|---|---|---|---|---|---|---|---|")
    for count in [n for n in counts if n <= len(paths)]:
        size = sum(os.path.getsize(path) for path in paths[:count]) / 1e6
        for ending in ("jsonl", "parquet"):
            for way, (procs, processes) in WAYS.items():
                if args.on and way not in args.on:
                    continue
                work = Path(tempfile.mkdtemp(prefix="unpkl-scale-"))
                listed = work / "paths.txt"
                listed.write_text("\n".join(paths[:count]) + "\n")
                clock, cpu, memory = run(unpkl, listed, work, ending, procs, processes)
                shutil.rmtree(work)
                print(f"| {ending} | {count:,} | {way} | {clock:.1f} s | {cpu:.1f} s | {count / clock:,.0f} | "
                      f"{count / cpu:,.0f} | {size / cpu:.1f} | {memory:.0f} MB |", flush=True)


if __name__ == "__main__":
    main()

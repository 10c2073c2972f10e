"""python ray.py PATHS OUT: a text file with a path a line becomes OUT/lines-00000.jsonl and so on, on a Ray cluster.

unpkl is on the PATH of each node, which sees the files and OUT under the same names.
"""

import os
import subprocess
import sys

# The exit status 1 says that some files failed: they are in the errors' file.
COMMAND = ["unpkl", "convert", "--files-from", "-", "--errors", "ERRORS", "--to", "jsonl", "OUT"]
BATCH = 10_000  # files a task


def convert(number: int, paths: list, folder: str) -> str:
    """Converts some files; run again after a node is lost, it writes the same file."""
    out = os.path.join(folder, f"lines-{number:05}.jsonl")
    words = {"OUT": out, "ERRORS": os.path.join(folder, f"errors-{number:05}.jsonl")}
    done = subprocess.run([words.get(word, word) for word in COMMAND], input="\n".join(paths), text=True)
    if done.returncode > 1:
        raise RuntimeError(f"unpkl ended with status {done.returncode}")
    return out


def main() -> None:
    import ray

    listed, folder = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    with open(listed) as file:
        paths = file.read().splitlines()
    ray.init()
    task = ray.remote(max_retries=3)(convert)
    print(*ray.get([task.remote(i, paths[at:at + BATCH], folder)
                    for i, at in enumerate(range(0, len(paths), BATCH))]), sep="\n")


if __name__ == "__main__":
    main()

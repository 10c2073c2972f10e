#!/usr/bin/env python3
"""Shows which names fickling, picklescan, modelscan and modelaudit judge otherwise than unpkl audit, and why.

    scripts/audit_scanners.py --unpkl COMMAND            every disagreement with its explanation
    scripts/audit_scanners.py --unpkl COMMAND --quiet    only those that are not explained

Names come from the lists of the four scanners, as they are installed beside this interpreter (scripts/make_venvs.sh
py311-scanners); of a module that they list as a whole, every function and class that it defines. A pickle calls each with a
text as its argument, and every scanner and the command judge that pickle. They disagree where a scanner calls it dangerous and
the command does not; or where a scanner's list of safe names has it and the command calls it unknown or dangerous both when it
is called and when an instance is made without its __init__, as pickles of instances do.

scripts/audit_scanners.txt explains each disagreement: lines SCANNER SAYS NAME ; WHY, in which SCANNER and NAME are patterns of
fnmatch. One that no line explains, and a line that explains nothing, end the script with status 1.
"""

import argparse
import fnmatch
import importlib
import io
import json
import logging
import os
import re
import subprocess
import sys
import tempfile
import warnings

HERE = os.path.dirname(os.path.abspath(__file__))
# Modules that do something when they are imported, or that need a display.
NOT_IMPORTED = {"antigravity", "this", "tkinter", "turtle", "idlelib", "__main__", "test", "lib2to3"}


def members(module):
    """The functions and classes that a module defines, if it can be imported here."""
    if module.split(".")[0] in NOT_IMPORTED:
        return []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            m = importlib.import_module(module)
    except BaseException:
        return []
    return [n for n, v in vars(m).items() if callable(v) and not n.startswith("__") and
            getattr(v, "__module__", None) in (module, None, "builtins")]


def add(names, module, listed):
    """Adds the names of a module, all of them if listed is "*"."""
    for name in members(module) + ["anything"] if listed == "*" else [listed] if isinstance(listed, str) else listed:
        names.setdefault((module, name), None)


def dotted(names, full):
    module, _, name = full.rpartition(".")
    if module:
        add(names, module, [name])


def listed_names():
    """All names of the scanners' lists, and those on the lists of safe ones: {(module, name)}, {scanner: {(module, name)}}."""
    import fickling.analysis
    import fickling.fickle
    import fickling.ml
    import modelaudit.detectors.suspicious_symbols as suspicious
    import modelaudit.scanners.pickle_scanner as modelaudit
    import modelscan.settings
    import picklescan.scanner

    names, safe = {}, {}
    for module, listed in picklescan.scanner._unsafe_globals.items():
        add(names, module, listed)
    safe["picklescan"] = {(m, n) for m, listed in picklescan.scanner._safe_globals.items() for n in listed}

    for module in fickling.fickle.UNSAFE_IMPORTS | set(fickling.analysis.UnsafeImportsML.UNSAFE_MODULES):
        add(names, module, "*")
    for module, listed in fickling.analysis.UnsafeImportsML.UNSAFE_IMPORTS.items():
        add(names, module, list(listed))
    safe["fickling"] = {(m, n) for m, listed in fickling.ml.ML_ALLOWLIST.items() for n in listed}
    safe["fickling"] |= {("builtins", n) for n in fickling.fickle.SAFE_BUILTINS}

    for modules in modelscan.settings.DEFAULT_SETTINGS["unsafe_globals"].values():
        for module, listed in modules.items():
            add(names, module, listed)

    for full in modelaudit.ALWAYS_DANGEROUS_FUNCTIONS:
        dotted(names, full)
    for module in modelaudit.ALWAYS_DANGEROUS_MODULES:
        add(names, module, "*")
    for module, listed in suspicious.SUSPICIOUS_GLOBALS.items():
        add(names, module, listed)
    add(names, "builtins", suspicious.DANGEROUS_BUILTINS)
    safe["modelaudit"] = {(m, n) for m, listed in modelaudit.ML_SAFE_GLOBALS.items() for n in listed if n != "*"}

    for scanner in safe.values():
        for pair in scanner:
            names.setdefault(pair, None)
    return sorted(names), safe


def text(s):
    data = s.encode()
    return b"X" + len(data).to_bytes(4, "little") + data


def pickle_of(module, name):
    return b"\x80\x04" + text(module) + text(name) + b"\x93" + text("victim") + b"\x85R."


def instance_of(module, name):
    return b"\x80\x04" + text(module) + text(name) + b"\x93)\x81."


def dangerous(scanner):
    """A function that says whether a scanner calls a pickle dangerous."""
    if scanner == "picklescan":
        from picklescan.scanner import SafetyLevel, scan_pickle_bytes
        return lambda data: any(g.safety == SafetyLevel.Dangerous for g in scan_pickle_bytes(io.BytesIO(data), "p").globals)
    if scanner == "fickling":
        from fickling.analysis import Severity, check_safety
        from fickling.fickle import Pickled
        return lambda data: check_safety(Pickled.load(data)).severity >= Severity.LIKELY_OVERTLY_MALICIOUS
    if scanner == "modelscan":
        import modelscan.modelscan  # first, or an import goes in a circle
        from modelscan.model import Model
        from modelscan.settings import DEFAULT_SETTINGS
        from modelscan.tools.picklescanner import scan_pickle_bytes
        settings = dict(DEFAULT_SETTINGS["scanners"]["modelscan.scanners.PickleUnsafeOpScan"],
                        unsafe_globals=DEFAULT_SETTINGS["unsafe_globals"])
        settings = {**DEFAULT_SETTINGS, "modelscan.scanners.PickleUnsafeOpScan": settings}
        return lambda data: bool(scan_pickle_bytes(Model("p.pkl", io.BytesIO(data)), settings,
                                                   "modelscan.scanners.PickleUnsafeOpScan").issues)
    from modelaudit_picklescan import SafetyVerdict, scan_bytes
    return lambda data: scan_bytes(data).verdict == SafetyVerdict.MALICIOUS


def verdicts(command, pairs, make):
    """What unpkl audit says of each name."""
    with tempfile.TemporaryDirectory(prefix="unpkl-scanners-") as folder:
        return verdicts_in(folder, command, pairs, make)


def verdicts_in(folder, command, pairs, make):
    for i, (module, name) in enumerate(pairs):
        with open(os.path.join(folder, "%06d.pkl" % i), "wb") as f:
            f.write(make(module, name))
    out = subprocess.run([command, "audit", "--jsonl", "--fail-on=never", folder], stdout=subprocess.PIPE, check=True).stdout
    said = {}
    for line in out.decode().splitlines():
        document = json.loads(line)
        said[pairs[int(os.path.basename(document["file"])[:-4])]] = document["worst"]
    return said


def explanations():
    """The reviewed list: [scanner, says, pattern, why, how many names it explained]."""
    rows = []
    with open(os.path.join(HERE, "audit_scanners.txt")) as f:
        for line in f:
            if not line.strip() or line.startswith("#"):
                continue
            m = re.fullmatch(r"(\S+) (dangerous|safe) (\S+) ; (.+)\n", line)
            if not m:
                sys.exit("audit_scanners.txt: %r" % line)
            rows.append(list(m.groups()) + [0])
    return rows


def disagreements(pairs, safe, ours, instances):
    for scanner in ("picklescan", "fickling", "modelscan", "modelaudit"):
        judge = dangerous(scanner)
        for pair in pairs:
            if pair in safe.get(scanner, ()):
                if all(verdict in ("unknown", "dangerous") for verdict in (ours[pair], instances[pair])):
                    yield scanner, "safe", ".".join(pair), ours[pair]
            elif ours[pair] != "dangerous":
                try:
                    if judge(pickle_of(*pair)):
                        yield scanner, "dangerous", ".".join(pair), ours[pair]
                except Exception as err:
                    print("audit_scanners: %s fails on %s: %r" % (scanner, ".".join(pair), err), file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description="Names that other scanners judge otherwise.")
    parser.add_argument("--unpkl", default="unpkl", help="the command")
    parser.add_argument("--quiet", action="store_true", help="print only what is not explained")
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)
    pairs, safe = listed_names()
    ours, instances = verdicts(args.unpkl, pairs, pickle_of), verdicts(args.unpkl, pairs, instance_of)
    rows, bad, n = explanations(), 0, 0
    for scanner, says, name, verdict in disagreements(pairs, safe, ours, instances):
        n += 1
        row = next((r for r in rows if r[1] == says and fnmatch.fnmatchcase(scanner, r[0]) and fnmatch.fnmatchcase(name, r[2])),
                   None)
        if row:
            row[4] += 1
        bad += row is None
        if row is None or not args.quiet:
            print("%-10s %-9s %-45s unpkl: %-9s %s" % (scanner, says, name, verdict, row[3] if row else "NOT EXPLAINED"))
    for row in rows:
        if not row[4]:
            bad += 1
            print("audit_scanners.txt: nothing is explained by: %s %s %s" % tuple(row[:3]))
    print("audit_scanners: %d names, %d judged otherwise, %d not explained" % (len(pairs), n, bad), file=sys.stderr)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()

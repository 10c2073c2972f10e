#!/usr/bin/env python3
"""Makes testdata/ with real CPythons and the real libraries.

    scripts/make_venvs.sh                   first, once: the environments
    scripts/gen_fixtures.py                 all producers
    scripts/gen_fixtures.py NAME...         only these, such as py313-np2
    scripts/gen_fixtures.py --check         into a temporary folder instead, and compares

For each producer NAME (an environment under .venvs/; legacy: streams built by rule) and each case of scripts/fixtures/cases_*.py it writes

    testdata/NAME/<case>.pN.pkl         the pickle at protocol N
    testdata/NAME/<case>.pN.K.buf       its out-of-band buffer K (.K.ro.buf: a read-only one)
    testdata/NAME/<case>.pN.dis         for some: what pickletools.dis prints
    testdata/NAME/<case>.json           what the same Python reads from those files, in the form that
                                        scripts/fixtures/canon.py writes and internal/fixture reads
    testdata/NAME/<case>.tojson.json    the output of `unpkl to-json` for it, worked out in Python:
                                        by default, with --arrays=values and with --arrays=base64
    testdata/py27-np116/<case>.encodings.json   what Python 3 reads from some of Python 2's files with each
                                        encoding= that it can be given
    testdata/NAME/dis.json              the first 16 digits of the SHA-256 of pickletools.dis's text for every pickle

For pandas/VERSION, arrow/, scipy/, sklearn/, mldtypes/, xarray/, arrowpickle/, geo/, objects/, code/ and boost/ENVIRONMENT it runs scripts/fixtures/KIND_cases.py, each of
which says what it writes; for pandas-legacy, which fetches files, pandas_legacy.py. All go into testdata/manifest.json: the
versions, and the SHA-256 of every file. The same environments give the same bytes again: fixed data, PYTHONHASHSEED=0.
"""
import argparse
import filecmp
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
VENVS = pathlib.Path(os.environ.get('UNPKL_VENVS', ROOT / '.venvs'))


class Producer:
    """What writes one folder of testdata: a script under scripts/fixtures, run in an environment of
    scripts/make_venvs.sh."""

    def __init__(self, folder, environment, script='build.py'):
        self.folder, self.environment, self.script = folder, environment, script

    def args(self, where):
        return (str(where), self.folder.split('-')[0]) if self.script == 'build.py' else (str(where),)


# The order is that of the work: 'encodings' below reads what py27-np116 wrote.
PRODUCERS = {p.folder: p for p in (
    Producer('py27-np116', 'py27-np116'),
    Producer('py36-np111', 'py36-np111'),
    Producer('py311-np126', 'py311-np126'),
    Producer('py313-np2', 'py313-np2'),
    Producer('legacy', 'py311-np126'),
    *(Producer('pandas/' + version, environment, 'pandas_cases.py') for version, environment in (
        ('0.18.1', 'py27-pandas018'), ('0.24.2', 'py27-pandas024'), ('0.25.3', 'py36-pandas025'),
        ('1.0.5', 'py38-pandas100'), ('1.2.5', 'py38-pandas12'), ('1.3.5', 'py38-pandas13'),
        ('1.5.3', 'py311-pandas15'), ('2.3.3', 'py312-pandas2'), ('3.1.1', 'py313-pandas3'))),
    Producer('pandas-legacy', 'py36-pandas022', 'pandas_legacy.py'),
    Producer('arrow/py313-pandas3', 'py313-pandas3', 'arrow_cases.py'),
    *(Producer('%s/%s' % (library, environment), environment, library + '_cases.py')
      for library in ('scipy', 'sklearn') for environment in ('py27-sklearn', 'py36-sklearn', 'py313-sklearn')),
    *(Producer('xarray/' + environment, environment, 'xarray_cases.py') for environment in ('py27-geo', 'py38-geo', 'py313-geo')),
    *(Producer('arrowpickle/' + environment, environment, 'arrowpickle_cases.py') for environment in ('py38-geo', 'py313-geo')),
    *(Producer('geo/' + environment, environment, 'geo_cases.py') for environment in ('py27-geo', 'py38-geo', 'py313-geo')),
    Producer('mldtypes/py313-mldtypes', 'py313-mldtypes', 'mldtypes_cases.py'),
    *(Producer('%s/%s' % (kind, environment), environment, kind + '_cases.py')
      for kind in ('objects', 'code') for environment in ('py36-objects', 'py313-objects')),
    *(Producer('boost/' + environment, environment, 'boost_cases.py') for environment in ('py36-boost', 'py312-boost')),
)}
DIS_PRODUCER = 'py313-np2'
DIS_OF = ('py27-np116', 'py313-np2', 'legacy')
# Read again by Python 3 with each encoding of Python 2's strings.
PY2_PRODUCER = 'py27-np116'
LIMIT = 5 << 20


def interpreter(producer):
    return VENVS / PRODUCERS[producer].environment / 'bin' / 'python'


def python(producer):
    path = interpreter(producer)
    if not path.exists():
        name = PRODUCERS[producer].environment
        sys.exit('gen_fixtures: no environment %s: run scripts/make_venvs.sh %s' % (name, name))
    return str(path)


def run(producer, script, *args):
    env = {'PATH': os.environ['PATH'], 'PYTHONHASHSEED': '0', 'PYTHONDONTWRITEBYTECODE': '1', 'LC_ALL': 'C.UTF-8', 'TZ': 'UTC',
           'OPENBLAS_NUM_THREADS': '1'}
    done = subprocess.run([python(producer), str(HERE / 'fixtures' / script), *args], env=env, stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit('gen_fixtures: %s failed under %s' % (script, producer))
    return done.stdout


def generate(outdir, producers, cases):
    manifest = {}
    for producer in producers:  # before the first folder goes: without its environment nothing would fill it again
        python(producer)
    for producer in producers:
        where = outdir / producer
        if where.exists() and not cases:
            shutil.rmtree(where)
        where.mkdir(parents=True, exist_ok=True)
        p = PRODUCERS[producer]
        facts = json.loads(run(producer, p.script, *p.args(where), *(cases if p.script == 'build.py' else ())))
        if p.script != 'build.py':
            manifest[producer] = facts
            continue
        made = facts.pop('cases')
        whole = ['%s.p%d.pkl' % (c['name'], p) for c in made if c['dis'] and producer in DIS_OF for p in c['protocols']]
        run(DIS_PRODUCER, 'disassembly.py', str(where), *whole)
        if producer == PY2_PRODUCER:
            run(DIS_PRODUCER, 'encodings_of.py', str(where))
        manifest[producer] = dict(facts, cases=[c['name'] for c in made])
    return manifest


def producer_of(name):
    """The producer of a file of testdata, by its path in it; None of one that no producer wrote."""
    parts = name.split('/')
    return next((f for f in (parts[0], '/'.join(parts[:2])) if f in PRODUCERS), None)


def describe(outdir, facts):
    """The manifest of what lies in outdir; facts holds versions and cases by producer."""
    files = {}
    for path in sorted(outdir.rglob('*')):
        name = path.relative_to(outdir).as_posix()
        if path.is_file() and producer_of(name) in facts:
            files[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return {'producers': facts, 'files': files}


def check(producers):
    """Compares testdata with what the environments make now; the number of differences."""
    with open(ROOT / 'testdata' / 'manifest.json') as f:
        old = json.load(f)
    with tempfile.TemporaryDirectory() as tmp:
        new = describe(pathlib.Path(tmp), generate(pathlib.Path(tmp), producers, ()))
        differences = []
        for producer in producers:
            if old['producers'].get(producer) != new['producers'][producer]:
                differences.append('manifest: versions or cases of ' + producer)
        wanted = {n: h for n, h in old['files'].items() if producer_of(n) in producers}
        for name in sorted(set(wanted) | set(new['files'])):
            committed = ROOT / 'testdata' / name
            if name not in new['files']:
                differences.append(name + ': not made any more')
            elif name not in wanted or not committed.exists():
                differences.append(name + ': not in testdata')
            elif new['files'][name] != wanted[name] or not filecmp.cmp(committed, pathlib.Path(tmp) / name, shallow=False):
                differences.append(name + ': differs')
        present = {p.relative_to(ROOT / 'testdata').as_posix() for n in producers for p in (ROOT / 'testdata' / n).rglob('*') if p.is_file()}
        differences += [n + ': in testdata, but not in its manifest' for n in sorted(present - set(wanted))]
        for d in differences:
            print(d)
        print('gen_fixtures: %d files checked, %d differences' % (len(wanted), len(differences)))
        return len(differences)


def main():
    parser = argparse.ArgumentParser(description='Makes testdata/ with real Pythons.')
    parser.add_argument('producers', nargs='*', metavar='NAME', help='only these producers: ' + ' '.join(PRODUCERS))
    parser.add_argument('--check', action='store_true', help='compare with testdata instead of writing it')
    parser.add_argument('--if-possible', action='store_true', help='leave out producers whose environment is not there')
    parser.add_argument('--environments', action='store_true', help='print the names of the environments and exit')
    parser.add_argument('--case', action='append', default=[], help='only this case (for work on it: other files stay as they are)')
    args = parser.parse_args()
    unknown = set(args.producers) - set(PRODUCERS)
    if unknown:
        parser.error('no producer %s' % ' '.join(sorted(unknown)))
    producers = [p for p in PRODUCERS if not args.producers or p in args.producers]
    if args.environments:
        print(*dict.fromkeys(PRODUCERS[p].environment for p in producers))
        return
    if args.if_possible:
        absent = [p for p in producers if not interpreter(p).exists()]
        producers = [p for p in producers if p not in absent]
        print('gen_fixtures: left out, without their environment: %s' % (' '.join(absent) or 'none'))
        if not producers:
            return
    if args.check:
        sys.exit(1 if check(producers) else 0)
    testdata = ROOT / 'testdata'
    facts = generate(testdata, producers, args.case)
    manifest_path = testdata / 'manifest.json'
    known = json.loads(manifest_path.read_text())['producers'] if manifest_path.exists() else {}
    if args.case:
        facts = {p: known.get(p, facts[p]) for p in facts}
    facts = {p: facts.get(p, known.get(p)) for p in PRODUCERS if p in facts or p in known}
    manifest = describe(testdata, facts)
    manifest_path.write_text(json.dumps(manifest, indent=1) + '\n')
    size = sum((testdata / name).stat().st_size for name in manifest['files'])
    print('gen_fixtures: %d files, %d bytes' % (len(manifest['files']), size))
    if size > LIMIT:
        sys.exit('gen_fixtures: testdata is larger than %d bytes' % LIMIT)


if __name__ == '__main__':
    main()

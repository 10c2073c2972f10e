#!/usr/bin/env python3
"""Compares pickles of pandas objects with what was read to write them.

    compare_pandas.py < LIST

Each line of LIST has three fields with tabs between them: a pickle of pandas, the same
objects as unpkl wrote them, and the JSON that scripts/fixtures/pandas_cases.py
wrote beside the pickle. Prints a line for each: equal, values, described or differs, the
written file, and why.

  equal      pandas' own assert_..._equal finds the two equal, dtypes and all
  values     equal but for a dtype that this pandas reads in another form (the reason names it)
  units      not compared: pandas 1 keeps units other than ns in half of its code
  described  this pandas cannot load the original; what it loads from ours is as described
  differs    anything else, including a warning while loading ours
"""
import json
import os
import pickle
import sys
import warnings

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'fixtures'))
with warnings.catch_warnings():
    warnings.simplefilter('ignore')
    import pandas as pd
    import pandas_cases

assert_frame, assert_series, assert_index = (
    pd.testing.assert_frame_equal, pd.testing.assert_series_equal, pd.testing.assert_index_equal)


def load_original(path):
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        v = pd.read_pickle(path)
        pandas_cases.describe(v)  # some load, but are not whole
        if 'pickle_compat' in repr([type(x) for x in v] if isinstance(v, list) else ''):
            raise TypeError('a stand-in for a class that is no more')
        return v


def arrow(dtype):
    return str(dtype).endswith('[pyarrow]') or type(dtype).__name__ == 'ArrowDtype'


def text(dtype):
    return str(dtype) in ('string', 'str') or type(dtype).__name__ == 'StringDtype'


def same_elements(a, b):
    if pandas_cases.elements(a) != pandas_cases.elements(b):
        raise AssertionError('elements differ: %r and %r' % (list(a), list(b)))


def same_values(a, b, reasons):
    """Compares two Series without their indexes, or two indexes, where dtypes may differ."""
    if arrow(a.dtype) or text(a.dtype) and a.dtype != b.dtype:
        reasons.add('%r as %r' % (a.dtype, b.dtype))
        if len(a) != len(b):
            raise AssertionError('%d and %d elements' % (len(a), len(b)))
        return same_elements(a, b)
    if isinstance(a.dtype, pd.CategoricalDtype) and isinstance(b.dtype, pd.CategoricalDtype):
        if a.dtype != b.dtype:
            x, y = (a.cat, b.cat) if isinstance(a, pd.Series) else (a, b)
            same_values(x.categories, y.categories, reasons)
            if x.ordered != y.ordered:
                raise AssertionError('ordered differs')
            return same_elements(a, b)
    if isinstance(a, pd.Series):
        return assert_series(a, b, check_exact=True, check_names=False)
    assert_index(a, b, exact=True)


def same_index(a, b, reasons):
    if isinstance(a, pd.MultiIndex):
        if not isinstance(b, pd.MultiIndex) or list(a.names) != list(b.names):
            raise AssertionError('a MultiIndex against %r' % b)
        for x, y in zip(a.levels, b.levels):
            same_index(x.rename(None), y.rename(None), reasons)
        return same_elements(a, b)
    if a.name != b.name or type(a) is not type(b):
        raise AssertionError('%r against %r' % (a, b))
    # two offsets that read the same are not always equal: those of old versions have other attributes
    if str(getattr(a, 'freq', None)) != str(getattr(b, 'freq', None)):
        raise AssertionError('freq %r against %r' % (a.freq, b.freq))
    same_values(a, b, reasons)


def same(a, b, reasons):
    if isinstance(a, list):
        if len(a) != len(b):
            raise AssertionError('%d and %d objects' % (len(a), len(b)))
        for x, y in zip(a, b):
            same(x, y, reasons)
    elif type(a) is not type(b) and not isinstance(a, pd.api.extensions.ExtensionArray):
        raise AssertionError('%r against %r' % (type(a), type(b)))
    elif isinstance(a, pd.DataFrame):
        try:
            assert_frame(a, b, check_exact=True)
        except AssertionError:
            same_index(a.index, b.index, reasons)
            same_index(a.columns, b.columns, reasons)
            n = pd.RangeIndex(len(a))
            for i in range(a.shape[1]):
                same_values(a.iloc[:, i].set_axis(n), b.iloc[:, i].set_axis(n), reasons)
            if not reasons:
                raise
        if a.attrs != b.attrs or a.flags.allows_duplicate_labels != b.flags.allows_duplicate_labels:
            raise AssertionError('attrs or flags differ')
    elif isinstance(a, pd.Series):
        same_index(a.index, b.index, reasons)
        if a.name != b.name or a.attrs != b.attrs:
            raise AssertionError('names %r and %r, or attrs' % (a.name, b.name))
        n = pd.RangeIndex(len(a))
        same_values(a.set_axis(n), b.set_axis(n), reasons)
    elif isinstance(a, pd.Index):
        same_index(a, b, reasons)
    elif isinstance(a, pd.api.extensions.ExtensionArray):
        same_values(pd.Series(a), pd.Series(b), reasons)
    elif a is pd.NaT or a is pd.NA:
        if a is not b:
            raise AssertionError('%r against %r' % (a, b))
    elif a != b or getattr(a, 'unit', None) != getattr(b, 'unit', None):
        raise AssertionError('%r against %r' % (a, b))


def usable(v):
    """Does with a value what people do, which shows blocks that are not as pandas wants them."""
    if isinstance(v, list):
        for x in v:
            usable(x)
    elif isinstance(v, (pd.DataFrame, pd.Series)):
        repr(v), v.copy(), v.isna(), v.iloc[::-1].reset_index(drop=True), pickle.loads(pickle.dumps(v))
        if isinstance(v, pd.DataFrame):
            v = v.copy(deep=False)
            pd.concat([v, v])
            for i in range(v.shape[1]):
                v.iloc[:, i].array
    elif isinstance(v, pd.Index):
        repr(v), v.copy(), v.isin([]), v.unique()


def other_units(v):
    if isinstance(v, list):
        return any(other_units(x) for x in v)
    if isinstance(v, pd.MultiIndex):
        return any(other_units(x) for x in v.levels)
    if isinstance(v, pd.DataFrame):
        return other_units(v.index) or other_units(v.columns) or any(other_units(v.iloc[:, i]) for i in range(v.shape[1]))
    if isinstance(v, pd.Series) and other_units(v.index):
        return True
    dtype = getattr(v, 'dtype', None)
    if isinstance(dtype, pd.CategoricalDtype):
        return other_units(dtype.categories)
    if isinstance(dtype, pd.IntervalDtype):
        dtype = dtype.subtype
    return any(('64[' + unit) in str(dtype) for unit in ('s', 'ms', 'us'))


def without_dtypes(v):
    """Python's description without what differs between versions: names of dtypes, classes."""
    if isinstance(v, dict):
        return {k: without_dtypes(x) for k, x in v.items() if k not in ('dtype', 'freq', 'class')}
    if isinstance(v, list):
        if len(v) == 2 and v[0] == 'period':
            return ['period', v[1].split(' ')[0]]
        return [without_dtypes(x) for x in v]
    return v


def compare(original, written, description):
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        with open(written, 'rb') as f:
            ours = pickle.load(f)
    if pandas_cases.VERSION < (2, 0) and other_units(ours):
        return 'units', 'pandas 1 has no units but ns'
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        usable(ours)
    reasons = set()
    with open(description) as f:
        described = json.load(f)
    try:
        theirs = load_original(original)
        if pandas_cases.VERSION < (2, 0) and other_units(theirs):
            return 'units', 'pandas 1 has no units but ns'
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            same(theirs, ours, reasons)
    except Exception as e:
        # The original does not load, is not whole or, before 1.5, not what it was: zones and
        # frequencies get lost. Then what its own pandas said of it counts.
        if isinstance(e, AssertionError) and [int(x) for x in described['pandas'].split('.')[:2]] >= [1, 5]:
            raise
        want = without_dtypes(described['value'])
        got = without_dtypes(json.loads(json.dumps(pandas_cases.describe(ours))))
        if got != want:
            raise AssertionError('described as %s, not %s' % (json.dumps(got)[:400], json.dumps(want)[:400]))
        return 'described', ''
    return ('values', '; '.join(sorted(reasons))) if reasons else ('equal', '')


def main():
    for line in sys.stdin:
        original, written, description = line.rstrip('\n').split('\t')
        try:
            word, why = compare(original, written, description)
        except Exception as e:
            word, why = 'differs', '%s: %s' % (type(e).__name__, e)
        print('%s\t%s\t%s' % (word, written, ' '.join(why.split())))
        sys.stdout.flush()


if __name__ == '__main__':
    main()

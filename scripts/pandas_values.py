# coding: utf-8
"""What ordinary work with pandas leaves behind: the results of its operations, rather than frames made by hand. Their blocks
are slices of others, their labels numbers of NumPy, their indexes of several levels."""
from __future__ import print_function

import numpy as np


def pandas():
    import pandas as pd
    n = 24
    df = pd.DataFrame({
        'k': ['a', 'b', 'c'] * 8, 'year': [2019, 2020] * 12, 'x': np.arange(n) / 4.0, 'i': np.arange(n, dtype='i2'), 'flag': np.arange(n) % 3 == 0,
        't': pd.date_range('2020-01-01', periods=n, freq='12h' if pd.__version__ >= '2' else '12H'), 's': ['w%d' % (i % 5) for i in range(n)]})
    df.loc[3, 'x'] = np.nan
    wide = df.pivot_table(index='k', columns='year', values=['x', 'i'])
    by = df.groupby(['k', 'year'])
    ts = df.set_index('t')
    # As a plain value a Timestamp that is an object by itself is a time.Time, which is written with a zone: 'row' has none.
    cases = [
        ('unstack', lambda: by['x'].sum().unstack()), ('unstack_all', lambda: by[['x', 'i']].sum().unstack()),
        ('unstack_text', lambda: by['s'].first().unstack()), ('pivot_table', lambda: wide), ('pivot_margins', lambda: df.pivot_table(index='k', columns='year', values='x', margins=True)),
        ('stack', lambda: wide.stack()), ('transposed', lambda: df[['x', 'i']].T), ('transposed_mixed', lambda: df.drop('t', axis=1).T), ('describe', lambda: df[['x', 'i']].describe()),
        ('describe_all', lambda: df[['k', 's']].describe()), ('groupby_sum', lambda: by[['x', 'i']].sum()), ('groupby_agg', lambda: by['x'].agg(['min', 'max', 'mean'])),
        ('groupby_size', lambda: by.size()), ('reset', lambda: by['x'].sum().reset_index()), ('value_counts', lambda: df['s'].value_counts()),
        ('crosstab', lambda: pd.crosstab(df['k'], df['year'])), ('cut', lambda: pd.cut(df['x'], 4)), ('cut_counts', lambda: pd.cut(df['x'], [0, 2, 4, 8]).value_counts()),
        ('qcut', lambda: pd.qcut(df['i'], 3, labels=['low', 'mid', 'high'])), ('resample', lambda: ts[['x', 'i']].resample('D').mean()),
        ('resample_ohlc', lambda: ts['x'].resample('D').ohlc()), ('rolling', lambda: df[['x']].rolling(3).mean()), ('shift', lambda: df[['x', 'i']].shift(1)),
        ('diff', lambda: df[['i', 't']].diff()), ('melt', lambda: pd.melt(df, id_vars=['k'], value_vars=['x', 'i'])), ('dummies', lambda: pd.get_dummies(df[['k', 'year']])),
        ('merge', lambda: df.merge(df[['k', 'year', 'i']], on=['k', 'year'], how='left')), ('merge_outer', lambda: df[:5].merge(df[3:8], on='i', how='outer', indicator=True)),
        ('concat_keys', lambda: pd.concat([df[:3], df[3:5]], keys=['p', 'q'])), ('concat_columns', lambda: pd.concat([df[['x']], df[['x']] * 2], axis=1)),
        ('concat_missing', lambda: pd.concat([df[:2], df[['i']][2:4]])), ('corr', lambda: df[['x', 'i']].corr()), ('filtered', lambda: df[df['flag']]),
        ('strided', lambda: df[::3]), ('reversed', lambda: df[::-1]), ('sample', lambda: df.sample(5, random_state=1)), ('sorted', lambda: df.sort_values(['s', 'x'])),
        ('row', lambda: df.drop('t', axis=1).iloc[2]), ('column', lambda: df['x']), ('columns_reordered', lambda: df[['t', 'x', 'k', 'i']]), ('dropped', lambda: df.drop(columns=['x', 's'])),
        ('inserted', lambda: df.assign(z=1, y=lambda d: d['x'] * 2)), ('renamed', lambda: df.rename(columns={'x': 1, 'i': 2.5, 's': None})), ('int_columns', lambda: pd.DataFrame(np.eye(3))),
        ('duplicate_columns', lambda: df[['x', 'x', 'i']]), ('empty_rows', lambda: df[:0]), ('no_columns', lambda: df[[]]), ('empty', lambda: pd.DataFrame()),
        ('converted', lambda: df.convert_dtypes()), ('category', lambda: df.astype({'k': 'category', 'year': 'category'})), ('category_groups', lambda: df.astype({'k': 'category'}).groupby('k', observed=False)['x'].sum()),
        ('at_zone', lambda: ts.tz_localize('UTC').tz_convert('Europe/Berlin')), ('to_period', lambda: ts[['x']].to_period('D')), ('periods', lambda: df['t'].dt.to_period('M')),
        ('ticks', lambda: df['t'] - df['t'].iloc[0]), ('isocalendar', lambda: df['t'].dt.isocalendar()), ('split_text', lambda: df['s'].str.split('w', expand=True)), ('lists', lambda: df['s'].str.split('w')),
        ('explode', lambda: pd.DataFrame({'a': [[1, 2], [], [3]], 'b': [1, 2, 3]}).explode('a')), ('normalized', lambda: pd.json_normalize([{'a': {'b': 1, 'c': [2]}}, {'a': {'b': 2}}])),
        ('nlargest', lambda: df.nlargest(3, 'x')), ('idxmax', lambda: by['x'].idxmax()), ('cumsum', lambda: by['x'].cumsum()), ('rank', lambda: df[['x', 'i']].rank()), ('interpolated', lambda: df[['x']].interpolate()),
        ('where', lambda: df[['x', 'i']].where(df['flag'])), ('applied', lambda: df.apply(lambda r: r['x'] + r['i'], axis=1)), ('index_only', lambda: df.set_index(['k', 'year', 'i']).index),
        ('index_dates', lambda: ts.index), ('columns_of_wide', lambda: wide.columns), ('swapped', lambda: wide.swaplevel(axis=1)), ('level_dropped', lambda: wide.droplevel(0, axis=1)), ('flat_names', lambda: wide.set_axis(['%s_%d' % c for c in wide.columns], axis=1)),
        ('xs', lambda: by[['x']].sum().xs('a')), ('reindexed', lambda: df[['x']].reindex([0, 2, 99])), ('sparse', lambda: pd.get_dummies(df['k'], sparse=True)), ('quantile', lambda: df[['x', 'i']].quantile([0.1, 0.5])),
        ('from_records', lambda: pd.DataFrame.from_records([(1, 'a', 2.5), (2, 'b', None)], columns=['p', 'q', 'r'])), ('from_dict_index', lambda: pd.DataFrame.from_dict({'r1': [1, 2], 'r2': [3, 4]}, orient='index')),
        ('many_dtypes', lambda: pd.DataFrame({dt: np.arange(3).astype(dt) for dt in ['i1', 'u1', 'i4', 'u8', 'f4', 'f8', 'c16', 'bool']})), ('memory_saved', lambda: df.astype({'i': 'float32', 'year': 'int16'})),
        ('dict_of_frames', lambda: {'a': df[:2], 'b': wide, 'n': 3}), ('list_of_series', lambda: [df['x'][:3], by.size()]),
    ]
    for name, make in cases:
        try:
            yield name, make()
        except Exception:  # this pandas has no such operation
            pass


def equal(a, b):
    """Whether a value is equal to one that was written again: its labels, names, dtypes and frequencies too."""
    import pandas as pd
    testing = getattr(pd, 'testing', None) or pd.util.testing
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(equal(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(equal, a, b))
    check = {pd.DataFrame: 'frame', pd.Series: 'series'}.get(type(a), 'index' if isinstance(a, pd.Index) else None)
    if check is None:
        return bool(a == b)
    if not hasattr(testing, 'assert_%s_equal' % check):
        testing = pd.util.testing
    try:
        getattr(testing, 'assert_%s_equal' % check)(a, b)
    except AssertionError:
        return False
    return bool(a.equals(b))

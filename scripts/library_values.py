# coding: utf-8
"""Many values of the libraries that an environment has, for live tests of package reconstruct.

    PYTHON library_values.py FOLDER [[-]LIBRARY...]   writes FOLDER/LIBRARY-NAME.WAY.pkl for each value
    PYTHON library_values.py --compare FOLDER      loads each NAME.pkl and NAME.again.pkl, and prints what is not equal

LIBRARY is the beginning of names; with "-" before it these are left out. UNPKL_PART=8 in the environment writes one file in 8, always
the same. WAY is p and the protocol of the pickle, or "zip" and "legacy" of torch.save. A value that its own library does not load, or of
which it does not find two loads equal, is left out.
"""
from __future__ import print_function

import os
import pickle
import sys
import warnings
import zlib

import numpy as np

import pandas_values
import python_values
import torch_values

warnings.simplefilter('ignore')
PROTOCOL = min(4, pickle.HIGHEST_PROTOCOL)
VALUES = dict((name, f) for name, f in vars(python_values).items() if name.startswith('python_'))
VALUES['torch'] = torch_values.torch
VALUES['pandas'] = pandas_values.pandas


def values(f):
    """Keeps a function that yields names and values, by the name of its library."""
    VALUES[f.__name__] = f
    return f


@values
def xarray():
    import pandas as pd
    import xarray as xr
    t = pd.date_range('2020-01-01', periods=3)
    multi = pd.MultiIndex.from_product([['a', 'b'], [1, 2]], names=['x', 'y'])
    yield 'multiindex', xr.Dataset({'v': ('z', np.arange(4.0))}, coords=xr.Coordinates.from_pandas_multiindex(multi, 'z') if hasattr(xr, 'Coordinates') else {'z': multi})
    yield 'stacked', xr.DataArray(np.arange(6).reshape(2, 3), dims=('x', 'y'), coords={'x': [1, 2], 'y': list('abc')}).stack(z=('x', 'y'))
    for dt in ['b1', 'i1', '>i2', 'f2', 'c8', 'S3', 'U2', 'M8[ns]', 'm8[ns]', 'O']:
        yield 'dtype_' + dt.replace('>', 'big').replace('[', '').replace(']', ''), xr.DataArray(np.arange(3).astype(dt), dims='x', attrs={'a': 1, 'n': np.float32(2)})
    yield 'times', xr.DataArray(np.arange(3), coords={'t': t}, dims='t')
    yield 'scalar', xr.DataArray(5.0, attrs={'u': 'm'}, name='s')
    yield 'nodims', xr.Dataset(attrs={'title': 'x'})
    yield 'named_variable', xr.Variable(('x', 'y'), np.zeros((2, 0)), attrs={'k': [1, 2]}, encoding={'dtype': 'i2', 'scale_factor': 0.1})
    yield 'index_variable', xr.IndexVariable('x', [3, 1, 2])
    yield 'categorical', xr.DataArray(pd.Categorical(['a', 'b', 'a']), dims='x')
    yield 'no_index', xr.DataArray([1, 2], dims='x', coords={'c': ('x', [5, 6]), 'k': 7})
    yield 'strided', xr.DataArray(np.arange(12).reshape(3, 4)[::2, ::-1], dims=('a', 'b'))
    yield 'masked_nan', xr.Dataset({'a': ('x', [1.0, np.nan]), 'b': (('x', 'y'), np.ones((2, 2)))}, coords={'x': [0.5, np.nan]})
    yield 'timedelta_index', xr.DataArray([1, 2], coords={'t': pd.to_timedelta([1, 2], unit='h')}, dims='t')
    yield 'interval_index', xr.DataArray([1, 2], coords={'b': pd.IntervalIndex.from_breaks([0, 1, 2])}, dims='b')
    yield 'groupby_bins', xr.DataArray(np.arange(4.0), coords={'x': [1, 2, 3, 4]}, dims='x').groupby_bins('x', [0, 2, 4]).mean()
    if hasattr(xr, 'DataTree'):
        yield 'tree', xr.DataTree.from_dict({'/': xr.Dataset({'a': 1}), '/g': xr.Dataset({'b': ('x', [1, 2])}), '/g/h': None})


@values
def pyarrow():
    import datetime
    import decimal
    import pyarrow as pa
    cases = {'null': pa.array([None] * 3), 'bool': pa.array([True, None, False]), 'dict': pa.array(['a', 'b', None, 'a']).dictionary_encode(), 'list': pa.array([[1, None], None, []]),
             'large_list': pa.array([[1], []], pa.large_list(pa.int8())), 'fixed_list': pa.array([[1, 2], None], pa.list_(pa.int32(), 2)), 'struct': pa.array([{'a': 1, 'b': 'x'}, None]),
             'map': pa.array([[('a', 1)], None, []], pa.map_(pa.string(), pa.int64())), 'date32': pa.array([datetime.date(2020, 1, 1), None]), 'date64': pa.array([datetime.date(2020, 1, 1)], pa.date64()),
             'ts': pa.array([1, None], pa.timestamp('us', 'Europe/Paris')), 'ts_ns': pa.array([1], pa.timestamp('ns')), 'time32': pa.array([1], pa.time32('s')), 'time64': pa.array([1], pa.time64('ns')),
             'duration': pa.array([1], pa.duration('ms')), 'decimal': pa.array([decimal.Decimal('1.50'), None]), 'binary': pa.array([b'a', None]), 'large_string': pa.array(['a'], pa.large_string()),
             'fixed_binary': pa.array([b'ab', None], pa.binary(2)), 'half': pa.array(np.array([1.5], 'f2')), 'uint64': pa.array([2 ** 64 - 1], pa.uint64()), 'empty': pa.array([], pa.float32()),
             'sliced': pa.array([1, None, 3, 4])[1:3], 'sliced_text': pa.array(['aa', 'b', None, 'cc'])[1:], 'sliced_bool': pa.array([True, False, None, True] * 3)[3:10],
             'nested': pa.array([[{'a': [1, 2]}, None], None, [{'a': None}]]), 'interval': pa.array([(1, 2, 3)], pa.month_day_nano_interval()) if hasattr(pa, 'month_day_nano_interval') else None}

    def case(name, make):
        """Adds what this version of pyarrow can make."""
        try:
            cases[name] = make()
        except (AttributeError, TypeError, KeyError, NotImplementedError, pa.ArrowException):
            pass

    if hasattr(pa, 'RunEndEncodedArray'):
        case('ree', lambda: pa.RunEndEncodedArray.from_arrays([2, 3], ['a', 'b']))
        case('ree_short', lambda: pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int16()), pa.array([None, 1.5])))
    if hasattr(pa, 'string_view'):
        case('string_view', lambda: pa.array(['a', 'a longer text than twelve', None], pa.string_view()))
        case('string_view_sliced', lambda: pa.array(['a', 'a longer text than twelve', None, 'another long one, inside'], pa.string_view())[1:])
        case('binary_view', lambda: pa.array([b'a', None, b'x' * 100], pa.binary_view()))
        case('list_view', lambda: pa.array([[1], [2, 3]], pa.list_view(pa.int64())))
        case('large_list_view', lambda: pa.array([['x'], None, ['y', None]], pa.large_list_view(pa.string())))
        case('list_view_out_of_order', lambda: pa.ListViewArray.from_arrays([2, 0], [1, 2], pa.array([1, 2, 3])))
        case('list_of_views', lambda: pa.array([['a longer text than twelve'], None], pa.list_(pa.string_view())))
    for bits in (32, 64, 128, 256):
        if hasattr(pa, 'decimal%d' % bits):
            case('decimal%d' % bits, lambda: pa.array([decimal.Decimal('-1.50'), None, decimal.Decimal('7')], getattr(pa, 'decimal%d' % bits)(5, 2)))
    case('decimal_negative_scale', lambda: pa.array([decimal.Decimal('12E3')], pa.decimal128(5, -3)))
    for name, make in {'bool8': lambda: pa.array([1, 0, None], pa.int8()).cast(pa.bool8()), 'uuid': lambda: pa.array([b'0123456789abcdef', None], pa.uuid()), 'json': lambda: pa.array(['{}', None], pa.json_()),
                       'opaque': lambda: pa.ExtensionArray.from_storage(pa.opaque(pa.int32(), 't', 'v'), pa.array([1, None], pa.int32())),
                       'tensor': lambda: pa.FixedShapeTensorArray.from_numpy_ndarray(np.arange(12, dtype='i4').reshape(2, 2, 3)),
                       'tensor_named': lambda: pa.ExtensionArray.from_storage(pa.fixed_shape_tensor(pa.int8(), [1, 2], ['a', 'b'], [1, 0]), pa.array([[1, 2]], pa.list_(pa.int8(), 2)))}.items():
        case(name, make)
    if not pa.__version__.startswith('0.'):  # which want one buffer more, and end the process where it is not there
        case('sparse_union', lambda: pa.UnionArray.from_sparse(pa.array([0, 1], pa.int8()), [pa.array([1, 2]), pa.array(['a', 'b'])]))
        case('union_sliced', lambda: cases['sparse_union'][1:])
    case('dense_union', lambda: pa.UnionArray.from_dense(pa.array([0, 1], pa.int8()), pa.array([0, 0], pa.int32()), [pa.array([1]), pa.array(['a'])]))
    case('union_codes', lambda: pa.UnionArray.from_dense(pa.array([5, 7, 5], pa.int8()), pa.array([0, 0, 1], pa.int32()), [pa.array([1, None]), pa.array([['a']])], ['n', 't'], [5, 7]))
    case('list_of_union', lambda: pa.ListArray.from_arrays([0, 1, 2], cases['dense_union']))
    case('dict_ordered', lambda: pa.DictionaryArray.from_arrays(pa.array([1, 0, None], pa.int8()), pa.array(['x', 'y']), ordered=True))
    case('dict_numbers', lambda: pa.DictionaryArray.from_arrays(pa.array([1, 0], pa.int16()), pa.array([1.5, 2.5])))
    case('dict_sliced', lambda: pa.array(['a', 'b', None, 'a']).dictionary_encode()[1:3])
    case('map_fields', lambda: pa.array([[('a', 1)], []], pa.map_(pa.string(), pa.field('v', pa.int8(), False))))
    case('struct_times', lambda: pa.array([{'t': datetime.datetime(2020, 1, 1), 'd': datetime.date(2020, 1, 2), 'c': datetime.time(1, 2, 3), 'e': datetime.timedelta(1), 'x': decimal.Decimal('1.5')}, None]))
    case('list_zoned', lambda: pa.array([[1, None], None], pa.list_(pa.timestamp('us', 'Europe/Paris'))))
    case('fixed_list_text', lambda: pa.array([['a', None], None], pa.list_(pa.large_string(), 2)))
    case('list_required', lambda: pa.array([[1], []], pa.list_(pa.field('element', pa.int16(), False))))
    case('struct_sliced', lambda: pa.array([{'a': 1}, {'a': 2}, None])[1:])
    case('list_sliced', lambda: pa.array([[1], [2, 3], None])[1:])
    case('all_null', lambda: pa.array([None, None], pa.list_(pa.string())))
    case('zero_rows', lambda: pa.array([], pa.struct([('a', pa.list_(pa.int8()))])))
    case('fixed_list_none', lambda: pa.array([[], None, []], pa.list_(pa.int8(), 0)))
    case('fixed_binary_none', lambda: pa.Array.from_buffers(pa.binary(0), 2, [pa.py_buffer(b'\x01'), pa.py_buffer(b'')]))
    case('dict_times', lambda: pa.DictionaryArray.from_arrays(pa.array([1, 0, None], pa.int8()), pa.array([datetime.time(1), datetime.time(2, 3, 4, 5)])))
    case('dict_dates', lambda: pa.array([datetime.date(2020, 1, 1), None]).dictionary_encode())
    case('dict_decimals', lambda: pa.array([decimal.Decimal('1.5'), None]).dictionary_encode())
    case('struct_none', lambda: pa.array([{}, None], pa.struct([])))
    case('float_nan', lambda: pa.array([float('nan'), None, 1.5]))
    case('date64_ms', lambda: pa.array([86400000, None], pa.int64()).cast(pa.date64()))
    for name, a in cases.items():
        if a is None:
            continue
        yield name, a
        yield 'table_' + name, pa.Table.from_arrays([a], names=['c'])
        yield 'chunked_' + name, pa.chunked_array([a, a])
        yield 'type_' + name, a.type
    yield 'schema', pa.schema([pa.field('a', pa.int8(), nullable=False, metadata={'k': 'v'}), pa.field('b', pa.list_(pa.string()))], metadata={'m': 'n'})
    batch = pa.RecordBatch.from_arrays([pa.array([1, 2]), pa.array(['x', None])], ['a', 'b'])
    yield 'batch', batch
    yield 'batch_none', pa.RecordBatch.from_arrays([], [])
    yield 'batch_metadata', batch.replace_schema_metadata({'k': 'v'})
    yield 'chunks', pa.chunked_array([pa.array([1]), pa.array([2, None]), pa.array([], pa.int64())])
    yield 'chunks_none', pa.chunked_array([], pa.list_(pa.int8()))
    yield 'table_chunks', pa.Table.from_batches([batch, batch])
    yield 'table_pandas', pa.Table.from_pandas(__import__('pandas').DataFrame({'a': [1, 2]}, index=['x', 'y'])) if 'pandas' in sys.modules else batch
    yield 'table_twice', pa.Table.from_arrays([pa.array([1]), pa.array(['a'])], names=['c', 'c'])
    yield 'table_required', pa.Table.from_arrays([pa.array([1, 2])], schema=pa.schema([pa.field('a', pa.int64(), False, {'k': 'v'})], {'m': 'n'}))
    yield 'in_dict', {'t': pa.Table.from_batches([batch]), 'l': [cases['dict'], cases['dense_union']], 'n': 1}


@values
def polars():
    import datetime
    import decimal
    import polars as pl
    cases = {'ints': [1, None], 'floats': [1.5, float('nan')], 'text': ['a', None], 'lists': [[1, 2], []], 'structs': [{'a': 1, 'b': 'x'}, None], 'dates': [datetime.date(2020, 1, 1), None],
             'times': [datetime.time(1, 2)], 'datetimes': [datetime.datetime(2020, 1, 1), None], 'durations': [datetime.timedelta(1)], 'bools': [True, None], 'binary': [b'a', None], 'nulls': [None, None],
             'decimals': [decimal.Decimal('1.5')], 'nested': [[[1], None], None]}
    for name, v in cases.items():
        yield name, pl.Series(name, v)
        yield 'frame_' + name, pl.DataFrame({name: v})
    yield 'categorical', pl.Series('c', ['a', 'b', 'a'], pl.Categorical)
    yield 'categorical_null', pl.Series('c', ['a', None, 'a'], pl.Categorical)
    yield 'enum', pl.Series('c', ['a', 'b', 'a'], pl.Enum(['b', 'a']))
    yield 'array', pl.Series('c', [[1, 2], [3, 4]], pl.Array(pl.Int8, 2))
    yield 'zoned', pl.Series('c', [datetime.datetime(2020, 1, 1)]).dt.replace_time_zone('Europe/Paris')
    for t in (pl.Int8, pl.UInt64, pl.Float32, pl.Int128):
        yield 'type_%s' % t, pl.Series('c', [1, 2], t)
    yield 'empty', pl.DataFrame()
    yield 'no_rows', pl.DataFrame({'a': [], 'b': []}, schema={'a': pl.Int8, 'b': pl.String})
    yield 'two', pl.DataFrame({'a': [1, 2], 'b': ['x', 'y'], 'c': [[1], [2, 3]]})


@values
def shapely():
    import shapely
    from shapely import wkt
    for text in ['POINT (1 2)', 'POINT EMPTY', 'POINT Z (1 2 3)', 'LINESTRING (0 0, 1 1)', 'LINESTRING EMPTY', 'POLYGON ((0 0, 1 0, 1 1, 0 0))', 'POLYGON ((0 0, 9 0, 9 9, 0 0), (1 1, 2 1, 2 2, 1 1))',
                 'POLYGON EMPTY', 'MULTIPOINT (0 0, 1 1)', 'MULTIPOINT EMPTY', 'MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))', 'MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))', 'GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (0 0, 1 1))',
                 'GEOMETRYCOLLECTION EMPTY', 'LINESTRING Z (0 0 1, 1 1 2)', 'POINT (1e300 -0.1)', 'MULTIPOINT (1 2, EMPTY)', 'GEOMETRYCOLLECTION (GEOMETRYCOLLECTION (POINT (1 2)))', 'POINT M (1 2 4)', 'POINT ZM (1 2 3 4)', 'LINESTRING ZM (0 0 1 2, 1 1 2 3)', 'POINT (nan nan)']:
        try:
            g = wkt.loads(text)
        except Exception:
            continue
        yield text.replace(' ', '_').replace('(', '').replace(')', '').replace(',', ''), g
    yield 'ring', shapely.geometry.LinearRing([(0, 0), (1, 0), (1, 1)])
    yield 'ring_z', shapely.geometry.LinearRing([(0, 0, 5), (1, 0, 6), (1, 1, 7)])
    yield 'rings', [shapely.geometry.LinearRing([(0, 0), (1, 0), (1, 1)]), shapely.geometry.LineString([(0, 0), (1, 0)])]
    if hasattr(shapely, 'set_srid'):
        yield 'ring_empty', shapely.geometry.LinearRing()
        yield 'ring_srid', shapely.set_srid(shapely.geometry.LinearRing([(0, 0), (1, 0), (1, 1)]), 4326)
    if hasattr(shapely, 'set_srid'):
        yield 'srid', shapely.set_srid(shapely.geometry.Point(1, 2), 4326)


@values
def geopandas():
    import geopandas as gpd
    import pandas as pd
    from shapely.geometry import LinearRing, LineString, Point
    points = [Point(0, 1), None, LineString([(0, 0), (1, 1)])]
    for crs in [None, 'EPSG:4326', 'EPSG:3857', '+proj=utm +zone=33 +datum=WGS84', 'OGC:CRS84', 'ESRI:54009']:
        try:
            yield 'crs_%s' % str(crs).replace(' ', '').replace(':', ''), gpd.GeoDataFrame({'a': [1, 2, 3], 'geometry': points}, crs=crs)
        except Exception as e:
            print(crs, e, file=sys.stderr)
    yield 'series', gpd.GeoSeries(points, index=list('abc'), name='g', crs='EPSG:4326')
    yield 'no_geometry', gpd.GeoDataFrame({'a': [1, 2]})
    yield 'empty', gpd.GeoDataFrame({'a': []}, geometry=[])
    yield 'two_columns', gpd.GeoDataFrame({'p': gpd.GeoSeries(points), 'q': gpd.GeoSeries(points)}, geometry='q')
    yield 'rings', gpd.GeoSeries(points + [LinearRing([(0, 0), (1, 0), (1, 1)])], crs='EPSG:4326')
    if hasattr(gpd.GeoDataFrame, 'to_arrow'):
        import pyarrow as pa
        frame = gpd.GeoDataFrame({'a': [1, 2, 3]}, geometry=points, crs='EPSG:3857')
        yield 'arrow', pa.table(frame.to_arrow())
        yield 'arrow_batch', pa.table(frame.to_arrow(index=False)).to_batches()[0]
        yield 'arrow_native', pa.table(frame.iloc[:1].to_arrow(geometry_encoding='geoarrow'))
    else:
        from geopandas.io.arrow import _geopandas_to_arrow
        yield 'arrow', _geopandas_to_arrow(gpd.GeoDataFrame({'a': [1, 2, 3]}, geometry=points, crs='EPSG:3857'))
    yield 'multiindex', gpd.GeoDataFrame({'a': [1, 2, 3]}, geometry=points, index=pd.MultiIndex.from_tuples([(1, 'a'), (1, 'b'), (2, 'a')]))


@values
def astropy():
    import astropy.units as u
    from astropy.coordinates import SkyCoord
    from astropy.table import MaskedColumn, QTable, Table
    from astropy.time import Time, TimeDelta
    base = Time(['2020-01-01T00:00:00', '2021-02-03T04:05:06.5'])
    for f in Time.FORMATS:
        try:
            t = Time(base, format=f) if f not in ('epoch_time',) else None
            yield 'time_' + f, t
        except Exception:
            continue
    for s in ('tai', 'tt', 'tdb', 'ut1', 'tcg', 'tcb'):
        try:
            yield 'scale_' + s, getattr(base, s)
        except Exception:
            continue
    yield 'delta', TimeDelta([1.0, 2.0], format='sec')
    yield 'delta_quantity', TimeDelta(3 * u.day)
    yield 'time_masked', Time(['2020-01-01', '2021-01-01']).copy()
    for f in ('icrs', 'fk4', 'fk5', 'galactic', 'geocentrictrueecliptic', 'supergalactic', 'galactocentric'):
        try:
            yield 'sky_' + f, SkyCoord([1.0, 2.0] * u.deg, [3.0, 4.0] * u.deg, distance=[1.0, 2.0] * u.kpc, frame='icrs').transform_to(f)
        except Exception:
            continue
    yield 'sky_motion', SkyCoord(1 * u.deg, 2 * u.deg, pm_ra_cosdec=1 * u.mas / u.yr, pm_dec=2 * u.mas / u.yr, frame='icrs')
    yield 'sky_obstime', SkyCoord(1 * u.deg, 2 * u.deg, frame='fk5', equinox='J1990')
    t = Table({'a': MaskedColumn([1, 2], mask=[True, False]), 'b': ['x', 'y'], 'c': np.zeros((2, 2))}, meta={'k': [1]})
    t['t'] = base
    t['q'] = [1.0, 2.0] * u.m
    yield 'mixed', t
    yield 'qtable', QTable({'t': base, 'd': [1.0, 2.0] * u.deg, 's': SkyCoord([1.0, 2.0] * u.deg, [3.0, 4.0] * u.deg)})
    yield 'masked_text', Table({'s': MaskedColumn(['a', 'bb'], mask=[0, 1])}, masked=True)
    yield 'indexed', (lambda t: (t.add_index('a'), t)[1])(Table({'a': [2, 1]}))
    yield 'records', Table(np.array([(1, 2.0), (3, 4.0)], dtype=[('x', 'i4'), ('y', 'f8')]))
    yield 'object_column', Table({'o': np.array([{'a': 1}, None], dtype=object)})
    for q in [5 * u.m, np.arange(3, dtype='f4') * u.s, np.arange(3) * u.pix, u.Magnitude([1.0, 2.0] * u.ct / u.s), -2.5 * u.mag, 10 * u.dex(u.cm / u.s ** 2), 3 * u.dB]:
        if q is not None:
            yield 'quantity_%s' % ''.join(c for c in str(q.unit) if c.isalnum()), q
    try:
        from astropy.utils.masked import Masked
        yield 'masked_quantity', Masked([1.0, 2.0] * u.m, mask=[True, False])
    except ImportError:
        pass


@values
def sparse():
    import sparse
    d = np.zeros((2, 3, 4))
    d[0, 1, 2] = 5
    for dt in ['b1', 'i1', 'f4', 'c16', 'u8']:
        for fill in (0, 1):
            a = sparse.COO.from_numpy(d.astype(dt), fill_value=np.dtype(dt).type(fill))
            yield 'coo_%s_%d' % (dt, fill), a
            yield 'gcxs_%s_%d' % (dt, fill), sparse.GCXS.from_coo(a)
    yield 'nan', sparse.COO.from_numpy(np.array([np.nan, 1.0]), fill_value=np.nan)
    yield 'zero_d', sparse.COO(np.zeros((0, 1), int), np.array([5.0]), shape=())
    yield 'empty', sparse.zeros((0, 3))
    yield 'dok', sparse.DOK((3, 3), {(1, 2): 5.0})
    yield 'dok_set', (lambda s: (s.__setitem__((slice(0, 2), 1), 4), s)[1])(sparse.DOK((2, 3), dtype='i2'))
    yield 'dok_empty', sparse.DOK((0, 2), dtype='c8')
    yield 'random', sparse.random((4, 5), density=0.3, random_state=1)


@values
def awkward():
    import awkward as ak
    yield 'union', ak.Array([1, 'a', None, [2.5], {'x': 1}])
    yield 'option_records', ak.Array([{'x': None, 'y': [1]}, None, {'x': 3, 'y': None}])
    yield 'record', ak.Record({'x': 1, 'y': [1, 2]})
    yield 'bit_masked', ak.from_arrow(__import__('pyarrow').array([1, None, 3])) if 'pyarrow' in sys.modules else ak.Array([1, None])
    yield 'strings', ak.Array([['a', 'bc'], [], ['']])
    yield 'text', ak.Array(['a', 'b'])
    yield 'datetime', ak.Array(np.array(['2020-01-01', '2020-01-02'], 'M8[D]'))
    yield 'complex', ak.Array([1 + 2j, 3])
    yield 'bool_nested', ak.Array([[True], [], [False, None]])
    yield 'tuple', ak.Array([(1, 'x'), (2, 'y')])
    yield 'regular3', ak.Array(np.arange(24).reshape(2, 3, 4))
    yield 'sliced', ak.Array([[1, 2, 3], [], [4]])[1:]
    yield 'reordered', ak.Array([{'x': 1}, {'x': 2}])[[1, 0]]
    yield 'masked', ak.mask(ak.Array([[1], [2, 3]]), [False, True])
    yield 'named', ak.Array([{'x': 1.0, 'y': 2.0}], with_name='Point')
    yield 'empty', ak.Array([])
    yield 'none', ak.Array([None, None])
    yield 'behaviour', ak.with_parameter(ak.Array([1, 2]), 'k', 'v')


@values
def sklearn():
    import sklearn
    try:
        from sklearn.utils import all_estimators
    except ImportError:  # before 0.22
        def all_estimators():
            return []
    rng = np.random.RandomState(0)
    X, y, r = np.abs(rng.normal(size=(30, 3))) + 0.1, np.arange(30) % 2, rng.normal(size=30)
    for name, cls in all_estimators():
        try:
            e = cls()
            e.fit(X, r if getattr(e, '_estimator_type', '') == 'regressor' else y)
        except Exception:
            continue
        yield name, e
    from sklearn import ensemble, linear_model, neighbors, pipeline, preprocessing, svm, tree
    T = np.c_[X, np.arange(30) % 4]
    for name, make in {
            'pipeline': lambda: pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression(C=0.5)).fit(X, y),
            'union': lambda: pipeline.make_union(preprocessing.StandardScaler(), preprocessing.MinMaxScaler()).fit(X),
            'columns': lambda: __import__('sklearn.compose').compose.ColumnTransformer([('a', preprocessing.StandardScaler(), [0, 1]), ('b', preprocessing.OneHotEncoder(), [3]), ('c', 'drop', slice(2, 3))], remainder='passthrough').fit(T),
            'grid': lambda: __import__('sklearn.model_selection').model_selection.GridSearchCV(svm.SVC(), {'C': [1, 10], 'kernel': ['rbf', 'linear']}, cv=2).fit(X, y),
            'random_search': lambda: __import__('sklearn.model_selection').model_selection.RandomizedSearchCV(tree.DecisionTreeClassifier(), {'max_depth': [1, 2, 3]}, n_iter=2, cv=2, random_state=0).fit(X, y),
            'voting': lambda: ensemble.VotingClassifier([('a', svm.SVC(probability=True)), ('b', linear_model.LogisticRegression())], voting='soft').fit(X, y),
            'stacking': lambda: ensemble.StackingClassifier([('a', svm.SVC()), ('b', tree.DecisionTreeClassifier())], cv=2).fit(X, y),
            'forest': lambda: ensemble.RandomForestClassifier(5, max_depth=3, random_state=np.random.RandomState(1)).fit(X, y), 'extra': lambda: ensemble.ExtraTreesRegressor(3, bootstrap=True, oob_score=True).fit(X, r),
            'boosting': lambda: ensemble.GradientBoostingClassifier(n_estimators=3).fit(X, np.arange(30) % 3), 'histogram': lambda: ensemble.HistGradientBoostingRegressor(max_iter=3, categorical_features=[3]).fit(T, r),
            'ada': lambda: ensemble.AdaBoostClassifier(n_estimators=2).fit(X, y), 'bagging': lambda: ensemble.BaggingClassifier(n_estimators=2).fit(X, y), 'isolation': lambda: ensemble.IsolationForest(n_estimators=2).fit(X),
            'text_labels': lambda: tree.DecisionTreeClassifier().fit(X, np.where(y, 'yes', 'no')), 'many_outputs': lambda: tree.DecisionTreeRegressor().fit(X, np.c_[r, r]), 'weighted': lambda: tree.DecisionTreeClassifier(class_weight={0: 1, 1: 3}).fit(X, y),
            'missing': lambda: tree.DecisionTreeRegressor().fit(np.where(X > 2, np.nan, X), r), 'one_node': lambda: tree.DecisionTreeClassifier().fit(X, y * 0), 'unfitted': lambda: [svm.SVC(), tree.DecisionTreeClassifier(), pipeline.make_pipeline(preprocessing.StandardScaler())],
            'kd_tree': lambda: neighbors.KDTree(X, leaf_size=4), 'kd_tree_metric': lambda: neighbors.KDTree(X, metric='minkowski', p=3), 'ball_tree': lambda: neighbors.BallTree(X, metric='haversine') if 0 else neighbors.BallTree(X, leaf_size=3), 'nearest': lambda: neighbors.NearestNeighbors(algorithm='ball_tree').fit(X),
            'birch': lambda: __import__('sklearn.cluster').cluster.Birch(n_clusters=None, threshold=0.5).fit(X), 'birch_clusters': lambda: __import__('sklearn.cluster').cluster.Birch(n_clusters=2).fit(X), 'svm_custom': lambda: svm.SVC(kernel=np.dot).fit(X, y), 'svm_sparse': lambda: svm.SVC().fit(__import__('scipy.sparse').sparse.csr_matrix(X), y),
            'text': lambda: __import__('sklearn.feature_extraction.text').feature_extraction.text.TfidfVectorizer(ngram_range=(1, 2)).fit(['a cat sat', 'the dog ran', 'a dog']), 'dict': lambda: __import__('sklearn.feature_extraction').feature_extraction.DictVectorizer().fit([{'a': 1, 'b': 'x'}]),
            'function': lambda: preprocessing.FunctionTransformer(np.log1p).fit(X), 'gaussian': lambda: __import__('sklearn.gaussian_process').gaussian_process.GaussianProcessRegressor().fit(X, r), 'mlp': lambda: __import__('sklearn.neural_network').neural_network.MLPClassifier((3,), max_iter=5).fit(X, y),
            'calibrated': lambda: __import__('sklearn.calibration').calibration.CalibratedClassifierCV(svm.SVC(), cv=2).fit(X, y), 'bunch': lambda: __import__('sklearn.utils').utils.Bunch(data=X, target=y, names=['a']), 'iris': lambda: __import__('sklearn.datasets').datasets.load_iris(),
            'tree_itself': lambda: tree.DecisionTreeRegressor(max_depth=2).fit(X, r).tree_, 'models': lambda: {'m': linear_model.Ridge().fit(X, r), 'scaler': preprocessing.StandardScaler().fit(X), 'score': 0.5}}.items():
        try:
            yield 'made_' + name, make()
        except Exception:  # what this version has not
            continue


@values
def networkx():
    import networkx as nx
    for cls in (nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph):
        g = cls(name='n', k=[1])
        g.add_node('a', x=1)
        g.add_edge('a', 2, weight=0.5)
        g.add_edge('a', 2, label='again')
        g.add_edge(2, 2)
        g.add_edge((1, 2), frozenset([3]))
        g.add_node(None if False else 1.5)
        yield cls.__name__, g
    yield 'path', nx.path_graph(5)
    yield 'frozen', nx.freeze(nx.path_graph(3))
    yield 'view', nx.path_graph(4).subgraph([0, 1])
    yield 'reversed', nx.DiGraph([(1, 2)]).reverse(copy=False)
    yield 'planar', nx.check_planarity(nx.path_graph(3))[1]
    yield 'weighted', nx.star_graph(3).to_directed()


@values
def pillow():
    from PIL import Image
    base = Image.fromarray((np.arange(7 * 5 * 3) * 2 % 256).astype('u1').reshape(5, 7, 3))
    for mode in 'RGB L 1 P RGBA RGBX CMYK YCbCr HSV LAB I F LA PA RGBa La I;16'.split():
        try:
            m = base.convert(mode) if mode not in ('La', 'PA', 'I;16', 'LAB', 'RGBa') else Image.new(mode, (3, 2))
        except Exception:
            continue
        yield mode.replace(';', ''), m
    m = base.convert('P')
    m.info['transparency'] = 3
    yield 'transparent', m
    yield 'one_pixel', Image.new('1', (1, 1), 1)
    yield 'wide_bits', Image.new('1', (9, 2), 1)


@values
def pint():
    import pint
    r = pint.UnitRegistry()
    pint.set_application_registry(r)
    for i, text in enumerate(['m', 'm/s**2', 'kg*m**2/s**2', 'degC', 'delta_degC', '1/s', 'dimensionless', 'm**0.5', 'percent', 'km/hour', 'count']):
        try:
            yield 'q%d' % i, r.Quantity(2.5, text)
            yield 'a%d' % i, r.Quantity(np.arange(3), text)
            yield 'u%d' % i, r.Unit(text)
        except Exception:
            continue


@values
def jax():
    import jax
    import jax.numpy as jnp
    for dt in ['bool', 'int8', 'uint32', 'float16', 'bfloat16', 'float32', 'complex64', 'float8_e5m2', 'int4']:
        yield dt, jnp.zeros((2, 3), dt)
    yield 'key', jax.random.key(0)
    yield 'keys', {'k': jax.random.split(jax.random.key(1, impl='rbg'), 3)}
    yield 'tree', [jnp.arange(3.0), [jnp.array(1)]]
    yield 'struct', jax.ShapeDtypeStruct((2,), 'f4')


@values
def gensim():
    from gensim.models import KeyedVectors
    kv = KeyedVectors(4)
    kv.add_vectors(['x', 'y', 'z'], np.arange(12, dtype='f4').reshape(3, 4))
    yield 'vectors', kv
    kv2 = KeyedVectors(2)
    yield 'empty', kv2


X = np.arange(40.0).reshape(20, 2)
Y = (X[:, 0] > 20).astype(int)


@values
def xgboost():
    import xgboost
    for name, more in {'plain': {}, 'dart': {'booster': 'dart'}, 'linear': {'booster': 'gblinear'}, 'softmax': {'objective': 'multi:softmax', 'num_class': 3}}.items():
        yield name, xgboost.train(dict({'max_depth': 2, 'nthread': 1}, **more), xgboost.DMatrix(X, Y), 2)
    yield 'estimator', xgboost.XGBClassifier(n_estimators=2, n_jobs=1).fit(X, Y)


@values
def lightgbm():
    import lightgbm
    for name, more in {'plain': {}, 'dart': {'boosting': 'dart'}, 'binary': {'objective': 'binary'}}.items():
        yield name, lightgbm.train(dict({'num_leaves': 3, 'verbose': -1, 'min_data_in_leaf': 2, 'num_threads': 1}, **more), lightgbm.Dataset(X, Y), 2)
    yield 'estimator', lightgbm.LGBMRegressor(n_estimators=2, n_jobs=1, verbose=-1, min_child_samples=2).fit(X, Y)


@values
def catboost():
    import catboost
    for cls in (catboost.CatBoostClassifier, catboost.CatBoostRegressor, catboost.CatBoostRanker):
        m = cls(iterations=2, depth=2, verbose=0, thread_count=1, allow_writing_files=False)
        yield cls.__name__, m.fit(X, Y, group_id=np.arange(20) // 5) if cls is catboost.CatBoostRanker else m.fit(X, Y)


def geometries(x):
    """The elements of each column of GeoPandas, a geometry as its type and WKB."""
    if hasattr(x, 'columns'):
        return [(name, geometries(x[name])) for name in x.columns]
    return [(v.geom_type, v.wkb) if hasattr(v, 'geom_type') else v for v in x]


def equal(a, b):
    """Whether a value is equal to one that was written again."""
    kind = type(a).__module__.split('.')[0]
    if type(a) in (dict, list, tuple) and type(a) is type(b):
        if isinstance(a, dict):
            return sorted(a) == sorted(b) and all(equal(a[k], b[k]) for k in a)
        return len(a) == len(b) and all(equal(x, y) for x, y in zip(a, b))
    if type(a) in (int, str):
        return a == b
    if kind == 'polars' and type(b).__module__.startswith('pandas'):
        # Lists, structs, decimals and enums have no Arrow type in package arrowframe, and become pandas' objects.
        types = a.dtypes if hasattr(a, 'columns') else [a.dtype]
        return any(t.is_nested() or t.is_decimal() or str(t).startswith('Enum') for t in types)
    if type(a) is not type(b):
        return False
    if kind in ('xgboost', 'lightgbm', 'catboost'):
        import xgboost
        rows = xgboost.DMatrix(X) if type(a).__name__ == 'Booster' and kind == 'xgboost' else X
        return np.array_equal(a.predict(rows), b.predict(rows))
    if kind == 'xarray':
        return a.identical(b)
    if kind == 'networkx':
        from networkx.utils import graphs_equal
        return graphs_equal(a, b)
    if kind == 'shapely':
        return a.wkb == b.wkb and a.geom_type == b.geom_type and a == b or a.is_empty and b.is_empty and a.wkt == b.wkt
    if kind in ('pyarrow', 'polars', 'pandas') and hasattr(a, 'equals'):
        return a.equals(b)
    if kind == 'geopandas':
        return list(a.index) == list(b.index) and a.crs == b.crs and geometries(a) == geometries(b) if hasattr(a, 'crs') and getattr(a, '_geometry_column_name', 1) else pickle.dumps(a, PROTOCOL) == pickle.dumps(b, PROTOCOL)
    if kind == 'astropy' and type(a).__name__.endswith('Unit'):
        return a == b
    return pickle.dumps(a, PROTOCOL) == pickle.dumps(b, PROTOCOL) or repr(a) == repr(b) and equal_state(a, b)


def equal_state(a, b):
    """Whether the attributes of two objects are equal: pickles of equal objects differ where one shares what the other does not."""
    x, y = (getattr(v, '__dict__', None) for v in (a, b))
    try:
        np.testing.assert_equal(x, y)
    except (AssertionError, ValueError):
        return isinstance(x, dict) and list(x) == list(y) and all(repr(x[k]) == repr(y[k]) for k in x)
    return True


MAGIC = b'\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.'  # of torch.save's format before the zip


def load(path):
    """What a file holds, which is a pickle or one of torch.save."""
    with open(path, 'rb') as f:
        start = f.read(len(MAGIC))
        f.seek(0)
        if start == MAGIC or start.startswith(b'PK'):
            import torch
            return torch.load(f, weights_only=False)
        return pickle.load(f)


def protocol(path):
    """The protocol of a pickle, 1 for those without its opcode."""
    with open(path, 'rb') as f:
        start = bytearray(f.read(2))
    return start[1] if start[:1] == b'\x80' else 1


def save(library, value, way, path):
    """Writes a file, and returns whether its library loads it twice as equal values."""
    try:
        with open(path, 'wb') as f:
            if way in ('zip', 'legacy'):
                import torch
                torch.save(value, f, _use_new_zipfile_serialization=way == 'zip')
            else:
                pickle.dump(value, f, int(way[1:]))
        if equality(library)(load(path), load(path)):
            return True
    except Exception:
        pass
    os.remove(path)
    return False


def equality(library):
    if library == 'torch':
        return torch_values.equal
    if library == 'pandas':
        return pandas_values.equal
    return python_values.equal if library.startswith('python_') else equal


def ways(library):
    """The ways in which values of a library are written: of Python's own by every protocol."""
    if library.startswith('python_'):
        return ['p%d' % n for n in range(pickle.HIGHEST_PROTOCOL + 1)]
    if library == 'torch':
        return ['zip', 'legacy', 'p2', 'p5']
    return ['p%d' % PROTOCOL]


def chosen(library, libraries):
    """Whether the values of a library are asked for."""
    if any(library.startswith(x[1:]) for x in libraries if x.startswith('-')):
        return False
    wanted = [x for x in libraries if not x.startswith('-')]
    return not wanted or any(library.startswith(x) for x in wanted)


def write(folder, libraries):
    total, part = 0, int(os.environ.get('UNPKL_PART', '1'))
    for library, make in VALUES.items():
        if not chosen(library, libraries):
            continue
        try:
            for name, value in make():
                for way in ways(library):
                    file = '%s-%s.%s.pkl' % (library, name, way)
                    if file == 'torch-tensors_generator.legacy.pkl':
                        continue  # PyTorch sets the state of a generator before it has read the storage, and fails or not
                    if zlib.crc32(file.encode('utf-8')) % part == 0:
                        total += save(library, value, way, os.path.join(folder, file))
        except ImportError:
            continue
        except (AttributeError, TypeError) as e:  # what this version has not; the values before it stay
            print('%s: %s' % (library, e), file=sys.stderr)
    print(total)


def compare(folder):
    done = 0
    for name in sorted(os.listdir(folder)):
        if not name.endswith('.again.pkl'):
            continue
        was = os.path.join(folder, name[:-10] + '.pkl')
        try:
            again = os.path.join(folder, name)
            a, b = load(was), load(again)
            same = equality(name.split('-')[0])
            if not same(a, b) and not same(pickle.loads(pickle.dumps(a, protocol(again))), b):  # what the protocol does not keep
                print('%s: a %s %s is not %s' % (name, type(b).__name__, ' '.join(repr(b).split())[:80], ' '.join(repr(a).split())[:80]))
        except Exception as e:
            print('%s: %s: %s' % (name, type(e).__name__, ' '.join(str(e).split())[:200]))
        done += 1
    print('done %d' % done)


if __name__ == '__main__':
    compare(sys.argv[2]) if sys.argv[1] == '--compare' else write(sys.argv[1], sys.argv[2:])

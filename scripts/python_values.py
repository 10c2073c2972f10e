# coding: utf-8
"""Values of Python's own classes, from Python 2.7 on, for scripts/library_values.py."""
from __future__ import print_function, unicode_literals

import array
import collections
import datetime
import decimal
import fractions
import functools
import io
import itertools
import operator
import os
import pickle
import re
import sys
import uuid

try:
    import enum
    import ipaddress
    import pathlib
    import types
except ImportError:  # Python 2.7
    enum = ipaddress = pathlib = None

MADE = __name__  # the module of the classes below

if enum:
    class Color(enum.Enum):
        RED = 1
        GREEN = 'g'
        CRIMSON = 1

        def shout(self):
            return self.name + '!'

    class Number(enum.IntEnum):
        ONE = 1
        BIG = 2 ** 70
        LESS = -5

    class Perm(enum.Flag):
        R = 4
        W = 2
        X = 1
        RW = 6

    class Bits(enum.IntFlag):
        A = 1
        B = 2
        C = 8

    class Outer(object):
        class Inner(enum.Enum):
            DEEP = 'deep'

        class Deeper(object):
            class Last(enum.IntEnum):
                N = 7

    class Planet(enum.Enum):
        EARTH = (5.97e24, 6.37e6)
        MARS = (6.42e23, 3.39e6)

        def __init__(self, mass, radius):
            self.mass, self.radius = mass, radius

    class Text(str, enum.Enum):
        A = 'a'
        E = 'é€'

    class Ratio(float, enum.Enum):
        HALF = 0.5

    class Day(datetime.date, enum.Enum):
        FIRST = 2020, 1, 2

    class ByName(enum.Enum):
        ONE = 1

        def __reduce_ex__(self, protocol):
            return getattr, (self.__class__, self.name)

    Made = enum.Enum('Made', 'X Y Z', module=MADE)
    MadeInt = enum.IntEnum('MadeInt', [('P', 3), ('Q', 4)], module=MADE)
    if hasattr(enum, 'StrEnum'):
        class Word(enum.StrEnum):
            HI = 'hi'
            AUTO = enum.auto()

        Strict = enum.Flag('Strict', 'A B', module=MADE, boundary=enum.STRICT)
        Kept = enum.IntFlag('Kept', 'A', module=MADE, boundary=enum.KEEP)


class Error(Exception):
    pass


class Coded(ValueError):
    def __init__(self, code, text='x'):
        super(Coded, self).__init__(code, text)
        self.code = code


class Located(OSError):
    pass


class Reduced(Exception):
    def __init__(self, a, b):
        super(Reduced, self).__init__('%s %s' % (a, b))
        self.a, self.b = a, b

    def __reduce__(self):
        return Reduced, (self.a, self.b), {'extra': [1]}


class Slotted(object):
    __slots__ = ('a', 'b')


class SlottedDict(Slotted):
    __slots__ = ('c', '__dict__')


class Part(functools.partial):
    pass


class Items(list):
    pass


class Keyed(dict):
    pass


class Named(collections.namedtuple('Named', 'x y')):
    pass


class Whole(int):
    pass


class Words(str if str is not bytes else type('')):
    pass


class Raw(bytes):
    pass


class Real(float):
    pass


class Few(tuple):
    pass


class Some(set):
    pass


class FewSome(frozenset):
    pass


class Ordered(collections.OrderedDict):
    pass


class Tail(collections.deque):
    pass


class Tally(collections.Counter):
    pass


class Moment(datetime.datetime):
    pass


class Stretch(datetime.timedelta):
    pass


class Zone(datetime.tzinfo):
    def __init__(self, minutes=0):
        self.minutes = minutes

    def utcoffset(self, t):
        return datetime.timedelta(minutes=self.minutes)

    def dst(self, t):
        return datetime.timedelta(0)

    def tzname(self, t):
        return 'Z%d' % self.minutes

    def __eq__(self, other):
        return type(other) is Zone and other.minutes == self.minutes

    def __hash__(self):
        return 1


class Price(decimal.Decimal):
    pass


class State(object):
    """A state that is no dict."""
    def __init__(self, state):
        self.state = state

    def __getstate__(self):
        return self.state

    def __setstate__(self, state):
        self.state = state


class Plain(object):
    def __init__(self, **more):
        self.__dict__.update(more)


class Args(object):
    def __new__(cls, *args, **more):
        self = object.__new__(cls)
        self.args, self.more = args, more
        return self

    def __getnewargs_ex__(self):
        return self.args, self.more


def nothing():
    return []


def method(self):
    return self


def python_enum():
    if not enum:
        return
    for cls in [Color, Number, Perm, Bits, Outer.Inner, Outer.Deeper.Last, Planet, Text, Ratio, Day, ByName, Made, MadeInt] + \
            ([Word, Strict, Kept] if hasattr(enum, 'StrEnum') else []):
        for m in cls:
            yield '%s_%s' % (cls.__name__, m.name), m
        yield '%s_class' % cls.__name__, cls
        yield '%s_all' % cls.__name__, list(cls)
        yield '%s_keys' % cls.__name__, {m: m.name for m in cls}
    yield 'flags', [Perm.R | Perm.X, Perm(0), Perm.RW | Perm.X, ~Perm.R]
    yield 'int_flags', [Bits.A | Bits.B, Bits(0), Bits(64), Bits.A | 128, Bits(-1), ~Bits.A, Bits(9)]
    yield 'flag', Perm.R | Perm.X
    yield 'int_flag', Bits.A | Bits.C
    if hasattr(enum, 'StrEnum'):
        yield 'kept', Kept(5)
        yield 'strict', Strict.A | Strict.B
    import re, socket, signal
    yield 'of_library', [socket.AF_INET, signal.SIGINT, re.I | re.M if sys.version_info > (3, 6) else 1, getattr(uuid, 'SafeUUID', Color).__members__.copy()]
    yield 'in_struct', {'color': Color.RED, 'n': Number.ONE, 'p': Perm.R | Perm.W, 't': Text.A}
    yield 'tuple_key', {(Color.RED, 1): 'x'}
    yield 'in_set', {Color.RED, Color.GREEN}
    yield 'shared', [Color.RED] * 3


def python_ipaddress():
    if not ipaddress:
        return
    for i, text in enumerate(['1.2.3.4', '0.0.0.0', '255.255.255.255', '::1', '::', 'fe80::1', '2001:db8::ff', '::ffff:1.2.3.4', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'fe80::1%eth0', 'fe80::1%25']):
        try:
            yield 'address%d' % i, ipaddress.ip_address(text)
            yield 'interface%d' % i, ipaddress.ip_interface(text)
            yield 'network%d' % i, ipaddress.ip_network(text.split('%')[0])
        except ValueError:
            continue
    for i, text in enumerate(['10.0.0.0/8', '192.168.1.0/24', '0.0.0.0/0', '2001:db8::/32', '::/0', 'fe80::/10', '1.2.3.4/32', '10.0.0.0/255.0.0.0', '10.0.0.0/0.255.255.255']):
        yield 'net%d' % i, ipaddress.ip_network(text)
        yield 'iface%d' % i, ipaddress.ip_interface(text.replace('0/', '7/') if '::' not in text else text)
    yield 'host_bits', ipaddress.ip_interface('10.1.2.3/8')
    yield 'key', {ipaddress.ip_address('1.2.3.4'): 'a', ipaddress.ip_network('10.0.0.0/8'): 'b'}
    yield 'set', {ipaddress.ip_address('1.2.3.4'), ipaddress.ip_address('::1')}
    yield 'list', [ipaddress.ip_address(i) for i in range(3)]
    used = ipaddress.ip_network('10.0.0.0/30')
    yield 'used', (used, list(used.hosts()), used.broadcast_address, used.netmask, used.with_prefixlen, used)[0]
    if hasattr(used, 'is_private'):
        yield 'cached', (used.is_private, used.num_addresses, used)[2]


def python_exceptions():
    names = __import__('builtins' if sys.version_info > (3,) else 'exceptions').__dict__
    for name in sorted(names):
        cls = names[name]
        if not isinstance(cls, type) or not issubclass(cls, BaseException) or name in ('EnvironmentError', 'IOError', 'WindowsError') and sys.version_info > (3,):
            continue
        yield name + '_class', cls
        for i, args in enumerate([(), ('text',), (1, 'two'), ('é', b'x', None), (2, 'No such file', 'a/b.txt'), (2, 'moved', 'a', None, 'b'), ('a' * 300,), ([1, {'k': (2,)}],)]):
            try:
                yield '%s_%d' % (name, i), cls(*args)
            except (TypeError, IndexError):
                continue
    yield 'decode', UnicodeDecodeError(str('utf-8'), b'ab\xffc', 2, 3, str('invalid start byte'))
    yield 'encode', UnicodeEncodeError(str('ascii'), 'aé', 1, 2, str('ordinal not in range'))
    yield 'translate', UnicodeTranslateError('aé', 1, 2, str('why'))
    yield 'syntax', SyntaxError('bad', ('f.py', 3, 4, 'x = ('))
    yield 'exit', SystemExit(3)
    yield 'stop', StopIteration([1])
    for name, f in {'open': lambda: open('/nonexistent'), 'key': lambda: {}['k'], 'zero': lambda: 1 // 0, 'import': lambda: __import__('nonexistent'), 'attribute': lambda: None.nothing,
                    'name': lambda: undefined, 'decode_raised': lambda: b'\xff'.decode('utf-8'), 'index': lambda: [][1], 'int': lambda: int('x'), 'overflow': lambda: 2.0 ** 10000, 'eval': lambda: eval('1 +'), 'rename': lambda: os.rename('/nonexistent', '/n2')}.items():
        try:
            f()
        except Exception as e:
            e.__dict__.pop('obj', None)
            yield 'raised_' + name, e
    e = ValueError('a')
    e.more = [1]
    yield 'attribute', e
    if hasattr(e, 'add_note'):
        e.add_note('a note')
        e.add_note('another')
        yield 'notes', e
        yield 'group', ExceptionGroup('g', [ValueError(1), ExceptionGroup('h', [KeyError('k'), e])])
        yield 'base_group', BaseExceptionGroup('g', [KeyboardInterrupt(), ValueError(2)])
    try:
        try:
            {}['k']
        except KeyError as inner:
            raise ValueError('outer')
    except ValueError as outer:
        outer.__cause__ = KeyError('cause')
        yield 'cause', outer
    for i, e in enumerate([Error(), Error('a', 1), Coded(5), Located(2, 'no', 'f'), Located('x'), Reduced(1, 'b')]):
        yield 'own%d' % i, e
    yield 'own_class', Error
    yield 'of_library', [decimal.InvalidOperation('x'), re.error('bad', 'a(', 1) if sys.version_info > (3,) else re.error('bad'), pickle.PicklingError('p')]
    import json
    if hasattr(json, 'JSONDecodeError'):
        yield 'json', json.JSONDecodeError('msg', 'doc', 1)
    import subprocess
    yield 'process', subprocess.CalledProcessError(1, ['ls', '-l'])
    yield 'list', [ValueError(i) for i in range(3)] + [e]
    cycle = ValueError()
    cycle.me = [cycle]
    yield 'cycle', cycle


def python_re():
    for i, (p, f) in enumerate([('a', 0), ('a+(?P<n>b)?', re.I), ('é', re.I | re.M), ('^x$', re.M | re.S), (' a # c', re.X), (b'\xffa', 0), (b'a', re.I), ('\\w', 0 if sys.version_info < (3,) else re.A),
                                ('(?i)abc', 0), ('', 0), ('a' * 1000, 0), (b'a', re.L), ('[\\]a]', re.S), ('\\d{2,3}', re.U), ('\n\x00', 0), ('(?:a|b)*?c', re.I | re.S | re.M | re.X)]):
        yield 'pattern%d' % i, re.compile(p, f)
    yield 'key', {re.compile('a'): 1}
    yield 'flags', [re.I, re.M | re.S]


def python_functools():
    p = functools.partial(int, base=2)
    yield 'partial', p
    yield 'nested', functools.partial(functools.partial(functools.partial(max, 1), 2, key=abs), 3, default=None)
    yield 'none', functools.partial(nothing)
    q = functools.partial(print if sys.version_info > (3,) else max, 1, [2], sep='-')
    q.note = {'a': 1}
    yield 'state', q
    yield 'subclass', Part(divmod, 7)
    s = Part(divmod, 7)
    s.tag = 'x'
    yield 'subclass_state', s
    yield 'default', collections.defaultdict(functools.partial(list, (1, 2)), a=[3])
    yield 'of_method', functools.partial('{}-{}'.format, 1) if sys.version_info > (3,) else functools.partial(nothing)
    yield 'of_class', functools.partial(Plain, a=1)
    cycle = functools.partial(list)
    cycle.me = cycle
    yield 'cycle', cycle
    yield 'itemgetter', operator.itemgetter(1)
    yield 'itemgetters', operator.itemgetter('a', 2)
    yield 'attrgetter', operator.attrgetter('a.b', 'c')
    yield 'methodcaller', operator.methodcaller('f', 1)
    yield 'methodcaller_named', operator.methodcaller('f', 1, x=2)
    yield 'bound', [[1].append, 'a'.upper] if sys.version_info > (3,) else 1
    yield 'bound_class', dict.fromkeys if sys.version_info > (3,) else 1
    yield 'functions', [len, nothing, operator.add, datetime.datetime.now if sys.version_info > (3, 4) else 1, os.path.join]
    yield 'classes', [int, dict, type(None), Plain, collections.OrderedDict, type(Ellipsis), type(NotImplemented)]
    if sys.version_info > (3, 4):
        yield 'method', Outer.Inner.DEEP.__class__
    if hasattr(functools, 'Placeholder'):
        yield 'placeholder', functools.partial(int, functools.Placeholder, 2)


def python_collections():
    yield 'counter', collections.Counter('abca')
    yield 'counter_odd', collections.Counter({'a': -1, 2: 0, None: 1.5, (1,): 2 ** 80})
    yield 'counter_empty', collections.Counter()
    yield 'deque', collections.deque([1, 'a', None])
    yield 'deque_max', collections.deque([1, 2, 3], 2)
    yield 'deque_zero', collections.deque([], 0)
    yield 'deque_many', collections.deque(range(2500), 2500)
    d = collections.deque()
    d.append(d)
    yield 'deque_cycle', d
    d = collections.deque(maxlen=3)
    d.append([d])
    yield 'deque_max_cycle', d
    if hasattr(collections, 'ChainMap'):
        yield 'chain', collections.ChainMap({'a': 1}, {'b': 2})
        yield 'chain_empty', collections.ChainMap()
        yield 'chain_new', collections.ChainMap({'a': 1}).new_child({'a': 2})
        yield 'user_dict', collections.UserDict(a=1, b=[2])
        yield 'user_list', collections.UserList([1, 2])
        yield 'user_string', collections.UserString('text')
        yield 'user_empty', [collections.UserDict(), collections.UserList(), collections.UserString('')]
    else:
        import UserDict, UserList, UserString
        yield 'user_dict', UserDict.UserDict(a=1)
        yield 'user_list', UserList.UserList([1])
        yield 'user_string', UserString.UserString(str('a'))
        yield 'user_iterable', UserDict.IterableUserDict(a=1)
    for i, f in enumerate([None, int, list, nothing, collections.OrderedDict, functools.partial(collections.defaultdict, int), type(None), os.getcwd, Plain, dict, collections.Counter]):
        yield 'default%d' % i, collections.defaultdict(f, {'a': 1})
    n = collections.defaultdict(functools.partial(collections.defaultdict, list))
    n['x']['y'].append(1)
    yield 'default_nested', n
    n = collections.defaultdict(list)
    n['me'] = n
    yield 'default_cycle', n
    o = collections.OrderedDict([('b', 1), ('a', [2]), (3, None)])
    yield 'ordered', o
    yield 'ordered_empty', collections.OrderedDict()
    o = collections.OrderedDict()
    o['me'] = o
    yield 'ordered_cycle', o
    o = collections.OrderedDict(a=1)
    o.extra = 'attribute'
    yield 'ordered_attribute', o
    o = Ordered(a=1)
    o.extra = 'attribute'
    yield 'ordered_subclass', o
    yield 'ordered_many', collections.OrderedDict((i, str(i)) for i in range(2500))
    t = Tail([1, 2], 5)
    t.extra = 1
    yield 'deque_subclass', t
    t = Tally('aab')
    t.extra = 1
    yield 'counter_subclass', t
    yield 'named', Named(1, [2])
    yield 'named_list', [Named(1, 2), Named(None, 'x')]
    for cls, v in [(Items, [1, 2]), (Keyed, {'a': 1}), (Whole, 5), (Words, 'text'), (Raw, b'raw'), (Real, 1.5), (Few, (1, 2)), (Some, {1}), (FewSome, {1, 2})]:
        yield 'sub_' + cls.__name__, cls(v)
        w = cls(v)
        w.extra = [1]
        yield 'sub_attribute_' + cls.__name__, w
        yield 'sub_list_' + cls.__name__, [w, w, cls(v)]


def python_numbers():
    for i, t in enumerate(['0', '-0', '1.50', 'NaN', 'sNaN', '-NaN12', 'Infinity', '-Infinity', '1E+5', '1E-400', '123456789012345678901234567890.5', '1E+999999', '0E-10', '9' * 400]):
        yield 'decimal%d' % i, decimal.Decimal(t)
        yield 'price%d' % i, Price(t)
    for i, t in enumerate(['0', '-1/3', '1/7', '10', '123456789012345678901234567890/7']):
        yield 'fraction%d' % i, fractions.Fraction(t)
    for i, v in enumerate([0, 1, -1, 255, 256, 65535, 65536, -2 ** 31, 2 ** 31, -2 ** 31 - 1, 2 ** 63 - 1, -2 ** 63, 2 ** 63, 2 ** 64, -2 ** 64, 10 ** 100, -10 ** 100, 1 << 2048, True, False]):
        yield 'int%d' % i, v
    for i, v in enumerate([0.0, -0.0, 1.5, float('inf'), float('-inf'), 1e-320, 1.7976931348623157e308, 0.1, 1j, complex(-0.0, float('inf')), 3 + 0j]):
        yield 'float%d' % i, v
    yield 'uuid', uuid.UUID(int=5)
    yield 'uuids', [uuid.uuid3(uuid.NAMESPACE_DNS, str('a')), uuid.UUID(int=2 ** 128 - 1)]
    yield 'uuid_now', uuid.uuid1()
    yield 'context', decimal.Context(prec=5)
    yield 'ranges', [(range if sys.version_info > (3,) else xrange)(*a) for a in [(3,), (1, 10, 2), (0, -5, -1), (0,)]]
    if sys.version_info > (3,):
        yield 'range_big', range(2 ** 70, 2 ** 71, 2 ** 69)
        yield 'range_empty', range(5, 1)
    yield 'slices', [slice(None), slice(1, 2), slice('a', None, 2.5), slice(-1, 2 ** 70)]
    yield 'slice_cycle', (lambda l: (l.append(slice(l)), l)[1])([])
    yield 'constants', [Ellipsis, NotImplemented, None]
    for code in 'bBhHiIlLfd' + ('qQ' if sys.version_info > (3,) else ''):
        yield 'array_' + code, array.array(str(code), [0, 1, 100])
        yield 'array_empty_' + code, array.array(str(code))
    yield 'array_signed', [array.array(str(c), [-1, -100]) for c in 'bhilfd']
    yield 'array_nan', array.array(str('d'), [float('nan'), float('inf'), -0.0])
    yield 'array_u', array.array(str('u'), 'aé')
    if sys.version_info >= (3, 13):
        yield 'array_w', array.array('w', 'a€\U0001f600')
    yield 'bytes', [b'', b'\x00\xff', b'a' * 300, bytearray(b''), bytearray(b'\x80x'), bytearray(b'z' * 70000)]
    yield 'text', ['', 'a', 'é€\U0001f600', 'line\nbreak\\u0041\r\x00\x1a', 'x' * 300, 'é' * 70000]
    if sys.version_info > (3,):
        yield 'surrogate', '\ud800a\udfff'


def python_datetime():
    D, T = datetime.datetime, datetime.timedelta
    for i, v in enumerate([D.min, D.max, D(2020, 2, 29, 1, 2, 3, 4), datetime.date.min, datetime.date.max, datetime.date(2020, 2, 29), datetime.time.min, datetime.time.max, datetime.time(1, 2, 3, 4), T.min, T.max, T(1), T(-1, 5, 7), T(0)]):
        yield 'value%d' % i, v
    if hasattr(datetime, 'timezone'):
        z = datetime.timezone
        for i, t in enumerate([z.utc, z(T(hours=5.5)), z(T(hours=-3), 'name'), z(T(0), 'UTC'), z(T(0)), z(T(hours=23, minutes=59))]):
            yield 'zone%d' % i, t
            yield 'zoned%d' % i, D(2020, 1, 2, 3, tzinfo=t)
            yield 'zoned_time%d' % i, datetime.time(3, tzinfo=t)
        if sys.version_info > (3, 7):
            yield 'seconds', z(T(seconds=-3661, microseconds=5))
        yield 'fold', [D(2020, 10, 25, 2, 30, fold=1), datetime.time(2, fold=1)]
    yield 'own_zone', D(2020, 1, 1, tzinfo=Zone(90))
    yield 'moment', Moment(2020, 1, 2, 3, 4, 5, 6)
    m = Moment(2020, 1, 2)
    m.extra = 'x'
    yield 'moment_extra', m
    yield 'moment_zoned', Moment(2020, 1, 2, tzinfo=Zone(5))
    yield 'stretch', Stretch(1, 2, 3)
    try:
        import zoneinfo
        for key in ['Europe/Paris', 'UTC', 'America/New_York']:
            yield 'zoneinfo_' + key.replace('/', '_'), zoneinfo.ZoneInfo(key)
            yield 'zoneinfo_no_cache_' + key.replace('/', '_'), D(2020, 7, 1, tzinfo=zoneinfo.ZoneInfo.no_cache(key))
            yield 'zoneinfo_time_' + key.replace('/', '_'), D(2020, 10, 25, 2, 30, tzinfo=zoneinfo.ZoneInfo(key), fold=1)
    except ImportError:
        pass
    yield 'keys', {datetime.date(2020, 1, 1): 1, D(2020, 1, 1): 2, T(1): 3}
    import time
    yield 'struct_time', time.gmtime(1500000000)
    yield 'structs', [os.stat('/'), os.terminal_size((80, 24)) if hasattr(os, 'terminal_size') else 1, sys.version_info[:3]]


def python_others():
    if pathlib:
        for i, p in enumerate(['/a/b.txt', 'a', '.', '/', '', 'a/../b', '//x/y', 'é/\udcff', 'C:/x', 'a b']):
            yield 'path%d' % i, pathlib.PurePosixPath(p)
            yield 'windows%d' % i, pathlib.PureWindowsPath(p)
            yield 'real%d' % i, pathlib.Path(p)
        yield 'windows_drive', pathlib.PureWindowsPath('c:\\a\\b')
        yield 'windows_share', pathlib.PureWindowsPath('//server/share/a')
        yield 'path_keys', {pathlib.PurePosixPath('a'): 1}
        yield 'namespace', types.SimpleNamespace(a=1, b=[2])
        yield 'namespace_empty', types.SimpleNamespace()
        n = types.SimpleNamespace()
        n.me = n
        yield 'namespace_cycle', n
    if hasattr(__import__('types'), 'GenericAlias'):
        import typing
        yield 'generics', [list[int], dict[str, list[int]], tuple[int, ...], int | None, typing.Optional[int], typing.List[int], typing.Any, typing.Callable[[int], str], typing.Literal[1, 'a']]
    for i, it in enumerate([lambda: iter([1, 2, 3]), lambda: iter((1, 2)), lambda: iter('ab'), lambda: iter(range(5)), lambda: enumerate('ab'), lambda: zip([1], 'a'), lambda: reversed([1, 2]), lambda: map(str, [1, 2]), lambda: filter(None, [0, 1]),
                            lambda: iter({'a': 1}), lambda: iter({1}), lambda: itertools.count(5), lambda: itertools.chain([1], [2]), lambda: itertools.repeat(1, 3), lambda: iter(bytearray(b'ab'))]):
        yield 'iterator%d' % i, it()
        try:
            started = it()
            next(started)
            yield 'started%d' % i, started
        except TypeError:
            continue
    yield 'bytes_io', io.BytesIO(b'abc')
    yield 'string_io', io.StringIO('a\nb')
    b = io.BytesIO(b'abc')
    b.seek(2)
    b.extra = 1
    yield 'bytes_io_moved', b
    s = Slotted()
    s.a = 1
    yield 'slots', s
    yield 'slots_empty', Slotted()
    s = SlottedDict()
    s.a, s.c, s.d = 1, [2], {'e': 3}
    yield 'slots_dict', s
    for i, v in enumerate([1, 'x', (), (1,), [1], {'a': 1}, None, False, (None, {'b': 2}), ({'a': 1}, None), ({}, {}), Plain(a=1)]):
        yield 'state%d' % i, State(v)
    p = Plain(a=1)
    p.me = p
    p.also = [p, {'p': p}]
    yield 'cycle', p
    yield 'empty', Plain()
    yield 'odd_keys', Plain(**{str('a b'): 1})
    if sys.version_info > (3,):
        yield 'unicode_keys', Plain(**{'é': 2})
        yield 'args', Args(1, [2])
        yield 'args_named', Args(1, k=[2])
    a = [1]
    yield 'shared', [a, a, {'k': a}, (a,)]
    l = []
    l.append(l)
    yield 'list_cycle', l
    t = ([],)
    t[0].append(t)
    yield 'tuple_cycle', t
    yield 'deep', functools.reduce(lambda v, _: [v], range(60), 1)
    yield 'sets', [set(), {1, 'a', None}, frozenset(), frozenset([1, (2,)]), {frozenset([1])}, set(range(2500))]
    yield 'dicts', [{}, {1: 'a', 'b': None, (1, 2): 3, 1.5: 4, None: 5, True and 'x': 6, frozenset([1]): 7, b'k': 8}, dict((i, i) for i in range(2500))]
    import random
    import logging
    yield 'random', random.Random(5)
    yield 'logger', logging.getLogger('a.b') if sys.version_info > (3, 7) else 1
    yield 'record', logging.LogRecord('n', 10, 'p.py', 3, 'msg %s', ('a',), None)
    import string
    import textwrap
    yield 'template', string.Template('$a')
    yield 'wrapper', textwrap.TextWrapper(width=20)
    import email.message
    m = email.message.Message()
    m['Subject'] = 'x'
    m.set_payload('body')
    yield 'message', m
    import argparse
    yield 'arguments', argparse.Namespace(a=1, b='c')
    import difflib
    yield 'ndiff', difflib.SequenceMatcher(None, 'abc', 'abd') if sys.version_info > (3,) else 1
    import calendar
    yield 'calendar', calendar.Calendar(3)


INTS = (int, type(2 ** 70))  # of Python 2, which reads one as the other


def equal(a, b, seen=None):
    """Whether two values are equal in class, contents, attributes, order and sharing."""
    seen = {} if seen is None else seen
    if id(a) in seen:
        return seen[id(a)] is b
    if type(a) in INTS and type(b) in INTS:
        return a == b
    if type(a) is not type(b):
        return False
    if isinstance(a, (type, type(nothing))) or enum and isinstance(a, enum.Enum) or a is b:
        return a is b
    if type(a) in (float, complex) or type(a).__module__ in ('decimal', 'array'):
        return repr(a) == repr(b)
    if type(a) in (int, bool, type(None), type(''), bytes, bytearray, type(2 ** 70)):
        return a == b
    seen[id(a)] = b
    seen.setdefault('kept', []).append((a, b))  # so that no id is used again
    same = equal_contents(a, b, seen) and equal_attributes(a, b, seen)
    if type(a) in (tuple, frozenset):
        seen.pop(id(a))
    return same


def equal_contents(a, b, seen):
    """Whether what is no attribute is equal."""
    if isinstance(a, (set, frozenset)):
        return a == b
    if isinstance(a, dict):
        ordered = sys.version_info > (3, 6) or isinstance(a, collections.OrderedDict)
        if len(a) != len(b) or ordered and [repr(k) for k in a] != [repr(k) for k in b]:
            return False
        return all(k in b and equal(a[k], b[k], seen) for k in a) and equal(getattr(a, 'default_factory', 0), getattr(b, 'default_factory', 0), seen)
    if isinstance(a, (list, tuple, collections.deque)):
        return len(a) == len(b) and getattr(a, 'maxlen', 0) == getattr(b, 'maxlen', 0) and all(equal(x, y, seen) for x, y in zip(a, b))
    if isinstance(a, functools.partial):
        return equal([a.func, a.args, a.keywords], [b.func, b.args, b.keywords], seen)
    if isinstance(a, BaseException):
        names = [n for n in dir(type(a)) if type(type(a).__dict__.get(n, getattr(type(a), n))).__name__ in ('member_descriptor', 'getset_descriptor')]
        names = [n for n in names if n not in ('__dict__', '__traceback__', '__context__', '__cause__', '__suppress_context__', '__weakref__', 'message')]
        return str(a) == str(b) and all(equal(getattr(a, n, None), getattr(b, n, None), seen) for n in names)
    if isinstance(a, slice):
        return equal([a.start, a.stop, a.step], [b.start, b.stop, b.step], seen)
    if isinstance(a, datetime.datetime):
        return repr(a.replace(tzinfo=None)) == repr(b.replace(tzinfo=None)) and a.utcoffset() == b.utcoffset() and getattr(a, 'fold', 0) == getattr(b, 'fold', 0)
    if isinstance(a, type(len)):
        return a.__name__ == b.__name__ and equal(a.__self__, b.__self__, seen)
    if hasattr(a, '__dict__') and type(a).__name__ != 'Random':
        return True
    return equal_reduced(a, b, seen)


def equal_attributes(a, b, seen):
    if type(a).__module__ in ('pathlib', 'pathlib._local', 'ipaddress'):
        return a == b  # their attributes hold what was asked before
    x, y = (getattr(v, '__dict__', None) for v in (a, b))
    slots = [n for c in type(a).__mro__ for n in getattr(c, '__slots__', ()) if n not in ('__dict__', '__weakref__')] if hasattr(type(a), '__mro__') else []
    if any(hasattr(a, n) != hasattr(b, n) or not equal(getattr(a, n, None), getattr(b, n, None), seen) for n in slots if not n.startswith('__')):
        return False
    if isinstance(x, dict) and isinstance(y, dict):
        return sorted(x) == sorted(y) and all(equal(x[k], y[k], seen) for k in x)
    return x is None and y is None


def equal_reduced(a, b, seen):
    """Whether two values that have no attributes are pickled alike, or equal where they are not."""
    try:
        x, y = (v.__reduce_ex__(2) for v in (a, b))
    except (TypeError, AttributeError):
        return a == b or repr(a) == repr(b)
    if not isinstance(x, tuple):
        return x == y
    return len(x) == len(y) and all(i > 2 or equal(x[i], y[i], seen) for i in range(len(x)))

"""Functions and classes that dill and cloudpickle pickle with their code, for live tests.

    PYTHON function_values.py FOLDER             writes FOLDER/LIBRARY-NAME.pkl for each value
    PYTHON function_values.py --compare FOLDER   loads each NAME.pkl and NAME.again.pkl, and prints what does not act alike

Each value has the source that makes v, and an expression of it whose value is compared. A value whose own library
does not load one that acts alike is left out.
"""
import glob
import os
import sys

VALUES = {
    'plain': ('def v(a, b=2, *args, c=3, **more):\n    "doc"\n    return (a, b, args, c, more)', 'v(1, 5, 6, c=7, z=8), v(0), v.__doc__, v.__name__'),
    'lambda': ('v = lambda x: x + 1', 'v(1), v.__name__'),
    'closure': ('def outer(n):\n    def inner(x):\n        return x + n\n    return inner\nv = outer(10)', 'v(1), v.__closure__[0].cell_contents'),
    'two_cells': ('def outer(n, m):\n    def inner(x):\n        return x, n, m\n    return inner\nv = outer(10, [1, 2])', 'v(1)'),
    'recursive': ('def v(n):\n    return 1 if n < 2 else n * v(n - 1)', 'v(6)'),
    'recursive_cell': ('def outer():\n    def fact(n):\n        return 1 if n < 2 else n * fact(n - 1)\n    return fact\nv = outer()', 'v(6), v.__closure__[0].cell_contents is v'),
    'mutual': ('def even(n):\n    return n == 0 or odd(n - 1)\ndef odd(n):\n    return n != 0 and even(n - 1)\nv = even', 'v(10), v(7)'),
    'mutual_cells': ('def outer():\n    def even(n):\n        return n == 0 or odd(n - 1)\n    def odd(n):\n        return n != 0 and even(n - 1)\n    return even\nv = outer()', 'v(10), v(7)'),
    'shared_cell': ('def outer():\n    n = 0\n    def add(k):\n        nonlocal n\n        n += k\n        return n\n    def get():\n        return n\n    return add, get\nv = outer()', '(v[0](3), v[1](), v[0](4), v[1]())'),
    'empty_cell': ('def outer():\n    def inner():\n        return later\n    if 0:\n        later = 1\n    return inner\nv = outer()', 'len(v.__closure__), v.__name__'),
    'none_cell': ('def outer(n):\n    def inner():\n        return n\n    return inner\nv = outer(None)', 'v()'),
    'globals': ('K = {"a": [1, 2]}\ndef helper(x):\n    return K["a"] + [x]\ndef v(x):\n    return helper(x)', 'v(3)'),
    'global_recursive_data': ('L = []\nL.append(L)\ndef v():\n    return L[0] is L', 'v()'),
    'attributes': ('def v():\n    return v.count\nv.count = 5\nv.tags = {"x": [1]}', 'v(), v.tags, v.count'),
    'self_attribute': ('def v():\n    return 7\nv.me = v', 'v.me is v, v()'),
    'annotations': ('def v(x: int, y: str = "a") -> list:\n    return [x, y]', 'v(1), v.__annotations__, v.__defaults__'),
    'kwdefaults': ('def v(*, k=[1], m=None):\n    return k, m', 'v(), v.__kwdefaults__'),
    'generator': ('def v(n):\n    for i in range(n):\n        yield i', 'list(v(3))'),
    'comprehension': ('def v(n):\n    return [i * j for i in range(n) for j in (1, 2)], {i: i for i in range(2)}', 'v(2)'),
    'nested_code': ('def v(n):\n    def inner(x):\n        return x + n\n    return [inner(i) for i in range(3)]', 'v(2)'),
    'module_use': ('import math, collections\ndef v(x):\n    return math.floor(x), collections.OrderedDict(a=1)', 'v(1.5)'),
    'decorated': ('import functools\ndef deco(f):\n    @functools.wraps(f)\n    def g(*a):\n        return [f(*a)]\n    return g\n@deco\ndef v(x):\n    "d"\n    return x', 'v(1), v.__name__, v.__doc__, v.__wrapped__(2)'),
    'partial': ('import functools\ndef f(a, b, c=0):\n    return a, b, c\nv = functools.partial(f, 1, c=5)', 'v(2), v.args, v.keywords'),
    'in_containers': ('def f(x):\n    return x + 1\nv = {"f": f, "l": [f, f], "t": (f,)}', 'v["f"](1), v["l"][0] is v["f"], v["t"][0] is v["f"]'),
    'class': ('class v:\n    "doc"\n    x = 1\n    def m(self, y):\n        return self.x + y', 'v().m(2), v.__doc__, v.x, v.__name__, v.__mro__[1:]'),
    'class_base': ('class A:\n    def m(self):\n        return "A"\nclass v(A):\n    def m(self):\n        return "v" + super().m()', 'v().m(), [c.__name__ for c in v.__mro__]'),
    'class_members': ('class v:\n    def __init__(self, a):\n        self.a = a\n    @property\n    def p(self):\n        return self.a * 2\n    @staticmethod\n    def s(x):\n        return x\n    @classmethod\n    def c(cls, x):\n        return cls(x)\n    def __eq__(self, o):\n        return self.a == o.a\n    __hash__ = None', 'v(2).p, v.s(3), v.c(4).a, v(1) == v(1), v.__hash__'),
    'class_setter': ('class v:\n    def __init__(self):\n        self._x = 1\n    @property\n    def x(self):\n        "the x"\n        return self._x\n    @x.setter\n    def x(self, n):\n        self._x = n * 2', '(lambda o: (setattr(o, "x", 4), o.x, v.x.__doc__))(v())'),
    'class_slots': ('class v:\n    __slots__ = ("a", "b")\n    def __init__(self):\n        self.a = 1', 'v().a, v.__slots__, hasattr(v(), "__dict__")'),
    'class_self': ('class v:\n    def make(self):\n        return v()', 'type(v().make()) is v'),
    'class_nested': ('class v:\n    class Inner:\n        k = 5\n        def get(self):\n            return self.k\n    def make(self):\n        return self.Inner().get()', 'v().make(), v.Inner.__qualname__'),
    'class_meta': ('class M(type):\n    def hello(cls):\n        return cls.__name__\nclass v(metaclass=M):\n    pass', 'v.hello(), type(v).__name__'),
    'class_abc': ('import abc\nclass A(abc.ABC):\n    @abc.abstractmethod\n    def m(self): pass\nclass v(A):\n    def m(self):\n        return 3', 'v().m(), isinstance(v(), v.__mro__[1])'),
    'class_dict': ('class v(dict):\n    def twice(self):\n        return {k: x * 2 for k, x in self.items()}', 'v(a=1).twice()'),
    'instance': ('class C:\n    def __init__(self, n):\n        self.n = n\n    def get(self):\n        return self.n\nv = C([1, 2])', 'v.get(), type(v).__name__'),
    'instances': ('class C:\n    def __init__(self, n):\n        self.n = n\na = C(1)\nb = C(a)\na.n = b\nv = [a, b]', 'v[0].n is v[1], v[1].n is v[0], type(v[0]) is type(v[1])'),
    'bound': ('class C:\n    def __init__(self, n):\n        self.n = n\n    def get(self, k):\n        return self.n + k\nv = C(5).get', 'v(2), v.__self__.n'),
    'enum': ('import enum\nclass E(enum.Enum):\n    A = 1\n    B = "b"\n    def f(self):\n        return self.name\nv = [E.A, E.B, E]', 'v[0].f(), v[1].value, [m.name for m in v[2]], v[2].A is v[0]'),
    'dataclass': ('import dataclasses, sys, types\nsys.modules.setdefault("made", types.ModuleType("made"))\n@dataclasses.dataclass\nclass D:\n    a: int\n    b: list = dataclasses.field(default_factory=list)\nv = [D, D(1, [2])]', 'v[0](3), v[1], v[0](1) == v[0](1)'),
    'namedtuple': ('import collections\nP = collections.namedtuple("P", "x y")\nv = [P(1, 2), P]', 'v[0].x, v[1](3, 4)._asdict(), type(v[0]) is v[1]'),
    'class_closure': ('def outer(n):\n    class C:\n        def get(self):\n            return n\n        def other(self):\n            return C().get()\n    return C\nv = outer(9)', 'v().get(), v().other()'),
    'class_attr_function': ('def f(self):\n    return 4\nclass v:\n    g = f\n    h = staticmethod(len)', 'v().g(), v.h([1])'),
    'typed': ('import typing\nT = typing.TypeVar("T")\nclass v(typing.Generic[T]):\n    x: typing.List[int] = [1]\n    def m(self, y: T) -> T:\n        return y', 'v().m(2), v.x, v[int] is not None'),
    'property': ('v = property(lambda self: 5, None, None, "d")', 'v.fget(None), v.__doc__'),
    'numpy_closure': ('import numpy as np\ndef outer(a):\n    def inner(x):\n        return (a * x).tolist()\n    return inner\nv = outer(np.arange(3))', 'v(2)'),
    'code': ('v = (lambda x: x * 3).__code__', 'eval("f(2)", {"f": type(lambda: 0)(v, {})}), v.co_name'),
    'cell': ('def outer():\n    n = [5]\n    def f():\n        return n\n    return f\nv = outer().__closure__[0]', 'v.cell_contents'),
    'async': ('async def v(x):\n    return x', '(lambda c: (c.close(), c.__name__))(v(1))'),
    'star': ('def v(a, /, b, *, c):\n    return a, b, c', 'v(1, 2, c=3)'),
    'bytes_const': ('def v():\n    return b"\\x00\\xff", "\\u20ac", 1.5, 2j, (1, (2,)), frozenset([1]), ..., 2**100', 'v()'),
    'exception': ('class E(Exception):\n    def __str__(self):\n        return "E!"\nv = E(1, 2)', 'str(v), v.args, type(v).__mro__[1]'),
    'two_results': ('def outer():\n    fs = []\n    for i in range(3):\n        fs.append(lambda i=i: (i, len(fs)))\n    return fs\nv = outer()', '[f() for f in v]'),
    'list_holds_closure': ('def outer():\n    l = []\n    def f():\n        return l\n    l.append(f)\n    return l\nv = outer()', 'v[0]() is v'),
    'method_of_class': ('class C:\n    def m(self):\n        return 1\nv = C.m', 'v(None), v.__qualname__'),
    'weird_names': ('v = eval("lambda \\u00e9: \\u00e9")', 'v(1)'),
}


def run(source, name):
    space = {'__name__': name, '__builtins__': __builtins__}
    if name == '__main__':
        space = sys.modules['__main__'].__dict__
    exec(source, space)
    return space['v']


def result(expression, v):
    return repr(eval(expression, {'v': v}))


def outcome(expression, load, data):
    """What a pickle gives, or the error in a process that has not made the value."""
    try:
        return result(expression, load(data))
    except Exception as e:
        return '%s: %s' % (type(e).__name__, e)


def libraries():
    try:
        import dill
        yield 'dill', lambda v: dill.dumps(v, 4), dill.loads
        yield 'dill_recurse', lambda v: dill.dumps(v, 4, recurse=True), dill.loads
        yield 'dill2', lambda v: dill.dumps(v, 2), dill.loads
    except ImportError:
        pass
    try:
        import cloudpickle
        yield 'cloudpickle', lambda v: cloudpickle.dumps(v, 4), cloudpickle.loads
        yield 'cloudpickle5', lambda v: cloudpickle.dumps(v, 5), cloudpickle.loads
    except ImportError:
        pass


def write(folder):
    total = 0
    for library, dumps, loads in libraries():
        for name in VALUES:
            source, expression = VALUES[name]
            for module in ('made', '__main__'):
                try:
                    before = result(expression, run(source, module))
                    data = dumps(run(source, module))
                    if result(expression, loads(data)) != before:
                        raise ValueError('another value')
                except Exception as e:
                    sys.stderr.write('%s %s %s: %s\n' % (library, module, name, str(e)[:80]))
                    continue
                with open(os.path.join(folder, '%s-%s-%s.pkl' % (library, module.strip('_'), name)), 'wb') as f:
                    f.write(data)
                total += 1
    print(total)


def compare(folder):
    done = 0
    loads = {name: load for name, _, load in libraries()}
    for path in sorted(glob.glob(os.path.join(folder, '*.again.pkl'))):
        base = os.path.basename(path)[:-10]
        library, _, name = base.split('-')
        try:
            with open(path[:-10] + '.pkl', 'rb') as f, open(path, 'rb') as g:
                was, now = f.read(), g.read()
            a, b = (outcome(VALUES[name][1], loads[library], data) for data in (was, now))
            if a != b:
                print('%s: %s is not %s' % (base, b[:200], a[:200]))
        except Exception as e:
            print('%s: %s: %s' % (base, type(e).__name__, ' '.join(str(e).split())[:200]))
        done += 1
    print('done %d' % done)


if __name__ == '__main__':
    compare(sys.argv[2]) if len(sys.argv) > 2 else write(sys.argv[1])

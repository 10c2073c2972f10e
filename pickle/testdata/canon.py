"""What CPython's C unpickler makes of pickles, in a text that Go tests compare.

    python3.13 canon.py cases.txt          writes the third column anew, and cases.dis,
                                           what pickletools.dis writes for each case
    python3.13 canon.py                    reads lines of hex, answers each with a line
    python3.13 canon.py dis                the same with pickletools.dis, its text as hex

A line of cases.txt is: name, the pickle as Go's strconv.Quote or Python's repr of
latin-1 text would write it, the answer; separated by tabs. An answer that begins
with "!" is an error's type.

No class of a pickle is imported: every global becomes an inert class that
records what is done to it.
"""

import ast
import io
import pickle
import pickletools
import struct
import sys
import warnings

warnings.simplefilter("ignore")
sys.setrecursionlimit(20000)


class Meta(type):
    def __call__(cls, *args):
        obj = cls.__new__(cls, *args)
        obj.form = "reduce"
        return obj


class Inert(metaclass=Meta):
    def __new__(cls, *args, **kwargs):
        obj = object.__new__(cls)
        obj.args, obj.kwargs, obj.form = args, kwargs, "newobj"
        obj.state, obj.items, obj.pairs = [], [], []
        return obj

    def __call__(self, *args):
        # What calls of what a call gave: Go's Object records these too.
        obj = Inert.__new__(type(self), *args)
        obj.made_by = self
        return obj

    def __setstate__(self, state):
        self.state.append(state)

    def append(self, v):
        self.items.append(v)

    def extend(self, vs):
        self.items.extend(vs)

    add = append

    def __setitem__(self, k, v):
        self.pairs.append((k, v))


class Unpickler(pickle.Unpickler):
    def __init__(self, data, **kw):
        super().__init__(io.BytesIO(data), **kw)
        self.classes = {}

    def find_class(self, module, name):
        key = module, name
        if key not in self.classes:
            self.classes[key] = Meta("Inert", (Inert,), {"key": module + " " + name})
        return self.classes[key]


def canon(v, depth=0):
    if depth > 200:
        raise RecursionError
    c = lambda x: canon(x, depth + 1)
    t = type(v)
    if v is None or t is bool:
        return repr(v)
    if t is int:
        return hex(v)
    if t is float:
        return "f" + struct.pack(">d", v).hex()
    if t is str:
        return "s" + v.encode("utf-8", "surrogatepass").hex()
    if t is bytes:
        return "b" + v.hex()
    if t is bytearray:
        return "B" + v.hex()
    if t is list:
        return "[" + ",".join(map(c, v)) + "]"
    if t is tuple:
        return "(" + ",".join(map(c, v)) + ")"
    if t is dict:
        return "{" + ",".join(c(k) + ":" + c(x) for k, x in v.items()) + "}"
    if t is set:
        return "<" + ",".join(sorted(map(c, v))) + ">"
    if t is frozenset:
        return "<<" + ",".join(sorted(map(c, v))) + ">>"
    if t is Meta:
        return "global " + v.key.encode("utf-8", "surrogatepass").hex()
    return "object(%s %s %s %s %s %s)" % (
        c(getattr(v, "made_by", t)), c(v.args), c(v.kwargs), c(v.state), c(v.items), c(v.pairs))


def answer(data):
    try:
        v = Unpickler(data, encoding="latin-1").load()
    except Exception as e:
        if "__setstate__() missing" in str(e):
            # BUILD of a class: it called Inert's own method, which a real class has not
            return "!class state"
        return "!" + type(e).__name__
    try:
        return canon(v)
    except RecursionError:
        return "!!deep"


def dis(data):
    out = io.StringIO()
    try:
        pickletools.dis(data, out)
    except Exception as e:
        return out.getvalue().encode("utf-8", "surrogatepass").hex() + "!" + type(e).__name__
    return out.getvalue().encode("utf-8", "surrogatepass").hex()


def main():
    if len(sys.argv) > 1 and sys.argv[1] != "dis":
        out, blocks = [], []
        for line in open(sys.argv[1], encoding="utf-8"):
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                out.append(line)
                continue
            name, quoted = line.split("\t")[:2]
            data = ast.literal_eval("b" + quoted)
            out.append("\t".join((name, quoted, answer(data))))
            text, _, error = dis(data).partition("!")
            blocks.append("=== %s %s\n%s" % (name, error, bytes.fromhex(text).decode("utf-8", "surrogatepass")))
        with open(sys.argv[1], "w", encoding="utf-8") as f:
            f.write("\n".join(out) + "\n")
        with open(sys.argv[1].replace(".txt", ".dis"), "w", encoding="utf-8") as f:
            f.write("".join(blocks))
        return
    f = dis if len(sys.argv) > 1 else answer
    for line in sys.stdin:
        print(f(bytes.fromhex(line)), flush=True)


main()

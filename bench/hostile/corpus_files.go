package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

func code(c *corpus) {
	for _, name := range []string{
		"os system", "posix system", "nt system", "subprocess Popen", "subprocess check_output",
		"builtins eval", "builtins exec", "__builtin__ eval", "builtins __import__",
		"builtins open", "builtins getattr", "runpy run_path", "pty spawn",
		"importlib import_module", "ctypes CDLL", "webbrowser open", "socket socket",
		"shutil rmtree", "pip main",
		"code interact", "operator attrgetter", "operator methodcaller", "functools reduce",
		"builtins compile", "timeit timeit", "numpy load", "numpy.testing._private.utils runstring",
		"pandas read_pickle", "torch load", "_pickle loads", "pickle loads", "types FunctionType",
		"builtins breakpoint", "asyncio.unix_events _UnixSubprocessTransport.__init__",
		"bdb Bdb.run",
	} {
		module, attr, _ := strings.Cut(name, " ")
		stack := func(s string) string { return "\x8c" + le(uint64(len(s)), 1) + s }
		args := "(\x8c\x02idt"
		accept := c.accept
		if name == "builtins getattr" { // refused with one argument
			accept = c.either
		}
		c.either(name+" by GLOBAL", "c"+module+"\n"+attr+"\n"+args+"R.")
		accept(name+" by STACK_GLOBAL", "\x80\x04"+stack(module)+stack(attr)+"\x93"+args+"R.")
		accept(name+" by STACK_GLOBAL from the memo",
			"\x80\x04"+stack(attr)+"\x94"+stack(module)+"\x9400h\x01h\x00\x93"+args+"R.")
		accept(name+" by INST", "(\x8c\x02idi"+module+"\n"+attr+"\n.")
		accept(name+" by OBJ", "(c"+module+"\n"+attr+"\n\x8c\x02ido.")
		accept(name+" by NEWOBJ", "c"+module+"\n"+attr+"\n"+args+"\x81.")
		accept(name+" by NEWOBJ_EX", "c"+module+"\n"+attr+"\n"+args+"}\x92.")
		c.either(name+" as base of _reconstructor",
			"ccopyreg\n_reconstructor\ncm\nC\nc"+module+"\n"+attr+"\nN\x87R.")
		c.either(name+" as factory of a defaultdict",
			"ccollections\ndefaultdict\nc"+module+"\n"+attr+"\n\x85R.")
	}
	c.accept("getattr of getattr of __import__",
		"cbuiltins\ngetattr\ncbuiltins\n__import__\n\x8c\x02os\x85R\x8c\x06system\x86R\x8c\x02id\x85R.")
	c.accept("__reduce__ in a state",
		"cm\nC\n)\x81}(\x8c\x0a__reduce__cos\nsystem\n\x8c\x09__class__cos\nsystem\nub.")
	c.either("map of os.system",
		"cbuiltins\nlist\ncbuiltins\nmap\ncos\nsystem\n](\x8c\x02ide\x86R\x85R.")
	c.accept("many pickles", rep("cos\nsystem\n\x8c\x02id\x85R.", 10_000))
}

func idsAndCodes(c *corpus) {
	c.refuse("PERSID", "Pid\n.")
	c.refuse("BINPERSID", "K\x01Q.")
	c.refuse("BINPERSID of a tuple of a class", "(\x8c\x07storagecos\nsystem\ntQ.")
	c.refuse("EXT1", "\x82\x01.")
	c.refuse("EXT1 of 0", "\x82\x00.")
	c.refuse("EXT2", "\x83\x01\x01.")
	c.refuse("EXT4", "\x84\x01\x01\x01\x01.")
	c.refuse("EXT4 of -1", "\x84\xff\xff\xff\xff.")
	c.refuse("PERSID of 1 MB", "P"+rep("x", 1_000_000)+"\n.")
	c.refuse("NEXT_BUFFER", "\x80\x05\x97.")
	c.refuse("1,000,000 persistent ids of ids", "N"+rep("Q", 1_000_000)+".")
	c.refuse("200,000 persistent ids", rep("Pab\n0", 200_000)+"N.")
	c.refuse("150,000 persistent ids, no two alike", func() string {
		var b strings.Builder
		for i := range 130_000 {
			fmt.Fprintf(&b, "P%x\n0", i)
		}
		return b.String() + "N."
	}())
	c.refuse("1,000,000 NEXT_BUFFER", "\x80\x05"+rep("\x97", 1_000_000)+".")
}

// packed returns what write writes through a compressor.
func packed(open func(io.Writer) io.WriteCloser, write func(io.Writer)) string {
	var b bytes.Buffer
	w := open(&b)
	write(w)
	if err := w.Close(); err != nil {
		panic(err) // a bytes.Buffer does not fail
	}
	return b.String()
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// packers are the compressors of the standard library and of the module's dependencies.
var packers = map[string]func(io.Writer) io.WriteCloser{
	"gzip": func(w io.Writer) io.WriteCloser { return must(gzip.NewWriterLevel(w, 9)) },
	"zlib": func(w io.Writer) io.WriteCloser { return must(zlib.NewWriterLevel(w, 9)) },
	"xz":   func(w io.Writer) io.WriteCloser { return must(xz.NewWriter(w)) },
	"lzma": func(w io.Writer) io.WriteCloser { return must(lzma.NewWriter(w)) },
	"zstd": func(w io.Writer) io.WriteCloser { return must(zstd.NewWriter(w)) },
	"lz4":  func(w io.Writer) io.WriteCloser { return lz4.NewWriter(w) },
}

func zeros(n int) func(io.Writer) {
	return func(w io.Writer) {
		block := make([]byte, 1<<20)
		for ; n > 0; n -= len(block) {
			_, _ = w.Write(block[:min(n, len(block))])
		}
	}
}

func compressed(c *corpus) {
	for name, open := range packers {
		valid := packed(open, func(w io.Writer) { _, _ = io.WriteString(w, samples()["array"]) })
		c.add("", name+", valid", valid)
		// The pickle ends before the checksum, which is never read, so that alone may be missing.
		for _, n := range []int{1, 4, 8, len(valid) / 2} {
			c.refuse(fmt.Sprintf("%s cut at %d of %d", name, n, len(valid)), valid[:n])
		}
		for i := 4; i < len(valid); i += 1 + len(valid)/24 {
			b := []byte(valid)
			b[i] ^= 0x55
			c.either(fmt.Sprintf("%s with byte %d changed", name, i), string(b))
		}
		c.refuse(name+" of garbage", valid[:min(10, len(valid))]+rep("garbage", 100))
		c.refuse(name+": 48 MiB of zeros", packed(open, zeros(48<<20)))
		c.refuse(name+": a pickle of 32 MiB of bytes, cut", packed(open, func(w io.Writer) {
			_, _ = io.WriteString(w, "B\x00\x00\x00\x7f")
			zeros(32 << 20)(w)
		}))
		c.either(name+": 16,000,000 lists", packed(open, func(w io.Writer) {
			_, _ = io.WriteString(w, rep("]", 16_000_000))
		}))
		twice := packed(open, func(w io.Writer) {
			_, _ = io.WriteString(w, packed(open, zeros(16<<20)))
		})
		c.refuse(name+" in "+name, twice)
	}
	for name, head := range map[string]string{"bzip2": "BZh9", "bzip2 block": "BZh91AY&SY",
		"gzip with a name without end": "\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\x00",
		"zstd, window 2 GiB":           "\x28\xb5\x2f\xfd\x00\xa8",
		"xz, dictionary 4 GiB":         "\xfd7zXZ\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x28",
		"lzma, dictionary 4 GiB":       "\x5d\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
		"lz4, blocks of 4 MiB":         "\x04\x22\x4d\x18\x64\x70\xb9"} {
		c.refuse(name, head+rep("\x00", 200))
		c.refuse(name+", a byte", head)
	}
}

// npy returns an .npy file with a header and data.
func npy(header, data string) string {
	return "\x93NUMPY\x01\x00" + le(uint64(len(header)), 2) + header + data
}

func npyFiles(c *corpus) {
	head := func(descr, shape string) string {
		return "{'descr': " + descr + ", 'fortran_order': False, 'shape': " + shape + ", }\n"
	}
	for name, h := range map[string]string{
		"not a dict": "[1, 2]", "a call": "__import__('os').system('id')",
		"an expression":  "{'descr': '<f8', 'fortran_order': 1==2, 'shape': (2,)}",
		"arithmetic":     head("'<f8'", "(2**40,)"),
		"a name":         head("'<f8'", "(n,)"),
		"no shape":       "{'descr': '<f8', 'fortran_order': False}",
		"more keys":      "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), 'x': 1}",
		"shape twice":    "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), 'shape': (200000,)}",
		"negative shape": head("'<f8'", "(-2,)"), "shape wraps": head("'<f8'",
			"(4294967296, 4294967296, 4)"), "2^61 + 1": head("'<f8'", "(2305843009213693953,)"),
		"2^70": head("'<f8'", "(1180591620717411303424,)"), "shape is a str": head("'<f8'", "'2'"),
		"bool shape": head("'<f8'", "(True,)"), "shape of a float": head("'<f8'", "(2.0,)"),
		"unknown dtype": head("'<q8'", "(2,)"), "dtype of 0 bytes, 2^62": head("'|V0'",
			"(4611686018427387904, 4)"), "no end": "{'descr': '<f8', 'fort",
		"5,000 parentheses":        head(rep("(", 5000)+"1"+rep(")", 5000), "(2,)"),
		"30,000 brackets":          head(rep("[", 30_000), "(2,)"),
		"a million digits":         head("'<f8'", "("+rep("9", 60_000)+",)"),
		"objects without a pickle": head("'|O'", "(2,)"),
		"empty":                    "", "zeros": rep("\x00", 100), "f-string": "f{'descr': '<f8'}",
		"escapes":            `{'descr': '\x3cf8', 'fortran_order': False, 'shape': (2,)`,
		"100,000 dimensions": head("'<f8'", "("+rep("1,", 30_000)+")"),
		"nested descr":       head(rep("[('a', ", 3000)+"'<f8'"+rep(")]", 3000), "(2,)"),
	} {
		c.refuse("header: "+name, npy(h, rep("\x00", 8)))
	}
	c.either("header: ok", npy(head("'<f8'", "(2,)"), rep("\x00", 16)))
	c.refuse("header of 4 GB", "\x93NUMPY\x02\x00\xff\xff\xff\xff{}")
	c.refuse("header of 4 GB in 1 MB", "\x93NUMPY\x02\x00\xff\xff\xff\xff"+rep(" ", 1_000_000))
	c.refuse("version 9", "\x93NUMPY\x09\x00\x10\x00"+rep(" ", 16))
	c.refuse("cut", "\x93NUMPY\x01")
	c.either("objects: os.system", npy(head("'|O'", "(1,)"), "cos\nsystem\n\x8c\x02id\x85R."))
	c.either("objects: 1,000,000 lists", npy(head("'|O'", "(1,)"), rep("]", 1_000_000)))
	c.refuse("short data, 2^40", npy(head("'<f8'", "(1099511627776,)"), rep("\x00", 64)))
	member := func(names ...string) string {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for _, name := range names {
			f := must(w.Create(name))
			_, _ = io.WriteString(f, npy(head("'<f8'", "(2,)"), rep("\x00", 16)))
		}
		must(0, w.Close())
		return b.String()
	}
	ok := member("a.npy", "b.npy")
	c.either("npz: ok", ok)
	for _, name := range []string{"../a.npy", "/etc/a.npy", "a/../../b.npy", "CON.npy",
		rep("a", 300) + ".npy", "\x1b[31m.npy", "a\x00.npy", "..\\a.npy", ""} {
		c.either(fmt.Sprintf("npz: member %.20q", name), member(name))
	}
	c.either("npz: a name twice", member("a.npy", "a.npy"))
	c.either("npz: 10,000 members", member(strings.Split(strings.TrimSuffix(rep("a.npy,", 4000),
		","), ",")...))
	for i := 0; i < len(ok); i += 1 + len(ok)/40 {
		b := []byte(ok)
		b[i] ^= 0xff
		c.either(fmt.Sprintf("npz: byte %d changed", i), string(b))
		c.either(fmt.Sprintf("npz: cut at %d", i), ok[:i])
	}
	central := strings.Index(ok, "PK\x01\x02")
	for name, at := range map[string]int{"compressed size": 20, "size": 24, "offset": 42} {
		b := []byte(ok)
		binary.LittleEndian.PutUint32(b[central+at:], 0xfffffff0)
		c.either("npz: "+name+" 4 GB", string(b))
	}
	var bomb bytes.Buffer
	w := zip.NewWriter(&bomb)
	f := must(w.Create("a.npy"))
	_, _ = io.WriteString(f, npy(head("'|u1'", "(268435456,)"), ""))
	zeros(256 << 20)(f)
	must(0, w.Close())
	c.either("npz: an array of 256 MiB of zeros", bomb.String())
	deflated := func(n int, member string) string {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for i := range n {
			_, _ = io.WriteString(must(w.Create(fmt.Sprintf("%d.npy", i))), member)
		}
		must(0, w.Close())
		return b.String()
	}
	const lists = 300_000
	c.refuse("npz: 40 members of 300,000 lists", deflated(40,
		npy(head("'|O'", "(300000,)"), array("J"+le(lists, 4)+"\x85", dtype("O8", "|"), "\x89",
			"]("+rep("]", lists)+"e")+".")))
	c.refuse("npz: 100 members of 15 MiB of zeros",
		deflated(100, npy(head("'|u1'", "(15728640,)"), rep("\x00", 15<<20))))
	// Each member makes 4 MB from one argument of 20 kB.
	c.refuse("npz: 60 members that copy bytes 200 times",
		deflated(60, npy(head("'|O'", "(200,)"), array("M\xc8\x00\x85", dtype("O8", "|"), "\x89",
			"cbuiltins\nbytearray\nq\x00B"+le(20_000, 4)+rep("x", 20_000)+"\x85q\x0100]("+
				rep("h\x00h\x01R", 200)+"e")+".")))
}

func output(c *corpus) {
	for _, s := range []string{"\x1b[2J\x1b[31mred", "\x07bell", "\xc2\x9b31m",
		"\xe2\x80\xae" + "txt.exe", "\x00", "\r\nX: y", "\xe2\x80\xa8", "\xef\xbf\xbe", "\x7f",
		"\xf0\x9f\x92\xa9", "../../etc/passwd", "/abs", "CON", "nul.txt", rep("n", 300), ".", "..",
		"a/b", `a\b`, "-rf", "~", "$(id)", "`id`", "\xed\xa0\x80"} {
		str := "X" + le(uint64(len(s)), 4) + s
		c.accept(fmt.Sprintf("str %.20q", s), str+".")
		c.accept(fmt.Sprintf("key %.20q", s), "}"+str+"Ns.")
		c.either(fmt.Sprintf("name %.20q", s), str+str+"\x93.")
		c.either(fmt.Sprintf("array under key %.20q", s),
			"}"+str+array("K\x01\x85", dtype("f8", "<"), "\x89", "C\x08"+rep("\x00", 8))+"s.")
		c.refuse(fmt.Sprintf("persistent id %.20q", s), str+"Q.")
	}
	c.accept("300,000 control characters", "X"+le(300_000, 4)+rep("\x1b", 300_000)+".")
}

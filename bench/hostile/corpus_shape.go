package main

import (
	"fmt"
	"strings"
)

func logicalSize(c *corpus) {
	tens := func(kind string, levels int) string {
		var b strings.Builder
		b.WriteString("(" + rep("K\x01", 10) + kind)
		for i := range levels {
			b.WriteString(fmt.Sprintf("p%d\n0(", i) + rep(fmt.Sprintf("g%d\n", i), 10) + kind)
		}
		return b.String()
	}
	for _, levels := range []int{5, 8, 30, 200, 2000} {
		c.accept(fmt.Sprintf("%d lists of ten of the one before", levels), tens("l", levels)+".")
		c.accept(fmt.Sprintf("%d tuples of ten of the one before", levels), tens("t", levels)+".")
		c.either(fmt.Sprintf("%d as a dict's key", levels), "}"+tens("t", levels)+"Ns.")
		c.either(fmt.Sprintf("%d frozensets as a key", levels),
			"}"+tens("t", levels)+"\x85(2\x91Ns.")
		c.either(fmt.Sprintf("%d tuples in a set", levels), "\x8f("+tens("t", levels)+"\x90.")
	}
	for _, levels := range []int{26, 60, 200, 5000} {
		c.accept(fmt.Sprintf("a tuple doubled %d times", levels), ")"+rep("2\x86", levels)+".")
		c.either(fmt.Sprintf("a tuple doubled %d times as key", levels),
			"}K\x01\x85"+rep("2\x86", levels)+"Ns.")
		c.either(fmt.Sprintf("a dict in itself twice, %d times", levels),
			"}"+rep("q\x000}(K\x00h\x00K\x01h\x00u", levels)+".")
		c.either(fmt.Sprintf("a state doubled %d times", levels),
			"cm\nC\nq\x00N"+rep("q\x010h\x00)\x81h\x01h\x01\x86b", levels)+".")
		c.either(fmt.Sprintf("an OrderedDict of doubled tuples %d times", levels),
			"ccollections\nOrderedDict\n)R)"+rep("2\x86", levels)+"Ns.")
	}
	c.either("a key of 100,000,000 values", "}"+tens("t", 7)+"Ns.")
	c.either("ten keys of 10,000,000 values", "}("+tens("t", 6)+"q\x63"+rep("K\x01h\x63\x86N", 10)+
		"u.")
	c.either("100,000 keys of 1,000 values", "K\x01"+tens("t", 2)+"q\x630}("+
		rep("h\x63NK\x01h\x63\x86N", 40_000)+"u.")
	c.accept("a str of 100 kB 10,000 times", "X"+le(100_000, 4)+rep("x", 100_000)+"q\x000]("+
		rep("h\x00", 10_000)+"e.")
	c.accept("bytes of 100 kB 10,000 times", "B"+le(100_000, 4)+rep("x", 100_000)+"q\x000]("+
		rep("h\x00", 10_000)+"e.")
	c.accept("an array of 80 kB 10,000 times", array("M\x10\x27\x85", dtype("f8", "<"), "\x89",
		"B"+le(80_000, 4)+rep("\x00", 80_000))+"q\x000]("+rep("h\x00", 10_000)+"e.")
	c.accept("a list of 100,000, 100,000 times", "]("+rep("N", 100_000)+"eq\x000]("+
		rep("h\x00", 100_000)+"e.")
	c.accept("a class 300,000 times", "cm\nC\nq\x000]("+rep("h\x00", 300_000)+"e.")
	c.accept("an int of 100,000 bytes 10,000 times",
		"\x8b"+le(100_000, 4)+rep("\x7f", 100_000)+"q\x000]("+rep("h\x00", 10_000)+"e.")
}

func depth(c *corpus) {
	for _, n := range []int{1000, 100_000, 500_000} {
		c.either(fmt.Sprintf("%d nested lists", n), rep("]", n)+rep("a", n-1)+".")
		c.either(fmt.Sprintf("%d nested tuples", n), ")"+rep("\x85", n-1)+".")
		c.either(fmt.Sprintf("%d nested dicts", n/2), rep("}N", n/2)+"N"+rep("s", n/2)+".")
		c.either(fmt.Sprintf("%d nested dict keys", n), "}"+")"+rep("\x85", n)+"Ns.")
		c.either(fmt.Sprintf("%d nested frozensets", n/2), rep("(", n/2)+rep("\x91", n/2)+".")
		c.either(fmt.Sprintf("%d nested states", n/5),
			"cm\nC\nq\x00)\x81"+rep("h\x00)\x81", n/5)+rep("b", n/5)+".")
		c.either(fmt.Sprintf("%d nested arguments", n/5),
			"cm\nC\nq\x000"+rep("h\x00", n/5)+")"+rep("\x81\x85", n/5)+".")
		c.either(fmt.Sprintf("%d nested calls of calls", n/2), "cm\nC\n"+rep(")R", n/2)+".")
		c.either(fmt.Sprintf("%d nested OrderedDicts", n/6),
			"ccollections\nOrderedDict\nq\x000"+rep("h\x00)RN", n/6)+"N"+rep("s", n/6)+".")
		c.either(fmt.Sprintf("%d nested deques", n/6),
			"ccollections\ndeque\nq\x000"+rep("h\x00)R", n/6)+rep("a", n/6-1)+".")
		c.either(fmt.Sprintf("%d nested object arrays", n/20), nestedArrays(n/20))
		c.either(fmt.Sprintf("%d nested dtypes", n/40), nestedDTypes(n/40))
		c.either(fmt.Sprintf("%d nested subarrays", n/40), nestedSubarrays(n/40))
		c.either(fmt.Sprintf("%d nested persistent ids", n), "N"+rep("Q", n)+".")
		c.either(fmt.Sprintf("%d marks", n), rep("(", n)+".")
		c.either(fmt.Sprintf("%d marks and pops", n/2), rep("(0", n/2)+"N.")
		c.either(fmt.Sprintf("%d nested reconstructors", n/10),
			"ccopyreg\n_reconstructor\nq\x00cm\nC\nq\x0100N"+
				rep("q\x020h\x00h\x01h\x02\x86R", n/10)+".")
		c.either(fmt.Sprintf("%d nested partial-like classes", n/6),
			"cfunctools\npartial\nq\x00"+rep("\x85R2", 1)+rep("q\x010h\x00h\x01\x85R", n/6)+".")
	}
}

// nestedArrays returns n object arrays, each inside the one before.
func nestedArrays(n int) string {
	head := "cnumpy.core.multiarray\n_reconstruct\nq\x00cnumpy\nndarray\nq\x01K\x00\x85q\x02C\x01bq\x03" + dtype("O8", "|") + "q\x04K\x01\x85q\x050"
	return head + rep("h\x00h\x01h\x02h\x03\x87R(K\x01h\x05h\x04\x89]", n) + "N" + rep("atb", n) +
		"."
}

// nestedDTypes returns n structured dtypes, each a field of the next.
func nestedDTypes(n int) string {
	head := "cnumpy\ndtype\nq\x00\x8c\x02V8q\x01\x8c\x01|q\x02\x8c\x01aq\x03\x85q\x0400000" +
		dtype("f8", "<")
	return head +
		rep("q\x050h\x00h\x01\x89\x88\x87R(K\x03h\x02Nh\x04}h\x03h\x05K\x00\x86sK\x08K\x01K\x10tb",
			n) + "."
}

// nestedSubarrays returns n subarray dtypes, each the base of the next.
func nestedSubarrays(n int) string {
	head := "cnumpy\ndtype\nq\x00\x8c\x02V8q\x01\x8c\x01|q\x02K\x01\x85q\x0400000" +
		dtype("f8", "<")
	return head + rep("q\x050h\x00h\x01\x89\x88\x87R(K\x03h\x02h\x05h\x04\x86NNK\x08K\x01K\x00tb",
		n) + "."
}

func cycles(c *corpus) {
	c.either("a list in itself", "]q\x00h\x00a.")
	c.either("a dict in itself", "}q\x00Nh\x00s.")
	c.either("a dict whose key's tuple holds it", "}q\x00h\x00\x85Ns.")
	c.either("a tuple in its list", "]q\x00h\x00\x85a.")
	c.either("an object that is its state", "cm\nC\n)\x81q\x00h\x00b.")
	c.either("an object in its state", "cm\nC\n)\x81q\x00}\x8c\x01xh\x00sb.")
	c.either("an object in its items", "cm\nC\n)\x81q\x00h\x00a.")
	c.either("an object as its key", "cm\nC\n)\x81q\x00h\x00h\x00s.")
	c.either("a set in its member", "\x8fq\x00(cm\nC\n)\x81h\x00b\x90.")
	c.either("an object array in itself",
		"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87Rq\x63(K\x01K\x01\x85"+dtype("O8", "|")+"\x89](h\x63etb.")
	c.either("a dtype in its field",
		"cnumpy\ndtype\n\x8c\x02V8\x89\x88\x87Rq\x63(K\x03\x8c\x01|N\x8c\x01a\x85}\x8c\x01ah\x63K\x00\x86sK\x08K\x01K\x00tb.")
	c.either("a dtype in its subarray",
		"cnumpy\ndtype\n\x8c\x02V8\x89\x88\x87Rq\x63(K\x03\x8c\x01|h\x63K\x01\x85\x86NNK\x08K\x01K\x00tb.")
	c.either("a dtype in its metadata",
		"cnumpy\ndtype\n\x8c\x02f8\x89\x88\x87Rq\x63(K\x04\x8c\x01<NNNK\xffK\xffK\x00}\x8c\x01ah\x63stb.")
	c.either("a deque in itself", "ccollections\ndeque\n)Rq\x00h\x00a.")
	c.either("an OrderedDict in itself", "ccollections\nOrderedDict\n)Rq\x00Nh\x00s.")
	c.either("a defaultdict whose factory is itself", "ccollections\ndefaultdict\n)Rq\x00h\x00b.")
	c.either("a ring of 100,000 lists", "]q\x00"+rep("]", 99_999)+"h\x00"+rep("a", 100_000)+".")
	c.either("1,000 lists that each hold all", "("+lots("]q%c", 1000)+"0.")
	var all strings.Builder
	for i := range 200 {
		all.WriteString("]q" + le(uint64(i), 1))
	}
	for i := range 200 {
		all.WriteString("h" + le(uint64(i), 1) + "(")
		for k := range 200 {
			all.WriteString("h" + le(uint64(k), 1))
		}
		all.WriteString("e0")
	}
	c.either("200 lists that hold one another", all.String()+"h\x00.")
	c.either("200 dicts that hold one another", strings.NewReplacer("]", "}", "(", "", "e0",
		"0").Replace(dense(150)))
}

// dense returns n dicts, each of which has all of them as values.
func dense(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("}p" + fmt.Sprint(i) + "\n0")
	}
	for i := range n {
		b.WriteString("g" + fmt.Sprint(i) + "\n")
		for k := range n {
			b.WriteString("K" + le(uint64(k), 1) + "g" + fmt.Sprint(k) + "\ns")
		}
		b.WriteString("0")
	}
	return b.String() + "g0\n."
}

func lots(format string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(fmt.Sprintf(format, 'a'+i%20))
	}
	return b.String()
}

func keys(c *corpus) {
	for name, key := range map[string]string{"list": "]", "dict": "}", "set": "\x8f",
		"bytearray": "\x96" + le(1, 8) + "a", "a tuple of a list": "]\x85",
		"a tuple of tuples of a dict": "}\x85\x85\x85"} {
		c.refuse("dict key: "+name, "}"+key+"Ns.")
		c.refuse("DICT key: "+name, "("+key+"Nd.")
		c.refuse("set member: "+name, "\x8f("+key+"\x90.")
		c.refuse("frozenset member: "+name, "("+key+"\x91.")
	}
	c.refuse("odd SETITEMS", "}(K\x01u.")
	c.refuse("odd DICT", "(K\x01d.")
	c.accept("a set of bytes", "\x8f(C\x01a\x90.")
	c.accept("NaN keys", "}("+rep("G\x7f\xf8\x00\x00\x00\x00\x00\x00N", 1000)+"u.")
	c.accept("1, 1.0 and True", "}(K\x01NG\x3f\xf0\x00\x00\x00\x00\x00\x00N\x88Nu.")
	c.accept("a duplicate key 300,000 times", "}("+rep("K\x01N", 300_000)+"u.")
	var ints, members, floats, strs, tuples, negative strings.Builder
	for i := range 80_000 {
		ints.WriteString("\x8a\x08" + le(uint64(i)*(1<<61-1), 8) + "N") // equal hashes in CPython
		members.WriteString("\x8a\x08" + le(uint64(i)*(1<<61-1), 8))
		floats.WriteString("G" + le(uint64(i)<<40|0x3f, 8) + "N")
		strs.WriteString(fmt.Sprintf("\x8c\x06%06dN", i))
		tuples.WriteString(fmt.Sprintf("\x8c\x05%05d\x85N", i))
		negative.WriteString("J" + le(uint64(i)<<16, 4) + "\x85N")
	}
	c.accept("ints of one hash", "}("+ints.String()+"u.")
	c.accept("ints of one hash in a set", "\x8f("+members.String()+"\x90.")
	c.accept("80,000 floats", "}("+floats.String()+"u.")
	c.accept("80,000 strings", "}("+strs.String()+"u.")
	c.accept("80,000 tuples", "}("+tuples.String()+"u.")
	c.accept("80,000 tuples of ints", "}("+negative.String()+"u.")
	long := "X" + le(500_000, 4) + rep("k", 500_000) + "q\x000"
	c.accept("a key of 500 kB in 80,000 dicts", long+rep("}h\x00Ns0", 80_000)+"N.")
	c.accept("a tuple of 200,000 as key of 50,000 dicts",
		"("+rep("K\x01", 200_000)+"tq\x000"+rep("}h\x00Ns0", 50_000)+"N.")
	c.either("two dicts filled in turn", "}q\x00}q\x01"+rep("h\x00K\x01Ns0h\x01K\x02Ns0", 80_000)+
		".")
}

// manyValues are inputs that make many values of few bytes, each just below 1 MiB.
func manyValues(c *corpus) {
	const n = 1<<20 - 64
	for name, unit := range map[string]string{
		"empty lists": "]", "empty dicts": "}", "empty tuples": ")", "empty sets": "\x8f",
		"None": "N", "marks": "(", "empty str": "\x8c\x00", "empty bytes": "C\x00",
		"empty bytearrays": "\x96" + le(0, 8), "frozensets": "(\x91", "lists by LIST": "(l",
		"dicts by DICT": "(d", "ints": "M\xff\xff", "floats": "G\x3f\xf0\x00\x00\x00\x00\x00\x01",
		"tuples of one": ")\x85", "classes": "ca\nb\n", "ints as text": "I9\n",
		"longs": "\x8a\x01\x81", "ints past 64 bits": "\x8a\x09" + rep("\x77", 9),
		"lists of one": "]Na", "dicts of one": "}NNs", "objects": "ca\nb\n)\x81",
		"instances": "(ia\nb\n", "sets of one": "\x8f(N\x90",
	} {
		c.either(name+" on the stack", rep(unit, n/len(unit)))
		c.either(name+" in a list", "]("+rep(unit, n/len(unit))+"e.")
		c.either(name+" appended", "]"+rep(unit+"a", n/(len(unit)+1))+".")
		c.either(name+" in a tuple", "("+rep(unit, n/len(unit))+"t.")
	}
	c.either("objects of one class", "cm\nC\nq\x000]("+rep("h\x00)\x81", n/4)+"e.")
	c.either("OrderedDicts", "ccollections\nOrderedDict\nq\x000]("+rep("h\x00)R", n/4)+"e.")
	c.either("deques", "ccollections\ndeque\nq\x000]("+rep("h\x00)R", n/4)+"e.")
	c.either("sets by name", "cbuiltins\nset\nq\x000]("+rep("h\x00)R", n/4)+"e.")
	c.either("arrays without a state", "cnumpy\nndarray\nq\x00K\x00\x85\x85q\x010]("+
		rep("h\x00h\x01R", n/5)+"e.")
	c.either("_reconstruct without a state",
		"cnumpy.core.multiarray\n_reconstruct\nq\x00cnumpy\nndarray\nK\x00\x85C\x01b\x87q\x0100]("+
			rep("h\x00h\x01R", n/5)+"e.")
	c.either("dtypes", "cnumpy\ndtype\nq\x00\x8c\x02f8\x85q\x0100]("+rep("h\x00h\x01R", n/5)+"e.")
	c.either("scalars", "cnumpy.core.multiarray\nscalar\nq\x00"+dtype("f8", "<")+"C\x08"+
		rep("\x00", 8)+"\x86q\x0100]("+rep("h\x00h\x01R", n/5)+"e.")
	c.either("datetimes",
		"cdatetime\ndatetime\nq\x00C\x0a\x07\xe7\x01\x01\x00\x00\x00\x00\x00\x00\x85q\x0100]("+
			rep("h\x00h\x01R", n/5)+"e.")
	c.either("timedeltas", "cdatetime\ntimedelta\nq\x00K\x01K\x02K\x03\x87q\x0100]("+
		rep("h\x00h\x01R", n/5)+"e.")
	c.either("Decimals", "cdecimal\nDecimal\nq\x00\x8c\x011\x85q\x0100]("+rep("h\x00h\x01R", n/5)+
		"e.")
	c.either("ranges", "cbuiltins\nrange\nq\x00K\x00K\x01K\x01\x87q\x0100]("+
		rep("h\x00h\x01R", n/5)+"e.")
	c.either("complex numbers", "cbuiltins\ncomplex\nq\x00G"+rep("\x00", 8)+"G"+rep("\x00", 8)+
		"\x86q\x0100]("+rep("h\x00h\x01R", n/5)+"e.")
	c.either("sets of a tuple doubled", "("+rep("\x91\x85(", n/3)+".")
	c.either("lists from ranges",
		"cbuiltins\nlist\nq\x00cbuiltins\nrange\nJ\x00\x00\x00\x7f\x85R\x85q\x0100]("+
			rep("h\x00h\x01R", n/5)+"e.")
	c.either("bytearrays of 1 GB", "cbuiltins\nbytearray\nq\x00J\x00\x00\x00\x40\x85q\x0100]("+
		rep("h\x00h\x01R", n/5)+"e.")
	c.either("bytes of 1 GB", "cbuiltins\nbytes\nq\x00J\x00\x00\x00\x40\x85q\x0100]("+
		rep("h\x00h\x01R", n/5)+"e.")
	c.either("copies of a list of 1,000", "cbuiltins\nlist\nq\x00]("+rep("N", 1000)+
		"e\x85q\x0100]("+rep("h\x00h\x01R", n/5)+"e.")
	c.either("copies of a tuple of 1,000", "cbuiltins\ntuple\nq\x00]("+rep("N", 1000)+
		"e\x85q\x0100]("+rep("h\x00h\x01R", n/5)+"e.")
	c.either("copies of a set of 1,000", "cbuiltins\nset\nq\x00]("+rep("N", 1000)+"e\x85q\x0100]("+
		rep("h\x00h\x01R", n/5)+"e.")
	c.either("copies of a dict",
		"cbuiltins\ndict\nq\x00](K\x01K\x02\x86K\x02K\x02\x86e\x85q\x0100]("+
			rep("h\x00h\x01R", n/5)+"e.")
	c.either("copies of a str by encode", "c_codecs\nencode\nq\x00X"+le(100_000, 4)+
		rep("a", 100_000)+"\x8c\x06latin1\x86q\x0100]("+rep("h\x00h\x01R", n/6)+"e.")
	c.either("copies of a bytearray", "cbuiltins\nbytearray\nq\x00B"+le(100_000, 4)+
		rep("a", 100_000)+"\x85q\x0100]("+rep("h\x00h\x01R", n/6)+"e.")
	c.either("deques of 1,000", "ccollections\ndeque\nq\x00]("+rep("N", 1000)+"e\x85q\x0100]("+
		rep("h\x00h\x01R", n/5)+"e.")
	c.either("OrderedDicts of 1,000 pairs", "ccollections\nOrderedDict\nq\x00]("+rep("](NNe", 1000)+
		"e\x85q\x0100]("+rep("h\x00h\x01R", n/5)+"e.")
	c.either("array.arrays of 100 kB", "carray\narray\nq\x00\x8c\x01dB"+le(100_000, 4)+
		rep("a", 100_000)+"\x86q\x0100]("+rep("h\x00h\x01R", n/6)+"e.")
	c.either("big arrays of one payload", "cnumpy.core.numeric\n_frombuffer\nq\x00(B"+
		le(400_000, 4)+rep("\x00", 400_000)+dtype("f8", "<")+
		"J\x50\xc3\x00\x00\x85\x8c\x01Ctq\x0100]("+rep("h\x00h\x01R", n/10)+"e.")
	c.either("copies of Decimals of 50,000 digits",
		"cdecimal\nDecimal\nq\x00X"+le(50_000, 4)+rep("1", 50_000)+"\x85q\x0100]("+
			rep("h\x00h\x01R", n/6)+"e.")
	c.either("Decimals with huge exponents",
		"cdecimal\nDecimal\nq\x00\x8c\x0d1e99999999999\x85q\x0100]("+rep("h\x00h\x01R", n/6)+"e.")
	c.either("Fractions of long texts", "cfractions\nFraction\nq\x00X"+le(90_003, 4)+
		rep("7", 45_000)+"/33"+rep("3", 45_000)+"\x85q\x0100]("+rep("h\x00h\x01R", n/60)+"e.")
	c.either("ints from long texts", "cbuiltins\nint\nq\x00X"+le(90_000, 4)+rep("7", 90_000)+
		"\x85q\x0100]("+rep("h\x00h\x01R", n/60)+"e.")
}

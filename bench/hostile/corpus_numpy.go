package main

import "fmt"

// array returns the opcodes of an array. Its shape, dtype, order and payload are opcodes too.
func array(shape, dtype, fortran, payload string) string {
	return "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R(K\x01" +
		shape + dtype + fortran + payload + "tb"
}

// dtype returns the opcodes of a dtype with a type string and a byte order.
func dtype(s, order string) string {
	size, align := "\xff\xff\xff\xff", "\xff\xff\xff\xff"
	return "cnumpy\ndtype\n\x8c" + le(uint64(len(s)), 1) + s + "\x89\x88\x87R(K\x03\x8c\x01" +
		order + "NNNJ" + size + "J" + align + "K\x00tb"
}

// structured returns the opcodes of a structured dtype with an item size. Its names and fields are
// opcodes too.
func structured(size int, names, fields string) string {
	return fmt.Sprintf("cnumpy\ndtype\n\x8c\x02V8\x89\x88\x87R(K\x03\x8c\x01|N%s%sJ%sK\x01K\x10tb",
		names, fields, le(uint64(uint32(size)), 4))
}

// big returns the opcode of an int of 9 bytes.
func big(n uint64) string { return "\x8a\x09" + le(n, 8) + "\x00" }

func arrayState(c *corpus) {
	f8 := dtype("f8", "<")
	data := func(n int) string { return "B" + le(uint64(n), 4) + rep("\x00", n) }
	shapes := map[string]string{
		"negative": "J\xff\xff\xff\xff\x85", "-2 by -4": "J\xfe\xff\xff\xffJ\xfc\xff\xff\xff\x86",
		"2^63": big(1<<63) + "\x85", "2^64": "\x8a\x09" + rep("\x00", 8) + "\x01\x85",
		"product wraps to 0":           big(1<<32) + big(1<<32) + "\x86",
		"product wraps to 8":           big(1<<32) + big(1<<32) + "K\x08\x87",
		"times 8 wraps":                big(1<<61) + "\x85",
		"2^61 + 1, which times 8 is 8": big(1<<61+1) + "\x85",
		"a float":                      "G\x3f\xf0\x00\x00\x00\x00\x00\x00\x85",
		"a str":                        "\x8c\x011\x85", "None": "N\x85", "a list": "]K\x08a",
		"an int": "K\x08", "a tuple in it": "K\x08\x85\x85",
		"65 dimensions":      "(" + rep("K\x01", 65) + "t",
		"100,000 dimensions": "(" + rep("K\x01", 100_000) + "t",
		"one too many":       "K\x09\x85", "one too few": "K\x07\x85",
		"0 by 2^62": "K\x00" + big(1<<62) + "\x86", "a dict": "}", "bytes": "C\x01\x08",
		"2^40": big(1<<40) + "\x85",
	}
	for name, shape := range shapes {
		want := c.refuse
		if name == "0 by 2^62" || name == "a list" || name == "an int" {
			want = c.either
		}
		want("shape "+name, array(shape, f8, "\x89", data(64))+".")
		c.either("shape "+name+" of objects", array(shape, dtype("O8", "|"), "\x89",
			"]("+rep("N", 8)+"e")+".")
		c.either("shape "+name+" of V0", array(shape, dtype("V0", "|"), "\x89", "C\x00")+".")
		c.either("shape "+name+" for _reconstruct",
			"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n"+shape+"C\x01b\x87R.")
		c.either("shape "+name+" for ndarray", "cnumpy\nndarray\n"+shape+"\x85R.")
		c.either("shape "+name+" for a subarray", array("K\x01\x85",
			"cnumpy\ndtype\n\x8c\x02V8\x89\x88\x87R(K\x03\x8c\x01|"+f8+shape+
				"\x86NNK\x40K\x01K\x00tb", "\x89", data(64))+".")
		c.either("shape "+name+" of a masked array",
			"cnumpy.ma.core\n_mareconstruct\n(cnumpy.ma.core\nMaskedArray\ncnumpy\nndarray\nK\x00\x85C\x01btR(K\x01"+shape+f8+"\x89"+data(64)+data(8)+"Ntb.")
	}
	for _, n := range []int{0, 1, 7, 15, 17, 24, 255, 100_000} {
		c.refuse(fmt.Sprintf("%d bytes for 16", n), array("K\x02\x85", f8, "\x89", data(n))+".")
		c.refuse(fmt.Sprintf("%d objects for 2", n+3),
			array("K\x02\x85", dtype("O8", "|"), "\x89", "]("+rep("N", n+3)+"e")+".")
	}
	for name, payload := range map[string]string{
		"an int": "K\x01", "None": "N", "a str": "\x8c\x01a", "a tuple": ")", "a list": "]",
		"a dict": "}", "an object": "cm\nC\n)\x81",
		"an array":          array("K\x02\x85", f8, "\x89", data(16)),
		"a bytearray of 15": "\x96" + le(15, 8) + rep("a", 15),
	} {
		c.refuse("payload is "+name, array("K\x02\x85", f8, "\x89", payload)+".")
	}
	c.refuse("objects as bytes (pointers)", array("K\x02\x85", dtype("O8", "|"), "\x89", data(16))+
		".")
	head := "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R"
	for name, state := range map[string]string{
		"None": "N", "an int": "K\x01", "an empty tuple": ")", "three items": "K\x01K\x02K\x03\x87",
		"a dict": "}", "six items": "(K\x01K\x02\x85" + f8 + "\x89" + data(16) + "Nt",
		"version 7":         "(K\x07K\x02\x85" + f8 + "\x89" + data(16) + "t",
		"version None":      "(NK\x02\x85" + f8 + "\x89" + data(16) + "t",
		"a list":            "](K\x01K\x02\x85" + f8 + "\x89" + data(16) + "e",
		"no dtype":          "(K\x01K\x02\x85N\x89" + data(16) + "t",
		"dtype is a str":    "(K\x01K\x02\x85\x8c\x02f8\x89" + data(16) + "t",
		"dtype is an array": "(K\x01K\x02\x85" + head + "\x89" + data(16) + "t",
		"dtype is a class":  "(K\x01K\x02\x85cnumpy\ndtype\n\x89" + data(16) + "t",
		"order is a str":    "(K\x01K\x02\x85" + f8 + "\x8c\x01F" + data(16) + "t",
	} {
		want := c.refuse
		if name == "order is a str" || name == "version 7" || name == "version None" ||
			name == "None" {
			want = c.either
		}
		want("state is "+name, head+state+"b.")
	}
	ok := "(K\x01K\x02\x85" + f8 + "\x89" + data(16) + "t"
	c.refuse("state twice", head+ok+"b"+ok+"b.")
	c.either("no state", head+".")
	c.either("used before its state", head+"q\x63]h\x63a0"+ok+"b.")
	c.refuse("class is an int", "cnumpy.core.multiarray\n_reconstruct\nK\x01K\x00\x85C\x01b\x87R.")
	c.either("class is os.system",
		"cnumpy.core.multiarray\n_reconstruct\ncos\nsystem\nK\x00\x85C\x01b\x87R.")
	c.either("BUILD of a dict with __class__", head+"}\x8c\x09__class__cm\nC\nsb.")
	c.refuse("APPEND to an array", head+"K\x01a.")
	c.refuse("SETITEM of an array", head+"K\x01K\x01s.")
	c.refuse("REDUCE of an array", head+")R.")
	c.accept("1,000 arrays of one payload", "B"+le(800, 4)+rep("\x00", 800)+"q\x000"+f8+"q\x010]("+
		rep("cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R(K\x01K\x64\x85h\x01\x89h\x00tb", 1000)+"e.")
}

func dtypeState(c *corpus) {
	use := func(dt string) string {
		return array("K\x01\x85", dt, "\x89", "C\x08"+rep("\x00", 8)) + "."
	}
	both := func(want func(name, data string), name, dt string) {
		want(name, dt+".")
		c.either(name+", used", use(dt))
	}
	for _, s := range []string{"", "q8", "f3", "f", "i16", "f-8", "f8,", "8f",
		"f99999999999999999999", "\x00", "f8\x00", "é", "V-1", "S-1", "U-1", "U99999999999",
		"V2147483648", "U536870912", "O1",
		"M8[", "M8[]", "M8[xs]", "M8[0s]", "M8[-1s]", "M8[99999999999s]", "m8[s", "m8]s[", "(2,)f8",
		"f8,f8", "{'a'", "numpy.float64", "os.system", "T", "T16", "i4i4", "<>f8", "<<f8", "|f8",
		"=f8"} {
		c.either("type string "+s, "cnumpy\ndtype\n\x8c"+le(uint64(len(s)), 1)+s+"\x89\x88\x87R.")
		c.either("type string "+s+", used", use("cnumpy\ndtype\n\x8c"+le(uint64(len(s)), 1)+s+
			"\x89\x88\x87R"))
	}
	f8 := dtype("f8", "<")
	names := "\x8c\x01a\x8c\x01b\x86"
	fields := func(off1, off2 string) string {
		return "}(\x8c\x01a" + f8 + off1 + "\x86\x8c\x01b" + f8 + off2 + "\x86u"
	}
	for _, size := range []int{-1, -16, 0, 1, 15, 1<<31 - 1} {
		both(c.either, fmt.Sprintf("item size %d", size),
			structured(size, names, fields("K\x00", "K\x08")))
	}
	for name, off := range map[string]string{
		"negative": "J\xff\xff\xff\xff", "outside": "K\x0c", "at the end": "K\x10",
		"2^31-1": "J\xff\xff\xff\x7f", "2^63": big(1 << 63), "2^63-1": big(1<<63 - 1),
		"a str": "\x8c\x018", "None": "N", "a float": "G" + rep("\x00", 8),
	} {
		both(c.refuse, "field offset "+name, structured(16, names, fields("K\x00", off)))
	}
	both(c.refuse, "names without fields", structured(16, names, "N"))
	both(c.refuse, "names not in fields", structured(16, names, "}"))
	both(c.refuse, "names are ints", structured(16, "K\x01K\x02\x86", fields("K\x00", "K\x08")))
	both(c.refuse, "names are a str", structured(16, "\x8c\x02ab", fields("K\x00", "K\x08")))
	both(c.refuse, "fields are a list", structured(16, names, "]"))
	both(c.either, "fields without names", structured(16, "N", fields("K\x00", "K\x08")))
	both(c.refuse, "a name twice", structured(16, "\x8c\x01a\x8c\x01a\x86",
		fields("K\x00", "K\x08")))
	both(c.refuse, "a field of one item", structured(16, "\x8c\x01a\x85", "}\x8c\x01a"+f8+"\x85s"))
	both(c.refuse, "a field without a dtype", structured(16, "\x8c\x01a\x85",
		"}\x8c\x01a\x8c\x02f8K\x00\x86s"))
	obj := dtype("O8", "|")
	both(c.refuse, "objects that overlap", structured(16, names,
		"}(\x8c\x01a"+obj+"K\x00\x86\x8c\x01b"+obj+"K\x04\x86u"))
	both(c.refuse, "an object under a number", structured(16, names,
		"}(\x8c\x01a"+obj+"K\x00\x86\x8c\x01b"+f8+"K\x00\x86u"))
	for _, order := range []string{"<", ">", "|", "=", "x", "é", "<<", ""} {
		c.either("byte order "+order, "cnumpy\ndtype\n\x8c\x02f8\x89\x88\x87R(K\x03\x8c"+
			le(uint64(len(order)), 1)+order+"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb.")
	}
	for name, state := range map[string]string{
		"None": "N", "an empty tuple": ")", "an int": "K\x03", "a dict": "}",
		"version 99":         "(K\x63\x8c\x01<NNNK\xffK\xffK\x00t",
		"version -1":         "(J\xff\xff\xff\xff\x8c\x01<NNNK\xffK\xffK\x00t",
		"100 items":          "(" + rep("K\x01", 100) + "t",
		"subarray is an int": "(K\x03\x8c\x01|K\x01NNK\x08K\x01K\x00t",
		"subarray of three":  "(K\x03\x8c\x01|K\x01K\x01K\x01\x87NNK\x08K\x01K\x00t",
	} {
		c.refuse("state is "+name, "cnumpy\ndtype\n\x8c\x02f8\x89\x88\x87R"+state+"b.")
	}
	for name, sub := range map[string]string{
		"zero": "K\x00\x85", "negative": "J\xff\xff\xff\xff\x85", "2^62": big(1<<62) + "\x85",
		"2^32 by 2^32": big(1<<32) + big(1<<32) + "\x86", "too large for its item": "K\x64\x85",
		"too small for its item": "K\x01\x85", "70 dimensions": "(" + rep("K\x01", 70) + "t",
	} {
		both(c.either, "subarray "+name, "cnumpy\ndtype\n\x8c\x03V16\x89\x88\x87R(K\x03\x8c\x01|"+
			f8+sub+"\x86NNK\x10K\x01K\x00tb")
	}
	c.refuse("changed after an array was made with it",
		"]"+f8+"q\x63"+array("K\x01\x85", "h\x63", "\x89", "C\x08"+rep("\x00", 8))+
			"h\x63(K\x03\x8c\x01|NNNK\x40K\x01K\x00tb.")
	c.refuse("changed after a field was made with it",
		f8+"q\x63"+structured(8, "\x8c\x01a\x85", "}\x8c\x01ah\x63K\x00\x86s")+
			"h\x63(K\x03\x8c\x01|NNNK\x40K\x01K\x00tb.")
	c.refuse("state twice", f8+"(K\x03\x8c\x01>NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb.")
	c.either("alignment 2^31-1",
		"cnumpy\ndtype\n\x8c\x02V8\x89\x88\x87R(K\x03\x8c\x01|NNNK\x08J\xff\xff\xff\x7fK\x00tb.")
	c.either("alignment 3",
		"cnumpy\ndtype\n\x8c\x02V8\x89\x88\x87R(K\x03\x8c\x01|NNNK\x08K\x03K\x00tb.")
	for _, n := range []int{100, 1000, 20_000} {
		fs, ns := "", ""
		for i := range n {
			key := fmt.Sprintf("\x8c\x05f%04x", i%0x10000)
			fs += key + "h\x63K\x00\x86"
			ns += key
		}
		c.either(fmt.Sprintf("%d fields over one another", n),
			f8+"q\x63"+structured(8, "("+ns+"t", "}("+fs+"u")+".")
	}
}

func datetimeDType(c *corpus) {
	meta := func(unit, num string) string {
		return "cnumpy\ndtype\n\x8c\x02M8\x89\x88\x87R(K\x04\x8c\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00}(C" + le(uint64(len(unit)), 1) + unit + num + "K\x01K\x01t\x86tb"
	}
	for name, num := range map[string]string{"0": "K\x00", "-1": "J\xff\xff\xff\xff",
		"2^31": "\x8a\x05\x00\x00\x00\x80\x00", "2^63": big(1 << 63), "a str": "\x8c\x011",
		"None": "N"} {
		c.refuse("multiple "+name, meta("s", num)+".")
	}
	for _, unit := range []string{"", "x", "sec", "\x00", "\xff", "S", "generics", "nss"} {
		c.refuse("unit "+unit, meta(unit, "K\x01")+".")
	}
	for _, unit := range []string{"Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs",
		"as", "generic"} {
		for _, n := range []uint64{1<<63 - 1, 1<<63 + 1, 1 << 63, 1 << 62} {
			c.accept(fmt.Sprintf("%d in %s", int64(n), unit),
				array("K\x01\x85", meta(unit, "K\x01"), "\x89", "C\x08"+le(n, 8))+".")
			c.accept(fmt.Sprintf("%d in 2147483647 %s", int64(n), unit),
				array("K\x01\x85", meta(unit, "J\xff\xff\xff\x7f"), "\x89", "C\x08"+le(n, 8))+".")
		}
	}
	for _, s := range []string{"\x00\x00\x01\x01\x00\x00\x00\x00\x00\x00",
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "\x07\xe7\x0d\x01\x00\x00\x00\x00\x00\x00",
		"\x07\xe7\x02\x1e\x00\x00\x00\x00\x00\x00", "\x07\xe7\x01\x01\x18\x00\x00\x00\x00\x00",
		"\x07\xe7"} {
		c.refuse(fmt.Sprintf("datetime.datetime of %x", s),
			"cdatetime\ndatetime\nC"+le(uint64(len(s)), 1)+s+"\x85R.")
	}
	c.refuse("timedelta of 2^70 days",
		"cdatetime\ntimedelta\n\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x40K\x00K\x00\x87R.")
}

func fromBuffer(c *corpus) {
	f8 := dtype("f8", "<")
	call := func(buf, dt, shape, order string) string {
		return "cnumpy.core.numeric\n_frombuffer\n(" + buf + dt + shape + order + "tR."
	}
	buf := "C\x10" + rep("\x00", 16)
	for name, data := range map[string]string{
		"short":                       call("C\x01a", f8, "K\x02\x85", "\x8c\x01C"),
		"long":                        call("C\x20"+rep("a", 32), f8, "K\x02\x85", "\x8c\x01C"),
		"None":                        call("N", f8, "K\x02\x85", "\x8c\x01C"),
		"a str":                       call("\x8c\x01a", f8, "K\x02\x85", "\x8c\x01C"),
		"objects":                     call(buf, dtype("O8", "|"), "K\x02\x85", "\x8c\x01C"),
		"order Q":                     call(buf, f8, "K\x02\x85", "\x8c\x01Q"),
		"order None":                  call(buf, f8, "K\x02\x85", "K\x01"),
		"2^62":                        call(buf, f8, big(1<<62)+"\x85", "\x8c\x01C"),
		"wraps":                       call(buf, f8, big(1<<61+2)+"\x85", "\x8c\x01C"),
		"no dtype":                    call(buf, "N", "K\x02\x85", "\x8c\x01C"),
		"two arguments":               "cnumpy.core.numeric\n_frombuffer\n" + buf + f8 + "\x86R.",
		"NEXT_BUFFER without buffers": "\x80\x05" + call("\x97", f8, "K\x02\x85", "\x8c\x01C"),
		"READONLY_BUFFER of an int":   "\x80\x05K\x01\x98.",
		"scalar: short": "cnumpy.core.multiarray\nscalar\n" + f8 + "C\x07" + rep("a", 7) +
			"\x86R.",
		"scalar: no dtype":     "cnumpy.core.multiarray\nscalar\nNC\x08" + rep("a", 8) + "\x86R.",
		"scalar: no arguments": "cnumpy.core.multiarray\nscalar\n)R.",
		"scalar: a list":       "cnumpy.core.multiarray\nscalar\n" + f8 + "]\x86R.",
		"scalar: four arguments": "cnumpy.core.multiarray\nscalar\n(" + f8 + "C\x08" + rep("a", 8) +
			"NNtR.",
	} {
		c.refuse(name, data)
	}
	// NumPy accepts it.
	c.either("scalar: long", "cnumpy.core.multiarray\nscalar\n"+f8+"C\x09"+rep("a", 9)+"\x86R.")
	c.either("shape -1", call(buf, f8, "J\xff\xff\xff\xff\x85", "\x8c\x01C"))
	c.either("two of -1", call(buf, f8, "J\xff\xff\xff\xffJ\xff\xff\xff\xff\x86", "\x8c\x01C"))
	c.either("scalar: an object", "cnumpy.core.multiarray\nscalar\n"+dtype("O8", "|")+"N\x86R.")
	c.either("scalar: objects 1,000 deep", "cnumpy.core.multiarray\nscalar\nq\x00"+dtype("O8", "|")+
		"q\x0100"+rep("h\x00h\x01", 1000)+"N"+rep("\x86R", 1000)+".")
}

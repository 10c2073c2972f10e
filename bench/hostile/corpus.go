package main

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// An input is one hostile or odd file.
type input struct {
	Class, Name string
	Data        []byte
	Size        int // the length of Data, if that is in a file
	// Want is the required outcome of loading the input as a pickle: "error", "value", or "" if
	// either will do as long as it is cheap.
	Want string
}

// A corpus collects inputs, class by class.
type corpus struct {
	class  string
	inputs []input
}

func (c *corpus) add(want, name, data string) {
	c.inputs = append(c.inputs, input{Class: c.class, Name: name, Data: []byte(data), Want: want})
}

func (c *corpus) refuse(name, data string) { c.add("error", name, data) }
func (c *corpus) accept(name, data string) { c.add("value", name, data) }
func (c *corpus) either(name, data string) { c.add("", name, data) }

// build returns all inputs.
func build() []input {
	c := &corpus{}
	for _, part := range []struct {
		class string
		add   func(*corpus)
	}{
		{"truncation", truncation}, {"bad opcode", badOpcode}, {"lengths", lengths},
		{"frames", frames}, {"stack", stack},
		{"memo", memo}, {"numbers", numbers}, {"text", text}, {"logical size", logicalSize},
		{"depth", depth},
		{"cycles", cycles}, {"keys", keys}, {"many values", manyValues},
		{"array state", arrayState}, {"dtype state", dtypeState},
		{"datetime dtype", datetimeDType}, {"_frombuffer, scalar", fromBuffer}, {"code", code},
		{"ids and codes", idsAndCodes},
		{"compressed", compressed}, {"npy, npz", npyFiles}, {"output", output},
		{jsonClass, jsonDocuments},
	} {
		c.class = part.class
		part.add(c)
	}
	return c.inputs
}

func le(n uint64, size int) string {
	return string(binary.LittleEndian.AppendUint64(nil, n)[:size])
}

func rep(s string, n int) string { return strings.Repeat(s, n) }

// mixed is a valid pickle with most kinds of values.
const mixed = "\x80\x04\x95\x6b\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01a\x94]\x94(K\x01M\x00\x01J\xff\xff\xff\xffG\x3f\xf0\x00\x00\x00\x00\x00\x00\x8a\x09" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x01e\x8c\x01b\x94C\x03abc\x94K\x01\x88\x89N\x87\x94\x8f\x94(K\x01K\x02\x90\x8c\x01c\x94" +
	"\x8c\x08builtins\x94\x8c\x07complex\x94\x93\x94G\x00\x00\x00\x00\x00\x00\x00\x00G\x00\x00\x00\x00\x00\x00\x00\x00\x86\x94R\x94u."

// samples returns valid pickles. Each of their prefixes is an input.
func samples() map[string]string {
	return map[string]string{
		"text":     "(dp0\nS'a'\np1\n(lp2\nI1\naL22L\naF1.5\nasVb\np3\nI01\ns.",
		"binary":   strings.Replace(mixed, mixed[2:11], "", 1),
		"array":    array("K\x02\x85", dtype("f8", "<"), "\x89", "C\x10"+rep("\x00", 16)) + ".",
		"py2 str":  "\x80\x02}q\x00(U\x01aT\x02\x00\x00\x00bcU\x01d(K\x01K\x02tu.",
		"instance": "\x80\x02cm\nC\nq\x00)\x81q\x01}q\x02X\x01\x00\x00\x00xK\x01sb.",
	}
}

func truncation(c *corpus) {
	for name, data := range samples() {
		for n := range len(data) {
			if !strings.Contains(data[:n], ".") { // a "." may be a STOP by chance
				c.refuse(fmt.Sprintf("%s cut at %d", name, n), data[:n])
			}
		}
	}
}

func badOpcode(c *corpus) {
	for op := range 256 {
		if !strings.ContainsRune("(.0122FGIJKLMNPQRSTUVXabcdeghijlopqrstu)]}B C", rune(op)) &&
			(op < 0x80 || op > 0x98) {
			c.refuse(fmt.Sprintf("opcode %#02x", op), string([]byte{byte(op)})+".")
			c.refuse(fmt.Sprintf("opcode %#02x inside", op),
				"](K\x01"+string([]byte{byte(op)})+"e.")
		}
	}
	for _, p := range []int{6, 7, 127, 128, 255} {
		c.refuse(fmt.Sprintf("PROTO %d", p), string([]byte{0x80, byte(p)})+"N.")
	}
	for name, data := range map[string]string{
		"no bytes": "", "JSON": `{"a": [1, 2, 3]}`,
		"ELF": "\x7fELF\x02\x01\x01\x00" + rep("\x00", 56), "text": "hello, world\n",
		"HTML": "<!DOCTYPE html><html></html>", "zeros": rep("\x00", 4096),
		"0xff": rep("\xff", 4096), "PNG": "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
		"PDF": "%PDF-1.7\n", "UTF-16": "\xff\xfeh\x00i\x00", "newlines": rep("\n", 1000),
		"XML": "<?xml version='1.0'?><a/>", "HDF5": "\x89HDF\r\n\x1a\n",
		"parquet": "PAR1\x15\x00\x15", "YAML": "---\na: 1\n", "shell": "#!/bin/sh\nid\n",
	} {
		c.refuse(name, data)
	}
}

func lengths(c *corpus) {
	for _, op := range []struct {
		name, code string
		size       int
	}{
		{"SHORT_BINBYTES", "C", 1}, {"SHORT_BINUNICODE", "\x8c", 1}, {"SHORT_BINSTRING", "U", 1},
		{"LONG1", "\x8a", 1},
		{"BINBYTES", "B", 4}, {"BINUNICODE", "X", 4}, {"BINSTRING", "T", 4}, {"LONG4", "\x8b", 4},
		{"BINBYTES8", "\x8e", 8}, {"BINUNICODE8", "\x8d", 8}, {"BYTEARRAY8", "\x96", 8},
		{"FRAME", "\x95", 8},
	} {
		for _, n := range []uint64{5, 127, 255, 65535, 1 << 20, 1<<31 - 1, 1 << 31, 1<<32 - 1,
			1 << 33, 1 << 36, 1 << 40, 1 << 62, 1<<63 - 1, 1 << 63, 1<<64 - 8, 1<<64 - 1} {
			if op.size == 8 || n < 1<<(8*op.size) {
				c.refuse(fmt.Sprintf("%s of %d", op.name, n),
					"\x80\x05"+op.code+le(n, op.size)+"abc.")
				c.refuse(fmt.Sprintf("%s of %d in a list", op.name, n),
					"\x80\x05]("+rep("K\x01", 64)+op.code+le(n, op.size)+"abc.")
			}
		}
	}
	c.refuse("BINSTRING of -1", "T\xff\xff\xff\xffabc.")
	c.refuse("LONG4 of -2", "\x8b\xfe\xff\xff\xffabc.")
	c.refuse("1,000 lengths of 4 GiB", rep("B\xff\xff\xff\xff", 1000))
}

func frames(c *corpus) {
	frame := func(n uint64) string { return "\x95" + le(n, 8) }
	c.refuse("past the end", "\x80\x04"+frame(100)+"N.")
	c.refuse("argument crosses its frame", "\x80\x04"+frame(3)+"J\x01\x00\x00\x00.")
	c.refuse("line crosses its frame", "\x80\x04"+frame(3)+"I12345\n.")
	c.refuse("a frame inside a frame", "\x80\x04"+frame(12)+frame(3)+"K\x01.")
	c.either("of nothing", "\x80\x04"+frame(0)+"N.")
	c.either("1,000 of nothing", "\x80\x04"+rep(frame(0), 1000)+"N.")
	c.either("100,000 of nothing", "\x80\x04"+rep(frame(0), 100_000)+"N.")
	c.either("100,000 of one opcode", "\x80\x04]"+rep(frame(2)+"Na", 90_000)+".")
	c.refuse("header cut", "\x80\x04\x95\x01\x00\x00")
	c.either("ends inside an opcode's list", "\x80\x04"+frame(2)+"](K\x01e.")
	c.refuse("2^63", "\x80\x04"+frame(1<<63)+"N.")
}

// opcodes are valid opcodes with their arguments, for programs whose stack is not what they take.
var opcodes = map[string]string{
	"APPEND": "a", "APPENDS": "e", "LIST": "l", "TUPLE": "t", "TUPLE1": "\x85", "TUPLE2": "\x86",
	"TUPLE3": "\x87", "DICT": "d",
	"SETITEM": "s", "SETITEMS": "u", "ADDITEMS": "\x90", "FROZENSET": "\x91", "POP": "0",
	"DUP": "2", "POP_MARK": "1", "PUT": "p0\n",
	"BINPUT": "q\x00", "LONG_BINPUT": "r\x00\x00\x00\x00", "MEMOIZE": "\x94",
	"STACK_GLOBAL": "\x93", "REDUCE": "R", "BUILD": "b",
	"INST": "im\nC\n", "OBJ": "o", "NEWOBJ": "\x81", "NEWOBJ_EX": "\x92", "BINPERSID": "Q",
	"READONLY_BUFFER": "\x98", "STOP": ".",
}

func stack(c *corpus) {
	for name, op := range opcodes {
		if name == "STOP" {
			c.refuse("STOP on nothing", ".")
			c.refuse("STOP on a mark", "(.")
			continue
		}
		c.refuse(name+" on nothing", op+".")
		if name == "INST" { // INST takes no more than a mark
			c.accept("INST on a mark alone", "("+op+".")
		} else {
			c.refuse(name+" on a mark alone", map[bool]string{true: "(" + op + op + op + ".",
				false: "(" + op + "."}[strings.Contains("lt1\x910(d", op)])
		}
		for below, push := range map[string]string{
			"an int": "K\x01", "two ints": "K\x01K\x02", "three ints": "K\x01K\x02K\x03",
			"a list and an int": "]K\x01", "None": "N", "a str": "\x8c\x01a",
			"a class and a list": "cm\nC\n]", "a mark and an int": "(K\x01",
			"an int, mark, int": "K\x01(K\x01", "a dict, mark, int": "}(K\x01",
			"a tuple and a tuple": "))", "a tuple and a dict": ")}", "a dict and a dict": "}}",
			"a class, a tuple and an int": "cm\nC\n)K\x01",
		} {
			c.either(name+" on "+below, push+op+".")
		}
	}
}

func memo(c *corpus) {
	c.refuse("GET of nothing", "g0\n.")
	c.refuse("BINGET of nothing", "h\x05.")
	c.refuse("LONG_BINGET of nothing", "j\xff\xff\xff\xff.")
	for _, key := range []string{"-1", "", "x", "1x", "99999999999999999999", "0x1", "1e3",
		"-99999999999999999999999", "9223372036854775808"} {
		c.refuse("GET of "+key, "Np1\ng"+key+"\n.")
		if key != "99999999999999999999" && key != "9223372036854775808" {
			c.refuse("PUT at "+key, "Np"+key+"\n.")
		} else {
			c.either("PUT at "+key, "Np"+key+"\n.")
		}
	}
	c.accept("PUT at 2^32-1", "Nr\xff\xff\xff\xff.")
	c.accept("PUT at 2^31-1 as text", "Np2147483647\n.")
	c.accept("PUT at 2^40 as text", "Np1099511627776\n.")
	var far, spread strings.Builder
	for i := range 100_000 {
		far.WriteString("r" + le(uint64(1<<32-1-i*40_000), 4))
		spread.WriteString("r" + le(uint64(i*i), 4))
	}
	c.accept("100,000 far PUTs", "N"+far.String()+".")
	c.accept("100,000 PUTs ever further apart", "N"+spread.String()+".")
	c.accept("1,000,000 MEMOIZE", "N"+rep("\x94", 1_000_000)+".")
	c.accept("PUT over PUT", "N"+rep("q\x00", 500_000)+".")
	c.refuse("PUT on nothing", "q\x00N.")
}

func numbers(c *corpus) {
	for _, s := range []string{"", "x", "1.5", "--1", "1__0", "_1", "0x", "1 2", "１x", "+", "-",
		"1e5", "\x00", "99L9"} {
		c.refuse("INT "+s, "I"+s+"\n.")
		c.refuse("LONG "+s, "L"+s+"\n.")
	}
	for _, s := range []string{"", "x", "1.5.5", "0x1p3", "1e", "--1.0", "1,5", "infinit", "nan(1)",
		"\x00"} {
		c.refuse("FLOAT "+s, "F"+s+"\n.")
	}
	c.refuse("FLOAT 1e400", "F1e400\n.")               // an OverflowError in CPython
	c.accept("INT with a NUL behind it", "I1\x002\n.") // C's strtol and so CPython accept it
	c.accept("an empty LONG1", "\x8a\x00.")
	c.accept("an empty LONG4", "\x8b\x00\x00\x00\x00.")
	for _, n := range []int{4300, 99_999} {
		c.accept(fmt.Sprintf("LONG of %d digits", n), "L"+rep("9", n)+"L\n.")
	}
	for _, n := range []int{200_000, 1_000_000} {
		c.refuse(fmt.Sprintf("INT of %d digits", n), "I"+rep("9", n)+"\n.")
		c.refuse(fmt.Sprintf("LONG of %d digits", n), "L"+rep("9", n)+"L\n.")
		c.either(fmt.Sprintf("FLOAT of %d digits", n), "F"+rep("9", n)+"\n.")
	}
	for _, n := range []int{64 << 10, 512 << 10, 1<<20 - 8} {
		c.either(fmt.Sprintf("LONG4 of %d bytes", n), "\x8b"+le(uint64(n), 4)+rep("\x81", n)+".")
	}
	c.either("10 LONGs of 99,000 digits", "]("+rep("L"+rep("7", 99_000)+"L\n", 10)+"e.")
	c.either("4,000 LONG1 of 255 bytes", "]("+rep("\x8a\xff"+rep("\x5a", 255), 4000)+"e.")
	c.either("16 LONG4 of 64 KiB as keys", "}("+rep("\x8b"+le(65_000, 4)+rep("\x77", 65_000)+"N",
		16)+"u.")
	c.refuse("LONG with a long tail of spaces", "L1"+rep(" ", 900_000)+"x\n.")
}

func text(c *corpus) {
	for _, s := range []string{"", "a", "'", "'a", "a'", `"a'`, `'a"`, `'\x'`, `'\x4'`, `'\xg0'`,
		`'\'`, "''' "} {
		c.refuse("STRING "+s, "S"+s+"\n.")
	}
	for _, s := range []string{`\u12`, `\U00110000`, `\U0000`, `\uzzzz`, `\Uffffffff`} {
		c.refuse("UNICODE "+s, "V"+s+"\n.")
	}
	for _, s := range []string{"\xff", "\xc0\x80", "\xf5\x80\x80\x80", "a\x80", "\xe2\x82", "\xed",
		"\xf0\x9f\x98"} {
		c.refuse(fmt.Sprintf("BINUNICODE %q", s), "X"+le(uint64(len(s)), 4)+s+".")
		c.refuse(fmt.Sprintf("SHORT_BINUNICODE %q", s), "\x8c"+le(uint64(len(s)), 1)+s+".")
		c.refuse(fmt.Sprintf("GLOBAL %q", s), "c"+s+"\nx\n.")
	}
	for _, s := range []string{"\xed\xa0\x80", "\xed\xbf\xbf", "\xed\xb0\x80\xed\xa0\x80"} {
		c.accept(fmt.Sprintf("lone surrogates %q", s), "X"+le(uint64(len(s)), 4)+s+".")
	}
	c.accept("a line of 1 MB", "V"+rep("a", 1_000_000)+"\n.")
	c.accept("1 MB of escapes", "V"+rep(`\u00e9`, 160_000)+"\n.")
	c.accept("1 MB of STRING escapes", "S'"+rep(`\x41`, 240_000)+"'\n.")
	c.refuse("a line without an end", "V"+rep("a", 1_000_000))
	c.refuse("a GLOBAL without an end", "c"+rep("a", 1_000_000))
	c.either("a name of 1 MB", "c"+rep("a", 500_000)+"\n"+rep("b", 500_000)+"\n.")
	c.either("a dotted name of 500,000 parts", "cm\n"+rep("a.", 500_000)+"b\n.")
}

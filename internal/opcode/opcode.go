// Package opcode describes the opcodes of the pickle protocols 0 to 5: the name of each, the
// protocol that introduced it, the layout of its argument, and how that is decoded. It builds no
// values: package internal/tape runs the opcodes, and package pickle lists them.
//
// Reference: CPython's Lib/pickletools.py, Modules/_pickle.c.
package opcode

import "fmt"

// Code is one opcode.
type Code byte

// The opcodes, by their names in CPython's pickletools.
const (
	Int             Code = 0x49
	BinInt          Code = 0x4a
	BinInt1         Code = 0x4b
	BinInt2         Code = 0x4d
	Long            Code = 0x4c
	Long1           Code = 0x8a
	Long4           Code = 0x8b
	String          Code = 0x53
	BinString       Code = 0x54
	ShortBinString  Code = 0x55
	BinBytes        Code = 0x42
	ShortBinBytes   Code = 0x43
	BinBytes8       Code = 0x8e
	ByteArray8      Code = 0x96
	NextBuffer      Code = 0x97
	ReadonlyBuffer  Code = 0x98
	None            Code = 0x4e
	NewTrue         Code = 0x88
	NewFalse        Code = 0x89
	Unicode         Code = 0x56
	ShortBinUnicode Code = 0x8c
	BinUnicode      Code = 0x58
	BinUnicode8     Code = 0x8d
	Float           Code = 0x46
	BinFloat        Code = 0x47
	EmptyList       Code = 0x5d
	Append          Code = 0x61
	Appends         Code = 0x65
	List            Code = 0x6c
	EmptyTuple      Code = 0x29
	Tuple           Code = 0x74
	Tuple1          Code = 0x85
	Tuple2          Code = 0x86
	Tuple3          Code = 0x87
	EmptyDict       Code = 0x7d
	Dict            Code = 0x64
	SetItem         Code = 0x73
	SetItems        Code = 0x75
	EmptySet        Code = 0x8f
	AddItems        Code = 0x90
	FrozenSet       Code = 0x91
	Pop             Code = 0x30
	Dup             Code = 0x32
	Mark            Code = 0x28
	PopMark         Code = 0x31
	Get             Code = 0x67
	BinGet          Code = 0x68
	LongBinGet      Code = 0x6a
	Put             Code = 0x70
	BinPut          Code = 0x71
	LongBinPut      Code = 0x72
	Memoize         Code = 0x94
	Ext1            Code = 0x82
	Ext2            Code = 0x83
	Ext4            Code = 0x84
	Global          Code = 0x63
	StackGlobal     Code = 0x93
	Reduce          Code = 0x52
	Build           Code = 0x62
	Inst            Code = 0x69
	Obj             Code = 0x6f
	NewObj          Code = 0x81
	NewObjEx        Code = 0x92
	Proto           Code = 0x80
	Stop            Code = 0x2e
	Frame           Code = 0x95
	PersID          Code = 0x50
	BinPersID       Code = 0x51
)

// Layout is the layout of an opcode's argument.
type Layout uint8

// The layouts. All numbers except Float8 are in little endian.
const (
	Bare     Layout = iota // no argument
	Unsigned               // an unsigned number of Info.Fixed bytes
	Int4                   // a signed number of 4 bytes
	Float8                 // a float64 in big endian
	Counted                // a length of Info.Fixed bytes, and that many bytes
	Line                   // text up to a newline
	TwoLines               // two lines
)

// Info describes an opcode. Name is empty if there is no such opcode.
type Info struct {
	Name     string // the name in CPython's pickletools
	Protocol uint8  // the protocol that introduced the opcode
	Fixed    uint8  // number of bytes that every argument of the opcode has
	Builds   bool   // the opcode makes a value, which counts for Limits.Objects
	Layout   Layout
}

// Table has the Info of each opcode at the index of its value.
var Table = [256]Info{
	Int:             {"INT", 0, 0, true, Line},
	BinInt:          {"BININT", 1, 4, true, Int4},
	BinInt1:         {"BININT1", 1, 1, true, Unsigned},
	BinInt2:         {"BININT2", 1, 2, true, Unsigned},
	Long:            {"LONG", 0, 0, true, Line},
	Long1:           {"LONG1", 2, 1, true, Counted},
	Long4:           {"LONG4", 2, 4, true, Counted},
	String:          {"STRING", 0, 0, true, Line},
	BinString:       {"BINSTRING", 1, 4, true, Counted},
	ShortBinString:  {"SHORT_BINSTRING", 1, 1, true, Counted},
	BinBytes:        {"BINBYTES", 3, 4, true, Counted},
	ShortBinBytes:   {"SHORT_BINBYTES", 3, 1, true, Counted},
	BinBytes8:       {"BINBYTES8", 4, 8, true, Counted},
	ByteArray8:      {"BYTEARRAY8", 5, 8, true, Counted},
	NextBuffer:      {"NEXT_BUFFER", 5, 0, true, Bare},
	ReadonlyBuffer:  {"READONLY_BUFFER", 5, 0, false, Bare},
	None:            {"NONE", 0, 0, false, Bare},
	NewTrue:         {"NEWTRUE", 2, 0, false, Bare},
	NewFalse:        {"NEWFALSE", 2, 0, false, Bare},
	Unicode:         {"UNICODE", 0, 0, true, Line},
	ShortBinUnicode: {"SHORT_BINUNICODE", 4, 1, true, Counted},
	BinUnicode:      {"BINUNICODE", 1, 4, true, Counted},
	BinUnicode8:     {"BINUNICODE8", 4, 8, true, Counted},
	Float:           {"FLOAT", 0, 0, true, Line},
	BinFloat:        {"BINFLOAT", 1, 8, true, Float8},
	EmptyList:       {"EMPTY_LIST", 1, 0, true, Bare},
	Append:          {"APPEND", 0, 0, false, Bare},
	Appends:         {"APPENDS", 1, 0, false, Bare},
	List:            {"LIST", 0, 0, true, Bare},
	EmptyTuple:      {"EMPTY_TUPLE", 1, 0, true, Bare},
	Tuple:           {"TUPLE", 0, 0, true, Bare},
	Tuple1:          {"TUPLE1", 2, 0, true, Bare},
	Tuple2:          {"TUPLE2", 2, 0, true, Bare},
	Tuple3:          {"TUPLE3", 2, 0, true, Bare},
	EmptyDict:       {"EMPTY_DICT", 1, 0, true, Bare},
	Dict:            {"DICT", 0, 0, true, Bare},
	SetItem:         {"SETITEM", 0, 0, false, Bare},
	SetItems:        {"SETITEMS", 1, 0, false, Bare},
	EmptySet:        {"EMPTY_SET", 4, 0, true, Bare},
	AddItems:        {"ADDITEMS", 4, 0, false, Bare},
	FrozenSet:       {"FROZENSET", 4, 0, true, Bare},
	Pop:             {"POP", 0, 0, false, Bare},
	Dup:             {"DUP", 0, 0, false, Bare},
	Mark:            {"MARK", 0, 0, false, Bare},
	PopMark:         {"POP_MARK", 1, 0, false, Bare},
	Get:             {"GET", 0, 0, false, Line},
	BinGet:          {"BINGET", 1, 1, false, Unsigned},
	LongBinGet:      {"LONG_BINGET", 1, 4, false, Unsigned},
	Put:             {"PUT", 0, 0, false, Line},
	BinPut:          {"BINPUT", 1, 1, false, Unsigned},
	LongBinPut:      {"LONG_BINPUT", 1, 4, false, Unsigned},
	Memoize:         {"MEMOIZE", 4, 0, false, Bare},
	Ext1:            {"EXT1", 2, 1, true, Unsigned},
	Ext2:            {"EXT2", 2, 2, true, Unsigned},
	Ext4:            {"EXT4", 2, 4, true, Int4},
	Global:          {"GLOBAL", 0, 0, true, TwoLines},
	StackGlobal:     {"STACK_GLOBAL", 4, 0, true, Bare},
	Reduce:          {"REDUCE", 0, 0, true, Bare},
	Build:           {"BUILD", 0, 0, false, Bare},
	Inst:            {"INST", 0, 0, true, TwoLines},
	Obj:             {"OBJ", 1, 0, true, Bare},
	NewObj:          {"NEWOBJ", 2, 0, true, Bare},
	NewObjEx:        {"NEWOBJ_EX", 4, 0, true, Bare},
	Proto:           {"PROTO", 2, 1, false, Unsigned},
	Stop:            {"STOP", 0, 0, false, Bare},
	Frame:           {"FRAME", 4, 8, false, Unsigned},
	PersID:          {"PERSID", 0, 0, true, Line},
	BinPersID:       {"BINPERSID", 1, 0, true, Bare},
}

// MaxFixed is the greatest length in bytes of an opcode with the fixed part of its argument.
const MaxFixed = 9

// Highest is the highest protocol.
const Highest = 5

// String returns the name of the opcode in CPython's pickletools, or its value in the form "0xff"
// if there is no such opcode.
func (c Code) String() string {
	if name := Table[c].Name; name != "" {
		return name
	}
	return fmt.Sprintf("%#02x", byte(c))
}

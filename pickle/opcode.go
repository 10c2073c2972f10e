package pickle

import "fmt"

// Opcode is one opcode of the pickle protocols 0 to 5.
type Opcode byte

// The opcodes, by their names in CPython's pickletools.
const (
	OpInt             Opcode = 0x49
	OpBinInt          Opcode = 0x4a
	OpBinInt1         Opcode = 0x4b
	OpBinInt2         Opcode = 0x4d
	OpLong            Opcode = 0x4c
	OpLong1           Opcode = 0x8a
	OpLong4           Opcode = 0x8b
	OpString          Opcode = 0x53
	OpBinString       Opcode = 0x54
	OpShortBinString  Opcode = 0x55
	OpBinBytes        Opcode = 0x42
	OpShortBinBytes   Opcode = 0x43
	OpBinBytes8       Opcode = 0x8e
	OpByteArray8      Opcode = 0x96
	OpNextBuffer      Opcode = 0x97
	OpReadonlyBuffer  Opcode = 0x98
	OpNone            Opcode = 0x4e
	OpNewTrue         Opcode = 0x88
	OpNewFalse        Opcode = 0x89
	OpUnicode         Opcode = 0x56
	OpShortBinUnicode Opcode = 0x8c
	OpBinUnicode      Opcode = 0x58
	OpBinUnicode8     Opcode = 0x8d
	OpFloat           Opcode = 0x46
	OpBinFloat        Opcode = 0x47
	OpEmptyList       Opcode = 0x5d
	OpAppend          Opcode = 0x61
	OpAppends         Opcode = 0x65
	OpList            Opcode = 0x6c
	OpEmptyTuple      Opcode = 0x29
	OpTuple           Opcode = 0x74
	OpTuple1          Opcode = 0x85
	OpTuple2          Opcode = 0x86
	OpTuple3          Opcode = 0x87
	OpEmptyDict       Opcode = 0x7d
	OpDict            Opcode = 0x64
	OpSetItem         Opcode = 0x73
	OpSetItems        Opcode = 0x75
	OpEmptySet        Opcode = 0x8f
	OpAddItems        Opcode = 0x90
	OpFrozenSet       Opcode = 0x91
	OpPop             Opcode = 0x30
	OpDup             Opcode = 0x32
	OpMark            Opcode = 0x28
	OpPopMark         Opcode = 0x31
	OpGet             Opcode = 0x67
	OpBinGet          Opcode = 0x68
	OpLongBinGet      Opcode = 0x6a
	OpPut             Opcode = 0x70
	OpBinPut          Opcode = 0x71
	OpLongBinPut      Opcode = 0x72
	OpMemoize         Opcode = 0x94
	OpExt1            Opcode = 0x82
	OpExt2            Opcode = 0x83
	OpExt4            Opcode = 0x84
	OpGlobal          Opcode = 0x63
	OpStackGlobal     Opcode = 0x93
	OpReduce          Opcode = 0x52
	OpBuild           Opcode = 0x62
	OpInst            Opcode = 0x69
	OpObj             Opcode = 0x6f
	OpNewObj          Opcode = 0x81
	OpNewObjEx        Opcode = 0x92
	OpProto           Opcode = 0x80
	OpStop            Opcode = 0x2e
	OpFrame           Opcode = 0x95
	OpPersID          Opcode = 0x50
	OpBinPersID       Opcode = 0x51
)

// opcodeInfo describes an opcode; a zero name means that there is none.
type opcodeInfo struct {
	name  string
	proto uint8 // the protocol that introduced it
}

var opcodeTable = [256]opcodeInfo{
	OpInt:             {"INT", 0},
	OpBinInt:          {"BININT", 1},
	OpBinInt1:         {"BININT1", 1},
	OpBinInt2:         {"BININT2", 1},
	OpLong:            {"LONG", 0},
	OpLong1:           {"LONG1", 2},
	OpLong4:           {"LONG4", 2},
	OpString:          {"STRING", 0},
	OpBinString:       {"BINSTRING", 1},
	OpShortBinString:  {"SHORT_BINSTRING", 1},
	OpBinBytes:        {"BINBYTES", 3},
	OpShortBinBytes:   {"SHORT_BINBYTES", 3},
	OpBinBytes8:       {"BINBYTES8", 4},
	OpByteArray8:      {"BYTEARRAY8", 5},
	OpNextBuffer:      {"NEXT_BUFFER", 5},
	OpReadonlyBuffer:  {"READONLY_BUFFER", 5},
	OpNone:            {"NONE", 0},
	OpNewTrue:         {"NEWTRUE", 2},
	OpNewFalse:        {"NEWFALSE", 2},
	OpUnicode:         {"UNICODE", 0},
	OpShortBinUnicode: {"SHORT_BINUNICODE", 4},
	OpBinUnicode:      {"BINUNICODE", 1},
	OpBinUnicode8:     {"BINUNICODE8", 4},
	OpFloat:           {"FLOAT", 0},
	OpBinFloat:        {"BINFLOAT", 1},
	OpEmptyList:       {"EMPTY_LIST", 1},
	OpAppend:          {"APPEND", 0},
	OpAppends:         {"APPENDS", 1},
	OpList:            {"LIST", 0},
	OpEmptyTuple:      {"EMPTY_TUPLE", 1},
	OpTuple:           {"TUPLE", 0},
	OpTuple1:          {"TUPLE1", 2},
	OpTuple2:          {"TUPLE2", 2},
	OpTuple3:          {"TUPLE3", 2},
	OpEmptyDict:       {"EMPTY_DICT", 1},
	OpDict:            {"DICT", 0},
	OpSetItem:         {"SETITEM", 0},
	OpSetItems:        {"SETITEMS", 1},
	OpEmptySet:        {"EMPTY_SET", 4},
	OpAddItems:        {"ADDITEMS", 4},
	OpFrozenSet:       {"FROZENSET", 4},
	OpPop:             {"POP", 0},
	OpDup:             {"DUP", 0},
	OpMark:            {"MARK", 0},
	OpPopMark:         {"POP_MARK", 1},
	OpGet:             {"GET", 0},
	OpBinGet:          {"BINGET", 1},
	OpLongBinGet:      {"LONG_BINGET", 1},
	OpPut:             {"PUT", 0},
	OpBinPut:          {"BINPUT", 1},
	OpLongBinPut:      {"LONG_BINPUT", 1},
	OpMemoize:         {"MEMOIZE", 4},
	OpExt1:            {"EXT1", 2},
	OpExt2:            {"EXT2", 2},
	OpExt4:            {"EXT4", 2},
	OpGlobal:          {"GLOBAL", 0},
	OpStackGlobal:     {"STACK_GLOBAL", 4},
	OpReduce:          {"REDUCE", 0},
	OpBuild:           {"BUILD", 0},
	OpInst:            {"INST", 0},
	OpObj:             {"OBJ", 1},
	OpNewObj:          {"NEWOBJ", 2},
	OpNewObjEx:        {"NEWOBJ_EX", 4},
	OpProto:           {"PROTO", 2},
	OpStop:            {"STOP", 0},
	OpFrame:           {"FRAME", 4},
	OpPersID:          {"PERSID", 0},
	OpBinPersID:       {"BINPERSID", 1},
}

// String returns the name of the opcode in CPython's pickletools, or its value
// as "0xff" where there is no such opcode.
func (op Opcode) String() string {
	if name := opcodeTable[op].name; name != "" {
		return name
	}
	return fmt.Sprintf("%#02x", byte(op))
}

// Protocol returns the protocol that introduced the opcode, 0 to 5, and false
// where there is no such opcode.
func (op Opcode) Protocol() (int, bool) {
	info := opcodeTable[op]
	return int(info.proto), info.name != ""
}

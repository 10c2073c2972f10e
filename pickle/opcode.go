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
	name   string
	proto  uint8 // the protocol that introduced it
	fixed  uint8 // bytes of argument that are always there
	builds bool  // a value
}

var opcodeTable = [256]opcodeInfo{
	OpInt:             {"INT", 0, 0, true},
	OpBinInt:          {"BININT", 1, 4, true},
	OpBinInt1:         {"BININT1", 1, 1, true},
	OpBinInt2:         {"BININT2", 1, 2, true},
	OpLong:            {"LONG", 0, 0, true},
	OpLong1:           {"LONG1", 2, 1, true},
	OpLong4:           {"LONG4", 2, 4, true},
	OpString:          {"STRING", 0, 0, true},
	OpBinString:       {"BINSTRING", 1, 4, true},
	OpShortBinString:  {"SHORT_BINSTRING", 1, 1, true},
	OpBinBytes:        {"BINBYTES", 3, 4, true},
	OpShortBinBytes:   {"SHORT_BINBYTES", 3, 1, true},
	OpBinBytes8:       {"BINBYTES8", 4, 8, true},
	OpByteArray8:      {"BYTEARRAY8", 5, 8, true},
	OpNextBuffer:      {"NEXT_BUFFER", 5, 0, true},
	OpReadonlyBuffer:  {"READONLY_BUFFER", 5, 0, false},
	OpNone:            {"NONE", 0, 0, false},
	OpNewTrue:         {"NEWTRUE", 2, 0, false},
	OpNewFalse:        {"NEWFALSE", 2, 0, false},
	OpUnicode:         {"UNICODE", 0, 0, true},
	OpShortBinUnicode: {"SHORT_BINUNICODE", 4, 1, true},
	OpBinUnicode:      {"BINUNICODE", 1, 4, true},
	OpBinUnicode8:     {"BINUNICODE8", 4, 8, true},
	OpFloat:           {"FLOAT", 0, 0, true},
	OpBinFloat:        {"BINFLOAT", 1, 8, true},
	OpEmptyList:       {"EMPTY_LIST", 1, 0, true},
	OpAppend:          {"APPEND", 0, 0, false},
	OpAppends:         {"APPENDS", 1, 0, false},
	OpList:            {"LIST", 0, 0, true},
	OpEmptyTuple:      {"EMPTY_TUPLE", 1, 0, true},
	OpTuple:           {"TUPLE", 0, 0, true},
	OpTuple1:          {"TUPLE1", 2, 0, true},
	OpTuple2:          {"TUPLE2", 2, 0, true},
	OpTuple3:          {"TUPLE3", 2, 0, true},
	OpEmptyDict:       {"EMPTY_DICT", 1, 0, true},
	OpDict:            {"DICT", 0, 0, true},
	OpSetItem:         {"SETITEM", 0, 0, false},
	OpSetItems:        {"SETITEMS", 1, 0, false},
	OpEmptySet:        {"EMPTY_SET", 4, 0, true},
	OpAddItems:        {"ADDITEMS", 4, 0, false},
	OpFrozenSet:       {"FROZENSET", 4, 0, true},
	OpPop:             {"POP", 0, 0, false},
	OpDup:             {"DUP", 0, 0, false},
	OpMark:            {"MARK", 0, 0, false},
	OpPopMark:         {"POP_MARK", 1, 0, false},
	OpGet:             {"GET", 0, 0, false},
	OpBinGet:          {"BINGET", 1, 1, false},
	OpLongBinGet:      {"LONG_BINGET", 1, 4, false},
	OpPut:             {"PUT", 0, 0, false},
	OpBinPut:          {"BINPUT", 1, 1, false},
	OpLongBinPut:      {"LONG_BINPUT", 1, 4, false},
	OpMemoize:         {"MEMOIZE", 4, 0, false},
	OpExt1:            {"EXT1", 2, 1, true},
	OpExt2:            {"EXT2", 2, 2, true},
	OpExt4:            {"EXT4", 2, 4, true},
	OpGlobal:          {"GLOBAL", 0, 0, true},
	OpStackGlobal:     {"STACK_GLOBAL", 4, 0, true},
	OpReduce:          {"REDUCE", 0, 0, true},
	OpBuild:           {"BUILD", 0, 0, false},
	OpInst:            {"INST", 0, 0, true},
	OpObj:             {"OBJ", 1, 0, true},
	OpNewObj:          {"NEWOBJ", 2, 0, true},
	OpNewObjEx:        {"NEWOBJ_EX", 4, 0, true},
	OpProto:           {"PROTO", 2, 1, false},
	OpStop:            {"STOP", 0, 0, false},
	OpFrame:           {"FRAME", 4, 8, false},
	OpPersID:          {"PERSID", 0, 0, true},
	OpBinPersID:       {"BINPERSID", 1, 0, true},
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

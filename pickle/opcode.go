package pickle

import "github.com/unpkl/unpkl/internal/opcode"

// Opcode is one opcode of the pickle protocols 0 to 5.
type Opcode byte

// The opcodes, by their names in CPython's pickletools.
const (
	OpInt             = Opcode(opcode.Int)
	OpBinInt          = Opcode(opcode.BinInt)
	OpBinInt1         = Opcode(opcode.BinInt1)
	OpBinInt2         = Opcode(opcode.BinInt2)
	OpLong            = Opcode(opcode.Long)
	OpLong1           = Opcode(opcode.Long1)
	OpLong4           = Opcode(opcode.Long4)
	OpString          = Opcode(opcode.String)
	OpBinString       = Opcode(opcode.BinString)
	OpShortBinString  = Opcode(opcode.ShortBinString)
	OpBinBytes        = Opcode(opcode.BinBytes)
	OpShortBinBytes   = Opcode(opcode.ShortBinBytes)
	OpBinBytes8       = Opcode(opcode.BinBytes8)
	OpByteArray8      = Opcode(opcode.ByteArray8)
	OpNextBuffer      = Opcode(opcode.NextBuffer)
	OpReadonlyBuffer  = Opcode(opcode.ReadonlyBuffer)
	OpNone            = Opcode(opcode.None)
	OpNewTrue         = Opcode(opcode.NewTrue)
	OpNewFalse        = Opcode(opcode.NewFalse)
	OpUnicode         = Opcode(opcode.Unicode)
	OpShortBinUnicode = Opcode(opcode.ShortBinUnicode)
	OpBinUnicode      = Opcode(opcode.BinUnicode)
	OpBinUnicode8     = Opcode(opcode.BinUnicode8)
	OpFloat           = Opcode(opcode.Float)
	OpBinFloat        = Opcode(opcode.BinFloat)
	OpEmptyList       = Opcode(opcode.EmptyList)
	OpAppend          = Opcode(opcode.Append)
	OpAppends         = Opcode(opcode.Appends)
	OpList            = Opcode(opcode.List)
	OpEmptyTuple      = Opcode(opcode.EmptyTuple)
	OpTuple           = Opcode(opcode.Tuple)
	OpTuple1          = Opcode(opcode.Tuple1)
	OpTuple2          = Opcode(opcode.Tuple2)
	OpTuple3          = Opcode(opcode.Tuple3)
	OpEmptyDict       = Opcode(opcode.EmptyDict)
	OpDict            = Opcode(opcode.Dict)
	OpSetItem         = Opcode(opcode.SetItem)
	OpSetItems        = Opcode(opcode.SetItems)
	OpEmptySet        = Opcode(opcode.EmptySet)
	OpAddItems        = Opcode(opcode.AddItems)
	OpFrozenSet       = Opcode(opcode.FrozenSet)
	OpPop             = Opcode(opcode.Pop)
	OpDup             = Opcode(opcode.Dup)
	OpMark            = Opcode(opcode.Mark)
	OpPopMark         = Opcode(opcode.PopMark)
	OpGet             = Opcode(opcode.Get)
	OpBinGet          = Opcode(opcode.BinGet)
	OpLongBinGet      = Opcode(opcode.LongBinGet)
	OpPut             = Opcode(opcode.Put)
	OpBinPut          = Opcode(opcode.BinPut)
	OpLongBinPut      = Opcode(opcode.LongBinPut)
	OpMemoize         = Opcode(opcode.Memoize)
	OpExt1            = Opcode(opcode.Ext1)
	OpExt2            = Opcode(opcode.Ext2)
	OpExt4            = Opcode(opcode.Ext4)
	OpGlobal          = Opcode(opcode.Global)
	OpStackGlobal     = Opcode(opcode.StackGlobal)
	OpReduce          = Opcode(opcode.Reduce)
	OpBuild           = Opcode(opcode.Build)
	OpInst            = Opcode(opcode.Inst)
	OpObj             = Opcode(opcode.Obj)
	OpNewObj          = Opcode(opcode.NewObj)
	OpNewObjEx        = Opcode(opcode.NewObjEx)
	OpProto           = Opcode(opcode.Proto)
	OpStop            = Opcode(opcode.Stop)
	OpFrame           = Opcode(opcode.Frame)
	OpPersID          = Opcode(opcode.PersID)
	OpBinPersID       = Opcode(opcode.BinPersID)
)

// String returns the name of the opcode in CPython's pickletools, or its value in the form "0xff"
// if there is no such opcode.
func (op Opcode) String() string { return opcode.Code(op).String() }

// Protocol returns the protocol that introduced the opcode, 0 to 5, and false if there is no such
// opcode.
func (op Opcode) Protocol() (int, bool) {
	info := &opcode.Table[op]
	return int(info.Protocol), info.Name != ""
}

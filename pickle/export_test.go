package pickle

// ProgramGlobal is the type that bridge.ProgramGlobal returns.
type ProgramGlobal = programGlobal

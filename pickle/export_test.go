package pickle

// KnownGlobal is the type that bridge.ProgramGlobal returns.
type KnownGlobal = programGlobal

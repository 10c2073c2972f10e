package pickle

// KnownGlobal is what bridge.KnownGlobal returns.
type KnownGlobal = programGlobal

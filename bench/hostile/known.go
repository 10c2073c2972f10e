package main

import "strings"

// maxPeak is the memory in bytes that our readers may take for an input below 1 MiB. The command,
// which is a large program, may take that much more than for None.
const maxPeak = 64 << 20

// ownPeak is the memory in bytes that each reader of the command takes for None, beyond that of a
// small program.
var ownPeak = map[string]int64{}

// smallProgram is the approximate peak of a small Go program in bytes.
const smallProgram = 9 << 20

// maxCompressed is the memory in bytes that our readers may take for compressed input, besides
// maxRatio.
const maxCompressed = 72 << 20

// maxRatio is the number of bytes that each byte of compressed input may take besides. It is the
// default of Limits.CompressionRatio.
const maxRatio = 1000

// known is an exception from maxPeak: values that are so small in a pickle that they take more in
// Go. The bound is the measured peak plus a quarter. SECURITY.md gives the reasons, and what
// CPython takes.
type known struct {
	class, name string // parts of the class and the name of an input
	reader      string // "" for all readers
	peak        int64  // MiB
}

var exceptions = []known{
	{"many values", "empty dicts", "Load", 125}, {"many values", "empty sets", "Load", 100},
	{"many values", "dicts of one", "Load", 140}, {"many values", "tuples of one", "Load", 80},
	{"many values", "OrderedDicts", "Load", 110}, {"many values", "deques", "Load", 105},
	{"many values", "sets by name", "Load", 100},
	{"keys", "a tuple of 200,000 as key", "", 80}, {"depth", "nested dicts", "Load", 85},
	// A call of the result of a call has two bytes in the pickle. Its object takes 144 bytes, and
	// as much again until the whole pickle has been read.
	{"depth", "calls of calls", "Load", 115}, {"depth", "calls of calls", "Unmarshal", 115},
	{"depth", "calls of calls", "to-json", 110}, {"depth", "calls of calls", "rewrite", 145},
	// Writing a value again needs a memo, so that shared objects stay shared.
	{"many values", "", "rewrite", 120}, {"many values", "", "repickle", 105},
	{"depth", "", "rewrite", 100}, {"depth", "", "repickle", 95},
}

// allowed returns the memory in bytes that a reader of ours may take for an input.
func allowed(in input, r reader) int64 {
	if in.Class == "compressed" {
		return maxCompressed + maxRatio*int64(in.Size)
	}
	most := int64(maxPeak)
	for _, e := range exceptions {
		if strings.Contains(in.Class, e.class) && strings.Contains(in.Name, e.name) &&
			(e.reader == "" || e.reader == r.name) {
			most = max(most, e.peak<<20)
		}
	}
	return most + ownPeak[r.name]
}

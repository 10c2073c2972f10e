package main

import "strings"

// maxPeak is what our readers may take for an input below 1 MiB; the command's, whose program with
// all of its formats takes more before it reads anything, beside what it takes for None.
const maxPeak = 64 << 20

// ownPeak is what each of the command's readers takes for None, beyond what a small program does.
var ownPeak = map[string]int64{}

// smallProgram is about the peak of a Go program that does nothing much, in bytes.
const smallProgram = 9 << 20

// maxCompressed is what they may take for compressed input, beside maxRatio.
const maxCompressed = 72 << 20

// maxRatio is how many bytes each byte of a compressed input may take beyond that: the default
// of Limits.CompressionRatio.
const maxRatio = 1000

// A known exception from maxPeak: what is so small in a pickle that Go values of it take more. The
// bound is the measured peak and a quarter; SECURITY.md says why, and what CPython takes.
type known struct {
	class, name string // parts of both
	reader      string
	peak        int64 // MiB
}

var exceptions = []known{
	{"many values", "empty dicts", "Load", 125}, {"many values", "empty sets", "Load", 100},
	{"many values", "dicts of one", "Load", 140}, {"many values", "tuples of one", "Load", 80},
	{"many values", "OrderedDicts", "Load", 110}, {"many values", "deques", "Load", 105},
	{"many values", "sets by name", "Load", 100},
	{"keys", "a tuple of 200,000 as key", "", 80}, {"depth", "nested dicts", "Load", 85},
	// An object of two bytes, a call of what a call gave, takes 144 bytes, and as much again until
	// all is read.
	{"depth", "calls of calls", "Load", 115}, {"depth", "calls of calls", "Unmarshal", 115},
	{"depth", "calls of calls", "to-json", 110}, {"depth", "calls of calls", "rewrite", 145},
	// What is written again needs a memo, by which what is shared stays shared.
	{"many values", "", "rewrite", 120}, {"many values", "", "repickle", 105},
	{"depth", "", "rewrite", 100}, {"depth", "", "repickle", 95},
}

// allowed is what a reader of ours may take for an input.
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

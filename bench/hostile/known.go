package main

import "strings"

// maxPeak is what our readers may take for an input below 1 MiB.
const maxPeak = 64 << 20

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
	{"many values", "empty dicts in", "Load", 150},
	{"many values", "dicts of one", "Load", 150},
	{"many values", "dicts by DICT", "Load", 80},
	{"many values", "sets", "Load", 130},
	{"many values", "empty lists in", "Load", 100},
	{"many values", "empty lists in", "to-json", 90},
	{"many values", "empty dicts in", "to-json", 90},
	{"many values", "empty sets in", "to-json", 90},
	{"many values", "objects of one class", "to-json", 85},
	{"many values", "OrderedDicts", "Load", 115},
	{"many values", "deques", "Load", 115},
	{"depth", "nested dicts", "Load", 85},
	{"depth", "nested persistent ids", "audit", 190},
	// What is written again needs a memo, by which what is shared stays shared.
	{"many values", "", "rewrite", 310},
	{"many values", "", "repickle", 310},
	{"depth", "", "rewrite", 130},
	{"depth", "", "repickle", 130},
}

// allowed is what a reader of ours may take for an input.
func allowed(in input, r reader) int64 {
	if in.Class == "compressed" {
		return maxPeak + maxRatio*int64(in.Size)
	}
	most := int64(maxPeak)
	for _, e := range exceptions {
		if strings.Contains(in.Class, e.class) && strings.Contains(in.Name, e.name) && (e.reader == "" || e.reader == r.name) {
			most = max(most, e.peak<<20)
		}
	}
	return most
}

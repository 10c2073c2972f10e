// Package tape runs the opcodes of a pickle once and records what they build as a tape of cells.
// It separates syntax from meaning, as encoding/json/jsontext does: everything that callers receive
// (objects, plain values, typed values, one part of a file, the findings of an audit) is made from
// the tape, and nothing reads opcodes a second time.
//
// A cell is 16 bytes and has no pointers, so that the garbage collector never scans a tape. Tapes
// are pooled. A value to which the pickle refers twice is one cell with one ID, so that sharing and
// cycles cost nothing. Text and bytes are spans of the input, or of an arena if the input is a
// reader, whose buffer is refilled.
//
// A [Host] answers what the opcodes cannot tell, such as what a class is or what a persistent id
// means. It is asked in the order of the stream. The pass enforces all limits on opcodes, and each
// of its errors is an [*Error] with the opcode and its offset.
//
// A partial pass, for one part of a pickle, leaves out what that part cannot contain: see
// partial.go.

// Reference: CPython's Modules/_pickle.c (load and the functions that it calls).
package tape

// Package tape runs the opcodes of a pickle once and writes down what they build: a tape of cells.
// Syntax stands apart from meaning here, as in encoding/json/jsontext: every value that a reader
// gives (objects, plain values, typed values, one part of a file, the findings of an audit) is made
// from the tape, and nothing reads opcodes a second time.
//
// A cell is 16 bytes without a pointer, so that the garbage collector never looks into a tape, and
// a tape is pooled. A value that the pickle refers to twice is one cell with one ID, so sharing and
// cycles cost nothing. Text and bytes are spans of the input, or of an arena where the input is a
// reader whose buffer is used again.
//
// What only a caller can know (what a class is, what a persistent id means) is asked of a [Host]
// in the order of the stream. All limits of the opcodes are kept in the pass, and every error is an
// [*Error] with the opcode and its offset.
//
// Reference: CPython's Modules/_pickle.c (load and the functions that it calls).
package tape

// Package batch does one thing with very many files: it lists them, works on several at once within
// a budget of bytes, keeps what came of them in the order of the list, notes which failed and why,
// and goes on after a kill where whole parts were left.
//
// Nothing here holds a list of all files: memory is bounded by the budget however many there are.
package batch

// Package batch runs one job over very many files: it lists the files, works on several of them at
// once within a budget of bytes, keeps the results in the order of the list, records which files
// failed and why, and can resume after a kill with the parts that were complete.
//
// Nothing here holds a list of all files: memory is bounded by the budget, however many files there
// are.
package batch

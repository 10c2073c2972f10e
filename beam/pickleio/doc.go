// Package pickleio reads folders and buckets of Python pickles on Apache Beam, and writes what is
// in them as Parquet, Arrow or JSON. Nothing of a pickle is executed.
//
//	tables, dead := pickleio.ReadTables(s, "in/**/*.pkl", pickleio.WithStrict())
//	refused := pickleio.ToParquet(s, "out/all.parquet", tables)
//	pickleio.WriteDeadLetters(s, "out/errors.jsonl", beam.Flatten(s, dead, refused))
//
// [Read] gives documents: the JSON of each value. [ReadTables] gives tables as Arrow files, of what
// is a DataFrame, a structured array, a dict of columns or a list of dicts. [ReadRows] gives values
// of a Go type, filled as unpkl.Unmarshal fills them.
//
// What cannot be read, or is refused by a limit, by strictness or by an audit, is a [DeadLetter] in
// the second output, with the reason; the rest goes on. A file that cannot be reached for now is
// neither: the bundle fails, and the runner tries it again.
//
// # What is split
//
// A file of many pickles that is not compressed is read by several workers at once: it is split
// where pickles begin, and again while it is read where the runner asks for it. With [WithRecords]
// the items of a list, or the rows of a table or array, are read by ranges; each worker passes over
// the file but makes its own range. Everything else is read whole. Files of the local file system
// are read in place; of any other file system of Beam's a file is copied to a temporary one first,
// and not split, as those cannot be read by range.
//
// # Counters
//
// In the namespace pickleio: files, values, rows, bytes (of the files read), and errors with the
// kind behind it, such as "errors truncated".
package pickleio

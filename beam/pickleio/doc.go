// Package pickleio reads Python pickles from folders and buckets with Apache Beam, and writes their
// contents as Parquet, Arrow or JSON. It executes nothing of a pickle.
//
//	tables, dead := pickleio.ReadTables(s, "in/**/*.pkl", pickleio.WithStrict())
//	refused := pickleio.ToParquet(s, "out/all.parquet", tables)
//	pickleio.WriteDeadLetters(s, "out/errors.jsonl", beam.Flatten(s, dead, refused))
//
// [Read] returns documents: each value as JSON. [ReadTables] returns tables as Arrow files, for
// values that are a DataFrame, a structured array, a dict of columns or a list of dicts. [ReadRows]
// returns values of a Go type, decoded as unpkl.Unmarshal does.
//
// A pickle that cannot be read, or that a limit, strictness or an audit refuses, becomes a
// [DeadLetter] with the reason, in the second output; other files are not affected. A file that
// cannot be reached at the moment makes the bundle fail, so that the runner tries it again.
//
// # What is split
//
// A file of many pickles that is not compressed is read by several workers at once. It is split
// where pickles begin, and may be split again while it is read if the runner asks for that. With
// [WithRecords], ranges of the items of a list, or of the rows of a table or array, are read
// separately: every worker scans the whole file but builds only its range. Every other file is read
// by one worker. Local files are read in place. A file of another of Beam's file systems is first
// copied to a temporary file and is not split, because those file systems cannot read a range.
//
// # Counters
//
// The counters of the namespace pickleio are files, values, rows, bytes (of the files read), and
// "errors" followed by the kind of error, such as "errors truncated".
package pickleio

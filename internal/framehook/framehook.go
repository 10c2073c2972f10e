// Package framehook is how package frame gives its siblings what users do not need: the note in a
// table or column of what it was read of, the texts of elements. Package frame sets each variable
// once, in its init function, but for IsMissing, which package reconstruct sets.
package framehook

var (
	// SetOrigin notes in a *frame.Frame or *frame.Series what it was read of.
	SetOrigin func(v, origin any)
	// Origin returns that, nil where nothing was noted.
	Origin func(v any) any
	// TimedeltaText returns the text of an ndarray.Timedelta64 as str(pandas.Timedelta) has it.
	TimedeltaText func(v any) string
	// IsMissing reports whether an object of a pickle is one of pandas' missing values, NaT or NA;
	// nil where there are no such objects.
	IsMissing func(v any) bool
)

// Package framehook is how package frame gives its siblings what users do not need: the note in a
// table or column of what it was read of. Package frame sets each variable once, in its init
// function.
package framehook

var (
	// SetOrigin notes in a *frame.Frame or *frame.Series what it was read of.
	SetOrigin func(v, origin any)
	// Origin returns that, nil where nothing was noted.
	Origin func(v any) any
)

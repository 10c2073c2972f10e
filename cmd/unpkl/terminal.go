package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// terminalOf returns the terminal that w writes to, if it does.
func terminalOf(w io.Writer) (*os.File, bool) {
	f, ok := w.(*os.File)
	if o, isOutput := w.(output); isOutput {
		f, ok = o.file()
	}
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil, false
	}
	return f, true
}

// width returns how many cells a line of standard output may have: those of the terminal, or 0 for
// any number.
func (s *streams) width() int {
	f, ok := terminalOf(s.out)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width < 20 {
		return 80
	}
	return width
}

// color reports whether standard output may be coloured: a terminal that is not dumb, unless the
// environment says no (see https://no-color.org).
func (s *streams) color() bool {
	_, ok := terminalOf(s.out)
	return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// terminalOf returns the terminal that w writes to. ok is false if it does not write to one.
func terminalOf(w io.Writer) (terminal *os.File, ok bool) {
	f, ok := w.(*os.File)
	if o, isOutput := w.(output); isOutput {
		f, ok = o.file()
	}
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil, false
	}
	return f, true
}

// width returns the width of the terminal of standard output in character cells, or 0 if it is
// none.
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

// color reports whether standard output may have colours: it is a terminal that is not dumb, and
// NO_COLOR is not set (see https://no-color.org).
func (s *streams) color() bool {
	_, ok := terminalOf(s.out)
	return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

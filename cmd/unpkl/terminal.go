package main

import (
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/unpkl/unpkl/internal/describe"
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

// dataOut is where data goes that has the texts of a file as they are: standard output, or where
// that is a terminal a writer that shows what would control it.
func (s *streams) dataOut() io.Writer {
	if _, ok := terminalOf(s.out); ok {
		return &shownData{w: s.out}
	}
	return s.out
}

// shownData writes text with escapes for control characters, but for tabs and ends of lines, and
// for bytes that are no UTF-8.
type shownData struct {
	w    io.Writer
	left []byte // the beginning of a character whose end is not yet written
}

func (d *shownData) Write(p []byte) (int, error) {
	in := append(d.left, p...)
	var out []byte
	for len(in) > 0 && (utf8.FullRune(in) || len(in) >= utf8.UTFMax) {
		r, n := utf8.DecodeRune(in)
		switch {
		case r == '\n' || r == '\t':
			out = append(out, in[0])
		case r == utf8.RuneError && n == 1:
			out = fmt.Appendf(out, `\x%02x`, in[0])
		default:
			out = append(out, describe.Printable(string(in[:n]))...)
		}
		in = in[n:]
	}
	d.left = append([]byte(nil), in...)
	if _, err := d.w.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

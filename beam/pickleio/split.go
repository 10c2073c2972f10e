package pickleio

import (
	"bufio"
	"io"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/compress"
	"github.com/unpkl/unpkl/internal/magic"
	"github.com/unpkl/unpkl/pickle"
)

// isSplittable reports whether a file, judged by its first bytes, is a sequence of pickles that is
// not compressed.
func isSplittable(f *file) bool {
	head := make([]byte, compress.HeadSize)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF || n == 0 {
		return false
	}
	head = head[:n]
	if _, known := magic.Of(head); known {
		return false
	}
	return compress.Detect(head) == compress.Plain
}

// split returns ranges of about Block bytes that begin where pickles begin. What cannot be scanned,
// such as something that is no pickle or a joblib file, is in the same range as what precedes it.
func split(f *file, c *config) []Range {
	begins := []int64{0}
	s := scanFrom(f, 0, c)
	for {
		at, err := s.next()
		if err != nil || at >= f.size {
			break
		}
		if at-begins[len(begins)-1] >= c.Block {
			begins = append(begins, at)
		}
	}
	out := make([]Range, len(begins))
	for i, at := range begins {
		out[i] = Range{Start: at, End: f.size, From: at}
		if i+1 < len(begins) {
			out[i].End = begins[i+1]
		}
	}
	return out
}

// scan finds the ends of pickles by their opcodes.
type scan struct {
	s     *pickle.Scanner
	begin int64
}

func scanFrom(f *file, at int64, c *config) *scan {
	s := pickle.NewScanner(bufio.NewReaderSize(f.from(at), 1<<20))
	s.Limits = c.Limits
	return &scan{s, at}
}

// next returns the offset of the end of the next pickle.
func (s *scan) next() (int64, error) {
	for {
		op, err := s.s.Next()
		if err != nil {
			return 0, err
		}
		if op.Op == pickle.OpStop {
			return s.begin + s.s.InputOffset(), nil
		}
	}
}

// beginsAt returns the offset of the first pickle that begins at or after r.Start. ok is false if
// the pickles before it cannot be read.
func beginsAt(f *file, r Range, c *config) (at int64, ok bool) {
	at = r.From
	for s := scanFrom(f, at, c); at < r.Start; {
		next, err := s.next()
		if err != nil {
			return decodeUpTo(f, at, r.Start, c)
		}
		at = next
	}
	return at, true
}

// decodeUpTo does the same as beginsAt by decoding, which also gets past the arrays of joblib.
func decodeUpTo(f *file, from, start int64, c *config) (at int64, ok bool) {
	d := unpkl.NewDecoder(f.from(from), append(c.load(), unpkl.WithObjects())...)
	for at = from; at < start; at = from + d.InputOffset() {
		var v any
		if d.Decode(&v) != nil {
			return 0, false
		}
	}
	return at, true
}

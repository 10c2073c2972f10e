package pickleio

import (
	"bufio"
	"io"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/compress"
	"github.com/unpkl/unpkl/internal/magic"
	"github.com/unpkl/unpkl/pickle"
)

// isSplittable reports whether a file is pickles one behind another, as far as its beginning tells.
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

// split returns ranges of about a block each, which begin where pickles do. What cannot be passed
// over, such as what is no pickle or a joblib file, is in the range with what stands before it.
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

// scan passes over pickles by their opcodes.
type scan struct {
	s     *pickle.Scanner
	begin int64
}

func scanFrom(f *file, at int64, c *config) *scan {
	s := pickle.NewScanner(bufio.NewReaderSize(f.from(at), 1<<20))
	s.Limits = c.Limits
	return &scan{s, at}
}

// next returns the offset behind the next pickle.
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

// beginsAt returns where the first pickle begins that is at r.Start or behind it; ok is false where
// there is none that a reader could come to.
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

// decodeUpTo is beginsAt by decoding, which comes behind the arrays of joblib too.
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

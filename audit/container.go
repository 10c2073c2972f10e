package audit

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/compress"
	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/magic"
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/npy"
	"github.com/unpkl/unpkl/pickle"
)

// scan is the audit of one input with all that is inside it.
type scan struct {
	*run
	c       *config
	input   int64    // bytes of it
	budget  int64    // bytes that may still be unfolded
	formats []string // of compression around all of it
}

// place is where data stands.
type place struct {
	member string
	depth  int
	top    bool // all of the input, but for compression
	pickle bool // whoever reads it takes it for a pickle
}

// in is the place of a member of an archive.
func (p place) in(name string) place {
	if p.member != "" {
		name = p.member + "!" + name
	}
	return place{member: name, depth: p.depth + 1, pickle: pickleName(name)}
}

// maxContainers bounds containers in containers.
const maxContainers = 8

// fail notes what could not be read; the first stands in the report.
func (s *scan) fail(p place, err error) {
	if err == nil || s.Err != nil {
		return
	}
	err = bridge.PublicError(err)
	if p.member != "" {
		var kind error
		for _, k := range []error{errkind.ErrLimit, errkind.ErrTruncated, errkind.ErrUnsupported,
			errkind.ErrMalformed} {
			if errors.Is(err, k) {
				kind = k
				break
			}
		}
		if kind == nil {
			kind = errkind.ErrMalformed
		}
		err = errkind.New(kind, "%s: %v", safeText(p.member), err)
	}
	s.Err = err
}

func unsupported(format string, args ...any) error {
	return errkind.New(errkind.ErrUnsupported, format, args...)
}

// data audits data of any kind.
func (s *scan) data(data []byte, p place) {
	if s.stopped {
		return
	}
	if p.depth > maxContainers {
		s.fail(p, unsupported("containers in more than %d containers", maxContainers))
		return
	}
	isZip := bytes.HasPrefix(data, []byte(magic.Zip)) || bytes.HasPrefix(data, []byte(zipEnd))
	format := compress.Detect(data[:min(len(data), compress.HeadSize)])
	switch name := foreign(data); {
	case len(data) == 0:
		if p.top || p.pickle {
			s.fail(p, errkind.ErrEmpty)
		}
		return
	case isZip:
		s.zip(data, p)
		return
	case name == "safetensors": // a table of numbers, and no code
		return
	case name != "":
		s.fail(p, unsupported("%s is not looked into", name))
		s.maybe(data, p)
	case bytes.HasPrefix(data, []byte(npy.Magic)):
		s.arrays(data, p)
	case format == compress.Tar:
		s.maybe(data, p)
		s.tar(data, p)
	case format != compress.Plain:
		s.unfold(data, p)
		s.maybe(data, p)
	case p.top || p.pickle:
		s.pickles(data, p, 0)
	default:
		s.maybe(data, p)
	}
	// Readers of zips look at the end of a file and others at its beginning.
	if bytes.Contains(data[max(0, len(data)-maxZipEnd):], []byte(zipEnd)) {
		s.zip(data, p)
	}
}

// foreign names the containers that an audit does not look into, by their first bytes.
func foreign(data []byte) string {
	if f, ok := magic.Of(data); ok && f.Kind&magic.Container != 0 && f.Kind&magic.Pickles == 0 {
		return f.Name
	}
	if len(data) > 10 && data[8] == '{' && data[9] == '"' {
		if n := binary.LittleEndian.Uint64(data); n > 1 && n <= uint64(len(data)-8) &&
			data[8+n-1] != 0 {
			if end := bytes.TrimRight(data[8:8+n], " "); end[len(end)-1] == '}' {
				return "safetensors"
			}
		}
	}
	return ""
}

// unfold audits what is compressed.
func (s *scan) unfold(data []byte, p place) {
	limits := s.c.limits
	limits.DecompressedBytes = max(s.budget, 1)
	z, err := compress.NewOuterReader(bytes.NewReader(data), limits)
	if z == nil {
		s.fail(p, err)
		return
	}
	defer z.Close()
	out, err := readAll(z)
	s.budget -= int64(len(out))
	if p.top {
		for _, f := range z.Formats() {
			s.formats = append(s.formats, f.String())
		}
	}
	s.fail(p, err)
	inner := p
	inner.depth++
	outer := s.c
	s.c = s.c.unfolded(int64(len(data)))
	s.data(out, inner)
	s.c = outer
}

func (s *scan) overBudget() error {
	limit := s.c.all.DecompressedBytes
	return &errkind.LimitError{Limit: "DecompressedBytes", Max: limit, Want: limit - s.budget}
}

// tar audits the members of a tar.
func (s *scan) tar(data []byte, p place) {
	if p.top {
		s.formats = append(s.formats, "tar")
	}
	t := tar.NewReader(bytes.NewReader(data))
	for !s.stopped {
		h, err := t.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			s.fail(p, errkind.New(errkind.ErrMalformed, "tar: %v", err))
			return
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		member, err := readAll(t)
		if err != nil {
			s.fail(p, errkind.New(errkind.ErrMalformed, "tar: %v", err))
		}
		s.data(member, p.in(h.Name))
	}
}

// pickleName recognises the names that pickles go by.
func pickleName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".pkl", ".pickle", ".pck", ".pcl", ".p", ".joblib", ".dill":
		return true
	}
	return false
}

// arrays audits .npy files one after another, and pickles behind them.
func (s *scan) arrays(data []byte, p place) {
	pos := 0
	for bytes.HasPrefix(data[pos:], []byte(npy.Magic)) {
		h, err := npy.ReadHeader(bytes.NewReader(data[pos:]), s.c.npy())
		if err != nil {
			s.fail(p, err)
			return
		}
		pos += h.Len
		if h.DType.HasObject() {
			s.pickles(data, p, pos)
			return
		}
		pos += min(h.NBytes(), len(data)-pos)
	}
	if pos < len(data) {
		s.pickles(data, p, pos)
	}
}

// maybe audits data that may be a pickle, although it looks like something else: it counts if it
// names anything.
func (s *scan) maybe(data []byte, p place) {
	a := s.auditor(p, 0)
	end := a.pickle(data)
	if end.err != nil && !a.uses.importable() {
		if looksLikePickle(data) {
			s.fail(p, end.err)
		}
		return
	}
	if end.err == nil {
		s.pickles(data, p, 0)
		return
	}
	a.report(s.run)
	s.fail(p, end.err)
	s.insides(a, p)
}

func (s *scan) auditor(p place, base int64) *auditor {
	return &auditor{member: safeText(p.member), base: base, c: s.c,
		names: map[pickle.Global]*usedName{}}
}

// pickles audits the pickles in data from pos on, one after another.
func (s *scan) pickles(data []byte, p place, pos int) {
	first := s.Pickles
	names := map[pickle.Global]*usedName{}
	for {
		a := s.auditor(p, int64(pos))
		a.names = names
		before := s.n
		end := a.pickle(data[pos:])
		if end.err != nil && errors.Is(end.err, io.EOF) &&
			!errors.Is(end.err, errkind.ErrTruncated) {
			return
		}
		a.report(s.run)
		switch {
		case s.stopped:
			return
		case end.err == nil:
			s.Pickles++
			s.insides(a, p)
			pos += int(end.used)
			if end.overhang > 0 && int(end.overhang) < len(data)-pos {
				// Readers of files go on behind the frame, others behind the STOP.
				s.fail(p, errkind.New(errkind.ErrMalformed, "a frame goes on behind the STOP"))
				s.maybe(data[pos+int(end.overhang):], p)
			}
			continue
		case s.Pickles > first && s.n == before && !looksLikePickle(data[pos:]):
			s.trailing(data, p, pos)
			return
		}
		s.fail(p, shiftError(end.err, int64(pos)))
		s.insides(a, p)
		return
	}
}

// trailing notes data behind the last STOP; a container there is one that other readers look into.
func (s *scan) trailing(data []byte, p place, pos int) {
	s.Trailing, s.TrailingOffset = true, int64(pos)
	if name := foreign(data[pos:]); name != "" {
		s.fail(p, unsupported("%s behind a pickle is not looked into", name))
	}
}

// insides audits the files that a pickle holds as bytes and loads.
func (s *scan) insides(a *auditor, p place) {
	for _, in := range a.inside {
		inner := p.in("bytes at " + describeInt(a.base+in.at))
		inner.pickle = true
		s.data(in.data, inner)
	}
}

// looksLikePickle tells a damaged pickle from other data.
func looksLikePickle(data []byte) bool {
	return len(data) >= 2 && data[0] == byte(pickle.OpProto) && data[1] <= pickle.HighestProtocol
}

// shiftError makes the error of a pickle that of the input, in which it begins at by.
func shiftError(err error, by int64) error {
	var e *tape.Error
	if !errors.As(err, &e) {
		return err
	}
	return bridge.PublicError(&tape.Error{Op: e.Op, Offset: e.Offset + by, Err: e.Err})
}

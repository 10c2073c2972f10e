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

// scan audits one input with everything that is nested inside it.
type scan struct {
	*collector
	config       *config
	input        int64    // length of the input in bytes
	budget       int64    // number of bytes that may still be decompressed
	compressions []string // the formats around the whole input, outermost first
}

// place says where in the input some data was found.
type place struct {
	member string // names of the enclosing archive members, with "!" between them
	depth  int    // number of enclosing containers
	top    bool   // the data is the whole input, apart from compression
	pickle bool   // programs that read the data would take it for a pickle
}

// inside returns the place of the named member of the archive at p.
func (p place) inside(name string) place {
	if p.member != "" {
		name = p.member + "!" + name
	}
	return place{member: name, depth: p.depth + 1, pickle: pickleName(name)}
}

// maxContainers bounds the nesting of containers.
const maxContainers = 8

// fail records an error in the report, unless the report has one already.
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

// audit audits data of any format.
func (s *scan) audit(data []byte, p place) {
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
		s.maybePickle(data, p)
	case bytes.HasPrefix(data, []byte(npy.Magic)):
		s.arrays(data, p)
	case format == compress.Tar:
		s.maybePickle(data, p)
		s.tar(data, p)
	case format != compress.Plain:
		s.decompress(data, p)
		s.maybePickle(data, p)
	case p.top || p.pickle:
		s.pickles(data, p, 0)
	default:
		s.maybePickle(data, p)
	}
	// Some programs look for a zip at the end of a file, even if its beginning is something else.
	if bytes.Contains(data[max(0, len(data)-maxZipEnd):], []byte(zipEnd)) {
		s.zip(data, p)
	}
}

// foreign recognises, by the first bytes, a container that an audit does not look into, and returns
// its name, or "".
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

// decompress audits the content of compressed data.
func (s *scan) decompress(data []byte, p place) {
	limits := s.config.limits
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
			s.compressions = append(s.compressions, f.String())
		}
	}
	s.fail(p, err)
	inner := p
	inner.depth++
	outer := s.config
	s.config = s.config.forDecompressed(int64(len(data)))
	s.audit(out, inner)
	s.config = outer
}

func (s *scan) overBudget() error {
	limit := s.config.effective.DecompressedBytes
	return &errkind.LimitError{Limit: "DecompressedBytes", Max: limit, Want: limit - s.budget}
}

// tar audits the members of a tar.
func (s *scan) tar(data []byte, p place) {
	if p.top {
		s.compressions = append(s.compressions, "tar")
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
		s.audit(member, p.inside(h.Name))
	}
}

// pickleName recognises the endings of names that pickle files usually have.
func pickleName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".pkl", ".pickle", ".pck", ".pcl", ".p", ".joblib", ".dill":
		return true
	}
	return false
}

// arrays audits .npy files one after another, and the pickles behind them.
func (s *scan) arrays(data []byte, p place) {
	pos := 0
	for bytes.HasPrefix(data[pos:], []byte(npy.Magic)) {
		h, err := npy.ReadHeader(bytes.NewReader(data[pos:]), s.config.npy())
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

// maybePickle audits data that looks like something else but may be a pickle too. Its findings
// count if the pickle is whole or names something that Python could import.
func (s *scan) maybePickle(data []byte, p place) {
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
	a.report(s.collector)
	s.fail(p, end.err)
	s.embeddedFiles(a, p)
}

func (s *scan) auditor(p place, base int64) *auditor {
	return &auditor{member: safeText(p.member), base: base, config: s.config,
		names: map[pickle.Global]*usedName{}}
}

// pickles audits the pickles in data from pos on, one after another.
func (s *scan) pickles(data []byte, p place, pos int) {
	first := s.Pickles
	names := map[pickle.Global]*usedName{}
	for {
		a := s.auditor(p, int64(pos))
		a.names = names
		before := s.count
		end := a.pickle(data[pos:])
		if end.err != nil && errors.Is(end.err, io.EOF) &&
			!errors.Is(end.err, errkind.ErrTruncated) {
			return
		}
		a.report(s.collector)
		switch {
		case s.stopped:
			return
		case end.err == nil:
			s.Pickles++
			s.embeddedFiles(a, p)
			pos += int(end.length)
			if end.overhang > 0 && int(end.overhang) < len(data)-pos {
				// File readers continue behind the frame, other readers behind the STOP.
				s.fail(p, errkind.New(errkind.ErrMalformed, "a frame goes on behind the STOP"))
				s.maybePickle(data[pos+int(end.overhang):], p)
			}
			continue
		case s.Pickles > first && s.count == before && !looksLikePickle(data[pos:]):
			s.trailing(data, p, pos)
			return
		}
		s.fail(p, shiftError(end.err, int64(pos)))
		s.embeddedFiles(a, p)
		return
	}
}

// trailing records data behind the last STOP. Other programs may look into a container there.
func (s *scan) trailing(data []byte, p place, pos int) {
	s.Trailing, s.TrailingOffset = true, int64(pos)
	if name := foreign(data[pos:]); name != "" {
		s.fail(p, unsupported("%s behind a pickle is not looked into", name))
	}
}

// embeddedFiles audits the files that a pickle holds as bytes and would load.
func (s *scan) embeddedFiles(a *auditor, p place) {
	for _, in := range a.embedded {
		inner := p.inside("bytes at " + describeInt(a.base+in.offset))
		inner.pickle = true
		s.audit(in.data, inner)
	}
}

// looksLikePickle reports whether data begins with a PROTO opcode: if it cannot be read, it is a
// damaged pickle rather than other data.
func looksLikePickle(data []byte) bool {
	return len(data) >= 2 && data[0] == byte(pickle.OpProto) && data[1] <= pickle.HighestProtocol
}

// shiftError adds by, the offset of a pickle in its input, to the offset in an error of the pickle.
func shiftError(err error, by int64) error {
	var e *tape.Error
	if !errors.As(err, &e) {
		return err
	}
	return bridge.PublicError(&tape.Error{Op: e.Op, Offset: e.Offset + by, Err: e.Err})
}

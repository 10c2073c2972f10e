package audit

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/flate"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/magic"
	"github.com/unpkl/unpkl/internal/zipfile"
)

// Readers of zips differ in what they believe: some take the directory at the end, some the header
// before each member, some ignore the flags, the sizes or the checksums. So a member is audited
// whatever its header claims, and a zip that says two things is an error beside what is found in
// it.

const (
	// zipEnd is the signature of the end of a zip's directory, which may stand before a
	// comment.
	zipEnd    = "PK\x05\x06"
	maxZipEnd = 22 + 1<<16 - 1
)

// member is what a header says of a member of a zip.
type member struct {
	name         string
	method       uint16
	encrypted    bool
	data         []byte // compressed, and for one of unknown length with all that follows
	size         uint64 // unfolded
	unknownSizes bool   // they stand behind the member
}

// zip audits a zip.
func (s *scan) zip(data []byte, p place) {
	// The limits hold for all members together.
	outer := s.c
	s.c = s.c.unfolded(int64(len(data)))
	defer func() { s.c = outer }()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		if bytes.HasPrefix(data, []byte(magic.Zip)) {
			s.fail(p, errkind.New(errkind.ErrMalformed, "zip: %v", err))
			s.headers(data, p, nil)
		}
		return
	}
	if p.top && len(z.File) == 1 && !strings.HasSuffix(z.File[0].Name, ".npy") {
		s.formats = append(s.formats, "zip")
	}
	seen := map[int64]bool{}
	honest := true
	names := map[string]bool{}
	for _, f := range z.File {
		if s.stopped {
			return
		}
		if names[f.Name] {
			honest = false
			s.fail(p, errkind.New(errkind.ErrMalformed, "zip: two members are named %q", f.Name))
		}
		names[f.Name] = true
		at, ok := s.listed(data, f, len(z.File) == 1, p)
		seen[at] = ok
		honest = honest && ok
	}
	if !honest {
		s.headers(data, p, seen)
	}
}

// listed audits a member of the directory, and reports where its header is and whether it says the
// same.
func (s *scan) listed(data []byte, f *zip.File, alone bool, p place) (at int64, honest bool) {
	if strings.HasSuffix(f.Name, "/") && f.UncompressedSize64 == 0 {
		return 0, true
	}
	offset, err := f.DataOffset()
	if err != nil || offset > int64(len(data)) {
		s.fail(p.in(f.Name), errkind.New(errkind.ErrMalformed,
			"zip: the member's header is not where the directory says"))
		return 0, false
	}
	at = bytesBefore(data, offset, f.Name)
	local, ok := header(data, at)
	m := member{name: f.Name, method: f.Method, encrypted: f.Flags&1 != 0,
		size: f.UncompressedSize64}
	rest := data[offset:]
	if f.CompressedSize64 > uint64(len(rest)) {
		s.fail(p.in(f.Name), errkind.New(errkind.ErrTruncated,
			"zip: the member reaches past the end of the file"))
		m.data = rest
	} else {
		m.data = rest[:f.CompressedSize64]
	}
	honest = ok && local.name == m.name && local.method == m.method &&
		local.encrypted == m.encrypted &&
		(local.unknownSizes || local.size == m.size && len(local.data) == len(m.data))
	if !honest {
		s.fail(p.in(f.Name), errkind.New(errkind.ErrMalformed,
			"zip: the member's header and the directory differ"))
	}
	s.member(m, alone, p)
	if honest && !m.encrypted && int64(m.size) <= smallMember && !s.checks(f) {
		s.fail(p.in(f.Name), errkind.New(errkind.ErrMalformed,
			"zip: the member has not the checksum of the directory"))
	}
	return at, honest
}

// smallMember is the largest member whose checksum is looked at: what large ones hold is not read.
const smallMember = 1 << 20

func (s *scan) checks(f *zip.File) bool {
	r, err := f.Open()
	if err != nil {
		return err == zip.ErrAlgorithm // which was noted
	}
	defer r.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(r, smallMember+1))
	return err == nil
}

// bytesBefore returns where the header of the member is whose data begins at offset.
func bytesBefore(data []byte, offset int64, name string) int64 {
	from := max(0, offset-30-int64(len(name))-1<<16)
	if at := bytes.LastIndex(data[from:offset], []byte(magic.Zip)); at >= 0 {
		return from + int64(at)
	}
	return 0
}

// header reads the header in front of a member.
func header(data []byte, at int64) (m member, ok bool) {
	const size = 30
	if at < 0 || at+size > int64(len(data)) || string(data[at:at+4]) != magic.Zip {
		return m, false
	}
	h := data[at:]
	flags := binary.LittleEndian.Uint16(h[6:])
	m.method = binary.LittleEndian.Uint16(h[8:])
	m.encrypted, m.unknownSizes = flags&1 != 0, flags&8 != 0
	compressed := uint64(binary.LittleEndian.Uint32(h[18:]))
	m.size = uint64(binary.LittleEndian.Uint32(h[22:]))
	name, extra := int(binary.LittleEndian.Uint16(h[26:])), int(binary.LittleEndian.Uint16(h[28:]))
	if size+name+extra > len(h) {
		return m, false
	}
	m.name = string(h[size : size+name])
	if compressed == 1<<32-1 || m.size == 1<<32-1 { // in a field of zip64
		m.unknownSizes = true
	}
	m.data = h[size+name+extra:]
	if !m.unknownSizes {
		m.data = m.data[:min(compressed, uint64(len(m.data)))]
	}
	return m, true
}

// maxHeaders bounds the headers of a zip that cannot be believed.
const maxHeaders = 1 << 12

// headers audits a zip by the headers in front of the members alone.
func (s *scan) headers(data []byte, p place, seen map[int64]bool) {
	at, n := int64(0), 0
	for !s.stopped {
		i := bytes.Index(data[at:], []byte(magic.Zip))
		if i < 0 {
			return
		}
		at += int64(i)
		if m, ok := header(data, at); ok && !seen[at] {
			if n++; n > maxHeaders {
				s.fail(p, unsupported("zip: more than %d headers", maxHeaders))
				return
			}
			s.member(m, false, p)
		}
		at++
	}
}

// member audits a member, as if it were not encrypted whatever its flags say.
func (s *scan) member(m member, alone bool, p place) {
	in := p.in(m.name)
	if m.encrypted {
		s.fail(in, unsupported("zip: the member is marked as encrypted"))
	}
	if s.budget -= int64(len(m.data)); s.budget < 0 {
		s.fail(p, s.overBudget())
		return
	}
	in.pickle = (in.pickle || alone) && len(m.data) > 0
	if m.encrypted {
		in.pickle = false
	}
	data := m.data
	switch m.method {
	case zip.Store:
	case zip.Deflate:
		most := min(max(s.budget, 0), max(int64(len(m.data))*s.c.all.CompressionRatio,
			zipfile.RatioFloor))
		var err error
		data, err = readAll(io.LimitReader(flate.NewReader(bytes.NewReader(m.data)),
			limitPlusOne(most)))
		s.budget -= int64(len(data))
		switch {
		case int64(len(data)) > most:
			s.budget = min(s.budget, -1)
			s.fail(p, s.overBudget())
		case err != nil && !m.encrypted:
			s.fail(in, errkind.New(errkind.ErrMalformed, "zip: %v", err))
		case !m.unknownSizes && uint64(len(data)) != m.size:
			s.fail(in, errkind.New(errkind.ErrMalformed,
				"zip: the member has not the size that its header says"))
		}
	default:
		s.fail(in, unsupported("zip: compression method %d is not looked into", m.method))
		return
	}
	if path.Base(m.name) == "config.json" || path.Ext(m.name) == ".json" &&
		strings.Contains(m.name, "keras") {
		s.keras(data, in)
	}
	s.data(data, in)
}

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

// Programs that read zips differ in what they believe: some use the directory at the end, some the
// header before each member, and some ignore flags, sizes or checksums. So a member is audited
// whatever its header claims, and a zip that contradicts itself is an error, in addition to the
// findings in it.

const (
	// zipEnd is the signature of the record at the end of a zip's directory. A comment may
	// follow the record.
	zipEnd    = "PK\x05\x06"
	maxZipEnd = 22 + 1<<16 - 1 // length of the record with the longest comment, in bytes
)

// member is what a header says of a zip member.
type member struct {
	name         string
	method       uint16
	encrypted    bool
	compressed   []byte // if the length is not known, all bytes to the end of the zip
	size         uint64 // after decompression, in bytes
	unknownSizes bool   // the sizes stand behind the member instead of in the header
}

// zip audits the members of a zip.
func (s *scan) zip(data []byte, p place) {
	// The limits hold for all members together.
	outer := s.config
	s.config = s.config.forDecompressed(int64(len(data)))
	defer func() { s.config = outer }()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		if bytes.HasPrefix(data, []byte(magic.Zip)) {
			s.fail(p, errkind.New(errkind.ErrMalformed, "zip: %v", err))
			s.localHeaders(data, p, nil)
		}
		return
	}
	if p.top && len(z.File) == 1 && !strings.HasSuffix(z.File[0].Name, ".npy") {
		s.compressions = append(s.compressions, "zip")
	}
	seen := map[int64]bool{}
	consistent := true
	names := map[string]bool{}
	for _, f := range z.File {
		if s.stopped {
			return
		}
		if names[f.Name] {
			consistent = false
			s.fail(p, errkind.New(errkind.ErrMalformed, "zip: two members are named %q", f.Name))
		}
		names[f.Name] = true
		at, ok := s.directoryMember(data, f, len(z.File) == 1, p)
		seen[at] = ok
		consistent = consistent && ok
	}
	if !consistent {
		s.localHeaders(data, p, seen)
	}
}

// directoryMember audits a member that the directory lists. It returns the offset of the member's
// own header, and whether that header agrees with the directory.
func (s *scan) directoryMember(data []byte, f *zip.File, alone bool, p place) (at int64,
	consistent bool) {
	if strings.HasSuffix(f.Name, "/") && f.UncompressedSize64 == 0 {
		return 0, true
	}
	offset, err := f.DataOffset()
	if err != nil || offset > int64(len(data)) {
		s.fail(p.inside(f.Name), errkind.New(errkind.ErrMalformed,
			"zip: the member's header is not where the directory says"))
		return 0, false
	}
	at = headerOffset(data, offset, f.Name)
	local, ok := localHeader(data, at)
	m := member{name: f.Name, method: f.Method, encrypted: f.Flags&1 != 0,
		size: f.UncompressedSize64}
	rest := data[offset:]
	if f.CompressedSize64 > uint64(len(rest)) {
		s.fail(p.inside(f.Name), errkind.New(errkind.ErrTruncated,
			"zip: the member reaches past the end of the file"))
		m.compressed = rest
	} else {
		m.compressed = rest[:f.CompressedSize64]
	}
	consistent = ok && local.name == m.name && local.method == m.method &&
		local.encrypted == m.encrypted &&
		(local.unknownSizes || local.size == m.size && len(local.compressed) == len(m.compressed))
	if !consistent {
		s.fail(p.inside(f.Name), errkind.New(errkind.ErrMalformed,
			"zip: the member's header and the directory differ"))
	}
	s.member(m, alone, p)
	if consistent && !m.encrypted && int64(m.size) <= smallMember && !s.checksumMatches(f) {
		s.fail(p.inside(f.Name), errkind.New(errkind.ErrMalformed,
			"zip: the member has not the checksum of the directory"))
	}
	return at, consistent
}

// smallMember is the size of the largest member whose checksum is tested. Of larger members only
// the opcodes are looked at, not the bytes of arrays.
const smallMember = 1 << 20

// checksumMatches reports whether the content of a member has the checksum in the directory.
func (s *scan) checksumMatches(f *zip.File) bool {
	r, err := f.Open()
	if err != nil {
		return err == zip.ErrAlgorithm // the unknown method is reported by member
	}
	defer r.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(r, smallMember+1))
	return err == nil
}

// headerOffset returns the offset of the header of the member whose data begins at offset, or 0.
func headerOffset(data []byte, offset int64, name string) int64 {
	from := max(0, offset-30-int64(len(name))-1<<16)
	if at := bytes.LastIndex(data[from:offset], []byte(magic.Zip)); at >= 0 {
		return from + int64(at)
	}
	return 0
}

// localHeader parses the header at offset at, in front of a member's data.
func localHeader(data []byte, at int64) (m member, ok bool) {
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
	if compressed == 1<<32-1 || m.size == 1<<32-1 { // the sizes are in a zip64 field
		m.unknownSizes = true
	}
	m.compressed = h[size+name+extra:]
	if !m.unknownSizes {
		m.compressed = m.compressed[:min(compressed, uint64(len(m.compressed)))]
	}
	return m, true
}

// maxHeaders bounds the number of headers that are tried in a zip that contradicts itself.
const maxHeaders = 1 << 12

// localHeaders audits the members by the headers in front of them, without the directory. It skips
// the offsets in seen.
func (s *scan) localHeaders(data []byte, p place, seen map[int64]bool) {
	at, n := int64(0), 0
	for !s.stopped {
		i := bytes.Index(data[at:], []byte(magic.Zip))
		if i < 0 {
			return
		}
		at += int64(i)
		if m, ok := localHeader(data, at); ok && !seen[at] {
			if n++; n > maxHeaders {
				s.fail(p, unsupported("zip: more than %d headers", maxHeaders))
				return
			}
			s.member(m, false, p)
		}
		at++
	}
}

// member audits a member. If the flags say that it is encrypted, it is audited as if it were not,
// because some readers ignore the flag.
func (s *scan) member(m member, alone bool, p place) {
	in := p.inside(m.name)
	if m.encrypted {
		s.fail(in, unsupported("zip: the member is marked as encrypted"))
	}
	if s.budget -= int64(len(m.compressed)); s.budget < 0 {
		s.fail(p, s.overBudget())
		return
	}
	in.pickle = (in.pickle || alone) && len(m.compressed) > 0
	if m.encrypted {
		in.pickle = false
	}
	data := m.compressed
	switch m.method {
	case zip.Store:
	case zip.Deflate:
		most := min(max(s.budget, 0), max(int64(len(m.compressed))*s.config.effective.CompressionRatio,
			zipfile.RatioFloor))
		var err error
		data, err = readAll(io.LimitReader(flate.NewReader(bytes.NewReader(m.compressed)),
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
	s.audit(data, in)
}

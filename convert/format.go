package convert

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"

	"github.com/unpkl/unpkl/internal/compress"
)

// Kind is a set of kinds of values that a format can hold.
type Kind uint16

// The kinds of values.
const (
	KindScalar     Kind = 1 << iota // a number, text or None by itself
	KindList                        // a list of values of the kinds that the format holds
	KindDict                        // a dict in a dict, its keys text
	KindArray                       // an array of numbers with its dtype and shape
	KindNamed                       // arrays by name: a dict of arrays
	KindFrame                       // a table with an index
	KindStructured                  // an array with fields
	KindMasked                      // a masked array
	KindObject                      // instances of classes, arrays of objects

	kindAny = KindScalar | KindList | KindDict | KindArray | KindNamed | KindFrame | KindStructured |
		KindMasked | KindObject
)

var kindNames = []string{
	"scalars", "lists", "dicts", "arrays", "named arrays", "tables", "structured arrays",
	"masked arrays", "objects",
}

// String returns the names of the kinds, with commas between them.
func (k Kind) String() string {
	var names []string
	for i, name := range kindNames {
		if k&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// Format is a way of storing values in a file.
type Format struct {
	// Name is the name that [WithFrom] and [WithTo] take.
	Name string
	// Endings are the endings of file names, with the dot and in lower case, the usual one first.
	Endings []string
	// About describes the format in a few words.
	About string
	// Holds has the kinds of values that are read back as the kind that was written.
	Holds Kind
	// Compressed says that the ending of a compression may follow the format's own.
	Compressed bool

	// magic is the text that every file begins with; "" if there is none.
	magic string
	read  func(in *input) (any, error)
	write func(out *output, v any) error

	// openArray and writeArray are set for formats that can read and write an array in parts. A
	// nil stream, or done false, says that this array has to be read and written whole.
	openArray  func(in *input) (*arrayStream, error)
	writeArray func(out *output, s *arrayStream) (done bool, err error)
	// openTable and writeTable are the same for tables.
	openTable  func(in *input) (*tableReader, error)
	writeTable func(out *output, t *tableReader) error
	// tableAt says that a file holds several tables, of which openTable opens the one at a pointer.
	tableAt bool
	// asText says that writeTable writes no metadata, so that labels that are only in metadata
	// would be lost.
	asText bool
}

// formats is the table of formats. To add a format, add a file and a row.
var formats []*Format

// folderName is the name of the format of folders, which has no ending.
const folderName = "folder"

// The table is filled in init because the formats' functions refer to it.
func init() {
	formats = []*Format{
		pickleFormat, joblibFormat, npyFormat, npzFormat, rawFormat, csvFormat, tsvFormat,
		textFormat,
		jsonFormat, jsonLinesFormat, hdf5Format, safetensorsFormat, featherFormat, parquetFormat,
		sqliteFormat, torchFormat, folderFormat,
	}
}

// Formats returns the formats in the order in which they are tried. The caller owns the slice.
func Formats() []Format {
	out := make([]Format, len(formats))
	for i, f := range formats {
		out[i] = *f
		out[i].Endings = slices.Clone(f.Endings)
	}
	return out
}

// formatNamed returns the format with a name or an ending (with or without the dot), or nil.
func formatNamed(name string) *Format {
	name = strings.ToLower(name)
	for _, f := range formats {
		if f.Name == name || slices.Contains(f.Endings, "."+strings.TrimPrefix(name, ".")) {
			return f
		}
	}
	return nil
}

// formatOfPath returns the format that belongs to the ending of a path, or nil. If the format
// allows compression, the ending of a compression is skipped, and compressed is true.
func formatOfPath(path string) (f *Format, compressed bool) {
	if strings.HasSuffix(path, "/") || strings.HasSuffix(path, string(filepath.Separator)) {
		return formatNamed(folderName), false
	}
	if f := formatNamed(filepath.Ext(path)); filepath.Ext(path) != "" && f != nil {
		return f, false
	}
	if compress.FormatOf(path) == compress.Plain {
		return nil, false
	}
	inner := strings.TrimSuffix(path, filepath.Ext(path))
	if compress.FormatOf(inner) == compress.Tar {
		inner = strings.TrimSuffix(inner, filepath.Ext(inner))
	}
	if f := formatNamed(filepath.Ext(inner)); filepath.Ext(inner) != "" && f != nil &&
		f.Compressed {
		return f, true
	}
	return nil, false
}

// formatOfHead returns the format whose magic number a file begins with, or nil.
func formatOfHead(head []byte) *Format {
	for _, f := range formats {
		if f.magic != "" && bytes.HasPrefix(head, []byte(f.magic)) {
			return f
		}
	}
	return nil
}

// holding returns the names of the formats that hold a kind of value.
func holding(k Kind) []string {
	var names []string
	for _, f := range formats {
		if f.Holds&k == k && f.Name != folderName {
			names = append(names, f.Name)
		}
	}
	return names
}

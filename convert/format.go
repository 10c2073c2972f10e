package convert

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"

	"github.com/unpkl/unpkl/internal/compress"
)

// Kind is a set of kinds of value that a format holds.
type Kind uint16

// The kinds of value.
const (
	KindScalar     Kind = 1 << iota // a number, text or None by itself
	KindList                        // a list of anything that the format holds
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

// Format is a way in which values are stored in a file.
type Format struct {
	// Name is what [WithFrom] and [WithTo] take.
	Name string
	// Endings are those of names of files, with the dot and in lower case; the first is the usual.
	Endings []string
	// About says what it is, in a few words.
	About string
	// Holds is what is written and read back as the same kind.
	Holds Kind
	// Compressed says that the ending of a compression may stand behind the format's own.
	Compressed bool

	// magic is what every file begins with, or empty.
	magic string
	read  func(in *input) (any, error)
	write func(out *output, v any) error

	// openArray and writeArray are of formats of which an array is read and written a part at a
	// time. A nil stream, or done false, says that this one has to be read whole.
	openArray  func(in *input) (*arrayStream, error)
	writeArray func(out *output, s *arrayStream) (done bool, err error)
	// openTable and writeTable are the same for tables.
	openTable  func(in *input) (*tableReader, error)
	writeTable func(out *output, t *tableReader) error
	// tableAt says that a file has several tables, and openTable opens one at a path.
	tableAt bool
	// asText says that writeTable writes no metadata, so that labels that only these have are lost.
	asText bool
}

// formats is the table of formats. A format that is added is a file and a row.
var formats []*Format

// folderName is the name of the format of folders, which has no ending.
const folderName = "folder"

// The table is filled here since the formats' functions refer to it.
func init() {
	formats = []*Format{
		pickleFormat, joblibFormat, npyFormat, npzFormat, rawFormat, csvFormat, tsvFormat,
		textFormat,
		jsonFormat, jsonLinesFormat, hdf5Format, safetensorsFormat, featherFormat, parquetFormat,
		sqliteFormat, torchFormat, folderFormat,
	}
}

// Formats returns the formats in the order in which they are looked for. The slice is the caller's.
func Formats() []Format {
	out := make([]Format, len(formats))
	for i, f := range formats {
		out[i] = *f
		out[i].Endings = slices.Clone(f.Endings)
	}
	return out
}

// formatNamed returns the format of a name or of an ending with or without its dot.
func formatNamed(name string) *Format {
	name = strings.ToLower(name)
	for _, f := range formats {
		if f.Name == name || slices.Contains(f.Endings, "."+strings.TrimPrefix(name, ".")) {
			return f
		}
	}
	return nil
}

// formatOfPath returns the format that the ending of a path stands for, nil if it is none. The
// ending of a compression is passed over where the format allows it; compressed reports that there
// is one.
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

// formatOfHead returns the format whose magic number a file begins with, nil if it is none's.
func formatOfHead(head []byte) *Format {
	for _, f := range formats {
		if f.magic != "" && bytes.HasPrefix(head, []byte(f.magic)) {
			return f
		}
	}
	return nil
}

// holding returns the names of the formats that hold a kind.
func holding(k Kind) []string {
	var names []string
	for _, f := range formats {
		if f.Holds&k == k && f.Name != folderName {
			names = append(names, f.Name)
		}
	}
	return names
}

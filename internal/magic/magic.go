// Package magic is the table of the first bytes of file formats. Every package that recognises
// formats by their first bytes uses it.
package magic

import "strings"

// The first bytes of formats that other packages of this module read.
const (
	NPY     = "\x93NUMPY"
	Zip     = "PK\x03\x04" // with members
	ZipEnd  = "PK\x05\x06" // of a zip without members, and near the end of every other
	HDF5    = "\x89HDF\r\n\x1a\n"
	Arrow   = "ARROW1"
	Parquet = "PAR1"
	SQLite  = "SQLite format 3\x00"

	Gzip  = "\x1f\x8b"
	Bzip2 = "BZh"
	XZ    = "\xfd7zXZ\x00"
	LZMA  = "]\x00\x00" // with the usual properties
	Zstd  = "\x28\xb5\x2f\xfd"
	LZ4   = "\x04\x22\x4d\x18"
	ZFile = "ZF"    // joblib before 0.10
	Zlib  = "x\x9c" // at the usual level
)

// Kind is a set of the ways in which this module treats a format.
type Kind uint8

// The kinds.
const (
	// Pickles: the loaders read files of the format, as a pickle or around one.
	Pickles Kind = 1 << iota
	// Convert: package convert reads the format, but the loaders do not.
	Convert
	// Container: a file of the format may hold other files, pickles among them.
	Container
)

// Format is a format that is recognised by its first bytes.
type Format struct {
	Prefix string
	// Name is used in errors, with its article: "an HDF5 file".
	Name string
	Kind Kind
}

// Formats is the table. If one prefix begins with another, the longer one comes first.
var Formats = []Format{
	{NPY, "an .npy file", Pickles},
	{Zip, "a zip archive", Pickles | Container},
	{ZipEnd, "a zip archive", Pickles | Container},
	{Gzip, "gzip", Pickles | Container},
	{Bzip2, "bzip2", Pickles | Container},
	{XZ, "xz", Pickles | Container},
	{LZMA, "lzma", Pickles | Container},
	{Zstd, "zstd", Pickles | Container},
	{LZ4, "lz4", Pickles | Container},
	{ZFile, "a file of joblib's old format", Pickles | Container},
	{Zlib, "zlib", Pickles | Container},

	{HDF5, "an HDF5 file", Convert | Container},
	{Arrow, "an Arrow file", Convert},
	{Parquet, "a Parquet file", Convert | Container},
	{SQLite, "an SQLite database", Convert | Container},

	{"7z\xbc\xaf\x27\x1c", "a 7z archive", Container},
	{"Rar!\x1a\x07", "a RAR archive", Container},
	{"LZIP", "lzip", Container},
	{"\x89LZO", "lzop", Container},
	{"\x1f\x9d", "compress", Container},
	{"\x1f\xa0", "compress", Container},
	{"MSCF", "a cabinet", Container},
	{"xar!", "a xar archive", Container},
	{"\xff\x06\x00\x00sNaPpY", "snappy", Container},
	{"\x02\x21\x4c\x18", "legacy lz4", Container},
	{"ZPAQ", "zpaq", Container},
	{"7kSt", "zpaq", Container},
	{"!<arch>\n", "an ar archive", Container},
	{"hsqs", "squashfs", Container},
	{"GGUF", "a GGUF model", Container},

	{"\xff\xff\xff\xff", "an Arrow stream", 0},
	{"FEA1", "a Feather file of version 1", 0},
	{"ORC", "an ORC file", 0},
	{"Obj\x01", "an Avro file", 0},
	{"CDF\x01", "a netCDF file", 0},
	{"CDF\x02", "a netCDF file", 0},
	{"MATLAB 5.0", "a MATLAB file", 0},
	{"RDX2", "an R file", 0},
	{"RDX3", "an R file", 0},
	{"\x89PNG\r\n\x1a\n", "a PNG image", 0},
	{"\xff\xd8\xff", "a JPEG image", 0},
	{"GIF8", "a GIF image", 0},
	{"II*\x00", "a TIFF image", 0},
	{"MM\x00*", "a TIFF image", 0},
	{"\x7fELF", "an ELF program", 0},
	{"MZ", "a Windows program", 0},
	{"\xfe\xed\xfa", "a macOS program", 0},
	{"\xcf\xfa\xed\xfe", "a macOS program", 0},
	{"%PDF-", "a PDF document", 0},
	{"\xac\xed\x00\x05", "a serialized Java object", 0},
	{"RIFF", "a RIFF file", 0},
	{"OggS", "an Ogg file", 0},
	{"fLaC", "a FLAC file", 0},
	{"ID3", "an MP3 file", 0},
}

// Of returns the format whose first bytes head begins with.
func Of[T string | []byte](head T) (f Format, ok bool) {
	for _, f := range Formats {
		if len(head) >= len(f.Prefix) && string(head[:len(f.Prefix)]) == f.Prefix {
			return f, true
		}
	}
	return Format{}, false
}

// IsPrefix reports whether b is a beginning of the first bytes of a format of the kind, too short
// to tell which.
func IsPrefix(b []byte, kind Kind) bool {
	for _, f := range Formats {
		if f.Kind&kind != 0 && len(b) < len(f.Prefix) && strings.HasPrefix(f.Prefix, string(b)) {
			return true
		}
	}
	return false
}

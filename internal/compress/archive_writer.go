package compress

import (
	"archive/tar"
	"archive/zip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/flate"
)

// Create returns a writer to w for the content of the file at path. The ending of the path selects
// the format, as in pandas.to_pickle: the formats of NewWriter, .zip, .tar, or a .tar that is
// compressed by the ending after it. An archive has one member, named like the file without these
// endings. The header of a tar member has its size, so the content is kept in a temporary file
// until Close.
func Create(w io.Writer, path string) (io.WriteCloser, error) {
	format, base := FormatOf(path), filepath.Base(path)
	switch format {
	case Zip:
		return newZipWriter(w, withoutEnding(base))
	case Tar:
		return newTarWriter(nopCloser{w}, withoutEnding(base))
	}
	z, err := NewWriter(w, format)
	if inner := withoutEnding(base); err == nil && format != Plain && FormatOf(inner) == Tar {
		return newTarWriter(z, withoutEnding(inner))
	}
	return z, err
}

func withoutEnding(name string) string { return strings.TrimSuffix(name, filepath.Ext(name)) }

// zipEpoch is the time of zip members, the earliest that a zip can have: equal content gives equal
// bytes.
var zipEpoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// zipWriter writes the only member of a zip.
type zipWriter struct {
	io.Writer
	archive *zip.Writer
}

func newZipWriter(w io.Writer, name string) (io.WriteCloser, error) {
	a := zip.NewWriter(w)
	a.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.DefaultCompression)
	})
	header := &zip.FileHeader{Name: memberName(name, "zip"), Method: zip.Deflate,
		Modified: zipEpoch}
	header.SetMode(0o600) // as Python's zipfile does for data from memory
	member, err := a.CreateHeader(header)
	return &zipWriter{member, a}, err
}

func (z *zipWriter) Close() error { return z.archive.Close() }

// memberName returns name, or if it is empty the name that pandas gives to such a member.
func memberName(name, other string) string {
	if name == "" {
		return other
	}
	return name
}

// tarWriter writes the only member of a tar.
type tarWriter struct {
	temporary *os.File // holds the content until Close
	name      string
	out       io.WriteCloser
}

func newTarWriter(out io.WriteCloser, name string) (io.WriteCloser, error) {
	held, err := os.CreateTemp("", "unpkl-*.tar")
	if err != nil {
		return nil, err
	}
	return &tarWriter{held, memberName(name, "tar"), out}, nil
}

func (t *tarWriter) Write(b []byte) (int, error) { return t.temporary.Write(b) }

// Close writes the archive and removes the temporary file.
func (t *tarWriter) Close() error {
	err := t.writeArchive()
	if e := t.temporary.Close(); err == nil {
		err = e
	}
	if e := os.Remove(t.temporary.Name()); err == nil {
		err = e
	}
	if e := t.out.Close(); err == nil {
		err = e
	}
	return err
}

func (t *tarWriter) writeArchive() error {
	size, err := t.temporary.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if _, err := t.temporary.Seek(0, io.SeekStart); err != nil {
		return err
	}
	a := tar.NewWriter(t.out)
	if err := a.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: t.name, Size: size,
		Mode: 0o644}); err != nil {
		return err
	}
	if _, err := io.Copy(a, t.temporary); err != nil {
		return err
	}
	return a.Close()
}

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

// Create returns a writer for the content of the file path, which w is, in the format that the
// ending asks for as pandas.to_pickle chooses it: those of NewWriter, .zip, .tar, and .tar before
// the ending of a compression. An archive has one member, named like the file without those
// endings. A tar says before its content how long that is, so the content is in a temporary file
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

// zipEpoch is the earliest time of a zip's member: equal content gives equal bytes.
var zipEpoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// zipWriter writes a zip's only member.
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
	header.SetMode(0o600) // as Python's zipfile gives what is written from memory
	member, err := a.CreateHeader(header)
	return &zipWriter{member, a}, err
}

func (z *zipWriter) Close() error { return z.archive.Close() }

// memberName returns name, or what pandas calls a member that would have none.
func memberName(name, other string) string {
	if name == "" {
		return other
	}
	return name
}

// tarWriter holds a tar's only member.
type tarWriter struct {
	held *os.File
	name string
	out  io.WriteCloser
}

func newTarWriter(out io.WriteCloser, name string) (io.WriteCloser, error) {
	held, err := os.CreateTemp("", "unpkl-*.tar")
	if err != nil {
		return nil, err
	}
	return &tarWriter{held, memberName(name, "tar"), out}, nil
}

func (t *tarWriter) Write(b []byte) (int, error) { return t.held.Write(b) }

// Close writes the archive and removes the temporary file.
func (t *tarWriter) Close() error {
	err := t.writeArchive()
	if e := t.held.Close(); err == nil {
		err = e
	}
	if e := os.Remove(t.held.Name()); err == nil {
		err = e
	}
	if e := t.out.Close(); err == nil {
		err = e
	}
	return err
}

func (t *tarWriter) writeArchive() error {
	size, err := t.held.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if _, err := t.held.Seek(0, io.SeekStart); err != nil {
		return err
	}
	a := tar.NewWriter(t.out)
	if err := a.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: t.name, Size: size,
		Mode: 0o644}); err != nil {
		return err
	}
	if _, err := io.Copy(a, t.held); err != nil {
		return err
	}
	return a.Close()
}

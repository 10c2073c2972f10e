package audit

import (
	"bytes"
	"io"
	"path"
	"strings"

	"github.com/unpkl/unpkl/internal/input"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/zipfile"
	"github.com/unpkl/unpkl/npy"
	"github.com/unpkl/unpkl/pickle"
)

// scanData audits the whole of a decompressed input: pickles one after another, an .npy
// file, or a zip: .npz, or what torch.save writes. A zip may also follow a pickle, for readers
// of zips look at the end of a file and others at its beginning.
func scanData(data []byte, report *run, c *config) {
	if !bytes.HasPrefix(data, []byte(input.ZipMagic)) {
		scanMember(report, "", data, c)
		if report.stopped || !bytes.Contains(data[max(0, len(data)-maxZipEnd):], []byte(zipEnd)) {
			return
		}
	}
	z, err := zipfile.OpenAnyNames(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		if bytes.HasPrefix(data, []byte(input.ZipMagic)) {
			report.Err = err
		}
		return
	}
	c.compressed, c.tally = func() int64 { return int64(len(data)) }, &pickle.Tally{}
	budget := c.limits.WithDefaults().DecompressedBytes
	for _, f := range z.Files() {
		if report.stopped {
			return
		}
		if err := scanZipped(report, f, len(z.Files()) == 1, &budget, c); err != nil && report.Err == nil {
			report.Err = err
		}
	}
}

const (
	// zipEnd is the signature of the end of a zip's directory, which may stand before a
	// comment.
	zipEnd    = "PK\x05\x06"
	maxZipEnd = 22 + 1<<16 - 1
)

// scanZipped audits a member of a zip; one that is alone is a pickle whatever its name.
// Raw data, such as torch's tensors, is not read beyond its first bytes.
func scanZipped(report *run, f *zipfile.File, alone bool, budget *int64, c *config) error {
	if *budget -= f.Size(); *budget < 0 {
		limit := c.limits.WithDefaults().DecompressedBytes
		return pyvalue.LimitError("DecompressedBytes", limit, limit-*budget)
	}
	rc, err := f.Open()
	if err != nil {
		return err
	}
	defer rc.Close()
	head := make([]byte, min(len(npy.Magic), int(min(f.Size(), 64))))
	if _, err := io.ReadFull(rc, head); err != nil {
		return err
	}
	r := io.MultiReader(bytes.NewReader(head), rc)
	switch {
	case string(head) == npy.Magic:
		h, err := npy.ReadHeader(r, c.npy())
		if err != nil || !h.DType.HasObject() {
			return err
		}
		data, err := readAll(r)
		if err != nil {
			return err
		}
		scanPickles(report, auditor{member: safeText(f.Name()), base: int64(h.Len)}, data, c)
	case alone || looksLikePickle(head) || pickleName(f.Name()):
		data, err := readAll(r)
		if err != nil {
			return err
		}
		scanMember(report, f.Name(), data, c)
	}
	return nil
}

// pickleName recognises the names that pickles without a PROTO opcode go by.
func pickleName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".pkl", ".pickle", ".pck", ".pcl", ".p", ".joblib", ".dill":
		return true
	}
	return false
}

// scanMember audits what is either pickles or .npy files one after another.
func scanMember(report *run, name string, data []byte, c *config) {
	pos := 0
	for bytes.HasPrefix(data[pos:], []byte(npy.Magic)) {
		h, err := npy.ReadHeader(bytes.NewReader(data[pos:]), c.npy())
		if err != nil {
			if report.Err == nil {
				report.Err = err
			}
			return
		}
		pos += h.Len
		if h.DType.HasObject() {
			break
		}
		pos += min(h.NBytes(), len(data)-pos)
	}
	if pos < len(data) || pos == 0 {
		scanPickles(report, auditor{member: safeText(name), base: int64(pos)}, data[pos:], c)
	}
}

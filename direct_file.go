package unpkl

import (
	"bytes"
	"io"
	"os"

	"github.com/unpkl/unpkl/internal/compress"
)

const (
	// maxDirectFile is the size up to which a file is read as a whole.
	maxDirectFile = 64 << 20
	// directProbe is how much of it shows whether that pays.
	directProbe = 256 << 10
)

// fileDirectly tries to make the plain value of the first pickle in f. If it fails, f is where
// it was.
func (c *config) fileDirectly(f *os.File) (v any, ok bool) {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 || info.Size() > maxDirectFile {
		return nil, false
	}
	defer func() {
		if !ok {
			_, _ = f.Seek(0, io.SeekStart) // where that fails, reading does too
		}
	}()
	size := int(info.Size())
	data := make([]byte, min(size, directProbe))
	if _, err := io.ReadFull(f, data); err != nil || !isPickle(data) {
		return nil, false
	}
	if len(data) < size {
		if !c.probe(data, size) {
			return nil, false
		}
		data = append(make([]byte, 0, size), data...)[:size]
		if _, err := io.ReadFull(f, data[directProbe:]); err != nil {
			return nil, false
		}
	}
	return c.plainDirectly(data)
}

// isPickle reports whether a file that begins like that is no compressed one and of no other format.
func isPickle(data []byte) bool {
	head := data[:min(len(data), compress.HeadSize)]
	return compress.Detect(head) == compress.Plain && !bytes.HasPrefix(head, []byte(npyMagic)) && !bytes.HasPrefix(head, []byte(zipMagic))
}

// probe reports whether the direct way comes to the end of the beginning of a file of size bytes.
func (c *config) probe(data []byte, size int) bool {
	p, ok := c.newPlainDirect(data)
	if !ok {
		return false
	}
	defer p.release()
	p.size = size
	const most = maxDirectPayload + 64 // that an opcode takes
	return !p.run() && p.pos > len(data)-most
}

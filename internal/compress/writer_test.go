package compress_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/unpkl/unpkl/internal/compress"
	"github.com/unpkl/unpkl/pickle"
)

// Python decompresses what NewWriter wrote, with its own modules; zstd and lz4 are tested if their
// packages are installed.
const undo = `
import sys
name, path = sys.argv[1:]
data = open(path, "rb").read()
if name == "gzip":
    import gzip as m
elif name == "zlib":
    import zlib as m
elif name in ("xz", "lzma"):
    import lzma as m
elif name == "lz4":
    try: import lz4.frame as m
    except ImportError: sys.exit(77)
else:
    try: import zstandard
    except ImportError: sys.exit(77)
    class m:
        decompress = lambda d: zstandard.ZstdDecompressor().decompressobj().decompress(d)
sys.stdout.buffer.write(m.decompress(data))
`

func TestWriter(t *testing.T) {
	python := os.Getenv("UNPKL_PYTHON")
	if python == "" {
		var err error
		if python, err = exec.LookPath("python3"); err != nil {
			t.Skip("no python3")
		}
	}
	want := read(t, "sample.pkl")
	for _, ending := range []string{".gz", ".z", ".zlib", ".xz", ".lzma", ".zst", ".lz4"} {
		f := compress.FormatOf("dir/model.PKL" + ending)
		t.Run(f.String()+ending, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x")
			out, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			w, err := compress.NewWriter(out, f)
			if err != nil {
				t.Fatal(err)
			}
			for part := range bytes.Lines(want) {
				if _, err := w.Write(part); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(python, "-c", undo, f.String(), path)
			cmd.Stderr = os.Stderr
			got, err := cmd.Output()
			var exit *exec.ExitError
			if errors.As(err, &exit) && exit.ExitCode() == 77 {
				t.Skip("its Python package is not installed")
			}
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("Python reads %d bytes of %d, error %v", len(got), len(want), err)
			}
		})
	}
}

func TestWriterUnsupported(t *testing.T) {
	for _, path := range []string{"x.bz2", "x.zip", "x.tar"} {
		if _, err := compress.NewWriter(new(bytes.Buffer), compress.FormatOf(path)); !errors.Is(err,
			pickle.ErrUnsupported) {
			t.Errorf("%s: error %v", path, err)
		}
	}
	var buf bytes.Buffer
	w, err := compress.NewWriter(&buf, compress.FormatOf("x.pkl"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("as it is")); err != nil || buf.String() != "as it is" ||
		w.Close() != nil {
		t.Errorf("plain wrote %q, error %v", buf.String(), err)
	}
}

package torch_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/nlpodyssey/gopickle/pytorch"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/torch"
)

// stateDict writes a file of torch.save with n float32 tensors of size elements each.
func stateDict(b *testing.B, n, size int) string {
	b.Helper()
	dict := map[string]any{}
	for i := range n {
		values := make([]float32, size)
		for k := range values {
			values[k] = float32(i + k)
		}
		a, err := ndarray.FromSlice(values)
		if err != nil {
			b.Fatal(err)
		}
		dict[fmt.Sprintf("layer%d.weight", i)] = a
	}
	var out bytes.Buffer
	if err := torch.Save(&out, dict); err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(b.TempDir(), "model.pt")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

// BenchmarkLoad reads a state dict of 64 MB, copied and mapped, and as gopickle's pytorch does.
func BenchmarkLoad(b *testing.B) {
	const n, size = 64, 1 << 18
	path := stateDict(b, n, size)
	load := func(name string, f func() error) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(n * size * 4)
			for range b.N {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	load("unpkl", func() error {
		_, err := unpkl.LoadFile(path)
		return err
	})
	load("mapped", func() error {
		f, err := unpkl.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = f.Load()
		return err
	})
	load("gopickle", func() error {
		_, err := pytorch.Load(path)
		return err
	})
}

// holes is a file to which zeros are written by leaving them out.
type holes struct {
	f     *os.File
	zeros []byte
}

func (h holes) Write(p []byte) (int, error) {
	if len(p) == len(h.zeros) && &p[0] == &h.zeros[0] {
		_, err := h.f.Seek(int64(len(p)), io.SeekCurrent)
		return len(p), err
	}
	return h.f.Write(p)
}

// BenchmarkOpenLarge opens and loads a file of torch.save with one tensor of 10 GiB, of which the
// file system keeps no more than what is not zero.
func BenchmarkOpenLarge(b *testing.B) {
	size := int64(10) << 30
	if int64(int(size)) != size {
		b.Skip("an int has no such number")
	}
	path := filepath.Join(b.TempDir(), "large.pt")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	out := holes{f, make([]byte, 1<<20)}
	z := zip.NewWriter(out)
	text := tensorText("ByteStorage", fmt.Sprintf("L%dL\n", size), "I0\n",
		fmt.Sprintf("(L%dL\nt", size), "(I1\nt")
	w, err := z.CreateHeader(&zip.FileHeader{Name: "x/data.pkl", Method: zip.Store})
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil {
		w, err = z.CreateRaw(&zip.FileHeader{Name: "x/data/0", Method: zip.Store,
			CompressedSize64: uint64(size), UncompressedSize64: uint64(size)})
	}
	for i := int64(0); i < size && err == nil; i += int64(len(out.zeros)) {
		_, err = w.Write(out.zeros)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil || f.Close() != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for range b.N {
		f, err := unpkl.Open(path, unpkl.WithLimits(unpkl.Limits{Elements: size}))
		if err != nil {
			b.Fatal(err)
		}
		v, err := f.Load()
		if err != nil || int64(v.(*ndarray.Array).Size()) != size {
			b.Fatal(v, err)
		}
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

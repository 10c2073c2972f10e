package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/ipc"
)

// TestRun writes a frame that pandas pickled. If UNPKL_PANDAS_PYTHONS names a Python with pandas 3,
// pandas must find both files equal to the frame.
func TestRun(t *testing.T) {
	const in = "../../testdata/arrow/py313-pandas3/ranged.p5.pkl"
	dir := t.TempDir()
	arrowFile, parquetFile := filepath.Join(dir, "x.arrow"), filepath.Join(dir, "x.parquet")
	if err := run(in, arrowFile, parquetFile); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(arrowFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := ipc.NewFileReader(f)
	if err != nil || r.NumRecords() != 1 {
		t.Fatal(err)
	}
	defer r.Close()
	pythons := os.Getenv("UNPKL_PANDAS_PYTHONS")
	if pythons == "" {
		return
	}
	const check = `
import pickle, sys, pandas as pd, pyarrow as pa
want = pickle.load(open(sys.argv[1], 'rb'))
for got in (pa.ipc.open_file(sys.argv[2]).read_pandas(), pd.read_parquet(sys.argv[3])):
    got.attrs = want.attrs = {}
    pd.testing.assert_frame_equal(got, want, check_freq=False)
`
	python := pythons[strings.LastIndexByte(pythons, ':')+1:]
	if out, err := exec.Command(python, "-c", check, in, arrowFile,
		parquetFile).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

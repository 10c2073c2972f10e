package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/unpkl/unpkl"
)

// TestResults checks that the results read back unchanged. If UNPKL_PYTHON names a Python, it also
// checks that they are there what the comments say.
func TestResults(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.pkl")
	if err := unpkl.WriteFile(path, experiment()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got Experiment
	if err := unpkl.Unmarshal(data, &got); err != nil || !reflect.DeepEqual(&got, experiment()) {
		t.Errorf("%+v, %v", got, err)
	}
	python := os.Getenv("UNPKL_PYTHON")
	if python == "" {
		return
	}
	const check = `
import datetime, pickle, sys, numpy as np
x = pickle.load(open(sys.argv[1], 'rb'))
assert x['name'] == 'baseline' and x['layers'] == [64, 32] and x['labels'] == {'a', 'b'}, x
assert x['started'] == datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.timezone.utc)
assert x['took'] == datetime.timedelta(seconds=90) and x['best'] == {'rate': 0.01, 'epoch': 7}
assert x['scores'].dtype == 'f8' and x['scores'].tolist() == [0.5, 0.75, 0.8]
assert x['matrix'].dtype == 'f4' and x['matrix'].tolist() == [[1, 2], [3, 4]]
`
	if out, err := exec.Command(python, "-c", check, path).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

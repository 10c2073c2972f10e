package reconstruct

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/pickle"
)

// lossy says why Python may find a fixture that was written for all versions of NumPy
// different from the original, or "" if it must not.
func lossy(f fixture.Fixture, protocol int, word, details string) string {
	switch {
	case strings.Contains(details, "'u' type code is deprecated"):
		return "array('u') is deprecated, however it is written"
	case word == "failed" && f.Name == "chararray" && !strings.HasPrefix(f.Producer, "py313"):
		return "no name of chararray that NumPy 1 has loads in NumPy 2 without a warning"
	case strings.Contains(details, `"fold": 1`) && protocol < 4:
		return "CPython drops fold below protocol 4"
	case strings.HasPrefix(f.Name, "random_") && strings.HasPrefix(f.Producer, "py311"):
		return "NumPy 2 seeds a generator of NumPy 1 anew at each load"
	case protocol == 0 && strings.HasSuffix(details,
		`"fff8000000000000" against "7ff8000000000000"`):
		return "the text of protocol 0 has one NaN"
	case strings.HasSuffix(details, "/dtype/aligned: false against true") &&
		!strings.HasPrefix(f.Producer, "py313"):
		return "NumPy 2 drops the aligned flag that NumPy 1 wrote; what is written here keeps it"
	case strings.HasSuffix(details, "contiguous: false against true"):
		return "the axes are in C order again"
	case (f.Protocol < 5) != (protocol < 5) && (strings.Contains(details, "/writeable:") ||
		strings.Contains(details, "/byteorder") ||
		slices.Contains([]string{"dtypes_numbers_swapped", "dtypes_strings", "out_of_band"},
			f.Name)):
		return "NumPy keeps byte order and read-only arrays from protocol 5 on"
	}
	return ""
}

// TestInteropRewritten reads every fixture, writes it at every protocol, and lets the
// Python of UNPKL_PYTHON say whether what it loads from that, with warnings as
// errors, is what it loads from the original: types, dtypes, bits, order, sharing.
func TestInteropRewritten(t *testing.T) {
	python := os.Getenv("UNPKL_PYTHON")
	if python == "" {
		t.Skip("UNPKL_PYTHON names no Python")
	}
	all, err := fixture.All()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	type version struct {
		fixture  fixture.Fixture
		protocol int
	}
	written := map[string]version{}
	lists := map[string]*bytes.Buffer{} // by encoding
	for _, f := range all {
		vs := loadAll(t, f)
		if vs == nil {
			continue
		}
		for protocol := range int(pickle.HighestProtocol) + 1 {
			data, err := write(vs, NewReducers(ReduceOptions{}), protocol, false)
			if err != nil {
				t.Errorf("%v at protocol %d: %v", f, protocol, err)
				continue
			}
			name := filepath.Join(dir, fmt.Sprintf("%s_%s.p%d.as%d.pkl", f.Producer, f.Name,
				f.Protocol, protocol))
			if err := os.WriteFile(name, data, 0o600); err != nil {
				t.Fatal(err)
			}
			written[name] = version{f, protocol}
			if lists[f.Encoding] == nil {
				lists[f.Encoding] = new(bytes.Buffer)
			}
			fmt.Fprintf(lists[f.Encoding], "%s\t%s\n", f.Path, name)
		}
	}
	for encoding, list := range lists {
		verdicts := map[string]int{}
		script := filepath.Join(fixture.Root(), "..", "scripts", "compare.py")
		args := []string{script, "--list", "-"}
		if encoding != "" {
			args = append(args, "--encoding", encoding)
		}
		cmd := exec.Command(python, args...)
		cmd.Stdin, cmd.Stderr = list, os.Stderr
		out, _ := cmd.Output() // the verdicts say more than the exit status
		lines := bufio.NewScanner(bytes.NewReader(out))
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			parts := strings.Split(lines.Text(), "\t")
			verdicts[parts[0]]++
			if parts[0] == "equal" || parts[0] == "unreadable" || len(parts) < 4 {
				continue
			}
			w := written[parts[2]]
			if why := lossy(w.fixture, w.protocol, parts[0], parts[3]); why != "" {
				verdicts[parts[0]+": "+why]++
				continue
			}
			t.Errorf("%s: %v as protocol %d: %s", parts[0], w.fixture, w.protocol, parts[3])
		}
		t.Logf("encoding %q: %v", encoding, verdicts)
		if verdicts["equal"] == 0 {
			t.Errorf("encoding %q: nothing is equal: %s", encoding, out)
		}
	}
}

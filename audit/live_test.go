package audit_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/audit"
)

// executed is what scripts/audit_run.py reports about one pickle.
type executed struct {
	Events [][2]string
	Names  [][2]string
	Error  *string
	Victim bool
}

// execute loads pickles with the Python of UNPKL_PYTHON, each in a folder of its own.
func execute(t *testing.T, script string, pickles []string, args ...string) []executed {
	t.Helper()
	python := os.Getenv("UNPKL_PYTHON")
	if python == "" {
		t.Skip("UNPKL_PYTHON names no Python")
	}
	var in bytes.Buffer
	for _, p := range pickles {
		fmt.Fprintln(&in, hex.EncodeToString([]byte(p)))
	}
	cmd := exec.Command(python, append([]string{script}, args...)...)
	cmd.Stdin, cmd.Stderr = &in, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []executed
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var e executed
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	if len(all) != len(pickles) {
		t.Fatalf("%d answers to %d pickles", len(all), len(pickles))
	}
	return all
}

// explained recognises the events of uses that are data, each for a reason given here.
func explained(event [2]string, r *audit.Report) bool {
	for _, f := range r.Findings {
		switch f.Name {
		case "zoneinfo.ZoneInfo", "zoneinfo.ZoneInfo._unpickle", "pytz._p", "dateutil.tz.tzlocal",
			"dateutil.tz.tz.tzlocal":
			return true // the files of the system's time zones
		}
	}
	return event[0] == "import" || event[0] == "pickle.find_class" // of the own module, lazily
}

// TestLiveProofs lets Python run each proof under an audit hook, in one form each. A proof that
// causes an event is neither data nor known.
func TestLiveProofs(t *testing.T) {
	if os.Getenv("UNPKL_PYTHON") == "" {
		t.Skip("UNPKL_PYTHON names no Python")
	}
	var pickles []string
	for i, proof := range proofs(t) {
		if proof[0] == "faulthandler" || i%7 != 0 && testing.Short() {
			continue
		}
		form := forms[i%len(forms)]
		if form.name == "extension code" || form.name == "_ufunc_reconstruct" {
			form = forms[5]
		}
		pickles = append(pickles, form.make(proof[0], proof[1], proof[2:]...))
	}
	checkExecuted(t, pickles)
}

// TestLiveUses lets Python call every name that is data or known, with plausible arguments.
func TestLiveUses(t *testing.T) {
	if os.Getenv("UNPKL_PYTHON") == "" {
		t.Skip("UNPKL_PYTHON names no Python")
	}
	var pickles []string
	for _, name := range strings.Fields(`builtins.list builtins.map builtins.iter builtins.type builtins.property
		collections.OrderedDict collections.defaultdict datetime.datetime decimal.Decimal fractions.Fraction
		functools.partial io.BytesIO ipaddress.IPv4Address itertools.chain operator.itemgetter pathlib.Path
		random.Random re._compile types.SimpleNamespace uuid.UUID numpy.ndarray numpy.dtype numpy.poly1d
		numpy.vectorize numpy.random.Generator numpy.random.RandomState numpy.ma.MaskedArray numpy.sin
		array.array enum.Enum typing.Optional _codecs.encode numpy.memmap zoneinfo.ZoneInfo dateutil.tz.tzfile
		pandas.DataFrame pandas.Series pandas.Index pandas.Timestamp scipy.sparse._csr.csr_matrix
		sklearn.ensemble._forest.RandomForestClassifier joblib.numpy_pickle.NumpyArrayWrapper`) {
		i := strings.LastIndexByte(name, '.')
		for _, args := range [][]string{{}, {"victim.txt"}, {"victim.txt", "w"},
			{"victim.txt", "u1", "w+"}, {"None", "victim.txt"}} {
			pickles = append(pickles, forms[5].make(name[:i], name[i+1:], args...),
				forms[6].make(name[:i], name[i+1:], args...))
		}
	}
	if testing.Short() {
		pickles = pickles[:20]
	}
	checkExecuted(t, pickles)
}

// checkExecuted compares what Python did with the verdicts.
func checkExecuted(t *testing.T, pickles []string) {
	t.Helper()
	withEvents := 0
	for i, e := range execute(t, "../scripts/audit_run.py", pickles) {
		r, err := audit.Reader(strings.NewReader(pickles[i]))
		if err != nil {
			t.Fatal(err)
		}
		if len(e.Events) > 0 || !e.Victim {
			withEvents++
		}
		if r.Worst().Worse(audit.VerdictKnown) {
			continue
		}
		if !e.Victim {
			t.Errorf("%q is %s and changed a file", pickles[i], r.Worst())
		}
		for _, event := range e.Events {
			if !explained(event, r) {
				t.Errorf("%q is %s and Python: %v", pickles[i], r.Worst(), event)
			}
		}
	}
	t.Logf("%d pickles, %d with events", len(pickles), withEvents)
}

package audit_test

import (
	"github.com/unpkl/unpkl/audit"

	"fmt"
	"strings"
	"testing"
)

// scannersNames are the names that other scanners of pickles (fickling 0.1.12, picklescan 1.0.5,
// modelscan 0.8.8) call unsafe: a module and names in it, * for all of its names.
const scannersNames = `
__builtin__: * __import__ apply breakpoint compile eval exec getattr open
__builtins__: *
_aix_support: *
_ctypes: *
_frozen_importlib: *
_frozen_importlib_external: *
_imp: *
_io: FileIO open
_operator: * attrgetter itemgetter methodcaller
_osx_support: *
_pickle: *
_posixsubprocess: *
_pyrepl: *
_signal: *
_sqlite3: *
_thread: *
aiohttp: *
aiohttp.client: *
asyncio: *
atexit: *
bdb: *
builtins: * __import__ apply breakpoint compile eval exec getattr open
cProfile: *
cloudpickle: *
cloudpickle.cloudpickle: _builtin_type _function_setstate _make_cell _make_empty_cell _make_function subimport
code: * InteractiveInterpreter.runcode
codeop: *
commands: *
compile: *
compileall: *
ctypes: *
difflib: *
dill: *
distutils: *
distutils.file_util: *
doctest: * debug_script
ensurepip: * _run_pip
eval: *
exec: *
filecmp: *
fileinput: *
ftplib: *
functools: * partial
gc: *
glob: *
http: *
httplib: *
idlelib: *
idlelib.autocomplete: AutoComplete.fetch_completions AutoComplete.get_entity
idlelib.calltip: Calltip.fetch_tip get_entity
idlelib.debugobj: ObjectTreeItem.SetText
idlelib.pyshell: ModifiedInterpreter.runcode ModifiedInterpreter.runcommand
idlelib.run: Executive.runcode
imaplib: * IMAP4_stream
importlib: *
inspect: *
io: FileIO open
joblib: *
lib2to3: *
lib2to3.pgen2.grammar: Grammar.loads
lib2to3.pgen2.pgen: ParserGenerator.make_label
linecache: *
logging: * FileHandler
marshal: *
mmap: *
multiprocessing: *
nntplib: *
nt: *
numpy.distutils: *
numpy.f2py: *
numpy.testing._private.utils: * runstring
operator: * attrgetter itemgetter methodcaller
os: *
pdb: *
pexpect: *
pickle: *
pip: *
pkgutil: * resolve_name
platform: *
poplib: *
posix: *
profile: *
pty: *
py_compile: *
pydoc: *
requests: *
requests.api: *
runpy: *
select: *
selectors: *
shelve: *
shutil: *
signal: *
site: *
smtplib: *
socket: *
socketserver: *
sqlite3: *
ssl: *
subprocess: *
sys: *
syslog: *
tarfile: *
telnetlib: *
tempfile: *
test: *
threading: *
timeit: *
torch: compile load
torch._dynamo: *
torch._dynamo.guards: GuardBuilder.get
torch._inductor: *
torch._inductor.codecache: compile_file
torch.compile: *
torch.distributed.elastic.rendezvous.api: basichandlers
torch.fx.experimental.symbolic_shapes: ShapeEnv.evaluate_guards_expression
torch.hub: *
torch.jit: *
torch.jit.unsupported_tensor_ops: execWrapper
torch.serialization: load
torch.storage: _load_from_bytes
torch.utils._config_module: ConfigModule ConfigModule.load_config
torch.utils.bottleneck.__main__: run_autograd_prof run_cprofile
torch.utils.collect_env: run
torch.utils.data.datapipes.utils.decoder: basichandlers
trace: * Trace.run Trace.runctx
types: * CodeType
unittest: *
urllib: *
urllib.request: *
urllib2: *
uuid: *
venv: *
webbrowser: *
xmlrpc: *
zipfile: *
zipimport: *
`

// notDangerous are the scanners' names that this package does not call dangerous, and the reasons.
var notDangerous = map[string]string{
	"builtins *":           "types such as list, set and slice are data; any other name is unknown",
	"__builtin__ *":        "as builtins",
	"__builtins__ *":       "as builtins",
	"functools *":          "as builtins; what runs others' code is named one by one",
	"functools partial":    "holds a function, which is a global of the pickle and judged by itself",
	"operator *":           "as functools",
	"_operator *":          "as functools",
	"operator itemgetter":  "gets items, not attributes",
	"_operator itemgetter": "gets items, not attributes",
	"types *":              "SimpleNamespace is data; what makes code is named one by one",
	"uuid *":               "UUID is data; what runs commands is named one by one",
	"joblib *":             "its array wrappers are data; load, dump and the like are named one by one",
	"logging *":            "loggers are part of many models; handlers of files and sockets are named one by one",
	"difflib *":            "compares text that it is given",
}

// TestAuditKnowsOthersNames: what other scanners call unsafe is called dangerous.
func TestAuditKnowsOthersNames(t *testing.T) {
	listed := map[string]bool{}
	for line := range strings.Lines(strings.TrimSpace(scannersNames)) {
		module, names, _ := strings.Cut(strings.TrimSpace(line), ": ")
		for _, name := range strings.Fields(names) {
			listed[module+" "+name] = true
			attr := name
			if name == "*" {
				attr = "anything"
			}
			r, err := audit.Reader(strings.NewReader(fmt.Sprintf("c%s\n%s\n.", module, attr)))
			if err != nil || len(r.Findings) != 1 {
				t.Fatalf("%s %s: %+v, error %v", module, name, r, err)
			}
			dangerous := r.Findings[0].Verdict == audit.VerdictDangerous
			if _, excepted := notDangerous[module+" "+name]; dangerous == excepted {
				t.Errorf("%s %s is %s", module, name, r.Findings[0].Verdict)
			}
		}
	}
	if len(listed) < 180 {
		t.Errorf("%d names", len(listed))
	}
	for name := range notDangerous {
		if !listed[name] {
			t.Errorf("%s is in no list", name)
		}
	}
}

// TestLongNames: a name of very many parts is dangerous, and the verdict takes no time.
func TestLongNames(t *testing.T) {
	long := strings.Repeat("a.", 500_000) + "b"
	for _, data := range []string{
		"cos\n" + long + "\n.", "c" + long + "\nname\n.", "(c" + long + "\n" + long + "\ntR.",
	} {
		r, err := audit.Reader(strings.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if r.Worst() != audit.VerdictDangerous {
			t.Errorf("%.10q: %v", data, r.Worst())
		}
	}
}

package audit

import "strings"

// dangerousModules run commands or code, or reach files or the network, with
// nearly all that is in them. A package's name covers what is below it.
var dangerousModules = map[string]bool{
	// the system
	"os": true, "posix": true, "nt": true, "posixpath": true, "ntpath": true, "genericpath": true,
	"subprocess": true, "_posixsubprocess": true, "commands": true, "popen2": true, "pty": true, "sys": true,
	"signal": true, "ctypes": true, "_ctypes": true, "cffi": true, "mmap": true, "resource": true, "fcntl": true,
	"platform": true, "pexpect": true, "select": true, "selectors": true, "syslog": true, "_signal": true,
	"_osx_support": true, "_aix_support": true, "_pyrepl": true,
	"multiprocessing": true, "_winapi": true, "winreg": true, "_winreg": true, "msvcrt": true,
	// code
	"code": true, "codeop": true, "runpy": true, "importlib": true, "imp": true, "_imp": true, "pkgutil": true,
	"zipimport": true, "pip": true, "ensurepip": true, "venv": true, "setuptools": true, "distutils": true,
	"pkg_resources": true, "site": true, "marshal": true, "pickle": true, "cPickle": true, "_pickle": true,
	"dill": true, "cloudpickle": true, "shelve": true, "timeit": true, "trace": true, "profile": true,
	"cProfile": true, "pdb": true, "bdb": true, "doctest": true, "pydoc": true, "idlelib": true, "lib2to3": true,
	"unittest": true, "IPython": true, "gc": true, "inspect": true, "dis": true, "ast": true,
	"sched": true, "threading": true, "_thread": true, "thread": true, "concurrent": true, "asyncio": true,
	"_frozen_importlib": true, "_frozen_importlib_external": true, "compileall": true, "py_compile": true,
	"compile": true, "eval": true, "exec": true, "test": true,
	"atexit": true, "cgi": true, "cgitb": true, "nose": true, "pytest": true, "_pytest": true,
	// files
	"shutil": true, "tempfile": true, "fileinput": true, "linecache": true, "zipfile": true, "tarfile": true,
	"glob": true, "dbm": true, "sqlite3": true, "_sqlite3": true, "filecmp": true, "logging.config": true, "logging.handlers": true,
	// the network
	"socket": true, "_socket": true, "ssl": true, "socketserver": true, "SocketServer": true, "http": true,
	"httplib": true, "urllib": true, "urllib2": true, "urllib3": true, "requests": true, "aiohttp": true,
	"httpx": true, "ftplib": true, "smtplib": true, "poplib": true, "imaplib": true, "nntplib": true,
	"telnetlib": true, "xmlrpc": true, "xmlrpclib": true, "webbrowser": true, "antigravity": true,
	"paramiko": true, "fabric": true, "boto3": true,
	// gadgets of libraries
	"numpy.testing": true, "numpy.f2py": true, "numpy.distutils": true, "torch.hub": true,
	"torch.utils.cpp_extension": true, "torch.utils.bottleneck": true, "torch.serialization": true,
	"torch._dynamo": true, "torch._inductor": true, "torch.compile": true, "torch.fx.experimental": true,
	"torch.utils._config_module": true, "torch.utils.collect_env": true, "torch.utils.data.datapipes": true,
	"torch.distributed": true, "torch.testing": true, "torch.jit": true, "torch.package": true,
	"tensorflow.python.ops.io_ops": true, "keras.layers": true, "joblib.parallel": true,
	"joblib.externals": true, "pandas.io": true, "pandas.core.computation": true, "pandas.compat.pickle_compat": true,
}

// dangerousNames are those of modules that are otherwise harmless.
var dangerousNames = map[string][]string{
	"builtins": {
		"eval", "exec", "execfile", "compile", "open", "file", "input", "raw_input", "__import__", "__build_class__",
		"getattr", "setattr", "delattr", "globals", "locals", "vars", "dir", "breakpoint", "apply", "reload",
		"help", "exit", "quit",
	},
	"operator":           {"attrgetter", "methodcaller", "call", "setitem", "delitem", "iadd", "iconcat"},
	"_operator":          {"attrgetter", "methodcaller", "call", "setitem", "delitem", "iadd", "iconcat"},
	"functools":          {"reduce", "partialmethod", "cached_property", "singledispatch"},
	"types":              {"CodeType", "FunctionType", "LambdaType", "MethodType", "ModuleType", "GeneratorType"},
	"io":                 {"open", "open_code", "FileIO", "OpenWrapper"},
	"_io":                {"open", "open_code", "FileIO"},
	"codecs":             {"open", "EncodedFile", "StreamReaderWriter"},
	"logging":            {"FileHandler"},
	"numpy":              {"load", "save", "savez", "fromfile", "loadtxt", "genfromtxt", "savetxt", "memmap.__new__", "fromregex", "DataSource", "apply_along_axis", "vectorize.__call__"},
	"numpy.core.records": {"fromfile"},
	"pandas": {
		"eval", "read_pickle", "read_csv", "read_sql", "read_html", "read_json", "read_excel", "read_hdf", "read_parquet",
		"read_table", "read_xml", "read_clipboard", "to_pickle", "DataFrame.eval", "DataFrame.query",
	},
	"joblib":              {"load", "dump", "Parallel", "Memory"},
	"joblib.numpy_pickle": {"load", "dump", "load_temporary_memmap"},
	"torch":               {"load", "save", "compile"},
	"torch._utils":        {"_import_dotted_name"},
	"torch.storage":       {"_load_from_bytes"},
	"uuid": {
		"_get_command_stdout", "getnode", "uuid1", "_arp_getnode", "_ifconfig_getter", "_ifconfig_getnode", "_ip_getnode",
		"_lanscan_getnode", "_netstat_getnode", "_windll_getnode", "main",
	},
	"sklearn.utils":               {"_safe_indexing"},
	"sympy":                       {"sympify", "parse_expr", "lambdify"},
	"sympy.core.sympify":          {"sympify"},
	"yaml":                        {"load", "unsafe_load", "full_load"},
	"itertools":                   {"starmap"},
	"collections":                 {"_itemgetter"},
	"copyreg":                     {"add_extension", "pickle", "constructor"},
	"encodings":                   {"search_function"},
	"jsonpickle":                  {"decode"},
	"jsonpickle.unpickler":        {"decode"},
	"numpy.lib.npyio":             {"load", "fromregex", "loadtxt", "genfromtxt", "DataSource"},
	"numpy.lib._npyio_impl":       {"load", "fromregex", "loadtxt", "genfromtxt"},
	"numpy._core.multiarray":      {"fromfile"},
	"numpy.core.multiarray":       {"fromfile"},
	"scipy.io":                    {"loadmat", "readsav"},
	"pydantic.v1.utils":           {"import_string"},
	"django.utils.module_loading": {"import_string"},
	"werkzeug.utils":              {"import_string"},
}

// dangerousAttr are attributes that lead from any object to code.
var dangerousAttr = map[string]bool{
	"system": true, "popen": true, "mro": true, "func_globals": true, "gi_frame": true, "f_globals": true,
}

// dangerous reports whether a name of a module is known to do harm.
func dangerous(module, name string) bool {
	if module == "__builtin__" || module == "__builtins__" {
		module = "builtins"
	}
	for m := module; ; {
		if dangerousModules[m] {
			return true
		}
		i := strings.LastIndexByte(m, '.')
		if i < 0 {
			break
		}
		m = m[:i]
	}
	for _, n := range dangerousNames[module] {
		if n == name {
			return true
		}
	}
	return strings.HasPrefix(name, "__") && name != "__randomstate_ctor" && name != "__generator_ctor" &&
		name != "__bit_generator_ctor" && name != "__RandomState_ctor" && name != "__newobj__" && name != "__newobj_ex__" &&
		!strings.HasPrefix(name, "__pyx_unpickle_") && !strings.HasPrefix(name, "__nat_unpickle")
}

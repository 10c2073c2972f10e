package pickle

// At protocols below 3, Python 3 writes the names that classes have in Python 2 (fix_imports). The
// tables here are REVERSE_NAME_MAPPING and REVERSE_IMPORT_MAPPING, and for the way back
// NAME_MAPPING and IMPORT_MAPPING, of CPython's Lib/_compat_pickle.py.

// py2Name returns the name of g in Python 2.
func py2Name(g Global) Global {
	if old, ok := py2GlobalNames[g]; ok {
		return old
	}
	if pythonExceptions[g.Name] && g.Module == "builtins" {
		return Global{"exceptions", g.Name}
	}
	if old, ok := py2ModuleNames[g.Module]; ok {
		return Global{old, g.Name}
	}
	return g
}

// pythonExceptions are the names of module builtins that are in module exceptions in Python 2.
var pythonExceptions = map[string]bool{
	"ArithmeticError":           true,
	"AssertionError":            true,
	"AttributeError":            true,
	"BaseException":             true,
	"BufferError":               true,
	"BytesWarning":              true,
	"DeprecationWarning":        true,
	"EOFError":                  true,
	"EnvironmentError":          true,
	"Exception":                 true,
	"FloatingPointError":        true,
	"FutureWarning":             true,
	"GeneratorExit":             true,
	"IOError":                   true,
	"ImportError":               true,
	"ImportWarning":             true,
	"IndentationError":          true,
	"IndexError":                true,
	"KeyError":                  true,
	"KeyboardInterrupt":         true,
	"LookupError":               true,
	"MemoryError":               true,
	"NameError":                 true,
	"NotImplementedError":       true,
	"OSError":                   true,
	"OverflowError":             true,
	"PendingDeprecationWarning": true,
	"ReferenceError":            true,
	"RuntimeError":              true,
	"RuntimeWarning":            true,
	"StopIteration":             true,
	"SyntaxError":               true,
	"SyntaxWarning":             true,
	"SystemError":               true,
	"SystemExit":                true,
	"TabError":                  true,
	"TypeError":                 true,
	"UnboundLocalError":         true,
	"UnicodeDecodeError":        true,
	"UnicodeEncodeError":        true,
	"UnicodeError":              true,
	"UnicodeTranslateError":     true,
	"UnicodeWarning":            true,
	"UserWarning":               true,
	"ValueError":                true,
	"Warning":                   true,
	"ZeroDivisionError":         true,
}

var py2GlobalNames = map[Global]Global{
	{"_functools", "reduce"}:                 {"__builtin__", "reduce"},
	{"_socket", "socket"}:                    {"socket", "_socketobject"},
	{"builtins", "BrokenPipeError"}:          {"exceptions", "OSError"},
	{"builtins", "ChildProcessError"}:        {"exceptions", "OSError"},
	{"builtins", "ConnectionAbortedError"}:   {"exceptions", "OSError"},
	{"builtins", "ConnectionError"}:          {"exceptions", "OSError"},
	{"builtins", "ConnectionRefusedError"}:   {"exceptions", "OSError"},
	{"builtins", "ConnectionResetError"}:     {"exceptions", "OSError"},
	{"builtins", "FileExistsError"}:          {"exceptions", "OSError"},
	{"builtins", "FileNotFoundError"}:        {"exceptions", "OSError"},
	{"builtins", "InterruptedError"}:         {"exceptions", "OSError"},
	{"builtins", "IsADirectoryError"}:        {"exceptions", "OSError"},
	{"builtins", "ModuleNotFoundError"}:      {"exceptions", "ImportError"},
	{"builtins", "NotADirectoryError"}:       {"exceptions", "OSError"},
	{"builtins", "PermissionError"}:          {"exceptions", "OSError"},
	{"builtins", "ProcessLookupError"}:       {"exceptions", "OSError"},
	{"builtins", "TimeoutError"}:             {"exceptions", "OSError"},
	{"builtins", "chr"}:                      {"__builtin__", "unichr"},
	{"builtins", "filter"}:                   {"itertools", "ifilter"},
	{"builtins", "int"}:                      {"__builtin__", "long"},
	{"builtins", "map"}:                      {"itertools", "imap"},
	{"builtins", "range"}:                    {"__builtin__", "xrange"},
	{"builtins", "str"}:                      {"__builtin__", "unicode"},
	{"builtins", "zip"}:                      {"itertools", "izip"},
	{"collections", "UserDict"}:              {"UserDict", "IterableUserDict"},
	{"collections", "UserList"}:              {"UserList", "UserList"},
	{"collections", "UserString"}:            {"UserString", "UserString"},
	{"dbm", "whichdb"}:                       {"whichdb", "whichdb"},
	{"functools", "reduce"}:                  {"__builtin__", "reduce"},
	{"http.server", "CGIHTTPRequestHandler"}: {"CGIHTTPServer", "CGIHTTPRequestHandler"},
	{"http.server", "SimpleHTTPRequestHandler"}: {"SimpleHTTPServer",
		"SimpleHTTPRequestHandler"},
	{"itertools", "filterfalse"}:                       {"itertools", "ifilterfalse"},
	{"itertools", "zip_longest"}:                       {"itertools", "izip_longest"},
	{"multiprocessing.connection", "Connection"}:       {"_multiprocessing", "Connection"},
	{"multiprocessing.context", "AuthenticationError"}: {"multiprocessing", "AuthenticationError"},
	{"multiprocessing.context", "BufferTooShort"}:      {"multiprocessing", "BufferTooShort"},
	{"multiprocessing.context", "Process"}:             {"multiprocessing.process", "Process"},
	{"multiprocessing.context", "ProcessError"}:        {"multiprocessing", "ProcessError"},
	{"multiprocessing.context", "TimeoutError"}:        {"multiprocessing", "TimeoutError"},
	{"multiprocessing.popen_fork", "Popen"}:            {"multiprocessing.forking", "Popen"},
	{"socket", "fromfd"}:                               {"_socket", "fromfd"},
	{"sys", "intern"}:                                  {"__builtin__", "intern"},
	{"tkinter.filedialog", "FileDialog"}:               {"FileDialog", "FileDialog"},
	{"tkinter.filedialog", "LoadFileDialog"}:           {"FileDialog", "LoadFileDialog"},
	{"tkinter.filedialog", "SaveFileDialog"}:           {"FileDialog", "SaveFileDialog"},
	{"tkinter.simpledialog", "SimpleDialog"}:           {"SimpleDialog", "SimpleDialog"},
	{"urllib.error", "ContentTooShortError"}:           {"urllib", "ContentTooShortError"},
	{"urllib.error", "HTTPError"}:                      {"urllib2", "HTTPError"},
	{"urllib.error", "URLError"}:                       {"urllib2", "URLError"},
	{"urllib.parse", "quote"}:                          {"urllib", "quote"},
	{"urllib.parse", "quote_plus"}:                     {"urllib", "quote_plus"},
	{"urllib.parse", "unquote"}:                        {"urllib", "unquote"},
	{"urllib.parse", "unquote_plus"}:                   {"urllib", "unquote_plus"},
	{"urllib.parse", "urlencode"}:                      {"urllib", "urlencode"},
	{"urllib.request", "getproxies"}:                   {"urllib", "getproxies"},
	{"urllib.request", "pathname2url"}:                 {"urllib", "pathname2url"},
	{"urllib.request", "url2pathname"}:                 {"urllib", "url2pathname"},
	{"urllib.request", "urlcleanup"}:                   {"urllib", "urlcleanup"},
	{"urllib.request", "urlopen"}:                      {"urllib", "urlopen"},
	{"urllib.request", "urlretrieve"}:                  {"urllib", "urlretrieve"},
	{"xmlrpc.server", "DocCGIXMLRPCRequestHandler"}: {"DocXMLRPCServer",
		"DocCGIXMLRPCRequestHandler"},
	{"xmlrpc.server", "DocXMLRPCRequestHandler"}: {"DocXMLRPCServer",
		"DocXMLRPCRequestHandler"},
	{"xmlrpc.server", "DocXMLRPCServer"}:    {"DocXMLRPCServer", "DocXMLRPCServer"},
	{"xmlrpc.server", "ServerHTMLDoc"}:      {"DocXMLRPCServer", "ServerHTMLDoc"},
	{"xmlrpc.server", "XMLRPCDocGenerator"}: {"DocXMLRPCServer", "XMLRPCDocGenerator"},
}

var py2ModuleNames = map[string]string{
	"_bz2":                 "bz2",
	"_dbm":                 "dbm",
	"_dummy_thread":        "dummy_thread",
	"_functools":           "functools",
	"_gdbm":                "gdbm",
	"_markupbase":          "markupbase",
	"_pickle":              "pickle",
	"_thread":              "thread",
	"builtins":             "__builtin__",
	"collections.abc":      "_abcoll",
	"configparser":         "ConfigParser",
	"copyreg":              "copy_reg",
	"dbm":                  "anydbm",
	"dbm.bsd":              "dbhash",
	"dbm.dumb":             "dumbdbm",
	"dbm.gnu":              "gdbm",
	"dbm.ndbm":             "dbm",
	"html.entities":        "htmlentitydefs",
	"html.parser":          "HTMLParser",
	"http.client":          "httplib",
	"http.cookiejar":       "cookielib",
	"http.cookies":         "Cookie",
	"http.server":          "BaseHTTPServer",
	"queue":                "Queue",
	"reprlib":              "repr",
	"socketserver":         "SocketServer",
	"subprocess":           "commands",
	"test.support":         "test.test_support",
	"tkinter":              "Tkinter",
	"tkinter.colorchooser": "tkColorChooser",
	"tkinter.commondialog": "tkCommonDialog",
	"tkinter.constants":    "Tkconstants",
	"tkinter.dialog":       "Dialog",
	"tkinter.dnd":          "Tkdnd",
	"tkinter.filedialog":   "tkFileDialog",
	"tkinter.font":         "tkFont",
	"tkinter.messagebox":   "tkMessageBox",
	"tkinter.scrolledtext": "ScrolledText",
	"tkinter.simpledialog": "tkSimpleDialog",
	"tkinter.ttk":          "ttk",
	"urllib.parse":         "urlparse",
	"urllib.request":       "urllib2",
	"urllib.robotparser":   "robotparser",
	"winreg":               "_winreg",
	"xmlrpc.client":        "xmlrpclib",
	"xmlrpc.server":        "SimpleXMLRPCServer",
}

// Python3 returns the name in Python 3 of a class or function that Python 2 calls g, if Python 3
// has nothing called g. Otherwise it returns g. These are the names in the tables NAME_MAPPING and
// IMPORT_MAPPING of CPython's Lib/_compat_pickle.py that Python 3 does not have. They can be
// translated at every protocol.
func (g Global) Python3() Global {
	if g.Module == "" || py3Modules[g.Module[0]]&(1<<(len(g.Module)%64)) == 0 {
		return g
	}
	if name, ok := py3GlobalNames[g]; ok {
		return name
	}
	if pythonExceptions[g.Name] && g.Module == "exceptions" {
		return Global{"builtins", g.Name}
	}
	if module, ok := py3ModuleNames[g.Module]; ok {
		return Global{module, g.Name}
	}
	return g
}

// py3Modules is a quick test for the modules in the tables: at the first byte of a module's name it
// has a bit for the length of the name. A module without its bit is in none of the tables.
var py3Modules = func() (lengths [256]uint64) {
	add := func(module string) { lengths[module[0]] |= 1 << (len(module) % 64) }
	for g := range py3GlobalNames {
		add(g.Module)
	}
	for module := range py3ModuleNames {
		add(module)
	}
	add("exceptions")
	return lengths
}()

var py3GlobalNames = map[Global]Global{
	{"UserDict", "IterableUserDict"}: {"collections", "UserDict"},
	{"UserDict", "UserDict"}:         {"collections", "UserDict"},
	{"UserList", "UserList"}:         {"collections", "UserList"},
	{"UserString", "UserString"}:     {"collections", "UserString"},
	// dill uses these two names at every protocol.
	{"__builtin__", "__main__"}:            {"__builtin__", "__main__"},
	{"__builtin__", "NoneType"}:            {"__builtin__", "NoneType"},
	{"__builtin__", "basestring"}:          {"builtins", "str"},
	{"__builtin__", "intern"}:              {"sys", "intern"},
	{"__builtin__", "long"}:                {"builtins", "int"},
	{"__builtin__", "reduce"}:              {"functools", "reduce"},
	{"__builtin__", "unichr"}:              {"builtins", "chr"},
	{"__builtin__", "unicode"}:             {"builtins", "str"},
	{"__builtin__", "xrange"}:              {"builtins", "range"},
	{"_multiprocessing", "Connection"}:     {"multiprocessing.connection", "Connection"},
	{"_socket", "fromfd"}:                  {"socket", "fromfd"},
	{"exceptions", "StandardError"}:        {"builtins", "Exception"},
	{"itertools", "ifilter"}:               {"builtins", "filter"},
	{"itertools", "ifilterfalse"}:          {"itertools", "filterfalse"},
	{"itertools", "imap"}:                  {"builtins", "map"},
	{"itertools", "izip"}:                  {"builtins", "zip"},
	{"itertools", "izip_longest"}:          {"itertools", "zip_longest"},
	{"multiprocessing.forking", "Popen"}:   {"multiprocessing.popen_fork", "Popen"},
	{"multiprocessing.process", "Process"}: {"multiprocessing.context", "Process"},
	{"socket", "_socketobject"}:            {"socket", "SocketType"},
	{"urllib", "ContentTooShortError"}:     {"urllib.error", "ContentTooShortError"},
	{"urllib", "getproxies"}:               {"urllib.request", "getproxies"},
	{"urllib", "pathname2url"}:             {"urllib.request", "pathname2url"},
	{"urllib", "quote"}:                    {"urllib.parse", "quote"},
	{"urllib", "quote_plus"}:               {"urllib.parse", "quote_plus"},
	{"urllib", "unquote"}:                  {"urllib.parse", "unquote"},
	{"urllib", "unquote_plus"}:             {"urllib.parse", "unquote_plus"},
	{"urllib", "url2pathname"}:             {"urllib.request", "url2pathname"},
	{"urllib", "urlcleanup"}:               {"urllib.request", "urlcleanup"},
	{"urllib", "urlencode"}:                {"urllib.parse", "urlencode"},
	{"urllib", "urlopen"}:                  {"urllib.request", "urlopen"},
	{"urllib", "urlretrieve"}:              {"urllib.request", "urlretrieve"},
	{"urllib2", "HTTPError"}:               {"urllib.error", "HTTPError"},
	{"urllib2", "URLError"}:                {"urllib.error", "URLError"},
	{"whichdb", "whichdb"}:                 {"dbm", "whichdb"},
}

var py3ModuleNames = map[string]string{
	"BaseHTTPServer":     "http.server",
	"CGIHTTPServer":      "http.server",
	"ConfigParser":       "configparser",
	"Cookie":             "http.cookies",
	"Dialog":             "tkinter.dialog",
	"DocXMLRPCServer":    "xmlrpc.server",
	"FileDialog":         "tkinter.filedialog",
	"HTMLParser":         "html.parser",
	"Queue":              "queue",
	"ScrolledText":       "tkinter.scrolledtext",
	"SimpleDialog":       "tkinter.simpledialog",
	"SimpleHTTPServer":   "http.server",
	"SimpleXMLRPCServer": "xmlrpc.server",
	"SocketServer":       "socketserver",
	"StringIO":           "io",
	"Tkconstants":        "tkinter.constants",
	"Tkdnd":              "tkinter.dnd",
	"Tkinter":            "tkinter",
	"UserDict":           "collections",
	"UserList":           "collections",
	"UserString":         "collections",
	"__builtin__":        "builtins",
	"_abcoll":            "collections.abc",
	"_winreg":            "winreg",
	"anydbm":             "dbm",
	"cPickle":            "pickle",
	"cStringIO":          "io",
	"commands":           "subprocess",
	"cookielib":          "http.cookiejar",
	"copy_reg":           "copyreg",
	"dbhash":             "dbm.bsd",
	"dumbdbm":            "dbm.dumb",
	"dummy_thread":       "_dummy_thread",
	"gdbm":               "dbm.gnu",
	"htmlentitydefs":     "html.entities",
	"httplib":            "http.client",
	"markupbase":         "_markupbase",
	"repr":               "reprlib",
	"robotparser":        "urllib.robotparser",
	"test.test_support":  "test.support",
	"thread":             "_thread",
	"tkColorChooser":     "tkinter.colorchooser",
	"tkCommonDialog":     "tkinter.commondialog",
	"tkFileDialog":       "tkinter.filedialog",
	"tkFont":             "tkinter.font",
	"tkMessageBox":       "tkinter.messagebox",
	"tkSimpleDialog":     "tkinter.simpledialog",
	"ttk":                "tkinter.ttk",
	"urllib2":            "urllib.request",
	"urlparse":           "urllib.parse",
	"whichdb":            "dbm",
	"xmlrpclib":          "xmlrpc.client",
}

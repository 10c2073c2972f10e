package reconstruct

// fillOthers adds classes of the standard library that are not rebuilt. Their instances stay
// objects, which show class, arguments and state; see [Normalize].
func fillOthers(t table) {
	for module, names := range map[string][]string{
		"collections": {"UserDict", "UserList", "UserString", "ChainMap"},
		"types": {"SimpleNamespace", "GenericAlias", "MappingProxyType", "NoneType",
			"EllipsisType", "NotImplementedType", "UnionType"},
		"_types":    {"SimpleNamespace"},
		"typing":    {"Any", "Union", "Optional"},
		"functools": {"partial"},
		"operator":  {"itemgetter", "attrgetter", "methodcaller", "or_"},
		"_operator": {"itemgetter", "attrgetter", "methodcaller", "or_"},
		"re":        {"_compile", "Pattern", "RegexFlag"},
		"sre":       {"_compile"},
		"time":      {"struct_time"},
		"enum":      {"Enum", "IntEnum", "Flag", "IntFlag", "StrEnum"},
		"ipaddress": {"IPv4Address", "IPv6Address", "IPv4Network", "IPv6Network", "IPv4Interface",
			"IPv6Interface"},
		"io":        {"BytesIO", "StringIO"},
		"_io":       {"BytesIO", "StringIO"},
		"itertools": {"count", "cycle", "repeat", "chain", "islice", "zip_longest"},
		"random":    {"Random"},
	} {
		t.addAll(module, inert, names...)
	}
}

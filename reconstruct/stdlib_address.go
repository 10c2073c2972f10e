package reconstruct

import (
	"net/netip"
	"strings"

	"github.com/unpkl/unpkl/pickle"
)

// AddressText returns the str() of an object of Python's ipaddress module. An address is pickled as
// an int, or with a scope as text; networks and interfaces are pickled as text. AddressText returns
// false for any other object.
//
// Reference: Lib/ipaddress.py, the __reduce__ methods.
func AddressText(o *pickle.Object) (string, bool) {
	class, ok := o.Class.(pickle.Named)
	if !ok || class.Global().Module != "ipaddress" || len(o.Args) != 1 {
		return "", false
	}
	name := class.Global().Name
	if text, ok := o.Args[0].(string); ok {
		return text, strings.HasPrefix(name, "IPv")
	}
	n, ok := asBigInt(o.Args[0])
	if !ok || n.Sign() < 0 {
		return "", false
	}
	switch {
	case name == "IPv4Address" && n.BitLen() <= 32:
		return netip.AddrFrom4([4]byte(n.FillBytes(make([]byte, 4)))).String(), true
	case name == "IPv6Address" && n.BitLen() <= 128:
		return netip.AddrFrom16([16]byte(n.FillBytes(make([]byte, 16)))).String(), true
	}
	return "", false
}

package pickle

import "github.com/unpkl/unpkl/internal/jsonhook"

// The JSON of these types is that of unpkl to-json --arrays=values; see the table in the
// documentation of the command. The program must import package unpkl, directly or through another
// package. Otherwise encoding/json reports an error.

// MarshalJSON returns the class, arguments, state and items as JSON, for encoding/json.
func (o *Object) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(o) }

// MarshalJSON returns the members as JSON, for encoding/json.
func (s *Set) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(s) }

// MarshalJSON returns the members as JSON, for encoding/json.
func (s *FrozenSet) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(s) }

// MarshalJSON returns the name of the class or function as JSON, for encoding/json.
func (g Global) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(g) }

// MarshalJSON returns the name of the class or function as JSON, for encoding/json.
func (g programGlobal) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(g) }

// MarshalJSON returns the persistent id as JSON, for encoding/json.
func (r *PersistentRef) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(r) }

package ndarray

import "github.com/unpkl/unpkl/internal/jsonhook"

// The JSON of these types is that of unpkl to-json --arrays=values, see the documentation of the
// command. The program must import package unpkl, directly or indirectly; otherwise the methods
// return an error.

// MarshalJSON returns the array with its elements as JSON, for encoding/json.
func (a *Array) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(a) }

// MarshalJSON returns the masked array as JSON, for encoding/json.
func (m *Masked) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(m) }

// MarshalJSON returns the element as JSON, for encoding/json.
func (s *Scalar) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(s) }

// MarshalJSON returns the dtype as JSON, for encoding/json.
func (d *DType) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(d) }

// MarshalJSON returns the fields by their names as JSON, for encoding/json.
func (r Record) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(r) }

// MarshalJSON returns the number as JSON, for encoding/json.
func (f Float16) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(f) }

// MarshalJSON returns the number as JSON, for encoding/json.
func (b BFloat16) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(b) }

// MarshalJSON returns the number as JSON, for encoding/json.
func (f Float8) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(f) }

// MarshalJSON returns the number, with all its digits, as JSON, for encoding/json.
func (l LongDouble) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(l) }

// MarshalJSON returns [real, imaginary] as JSON, for encoding/json.
func (c CLongDouble) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(c) }

// MarshalJSON returns the time in ISO 8601 as JSON, for encoding/json.
func (d Datetime64) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(d) }

// MarshalJSON returns the number of units as JSON, for encoding/json.
func (d Timedelta64) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(d) }

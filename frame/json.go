package frame

import "github.com/unpkl/unpkl/internal/jsonhook"

// The JSON of these types is that of unpkl to-json --arrays=values, see the documentation of the
// command. The program must import package unpkl, directly or indirectly; otherwise the methods
// return an error.

// MarshalJSON returns the table with its elements as JSON, for encoding/json.
func (f *Frame) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(f) }

// MarshalJSON returns the series with its elements as JSON, for encoding/json.
func (s *Series) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(s) }

// MarshalJSON returns the index with its labels as JSON, for encoding/json.
func (x *Index) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(x) }

// MarshalJSON returns the period as JSON, for encoding/json.
func (p PeriodValue) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(p) }

// MarshalJSON returns the interval as JSON, for encoding/json.
func (v IntervalValue) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(v) }

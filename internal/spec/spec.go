// Package spec checks values against a specification of their keys, kinds, dtypes, shapes and
// bounds.
package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/unpkl/unpkl/internal/checksum"
	"github.com/unpkl/unpkl/internal/pointer"
)

// Version is the version of the format, which is the value of the key unpkl.
const Version = 1

// Spec is a specification of the value in a file. It is written as YAML, of which JSON is a subset.
type Spec struct {
	Version int `yaml:"unpkl"`
	// Exact says that keys of dicts, columns and attributes that no pointer names or leads into are
	// failures.
	Exact  bool    `yaml:"exact,omitempty"`
	Values []Value `yaml:"-"`
}

// Value specifies the value at a pointer. Properties that are not given are not checked.
type Value struct {
	At pointer.Pointer `yaml:"-"`
	// Optional says that the value may be absent.
	Optional bool `yaml:"optional,omitempty"`
	// Kind is the kind that unpkl info shows: dict, ndarray, str and so on.
	Kind  string `yaml:"kind,omitempty"`
	DType string `yaml:"dtype,omitempty"`
	Shape []Dim  `yaml:"shape,omitempty,flow"`
	// Order is C or F. F means that an array of several dimensions is in Fortran order and not in C
	// order.
	Order string `yaml:"order,omitempty"`
	// Len is the number of items of a container, of characters of a str, or of bytes.
	Len *Dim `yaml:"len,omitempty"`
	// Min and Max are bounds of all elements.
	Min  *float64 `yaml:"min,omitempty"`
	Max  *float64 `yaml:"max,omitempty"`
	Mean *Near    `yaml:"mean,omitempty,flow"`
	// Missing is the greatest number of elements that may be missing.
	Missing *int64 `yaml:"missing,omitempty"`
	// Is is the value of a str, number, bool or None.
	Is yaml.Node `yaml:"is,omitempty"`
	// Sums maps algorithms of package checksum to the checksums of the elements in hexadecimal.
	Sums map[string]string `yaml:",inline"`
}

// Near is a number within a tolerance.
type Near struct {
	Is     float64 `yaml:"is"`
	Within float64 `yaml:"within"`
}

// Dim specifies a length: a number, a range, any length, or a name that stands for the same length
// everywhere in a specification.
type Dim struct {
	Name     string
	Min, Max int // a Max of -1 is no bound
}

// Any allows any length.
var Any = Dim{Max: -1}

// Exactly allows one length.
func Exactly(n int) Dim { return Dim{Min: n, Max: n} }

func (d Dim) String() string {
	switch {
	case d.Name != "":
		return d.Name
	case d.Max < 0 && d.Min == 0:
		return "*"
	case d.Max < 0:
		return fmt.Sprintf(">=%d", d.Min)
	case d.Min == d.Max:
		return strconv.Itoa(d.Min)
	}
	return fmt.Sprintf("%d..%d", d.Min, d.Max)
}

// MarshalYAML writes a Dim in the form that UnmarshalYAML reads.
func (d Dim) MarshalYAML() (any, error) {
	if d.Name == "" && d.Min == d.Max {
		return d.Min, nil
	}
	return d.String(), nil
}

// lengthForms lists the forms of a length for errors.
const lengthForms = "a number, a range such as 1..100 or >=1, a name, or *"

// UnmarshalYAML reads 250, "*", ">=1", "1..100" or a name.
func (d *Dim) UnmarshalYAML(node *yaml.Node) error {
	s := node.Value
	if node.Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: a length is %s", node.Line, lengthForms)
	}
	if n, err := strconv.Atoi(s); err == nil && n >= 0 {
		*d = Exactly(n)
		return nil
	}
	if s == "*" {
		*d = Any
		return nil
	}
	if rest, ok := strings.CutPrefix(s, ">="); ok {
		n, err := strconv.Atoi(strings.TrimSpace(rest))
		if err == nil && n >= 0 {
			*d = Dim{Min: n, Max: -1}
			return nil
		}
	}
	if from, to, ok := strings.Cut(s, ".."); ok {
		a, err1 := strconv.Atoi(from)
		b, err2 := strconv.Atoi(to)
		if err1 == nil && err2 == nil && 0 <= a && a <= b {
			*d = Dim{Min: a, Max: b}
			return nil
		}
	}
	if !isName(s) {
		return fmt.Errorf("line %d: %q is no length: %s", node.Line, s, lengthForms)
	}
	*d = Dim{Name: s, Max: -1}
	return nil
}

// isName reports whether a text can be the name of a length. It begins with a letter of ASCII or an
// underscore.
func isName(s string) bool {
	if s == "" || strings.ContainsAny(s, " .,") {
		return false
	}
	c := s[0]
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// file is the YAML document of a Spec. Values is a mapping from pointers, whose order it keeps.
type file struct {
	Version int       `yaml:"unpkl"`
	Exact   bool      `yaml:"exact,omitempty"`
	Values  yaml.Node `yaml:"values"`
}

// maxSize is the greatest size of a specification in bytes.
const maxSize = 64 << 20

// Read reads a specification of at most maxSize bytes.
func Read(r io.Reader) (*Spec, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxSize {
		return nil, fmt.Errorf("the specification is larger than %d bytes", maxSize)
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	var f file
	if err := d.Decode(&f); err != nil {
		return nil, plainError(err)
	}
	if f.Version != Version {
		return nil, fmt.Errorf("not a specification: its key unpkl is %d, not %d", f.Version,
			Version)
	}
	if f.Values.Kind != yaml.MappingNode {
		return nil, errors.New("not a specification: values is no mapping of pointers")
	}
	s := &Spec{Version: f.Version, Exact: f.Exact}
	for i := 0; i < len(f.Values.Content); i += 2 {
		v, err := readValue(f.Values.Content[i], f.Values.Content[i+1])
		if err != nil {
			return nil, err
		}
		s.Values = append(s.Values, v)
	}
	return s, nil
}

func readValue(key, node *yaml.Node) (v Value, err error) {
	at, err := pointer.Parse(key.Value)
	if err != nil {
		return v, fmt.Errorf("line %d: %w", key.Line, err)
	}
	text, err := yaml.Marshal(node)
	if err != nil {
		return v, err
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&v); err != nil {
		return v, fmt.Errorf("line %d: %s: %w", key.Line, key.Value, plainError(err))
	}
	v.At = at
	for name, sum := range v.Sums {
		if !slices.Contains(checksum.Algorithms, name) {
			return v, fmt.Errorf("line %d: %s: %q is nothing that is checked", key.Line, key.Value,
				name)
		}
		v.Sums[name] = strings.ToLower(sum)
	}
	return v, nil
}

// plainError removes the names of Go types from an error of the YAML decoder.
func plainError(err error) error {
	if err == io.EOF {
		return errors.New("the specification is empty")
	}
	text := strings.ReplaceAll(strings.TrimPrefix(err.Error(), "yaml: "), " in type spec.file", "")
	return errors.New(strings.ReplaceAll(strings.TrimPrefix(text, "unmarshal errors:\n  "), "\n  ",
		"; "))
}

// Write writes a specification as YAML.
func (s *Spec) Write(w io.Writer) error {
	f := file{Version: Version, Exact: s.Exact, Values: yaml.Node{Kind: yaml.MappingNode}}
	for _, v := range s.Values {
		var key, value yaml.Node
		key.SetString(v.At.String())
		key.Style = yaml.DoubleQuotedStyle
		if err := value.Encode(v); err != nil {
			return err
		}
		value.Style = yaml.FlowStyle
		f.Values.Content = append(f.Values.Content, &key, &value)
	}
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	if err := e.Encode(f); err != nil {
		return err
	}
	return e.Close()
}

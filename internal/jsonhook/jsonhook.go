// Package jsonhook lets the types of packages that internal/jsonval imports have the JSON that
// it writes: their methods MarshalJSON call Marshal, which jsonval sets as it is linked in. So
// what a value looks like in JSON stands in jsonval only.
package jsonhook

import "errors"

var marshal func(v any) ([]byte, error)

// Set says what Marshal calls. It is for the init of internal/jsonval.
func Set(f func(v any) ([]byte, error)) { marshal = f }

// Marshal returns v as JSON, or an error in a program without package unpkl.
func Marshal(v any) ([]byte, error) {
	if marshal == nil {
		return nil, errors.New("unpkl: no JSON without an import of github.com/unpkl/unpkl")
	}
	return marshal(v)
}

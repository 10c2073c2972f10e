package batch

import "errors"

// ErrSchema is the kind of error of a table that does not go with those before it.
var ErrSchema = errors.New("another schema")

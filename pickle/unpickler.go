package pickle

import "io"

// Unpickler is declared here so that its users compile while the machine is written.
type Unpickler struct {
	FindClass      func(module, name string) (any, error)
	PersistentLoad func(pid any) (any, error)
	GetExtension   func(code int) (any, error)
	NextBuffer     func() (any, error)
	MakeReadOnly   func(any) (any, error)
}

var _ io.Reader

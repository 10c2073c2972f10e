package plain

import "github.com/unpkl/unpkl/internal/tape"

func (m *maker) maySplit(id tape.ID) bool                   { return false }
func (m *maker) splitList(id tape.ID, at int) (any, error)  { panic("x") }
func (m *maker) splitDict(id tape.ID, at int) (any, error)  { panic("x") }
func (m *maker) splitOther(id tape.ID, at int) (any, error) { panic("x") }

package input

import (
	"io"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/torch"
)

// torchSource is the Source of an archive of PyTorch, which returns its pickles one after another.
type torchSource struct {
	a    *torch.Archive
	next int
}

func (s *torchSource) Load() (any, error) {
	names := s.a.Pickles()
	if s.next == len(names) {
		return nil, io.EOF
	}
	s.next++
	return s.a.Load(names[s.next-1])
}

// InputOffset returns 0, because each pickle is a member of its own.
func (s *torchSource) InputOffset() int64 { return 0 }

// torch returns the options for package torch. owner may be nil.
func (c *Options) torch(owner ndarray.Owner) torch.Options {
	return torch.Options{Limits: c.Limits, Owner: owner, SetUp: c.SetUp}
}

// IsTorch reports whether an input that begins with head is a file of PyTorch before 1.6.
func IsTorch(head []byte) bool { return torch.IsLegacy(head) }

// NewTorch returns the Source of such an input, which u reads.
func NewTorch(u *pickle.Unpickler, c *Options) Source {
	c.SetUp(u)
	return torch.NewLegacy(u, c.torch(c.Owner))
}

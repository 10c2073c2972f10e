package reconstruct

import (
	"reflect"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/torch"
)

func init() {
	// torch.Save also writes values of this package.
	bridge.Reduce = func(t reflect.Type) func(v any, protocol int) (any, error) { return Reduce(t) }
}

// fillTorch adds the globals of PyTorch's pickles, which package torch rebuilds.
func fillTorch(t table) {
	for name, f := range torch.Classes() {
		if f == nil {
			t[name] = inert
			continue
		}
		t[name] = &entry{call: func(c Class, args []any) (any, error) {
			v, err := f(&torch.Options{Limits: c.resolver.limits, Owner: c.resolver.owner}, args)
			if err == torch.ErrUnread {
				return &pickle.Object{Class: c, Args: args, Form: pickle.FormReduce}, nil
			}
			return v, err
		}}
	}
}

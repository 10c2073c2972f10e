package pickle

import "github.com/unpkl/unpkl/internal/tape"

// A Tally counts what the pickles of one input cost, against the limits that are about all of
// them: those in an archive, where each is an [Unpickler]'s own. It is not safe for concurrent use.
// The zero value has counted nothing.
type Tally struct {
	tape.Usage
	reused int64 // bytes that calls copied more than once: see host.charge
	read   int64 // bytes of the pickles that are through
}

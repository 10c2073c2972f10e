package pickle

// A Tally counts what the pickles of one input cost, against the limits that are about all of
// them: those in an archive, where each is an [Unpickler]'s own. It is not safe for concurrent use.
// The zero value has counted nothing.
type Tally struct {
	objects int64 // built, counted if there is a limit
	weight  int64 // see weigh
	reused  int64 // bytes, see reuse
	read    int64 // bytes of the pickles that are through
}

package torch

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/pickle"
)

// legacyMagic is the first pickle of a legacy file, a magic number, from protocol 2 on and without
// PROTO.
const legacyMagic = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."

// magicNumber is the number in legacyMagic.
var magicNumber, _ = new(big.Int).SetString("1950a86a20f9469cfc6c", 16)

// legacyMagicText is the first pickle in protocols 0 and 1.
const legacyMagicText = "L119547037146038801333356L\n."

// legacyHead is the number of bytes at the start of a file that IsLegacy needs.
const legacyHead = 40

// IsLegacy reports whether a file is in the format of torch.save before PyTorch 1.6, which it still
// writes on request. Such a file begins with a pickle of a magic number.
func IsLegacy(head []byte) bool {
	head = head[:min(len(head), legacyHead)]
	if bytes.HasPrefix(head, []byte(legacyMagicText)) {
		return true
	}
	// PROTO, and from protocol 4 on FRAME, may precede it.
	const bare, framed = 2, 11
	return len(head) > framed && head[0] == 0x80 &&
		(bytes.HasPrefix(head[bare:], []byte(legacyMagic)) ||
			bytes.HasPrefix(head[framed:], []byte(legacyMagic)))
}

// Legacy reads files of the legacy format: pickles of the magic number, the version of the format,
// a dict about the machine, the object and the keys of its storages, followed by the elements of
// each storage.
type Legacy struct {
	u    *pickle.Unpickler
	o    Options
	load *legacyLoad // for the object being read, or nil
}

// legacyLoad has the storages of one object. Their elements follow the object in the file.
type legacyLoad struct {
	storages map[string]*Storage
	views    map[string]*Storage
	later    []func() error // to call when all elements are read
}

// NewLegacy returns a reader of legacy files from u, whose hooks and limits it keeps.
func NewLegacy(u *pickle.Unpickler, o Options) *Legacy {
	l := &Legacy{u: u, o: o}
	other := u.PersistentLoad
	hook(u, l.storage)
	forStorages := u.PersistentLoad
	u.PersistentLoad = func(pid any) (any, error) {
		// ("module", class, source_file, source): a class of torch.nn with the text of its source,
		// which torch compares with the source that it has.
		if t, ok := pid.(*types.Tuple); ok && len(*t) == 4 {
			if kind, _ := text((*t)[0]); kind == "module" {
				return (*t)[1], nil
			}
		}
		if other == nil || l.load != nil {
			return forStorages(pid)
		}
		return other(pid)
	}
	return l
}

// InputOffset returns how many bytes of the input the objects read so far take.
func (l *Legacy) InputOffset() int64 {
	if l.u == nil {
		return 0
	}
	return l.u.InputOffset()
}

// Load reads the next object with all its storages. It returns io.EOF at the end of the input.
func (l *Legacy) Load() (any, error) {
	if l.u == nil { // the zero Legacy has nothing to read
		return nil, io.EOF
	}
	first, err := l.u.Load()
	if err != nil {
		return nil, err
	}
	if n, ok := first.(*big.Int); !ok || n.Cmp(magicNumber) != 0 {
		return first, nil // another pickle that was appended to the file
	}
	v, err := l.object()
	var at *pickle.DecodeError
	if err == io.EOF {
		err = errkind.New(errkind.ErrTruncated, "torch: the file ends early")
	}
	if err != nil && !errors.As(err, &at) {
		err = fmt.Errorf("%w (at byte %d)", err, l.u.InputOffset())
	}
	return v, err
}

// object reads what follows the magic number.
func (l *Legacy) object() (any, error) {
	version, err := l.u.Load()
	if err != nil {
		return nil, err
	}
	if n, ok := version.(int); !ok || n != 1001 {
		return nil, pickle.Unsupported("torch: a legacy file of another version than 1001")
	}
	info, err := l.u.Load()
	if err != nil {
		return nil, err
	}
	if err := checkSystem(info); err != nil {
		return nil, err
	}
	l.load = &legacyLoad{storages: map[string]*Storage{}, views: map[string]*Storage{}}
	defer func() { l.load = nil }()
	v, err := l.u.Load()
	if err != nil {
		return nil, err
	}
	keys, err := l.u.Load()
	if err != nil {
		return nil, err
	}
	if err := l.fill(keys); err != nil {
		return nil, err
	}
	return v, nil
}

// checkSystem returns an error if the elements are big-endian.
func checkSystem(info any) error {
	d, ok := info.(*types.Dict)
	if !ok {
		return malformed("the third pickle of a legacy file is no dict")
	}
	for _, e := range *d {
		if name, _ := text(e.Key); name == "little_endian" && e.Value == false {
			return pickle.Unsupported("torch: a legacy file of a big-endian machine")
		}
	}
	return nil
}

// storage returns the storage for an id. Its elements follow later.
func (l *Legacy) storage(id storageID) (any, error) {
	load := l.load
	if load == nil {
		return nil, malformed("a storage outside the object of a legacy file")
	}
	s := load.storages[id.key]
	if s == nil {
		s = id.new(l.o.Owner)
		s.later = &load.later
		load.storages[id.key] = s
	}
	if s.DType != id.dtype || s.Size != id.size {
		return nil, malformed("two sizes or types of the storage %.40q", id.key)
	}
	if id.view == nil {
		return s, nil
	}
	return load.view(s, id.view)
}

// view returns a part of a storage, which files before PyTorch 0.4 have.
func (load *legacyLoad) view(base *Storage, metadata any) (*Storage, error) {
	a := &arguments{name: "the view of a storage", args: []any{metadata}}
	if a.args = a.tuple(0); len(a.args) != 3 {
		return nil, malformed("the view of a storage is no tuple of 3")
	}
	key, ok := text(a.args[0])
	offset, size := a.int(1), a.int(2)
	switch {
	case a.err != nil:
		return nil, a.err
	case !ok || offset < 0 || size < 0 || offset > base.Size || size > base.Size-offset:
		return nil, malformed("the view of a storage from %d, %d elements of %d", offset, size,
			base.Size)
	}
	if v := load.views[key]; v != nil {
		return v, nil
	}
	v := *base
	v.Size = size
	load.views[key] = &v
	return &v, base.then(func() error {
		start := offset * base.itemsize()
		return v.fill(base.data[start:])
	})
}

// fill reads the elements of all storages and calls the functions that wait for them.
func (l *Legacy) fill(keys any) error {
	list, ok := keys.(*types.List)
	if !ok {
		return malformed("the keys of the storages are no list")
	}
	for _, item := range *list {
		key, ok := text(item)
		s := l.load.storages[key]
		if !ok || s == nil || s.data != nil {
			return malformed("the key %.40q is of no storage, or there twice", key)
		}
		if err := l.read(s); err != nil {
			return err
		}
	}
	for key, s := range l.load.storages {
		if s.data == nil {
			return malformed("the storage %.40q is not in the file", key)
		}
	}
	for _, f := range l.load.later {
		if err := f(); err != nil {
			return err
		}
	}
	for _, all := range []map[string]*Storage{l.load.storages, l.load.views} {
		for _, s := range all {
			s.later = nil
		}
	}
	return nil
}

// read reads the elements of a storage, which follow their number.
func (l *Legacy) read(s *Storage) error {
	head, err := bridge.ReadPayload(l.u, 8)
	if err != nil {
		return err
	}
	if n := binary.LittleEndian.Uint64(head); n != uint64(s.Size) {
		return malformed("%d elements of a storage of %d", n, s.Size)
	}
	nbytes := s.Size * s.itemsize()
	if nbytes/s.itemsize() != s.Size {
		return malformed("a storage of %d elements", s.Size)
	}
	data, err := bridge.ReadPayload(l.u, int64(nbytes))
	if err != nil {
		return err
	}
	if data == nil {
		data = []byte{}
	}
	return s.fill(data)
}

// loadFromBytes implements torch.storage._load_from_bytes(b): a storage in the form of a file,
// which pickle itself writes for a tensor. Only the classes of this package are accepted in it.
func loadFromBytes(o *Options, args []any) (any, error) {
	var data []byte
	if len(args) == 1 {
		switch b := args[0].(type) {
		case []byte:
			data = b
		case *types.ByteArray:
			data = *b
		case pickle.Py2String:
			data = []byte(b)
		}
	}
	if data == nil {
		return nil, malformed("torch.storage._load_from_bytes: want bytes")
	}
	inner := Options{Limits: o.Limits, Owner: o.Owner}
	if strings.HasPrefix(string(data[:min(len(data), 4)]), "PK\x03\x04") {
		a, err := MapArchive(data, inner)
		if err != nil {
			return nil, err
		}
		return a.Load(a.Pickles()[0])
	}
	if !IsLegacy(data) {
		return nil, malformed("torch.storage._load_from_bytes: the bytes are no file of torch.save")
	}
	u := pickle.NewUnpicklerBytes(data)
	inner.setUp(u)
	return NewLegacy(u, inner).Load()
}

// setUp sets the hooks and limits of an Unpickler.
func (o *Options) setUp(u *pickle.Unpickler) {
	u.SharedInput = true
	u.Limits = o.Limits
	if o.SetUp != nil {
		o.SetUp(u)
		return
	}
	u.FindClass, u.Strict = o.findClass, true
}

// findClass is a FindClass hook that knows only the classes of this package.
func (o *Options) findClass(module, name string) (any, error) {
	g := pickle.Global{Module: module, Name: name}
	f, ok := classes[g]
	switch {
	case g == orderedDict:
		return class{g, func(*Options, []any) (any, error) { return &types.Dict{}, nil }, o}, nil
	case !ok:
		return g, nil
	}
	return class{g, f, o}, nil
}

// orderedDict is the class of a tensor's backward hooks, which are empty.
var orderedDict = pickle.Global{Module: "collections", Name: "OrderedDict"}

// class is a class of this package, for unpicklers without the hooks of package reconstruct.
type class struct {
	name pickle.Global
	f    Function
	o    *Options
}

// Global implements [pickle.Named].
func (c class) Global() pickle.Global { return c.name }

// Call implements gopickle's types.Callable.
func (c class) Call(args ...any) (any, error) {
	if c.f == nil {
		return nil, pickle.Unsupported("torch: a call of %s", c.name)
	}
	return c.f(c.o, args)
}

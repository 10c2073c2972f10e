package convert

import (
	"fmt"
	"os"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/hdf5"
	"github.com/unpkl/unpkl/hdf5/pytables"
	"github.com/unpkl/unpkl/internal/magic"
	"github.com/unpkl/unpkl/ndarray"
)

var hdf5Format = &Format{
	Name: "hdf5", Endings: []string{".h5", ".hdf5", ".hdf", ".he5", ".nc", ".mat"},
	About: "HDF5, as h5py and pandas write it",
	Holds: KindScalar | KindDict | KindArray | KindNamed | KindStructured | KindFrame,
	magic: magic.HDF5,
	read:  readHDF5, write: writeHDF5,
	openArray: openHDF5, writeArray: writeHDF5Stream, openTable: openHDF5Table, tableAt: true,
}

// HDF5 holds the options for writing HDF5. With a nil Dataset, a dataset is one contiguous block
// without filters, or with WithCompress it has chunks with shuffle and deflate.
type HDF5 struct {
	Dataset *hdf5.DatasetOptions
}

// arrayName is the name of the dataset of a document that is one array.
const arrayName = "data"

func readHDF5(in *input) (any, error) {
	info, err := os.Stat(in.path)
	if err != nil {
		return nil, err
	}
	most := in.maxDecompressed(info.Size())
	opts := &hdf5.Options{Bytes: most, ChunkBytes: most}
	f, err := hdf5.Open(in.path, opts)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := &hdf5Reader{input: in, f: f, opts: opts, left: most + info.Size(),
		pandasPaths: map[string]bool{}, tableOptions: in.tableOptions()}
	keys, err := pytables.Keys(f)
	if err == nil {
		for _, k := range keys {
			r.pandasPaths[k] = true
		}
	}
	root, err := f.Root()
	if err != nil {
		return nil, err
	}
	v, err := r.group(root, 0)
	if err != nil {
		return nil, err
	}
	return v, nil
}

// tableOptions allows pickles in attributes to be read, if they hold data only.
func (in *input) tableOptions() *pytables.Options {
	return &pytables.Options{Unpickle: func(b []byte) (any, error) {
		return unpkl.LoadBytes(b, unpkl.WithLimits(in.limits), unpkl.WithStrict())
	}}
}

// hdf5Reader reads a file as dicts of arrays.
type hdf5Reader struct {
	*input
	f            *hdf5.File
	opts         *hdf5.Options   // of f
	pandasPaths  map[string]bool // paths of the groups in which pandas stored a table
	tableOptions *pytables.Options
	members      int   // number of members read so far
	left         int64 // bytes that datasets may still take
}

// maxGroups bounds the depth of groups, and maxMembers the number of members: the groups of a file
// may contain each other.
const (
	maxGroups  = 64
	maxMembers = 1 << 20
)

// group returns a group as a dict of its attributes, followed by its members.
func (r *hdf5Reader) group(g *hdf5.Group, depth int) (any, error) {
	if depth > maxGroups {
		return nil, &unpkl.LimitError{Limit: "Depth", Max: maxGroups, Want: int64(depth)}
	}
	if path := g.Path(); r.pandasPaths[path] {
		return r.frame(path)
	}
	out := types.Dict{}
	for a, err := range g.Attrs() {
		if err != nil {
			return nil, err
		}
		if isBookkeeping(a.Name()) {
			continue
		}
		v, err := a.Value()
		if err != nil {
			return nil, err
		}
		out = append(out, types.DictEntry{Key: a.Name(), Value: v})
	}
	for l, err := range g.Links() {
		if err != nil {
			return nil, err
		}
		if r.members++; r.members > maxMembers {
			return nil, &unpkl.LimitError{Limit: "members", Max: maxMembers, Want: int64(r.members)}
		}
		if l.Kind == hdf5.LinkExternal {
			r.warning(fmt.Sprintf("the link %q to another file is passed over", l.Name))
			continue
		}
		o, err := g.Follow(l)
		if err != nil {
			return nil, err
		}
		v, ok, err := r.object(o, depth)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, types.DictEntry{Key: l.Name, Value: v})
		}
	}
	return &out, nil
}

// isBookkeeping reports whether an attribute belongs to PyTables' or netCDF's own bookkeeping.
func isBookkeeping(name string) bool {
	switch name {
	case "CLASS", "TITLE", "VERSION", "PYTABLES_FORMAT_VERSION", "FLAVOR", "_NCProperties",
		"EXTDIM":
		return true
	}
	return strings.HasPrefix(name, "pandas_")
}

// object returns the value of a member of a group; ok is false for a member that has no value.
func (r *hdf5Reader) object(o hdf5.Object, depth int) (v any, ok bool, err error) {
	switch o := o.(type) {
	case *hdf5.Group:
		v, err = r.group(o, depth+1)
		return v, true, err
	case *hdf5.Dataset:
		if o.IsNull() {
			return nil, true, nil
		}
		for a, err := range o.Attrs() {
			if err != nil {
				return nil, false, err
			}
			if !isBookkeeping(a.Name()) {
				r.warning(fmt.Sprintf("the attribute %q of %s is passed over", a.Name(), o.Path()))
			}
		}
		v, err = r.dataset(o)
		return v, true, err
	}
	return nil, false, nil
}

// frame returns a table that pandas stored. Arrays of a table may alias the mapping of r.f, which
// is closed later, so the table is read from the file anew, without a mapping.
func (r *hdf5Reader) frame(path string) (any, error) {
	file, err := os.Open(r.path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	f, err := hdf5.NewReader(file, info.Size(), r.opts)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return pytables.Frame(f, path, r.tableOptions)
}

// dataset returns the elements of a dataset, and a single text as a string. They are copied because
// the file is closed later.
func (r *hdf5Reader) dataset(o *hdf5.Dataset) (any, error) {
	a, err := o.Read()
	if err != nil {
		return nil, err
	}
	if r.left -= int64(a.NBytes()); r.left < 0 {
		return nil, fmt.Errorf("convert: %w: the datasets are larger than the file lets expect",
			ErrLimit)
	}
	if a.HasObject() {
		if a.NDim() == 0 {
			if s, ok := a.At().(string); ok {
				return s, nil
			}
		}
		return a, nil
	}
	return a.Copy(ndarray.OrderC)
}

// datasetOptions returns how datasets are stored.
func (c *config) datasetOptions() *hdf5.DatasetOptions {
	if c.hdf5.Dataset == nil && c.deflate {
		return &hdf5.DatasetOptions{Deflate: 4, Shuffle: true}
	}
	return c.hdf5.Dataset
}

func writeHDF5(out *output, v any) error {
	w, err := hdf5.Create(out.path, nil)
	if err != nil {
		return err
	}
	defer w.Abort()
	d := &hdf5Writer{document: out.document(), w: w, options: out.datasetOptions()}
	top, err := d.normalize(v, "")
	if err != nil {
		return err
	}
	if m, ok := top.(dict); ok {
		err = d.group("", m, "", 0)
	} else {
		err = d.member(arrayName, top, "", 0)
	}
	if err != nil {
		return err
	}
	return w.Close()
}

type hdf5Writer struct {
	*document
	w       *hdf5.Writer
	options *hdf5.DatasetOptions
}

// groupCells is how many cells a group counts as, which takes some 1,000 bytes of a file by itself.
const groupCells = 64

// group writes the items of a dict to a group: numbers and text as attributes, other values as
// members.
func (d *hdf5Writer) group(group string, items dict, path string, depth int) error {
	if depth > maxGroups {
		return d.refuse(path[:min(len(path), 80)], "dicts that deep, or in themselves", KindDict)
	}
	if group != "" {
		if err := d.w.Group(group); err != nil {
			return err
		}
	}
	for _, e := range items {
		at := child(path, e.name)
		if e.name == "" || e.name == "." || e.name == ".." || strings.ContainsAny(e.name, "/\x00") {
			return d.refuse(at, "the name "+fmt.Sprintf("%q", e.name), KindDict)
		}
		v, err := d.normalize(e.value, at)
		if err != nil {
			return err
		}
		switch x := v.(type) {
		case dict:
			if err = d.expansion.visit(identity(e.value), groupCells); err == nil {
				err = d.group(group+"/"+e.name, x, at, depth+1)
			}
		case bool, int64, float64, string, complex128, []byte, *ndarray.Scalar:
			err = d.attribute(group, e.name, v, at)
		default:
			err = d.member(group+"/"+e.name, v, at, depth)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// attribute writes a number or text as an attribute of a group.
func (d *hdf5Writer) attribute(group, name string, v any, path string) error {
	if c, ok := v.(complex128); ok {
		v, _ = scalarArray(c)
	}
	if b, ok := v.([]byte); ok && len(b) == 0 {
		return d.member(group+"/"+name, v, path, 0)
	}
	return d.holdError(path, v, d.w.SetAttr("/"+strings.TrimPrefix(group, "/"), name, v))
}

// holdError turns the error of package hdf5 about a value that it cannot store into a *HoldError,
// or with WithLossy into a warning.
func (d *hdf5Writer) holdError(path string, v any, err error) error {
	if err == nil || !isUnsupported(err) {
		return err
	}
	what := describe(v) + " (" + strings.TrimPrefix(err.Error(), "hdf5: ") + ")"
	refused := d.refuse(path, what, KindObject)
	if d.lossy {
		d.warning(refused.Error()[len("convert: "):] + ": left out")
		return nil
	}
	return refused
}

// member writes a table or array as a member of a group.
func (d *hdf5Writer) member(name string, v any, path string, depth int) error {
	switch x := v.(type) {
	case *frame.Frame:
		return d.holdError(path, v, d.w.Frame(name, x, d.options))
	case *frame.Series:
		return d.refuse(path, "a series", KindObject)
	}
	a, err := d.array(v, path)
	if err != nil {
		if d.lossy && isHoldError(err) {
			d.warning(err.Error()[len("convert: "):] + ": left out")
			return nil
		}
		return err
	}
	options := d.options
	if a.NDim() == 0 || a.Size() == 0 {
		options = nil
	}
	return d.holdError(path, v, d.w.Dataset(name, a, options))
}

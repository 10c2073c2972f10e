// # Writing
//
//	w, err := hdf5.Create("x.h5", nil)             // h5py.File("x.h5", "w")
//	err = w.Dataset("/group/data", a, nil)         // f["/group/data"] = a
//	err = w.SetAttr("/group/data", "units", "m")   // f["/group/data"].attrs["units"] = "m"
//	rows, err := w.Appendable("log", dt, nil, nil) // maxshape=(None,)
//	err = w.Frame("df", frame, nil)                // df.to_hdf(path, key="df", format="table")
//	err = w.Close()
//
// A [Writer] writes what HDF5 1.8 and everything later reads, to a temporary file that takes the
// name when it is complete. [OpenFile] adds to a file.
package hdf5

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unicode/utf8"
)

// ErrExists is the kind of the error of a path where there is something already.
var ErrExists = errors.New("exists already")

// WriteOptions say how to write. The zero value, and a nil *WriteOptions, are the defaults.
type WriteOptions struct {
	// Workers is how many chunks go through their filters at once. Zero is the number of
	// processors that Go uses.
	Workers int
	// NoSync gives the file its name without waiting until the disk has it, as HDF5's library does.
	// A process that is killed still leaves the old file or the new one; after a failure of the
	// machine's power the file may be incomplete.
	NoSync bool
}

// Writer writes an HDF5 file. Its files are those that the library writes by default (libver
// "earliest"): HDF5 1.8 and everything later reads them, and h5py may change them.
//
// What is written goes to a temporary file in the same folder, which takes the place of the named
// file when Close has succeeded; until then a file of that name stays as it is. Arrays are on
// their way to the disk when the method that takes them returns; attributes, and for each
// object a few hundred bytes, are in memory until Close.
//
// A Writer is not safe for concurrent use. After an error of the operating system every method
// returns it; other errors, such as that of a dtype that HDF5 does not have, leave the Writer as
// it was, though for data that turned out not to be storable a part of the file's bytes may be
// unused.
type Writer struct {
	path    string
	out     outFile
	heap    heapWriter
	root    *node
	workers int
	k       treeK
	// nodes are all objects that are not in the file yet, in the order in which they were made.
	nodes []*node
	// old is the file that is added to, nil for a new one.
	old *oldFile
	// slots are those of a dataset that is complete.
	slots []chunkSlot
	err   error
}

// errWriterClosed is what methods of a closed Writer return.
var errWriterClosed = errorf(ErrClosed, "the writer is closed")

// Create begins a file. Nothing has the name until Close, which must be called, also after errors,
// or Abort. The error is the operating system's.
func Create(path string, opts *WriteOptions) (*Writer, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, err
	}
	w := newWriter(path, f, opts)
	w.k = treeK{groupLeafK, groupInternalK, chunkInternalK}
	w.root = w.newNode(true)
	w.root.links = 1
	w.out.reserve(superblockSize)
	return w, nil
}

// newWriter is a Writer to a temporary file.
func newWriter(path string, f *os.File, opts *WriteOptions) *Writer {
	w := &Writer{path: path, workers: runtime.GOMAXPROCS(0)}
	if opts != nil && opts.Workers > 0 {
		w.workers = opts.Workers
	}
	w.out.f, w.out.noSync = f, opts != nil && opts.NoSync
	w.heap.out = &w.out
	return w
}

// ready returns the error after which nothing can be written, which the zero Writer has from the
// beginning.
func (w *Writer) ready() error {
	if w == nil || w.out.f == nil {
		return errWriterClosed
	}
	return w.err
}

// Abort gives the file up: the temporary one is removed, and what had the name keeps it. After
// Close it does nothing, so that it may be deferred.
func (w *Writer) Abort() {
	if w.ready() == errWriterClosed {
		return
	}
	w.err = errWriterClosed
	_ = w.out.f.Close()
	_ = os.Remove(w.out.f.Name())
	w.old.close()
}

// Close finishes the file and gives it its name, with the permissions of the file that had it
// before, or 0644. If anything failed before, or fails now, the
// error is returned and the old file stays; the file's data is on the disk before it takes the
// name.
func (w *Writer) Close() error {
	err := w.ready()
	if err == errWriterClosed {
		return err
	}
	if err == nil {
		err = w.finish()
	}
	if err == nil {
		err = w.out.f.Chmod(modeFor(w.path))
	}
	if e := w.out.f.Close(); err == nil {
		err = e
	}
	w.old.close() // some systems do not rename over a file that is open
	if err == nil {
		err = os.Rename(w.out.f.Name(), w.path)
	}
	if err != nil {
		_ = os.Remove(w.out.f.Name())
	}
	w.err = errWriterClosed
	return err
}

// modeFor is the permissions of the file at the path, or what a new one gets.
func modeFor(path string) os.FileMode {
	if info, err := os.Stat(path); err == nil {
		return info.Mode().Perm()
	}
	return 0o644
}

// fail keeps an error of the file, which it is too late to do anything about.
func (w *Writer) fail() error {
	if w.err == nil {
		w.err = w.out.err
	}
	return w.err
}

// Group makes a group, and those above it that are not there yet. It is an error of the kind
// ErrExists if there is something at the path.
func (w *Writer) Group(path string) error {
	_, err := w.add(path, true)
	return err
}

// SoftLink makes a link that is followed by name when it is read: target is a path from the root,
// or from the group of the link; nothing needs to be there.
func (w *Writer) SoftLink(path, target string) error {
	if err := w.ready(); err != nil {
		return err
	}
	if target == "" || strings.IndexByte(target, 0) >= 0 || len(target) > 1<<15 {
		return inPath(errorf(ErrUnsupported, "target %q of a link", target), path)
	}
	return w.link(path, child{soft: target})
}

// HardLink gives the object at target, a path from the root, another name. Where target is not
// there it is an error of the kind ErrNotFound.
func (w *Writer) HardLink(path, target string) error {
	n, err := w.find(target)
	if err != nil {
		return err
	}
	if err := w.canPatch(n); err != nil {
		return inPath(err, target)
	}
	return w.link(path, child{node: n})
}

// node is an object that is to be written.
type node struct {
	addr  uint64
	links uint32
	attrs []outAttr
	// attrIndex finds attributes by their names, where there are many.
	attrIndex map[string]int
	// children are those of a group, nil for a dataset.
	children map[string]child
	// data is the dataset's, nil for a group.
	data *outDataset
	// scale is what the object is to dimension scales, nil for nearly all.
	scale *scaleNode
	// tree and names are where a group's B-tree and local heap stand.
	tree, names uint64
	// old is what was in the file already, nil for an object that is new.
	old *oldNode
}

// child is a link: to an object, or by name.
type child struct {
	node *node
	soft string
}

func (w *Writer) newNode(group bool) *node {
	n := &node{}
	if group {
		n.children = map[string]child{}
	}
	w.nodes = append(w.nodes, n)
	return n
}

// split takes a path apart. Empty parts do not count, as in h5py.
func splitPath(path string) ([]string, error) {
	var parts []string
	for part := range strings.SplitSeq(path, "/") {
		if part == "" {
			continue
		}
		if part == "." || strings.IndexByte(part, 0) >= 0 || !utf8.ValidString(part) {
			return nil, errorf(ErrUnsupported, "path %q", path)
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// find returns the object at a path, following no soft links.
func (w *Writer) find(path string) (*node, error) {
	if err := w.ready(); err != nil {
		return nil, err
	}
	parts, err := splitPath(path)
	if err != nil {
		return nil, err
	}
	n := w.root
	for _, part := range parts {
		if n = n.children[part].node; n == nil {
			return nil, inPath(errorf(ErrNotFound, "nothing was written there"), path)
		}
		if err := w.load(n); err != nil {
			return nil, inPath(err, path)
		}
	}
	return n, nil
}

// parent returns the group that the last part of a path is a name in, and makes it where it is
// not there; exists is what has the name.
func (w *Writer) parent(path string) (group *node, name string, err error) {
	if err := w.ready(); err != nil {
		return nil, "", err
	}
	parts, err := splitPath(path)
	if err != nil {
		return nil, "", err
	}
	if len(parts) == 0 {
		return nil, "", inPath(errorf(ErrExists, "the root is always there"), path)
	}
	last := len(parts) - 1
	if err := w.checkFree(parts); err != nil {
		return nil, "", inPath(err, path)
	}
	group = w.root
	for _, part := range parts[:last] {
		c, ok := group.children[part]
		if !ok {
			w.change(group)
			c = child{node: w.newNode(true)}
			c.node.links = 1
			group.put(part, c)
		}
		group = c.node
	}
	w.change(group)
	return group, parts[last], nil
}

// checkFree tells whether something can be made at the path, before anything is.
func (w *Writer) checkFree(parts []string) error {
	group := w.root
	for i, part := range parts {
		c, ok := group.children[part]
		if !ok {
			return w.canGrow(group, part)
		}
		if c.node != nil {
			if err := w.load(c.node); err != nil {
				return err
			}
		}
		if i == len(parts)-1 {
			return errorf(ErrExists, "there is something at that path")
		}
		if c.node == nil || c.node.children == nil {
			return errorf(ErrExists, "%q on the way there is no group", part)
		}
		group = c.node
	}
	return nil
}

func (w *Writer) link(path string, c child) error {
	group, name, err := w.parent(path)
	if err != nil {
		return err
	}
	if c.node != nil {
		c.node.links++
	}
	group.put(name, c)
	return nil
}

// add makes a new object at a path.
func (w *Writer) add(path string, group bool) (*node, error) {
	parent, name, err := w.parent(path)
	if err != nil {
		return nil, err
	}
	n := w.newNode(group)
	n.links = 1
	parent.put(name, child{node: n})
	return n, nil
}

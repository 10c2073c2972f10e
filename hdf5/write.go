// # Writing
//
//	w, err := hdf5.Create("x.h5", nil)             // h5py.File("x.h5", "w")
//	err = w.Dataset("/group/data", a, nil)         // f["/group/data"] = a
//	err = w.SetAttr("/group/data", "units", "m")   // f["/group/data"].attrs["units"] = "m"
//	rows, err := w.Appendable("log", dt, nil, nil) // maxshape=(None,)
//	err = w.Frame("df", frame, nil)                // df.to_hdf(path, key="df", format="table")
//	err = w.Close()
//
// A [Writer] writes files that HDF5 1.8 and later can read. It writes to a temporary file, which
// gets the final name when it is complete. [OpenFile] adds to an existing file.
package hdf5

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unicode/utf8"
)

// ErrExists is the kind of the error for a path at which there is an object already.
var ErrExists = errors.New("exists already")

// WriteOptions are options for writing. The zero value, and a nil *WriteOptions, are the defaults.
type WriteOptions struct {
	// Workers is the number of chunks that are filtered at once. Zero is GOMAXPROCS.
	Workers int
	// NoSync renames the file without waiting until it is on the disk, as HDF5's library does. If
	// the process is killed, the file is still either the old one or the new one; after a power
	// failure it may be incomplete.
	NoSync bool
}

// Writer writes an HDF5 file in the format that the library uses by default (libver "earliest"):
// HDF5 1.8 and later can read it, and h5py can change it.
//
// The Writer writes to a temporary file in the same folder, which replaces the named file when
// Close succeeds; until then an existing file stays as it is. When a method that takes an array
// returns, the array is on its way to the disk. Attributes, and a few hundred bytes for each
// object, stay in memory until Close.
//
// A Writer is not safe for concurrent use. After an error of the operating system every method
// returns that error. After any other error, such as for a dtype that HDF5 does not have, the
// Writer can still be used; if data turned out not to be storable, some bytes of the file may be
// left unused.
type Writer struct {
	path    string
	out     outFile
	heap    heapWriter
	root    *node
	workers int
	k       treeK
	// nodes are the new objects, in the order in which they were created.
	nodes []*node
	// old is the file that is added to; nil for a new file.
	old *oldFile
	// slots are those of a complete dataset, for the next dataset to use.
	slots []chunkSlot
	err   error // of the operating system, or errWriterClosed
}

// errWriterClosed is returned by the methods of a closed Writer.
var errWriterClosed = errorf(ErrClosed, "the writer is closed")

// Create begins a file. The path is not touched until Close. Close or Abort must be called, also
// after errors. Errors are those of the operating system.
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

// newWriter returns a Writer that writes to a temporary file.
func newWriter(path string, f *os.File, opts *WriteOptions) *Writer {
	w := &Writer{path: path, workers: runtime.GOMAXPROCS(0)}
	if opts != nil && opts.Workers > 0 {
		w.workers = opts.Workers
	}
	w.out.f, w.out.noSync = f, opts != nil && opts.NoSync
	w.heap.out = &w.out
	return w
}

// ready returns the error after which nothing can be written. The zero Writer behaves as a closed
// one.
func (w *Writer) ready() error {
	if w == nil || w.out.f == nil {
		return errWriterClosed
	}
	return w.err
}

// Abort removes the temporary file and leaves the named file as it is. After Close it does nothing,
// so that it may be deferred.
func (w *Writer) Abort() {
	if w.ready() == errWriterClosed {
		return
	}
	w.err = errWriterClosed
	_ = w.out.f.Close()
	_ = os.Remove(w.out.f.Name())
	w.old.close()
}

// Close completes the file and renames it, with the permissions of the file that it replaces, or
// 0644. The data is on the disk before the file is renamed. If anything failed, now or before,
// Close returns the error and leaves the old file as it is.
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

// modeFor returns the permissions of the file at path, or those of a new file.
func modeFor(path string) os.FileMode {
	if info, err := os.Stat(path); err == nil {
		return info.Mode().Perm()
	}
	return 0o644
}

// fileError returns the error of the output file, and keeps it for later calls.
func (w *Writer) fileError() error {
	if w.err == nil {
		w.err = w.out.err
	}
	return w.err
}

// Group creates a group, and the groups above it that do not exist. If there is an object at the
// path, the error is of the kind ErrExists.
func (w *Writer) Group(path string) error {
	_, err := w.add(path, true)
	return err
}

// SoftLink creates a soft link. target is a path from the root, or relative to the group of the
// link; it does not have to exist.
func (w *Writer) SoftLink(path, target string) error {
	if err := w.ready(); err != nil {
		return err
	}
	if target == "" || strings.IndexByte(target, 0) >= 0 || len(target) > 1<<15 {
		return withPath(errorf(ErrUnsupported, "target %q of a link", target), path)
	}
	return w.link(path, child{soft: target})
}

// HardLink gives the object at target, a path from the root, another name. If there is no object at
// target, the error is of the kind ErrNotFound.
func (w *Writer) HardLink(path, target string) error {
	n, err := w.find(target)
	if err != nil {
		return err
	}
	if err := w.canChangeHeader(n); err != nil {
		return withPath(err, target)
	}
	return w.link(path, child{node: n})
}

// node is a group or dataset of the file.
type node struct {
	addr  uint64    // of the object header
	links uint32    // number of hard links that were added
	attrs []outAttr // attributes that were set
	// attrIndex finds attributes by their names, if there are many.
	attrIndex map[string]int
	// children are the links of a group; nil for a dataset.
	children map[string]child
	// data is a dataset that is being written; nil for a group.
	data *outDataset
	// scale has the dimension scales of the object, and is nil for most objects.
	scale *scaleNode
	// tree and names are the addresses of a group's B-tree and local heap.
	tree, names uint64
	// old is the object in the old file; nil for a new object.
	old *oldNode
}

// child is a link of a group: a hard link to a node, or a soft link to a path.
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

// splitPath splits a path into its parts. Empty parts are ignored, as in h5py.
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

// find returns the object at a path. It does not follow soft links.
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
			return nil, withPath(errorf(ErrNotFound, "nothing was written there"), path)
		}
		if err := w.load(n); err != nil {
			return nil, withPath(err, path)
		}
	}
	return n, nil
}

// parent returns the group that holds the last part of a path, and that part. It creates the groups
// that do not exist.
func (w *Writer) parent(path string) (group *node, name string, err error) {
	if err := w.ready(); err != nil {
		return nil, "", err
	}
	parts, err := splitPath(path)
	if err != nil {
		return nil, "", err
	}
	if len(parts) == 0 {
		return nil, "", withPath(errorf(ErrExists, "the root is always there"), path)
	}
	last := len(parts) - 1
	if err := w.checkFree(parts); err != nil {
		return nil, "", withPath(err, path)
	}
	group = w.root
	for _, part := range parts[:last] {
		c, ok := group.children[part]
		if !ok {
			w.markChanged(group)
			c = child{node: w.newNode(true)}
			c.node.links = 1
			group.addLink(part, c)
		}
		group = c.node
	}
	w.markChanged(group)
	return group, parts[last], nil
}

// checkFree returns an error unless an object can be created at the path.
func (w *Writer) checkFree(parts []string) error {
	group := w.root
	for i, part := range parts {
		c, ok := group.children[part]
		if !ok {
			return w.canAddLink(group, part)
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

// link adds a link at a path.
func (w *Writer) link(path string, c child) error {
	group, name, err := w.parent(path)
	if err != nil {
		return err
	}
	if c.node != nil {
		c.node.links++
	}
	group.addLink(name, c)
	return nil
}

// add adds a new object at a path.
func (w *Writer) add(path string, group bool) (*node, error) {
	parent, name, err := w.parent(path)
	if err != nil {
		return nil, err
	}
	n := w.newNode(group)
	n.links = 1
	parent.addLink(name, child{node: n})
	return n, nil
}

package batch

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
)

// Codec encodes each source as a block, and joins many blocks into one output.
type Codec interface {
	// Encode returns the block of a source. With an error it may also return an incomplete block.
	// It is called by several goroutines.
	Encode(s Source) ([]byte, error)
	// Accept checks each block, in the order of the sources, before any is written to the output.
	// It is also called with the incomplete blocks of sources that failed. If it returns an error,
	// the source fails with that error and its block is dropped.
	Accept(block []byte) error
	// Join writes the output of the blocks.
	Join(w io.Writer, blocks Blocks) error
}

// Parts is a folder in which blocks are kept until all are there. A part is a file of blocks and a
// manifest, which is written last. So a run that was killed leaves complete parts, from the first
// on, and temporary files.
type Parts struct {
	Folder string
	Codec  Codec
	// Options describes what the blocks depend on other than the sources. A part with other options
	// is not used again.
	Options string
	// PartBytes is the size of a part, in bytes of sources.
	PartBytes int64
	// Failed, if it is not nil, is called with each failure, in the order of the sources.
	Failed func(*Failure) error
	// Step, if it is not nil, is called after each source.
	Step func()

	complete int // number of complete parts
	open     *openPart
}

// openPart is the part that is being written.
type openPart struct {
	f           *os.File
	w           *bufio.Writer
	sum         hash.Hash
	manifest    *manifestWriter
	sourceBytes int64 // sizes of its sources, each counted as at least leastSize
	bytes       int64 // length of the blocks
}

func (p *Parts) dataName(n int) string {
	return filepath.Join(p.Folder, fmt.Sprintf("part-%05d.blocks", n))
}

func (p *Parts) manifestName(n int) string {
	return filepath.Join(p.Folder, fmt.Sprintf("part-%05d.json", n))
}

// encodedSource is the result of a source: its entry and its block.
type encodedSource struct {
	entry Entry
	block []byte
}

// Run encodes all sources. With resume it keeps the parts in the folder that are of the same
// sources and options; otherwise it empties the folder first.
func (p *Parts) Run(sources iter.Seq2[Source, error], l Limits, resume bool) error {
	if !resume {
		if err := os.RemoveAll(p.Folder); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(p.Folder, 0o755); err != nil {
		return err
	}
	rest, stop, err := p.skipDone(sources)
	if err != nil {
		return err
	}
	defer stop()
	if err = p.clean(); err == nil {
		err = Each(rest, l, p.encode, func(_ Source, e *encodedSource) error { return p.add(e) })
	}
	if err == nil {
		err = p.closePart()
	}
	if err != nil {
		p.abandon()
	}
	return err
}

// encode returns the block of a source, or its failure.
func (p *Parts) encode(s Source) *encodedSource {
	e := &encodedSource{entry: entryOf(s)}
	var err error
	if e.block, err = p.Codec.Encode(s); err != nil {
		e.entry.Failure = NewFailure(s.Path, err)
	}
	return e
}

// entryOf returns the entry of a source before it is encoded.
func entryOf(s Source) Entry {
	e := Entry{Index: s.Index, Path: s.Path}
	if info, err := s.info(); err == nil {
		e.Size, e.Modified = info.Size(), info.ModTime().UnixNano()
	}
	return e
}

// add appends the result of the next source to the open part, and closes the part once it is large
// enough.
func (p *Parts) add(e *encodedSource) error {
	if e.entry.Failure == nil || len(e.block) > 0 {
		if err := p.Codec.Accept(e.block); err != nil {
			e.entry.Failure, e.block = NewFailure(e.entry.Path, err), nil
		}
	}
	if p.open == nil {
		if err := p.create(); err != nil {
			return err
		}
	}
	o := p.open
	e.entry.Bytes = int64(len(e.block))
	o.sum.Write(e.block)
	if _, err := o.w.Write(e.block); err != nil {
		return err
	}
	o.bytes += e.entry.Bytes
	if err := errors.Join(o.manifest.add(&e.entry), p.notify(&e.entry)); err != nil {
		return err
	}
	if o.sourceBytes += max(leastSize, e.entry.Size); o.sourceBytes >= p.PartBytes {
		return p.closePart()
	}
	return nil
}

// notify calls Step and Failed for a source that is done.
func (p *Parts) notify(e *Entry) error {
	if p.Step != nil {
		p.Step()
	}
	if e.Failure != nil && p.Failed != nil {
		return p.Failed(e.Failure)
	}
	return nil
}

// create opens the next part.
func (p *Parts) create() error {
	f, err := os.CreateTemp(p.Folder, ".blocks.*")
	if err != nil {
		return err
	}
	m, err := newManifest(p.manifestName(p.complete))
	if err != nil {
		f.Close()
		os.Remove(f.Name())
		return err
	}
	p.open = &openPart{f: f, w: bufio.NewWriterSize(f, 1<<18), sum: sha256.New(), manifest: m}
	return nil
}

// closePart completes the open part, if there is one.
func (p *Parts) closePart() error {
	o := p.open
	if o == nil {
		return nil
	}
	err := finish(o.f, p.dataName(p.complete), o.w.Flush())
	if err != nil {
		return err
	}
	s := &o.manifest.sum
	s.Options, s.File, s.Bytes = p.Options, filepath.Base(p.dataName(p.complete)), o.bytes
	s.SHA256 = hex.EncodeToString(o.sum.Sum(nil))
	if err := o.manifest.close(); err != nil {
		return err
	}
	p.open = nil
	p.complete++
	return nil
}

// abandon removes the files of the open part.
func (p *Parts) abandon() {
	if o := p.open; o != nil {
		for _, f := range []*os.File{o.f, o.manifest.f} {
			f.Close()
			os.Remove(f.Name())
		}
	}
}

// clean removes everything in the folder except the complete parts.
func (p *Parts) clean() error {
	entries, err := os.ReadDir(p.Folder)
	if err != nil {
		return err
	}
	keep := map[string]bool{}
	for n := range p.complete {
		keep[filepath.Base(p.dataName(n))], keep[filepath.Base(p.manifestName(n))] = true, true
	}
	for _, e := range entries {
		if !keep[e.Name()] {
			err = errors.Join(err, os.Remove(filepath.Join(p.Folder, e.Name())))
		}
	}
	return err
}

// skipDone passes over the sources of the parts that can be kept, and returns the sources that are
// left. The caller must call stop.
func (p *Parts) skipDone(sources iter.Seq2[Source, error]) (rest iter.Seq2[Source, error],
	stop func(), err error) {
	next, stop := iter.Pull2(sources)
	var held []Source
	var heldErr error
	for p.isComplete(p.complete) {
		var same bool
		if held, same, heldErr = p.sameSources(p.complete, next); !same || heldErr != nil {
			break
		}
		if err := p.accept(p.complete); err != nil {
			return nil, stop, err
		}
		held = nil
		p.complete++
	}
	return func(yield func(Source, error) bool) {
		for _, s := range held {
			if !yield(s, nil) {
				return
			}
		}
		for heldErr == nil {
			s, err, ok := next()
			if !ok || !yield(s, err) {
				return
			}
		}
		yield(Source{}, heldErr)
	}, stop, nil
}

// isComplete reports whether part n is in the folder, has the same options, and has the length that
// its manifest gives.
func (p *Parts) isComplete(n int) bool {
	sum, err := readManifest(p.manifestName(n), nil)
	if err != nil || sum.Options != p.Options {
		return false
	}
	info, err := os.Stat(p.dataName(n))
	return err == nil && info.Size() == sum.Bytes
}

// sameSources reports whether the entries of part n are the sources that come next. held are the
// sources that it took from next to find out.
func (p *Parts) sameSources(n int, next func() (Source, error, bool)) (held []Source, same bool,
	err error) {
	same = true
	_, broken := readManifest(p.manifestName(n), func(e *Entry) error {
		s, nextErr, ok := next()
		if !ok || nextErr != nil {
			err = nextErr
			return errStop
		}
		held = append(held, s)
		now := entryOf(s)
		if now.Index != e.Index || now.Path != e.Path || now.Size != e.Size ||
			now.Modified != e.Modified {
			return errStop
		}
		return nil
	})
	return held, broken == nil, err
}

// accept passes the blocks of a part that is kept to the codec, and reports its sources as done.
func (p *Parts) accept(n int) error {
	return p.Part(n).Each(func(e *Entry, r *io.SectionReader) error {
		if e.Failure == nil || e.Bytes > 0 {
			block := make([]byte, r.Size())
			if _, err := io.ReadFull(r, block); err != nil {
				return err
			}
			if err := p.Codec.Accept(block); err != nil {
				return err
			}
		}
		return p.notify(e)
	})
}

// Remove removes the folder.
func (p *Parts) Remove() error { return os.RemoveAll(p.Folder) }

// All returns the blocks of all parts.
func (p *Parts) All() Blocks { return Blocks{p, 0, p.complete} }

// Len returns the number of complete parts.
func (p *Parts) Len() int { return p.complete }

// Part returns the blocks of a part.
func (p *Parts) Part(n int) Blocks { return Blocks{p, n, n + 1} }

// Blocks are the blocks of consecutive parts, from the part from up to but not including to.
type Blocks struct {
	parts    *Parts
	from, to int
}

// Each calls visit with each entry and its block, in the order of the sources. The block of a
// failure is empty unless the codec returned an incomplete one.
func (b Blocks) Each(visit func(e *Entry, r *io.SectionReader) error) error {
	for n := b.from; n < b.to; n++ {
		if err := b.eachInPart(n, visit); err != nil {
			return err
		}
	}
	return nil
}

func (b Blocks) eachInPart(n int, visit func(e *Entry, r *io.SectionReader) error) error {
	f, err := os.Open(b.parts.dataName(n))
	if err != nil {
		return err
	}
	defer f.Close()
	var at int64
	_, err = readManifest(b.parts.manifestName(n), func(e *Entry) error {
		r := io.NewSectionReader(f, at, e.Bytes)
		at += e.Bytes
		return visit(e, r)
	})
	return err
}

// WriteFile writes a file under a temporary name and then renames it, so that path never holds half
// a file. It refuses to replace what is not a regular file.
func WriteFile(path string, fill func(w io.Writer) error) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return &fs.PathError{Op: "write", Path: path, Err: errors.New("not a regular file")}
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	return finish(f, path, fill(f))
}

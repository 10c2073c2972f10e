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

// Codec makes a block of each source, and of many blocks one output.
type Codec interface {
	// Encode returns the block of a source; what there is of one that fails stands beside the
	// error. It is called by several goroutines.
	Encode(s Source) ([]byte, error)
	// Accept looks at each block in the order of the sources, before any is written. Its error is
	// the source's, whose block is then left out. It sees what there is of sources that failed too.
	Accept(block []byte) error
	// Join writes the output of the blocks.
	Join(w io.Writer, blocks Blocks) error
}

// Parts is a folder in which blocks are kept until all are there. Each part is a file of blocks and
// a manifest, which is written last: what a kill leaves is whole parts, from the first on, and
// temporary files.
type Parts struct {
	Folder string
	Codec  Codec
	// Options says what the blocks depend on beside the sources.
	Options string
	// PartBytes is how many bytes of sources one part takes.
	PartBytes int64
	// Failed is called with each failure, in the order of the sources.
	Failed func(*Failure) error
	// Step is called behind each source.
	Step func()

	parts int // whole ones
	open  *openPart
}

// openPart is the part that is being written.
type openPart struct {
	f           *os.File
	w           *bufio.Writer
	sum         hash.Hash
	manifest    *manifestWriter
	sourceBytes int64 // sizes of the sources in it, each at least leastSize
	bytes       int64
}

func (p *Parts) dataName(n int) string {
	return filepath.Join(p.Folder, fmt.Sprintf("part-%05d.blocks", n))
}

func (p *Parts) manifestName(n int) string {
	return filepath.Join(p.Folder, fmt.Sprintf("part-%05d.json", n))
}

// encoded is what came of a source.
type encoded struct {
	entry Entry
	block []byte
}

// Run makes the blocks of all sources. With resume, parts that are in the folder already and are of
// the same sources and options are kept; else the folder begins empty.
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
		err = Each(rest, l, p.encode, func(_ Source, e *encoded) error { return p.add(e) })
	}
	if err == nil {
		err = p.closePart()
	}
	if err != nil {
		p.abandon()
	}
	return err
}

// encode makes the block of a source.
func (p *Parts) encode(s Source) *encoded {
	e := &encoded{entry: identified(s)}
	var err error
	if e.block, err = p.Codec.Encode(s); err != nil {
		e.entry.Failure = NewFailure(s.Path, err)
	}
	return e
}

// identified returns the entry of a source without what came of it.
func identified(s Source) Entry {
	e := Entry{Index: s.Index, Path: s.Path}
	if info, err := s.info(); err == nil {
		e.Size, e.Modified = info.Size(), info.ModTime().UnixNano()
	}
	return e
}

// add puts what came of the next source into the part.
func (p *Parts) add(e *encoded) error {
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
	if err := errors.Join(o.manifest.add(&e.entry), p.told(&e.entry)); err != nil {
		return err
	}
	if o.sourceBytes += max(leastSize, e.entry.Size); o.sourceBytes >= p.PartBytes {
		return p.closePart()
	}
	return nil
}

// told tells of a source that is done.
func (p *Parts) told(e *Entry) error {
	if p.Step != nil {
		p.Step()
	}
	if e.Failure != nil && p.Failed != nil {
		return p.Failed(e.Failure)
	}
	return nil
}

func (p *Parts) create() error {
	f, err := os.CreateTemp(p.Folder, ".blocks.*")
	if err != nil {
		return err
	}
	m, err := newManifest(p.manifestName(p.parts))
	if err != nil {
		f.Close()
		os.Remove(f.Name())
		return err
	}
	p.open = &openPart{f: f, w: bufio.NewWriterSize(f, 1<<18), sum: sha256.New(), manifest: m}
	return nil
}

// closePart completes the part that is open, if one is.
func (p *Parts) closePart() error {
	o := p.open
	if o == nil {
		return nil
	}
	err := finish(o.f, p.dataName(p.parts), o.w.Flush())
	if err != nil {
		return err
	}
	s := &o.manifest.sum
	s.Options, s.File, s.Bytes = p.Options, filepath.Base(p.dataName(p.parts)), o.bytes
	s.SHA256 = hex.EncodeToString(o.sum.Sum(nil))
	if err := o.manifest.close(); err != nil {
		return err
	}
	p.open = nil
	p.parts++
	return nil
}

// abandon removes what is half written.
func (p *Parts) abandon() {
	if o := p.open; o != nil {
		for _, f := range []*os.File{o.f, o.manifest.f} {
			f.Close()
			os.Remove(f.Name())
		}
	}
}

// clean removes what is in the folder beside the whole parts.
func (p *Parts) clean() error {
	entries, err := os.ReadDir(p.Folder)
	if err != nil {
		return err
	}
	keep := map[string]bool{}
	for n := range p.parts {
		keep[filepath.Base(p.dataName(n))], keep[filepath.Base(p.manifestName(n))] = true, true
	}
	for _, e := range entries {
		if !keep[e.Name()] {
			err = errors.Join(err, os.Remove(filepath.Join(p.Folder, e.Name())))
		}
	}
	return err
}

// skipDone passes over the sources of parts that are there, and returns those that are left.
func (p *Parts) skipDone(sources iter.Seq2[Source, error]) (rest iter.Seq2[Source, error],
	stop func(), err error) {
	next, stop := iter.Pull2(sources)
	var held []Source
	var heldErr error
	for p.holds(p.parts) {
		var same bool
		if held, same, heldErr = p.sameSources(p.parts, next); !same || heldErr != nil {
			break
		}
		if err := p.accept(p.parts); err != nil {
			return nil, stop, err
		}
		held = nil
		p.parts++
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

// holds reports whether a part is there, of these options and as long as it says.
func (p *Parts) holds(n int) bool {
	sum, err := readManifest(p.manifestName(n), nil)
	if err != nil || sum.Options != p.Options {
		return false
	}
	info, err := os.Stat(p.dataName(n))
	return err == nil && info.Size() == sum.Bytes
}

// sameSources reports whether a part's entries are the sources that come next, and returns those
// that were asked for.
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
		now := identified(s)
		if now.Index != e.Index || now.Path != e.Path || now.Size != e.Size ||
			now.Modified != e.Modified {
			return errStop
		}
		return nil
	})
	return held, broken == nil, err
}

// accept shows the blocks of a part to the codec, and tells of its sources.
func (p *Parts) accept(n int) error {
	return p.part(n).Each(func(e *Entry, r *io.SectionReader) error {
		if e.Failure == nil || e.Bytes > 0 {
			block := make([]byte, r.Size())
			if _, err := io.ReadFull(r, block); err != nil {
				return err
			}
			if err := p.Codec.Accept(block); err != nil {
				return err
			}
		}
		return p.told(e)
	})
}

// Remove removes the folder.
func (p *Parts) Remove() error { return os.RemoveAll(p.Folder) }

// All returns the blocks of all parts.
func (p *Parts) All() Blocks { return Blocks{p, 0, p.parts} }

// Len returns how many parts there are.
func (p *Parts) Len() int { return p.parts }

// Part returns the blocks of a part.
func (p *Parts) Part(n int) Blocks { return p.part(n) }

func (p *Parts) part(n int) Blocks { return Blocks{p, n, n + 1} }

// Blocks are those of some parts that stand one behind another.
type Blocks struct {
	parts    *Parts
	from, to int
}

// Each visits each entry with its block, in the order of the sources. The block of a failure is
// empty where the codec has none of it.
func (b Blocks) Each(visit func(e *Entry, r *io.SectionReader) error) error {
	for n := b.from; n < b.to; n++ {
		if err := b.eachOf(n, visit); err != nil {
			return err
		}
	}
	return nil
}

func (b Blocks) eachOf(n int, visit func(e *Entry, r *io.SectionReader) error) error {
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

// WriteFile writes a file under another name, which then takes the name.
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

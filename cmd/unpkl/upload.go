package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/unpkl/unpkl/internal/batch"
)

// uploads are the objects that are being written. An interrupt cancels them, so that stores drop
// the incomplete parts.
var uploads uploading

type uploading struct {
	mu      sync.Mutex
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// begin returns the context of a new upload, which ends when done is called.
func (u *uploading) begin() (ctx context.Context, done func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ctx == nil {
		u.ctx, u.cancel = context.WithCancel(context.Background())
	}
	u.running.Add(1)
	return u.ctx, u.running.Done
}

// stop cancels all uploads and waits for their end, but at most for the given time.
func (u *uploading) stop(most time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ctx == nil {
		return
	}
	u.cancel()
	ended := make(chan struct{})
	go func() {
		u.running.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(most):
	}
}

// put copies a file to an object.
func (o *objectStores) put(path, url string) error {
	s, err := o.storeOf(url)
	if err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	ctx, done := uploads.begin()
	defer done()
	return s.Put(ctx, url, f, info.Size())
}

// temporaryFolder makes a folder. done or an interrupt removes it.
func temporaryFolder() (folder string, done func(), err error) {
	f, untrack, err := keepTrack(func() (*os.File, error) {
		name, err := os.MkdirTemp("", "unpkl.*")
		if err != nil {
			return nil, err
		}
		return os.Open(name)
	})
	if err != nil {
		return "", nil, err
	}
	f.Close()
	return f.Name(), func() {
		os.RemoveAll(f.Name())
		untrack()
	}, nil
}

// isFolderName reports whether the name of an output is that of a folder: it ends in a slash.
func isFolderName(out string) bool {
	return strings.HasSuffix(out, "/") || strings.HasSuffix(out, string(filepath.Separator))
}

// outputTo calls fill with the path to which it has to write the output out. If out is an object,
// or a prefix that ends in '/', fill writes to a temporary folder, whose files then become objects.
// The file at the path itself is copied last.
func outputTo(out string, fill func(path string) error) error {
	if !objects.Has(out) {
		return fill(out)
	}
	folder, done, err := temporaryFolder()
	if err != nil {
		return err
	}
	defer done()
	path := filepath.Join(folder, fileName(out))
	parent, name := out[:strings.LastIndexByte(out, '/')+1], filepath.Base(path)
	if isFolderName(out) {
		path, name = folder+string(filepath.Separator), ""
	}
	if err := fill(path); err != nil {
		return err
	}
	for source, err := range (batch.Listing{Hidden: true}).Sources([]string{folder}) {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(folder, source.Path)
		if err != nil {
			return err
		}
		if relative != name {
			if err := objects.put(source.Path, parent+filepath.ToSlash(relative)); err != nil {
				return err
			}
		}
	}
	if name == "" {
		return nil
	}
	return objects.put(path, out)
}

// joinOutput returns the name of a file in an output folder, or of an object below a prefix.
func joinOutput(folder, name string) string {
	if !objects.Has(folder) {
		return filepath.Join(folder, name)
	}
	return strings.TrimSuffix(folder, "/") + "/" + filepath.ToSlash(name)
}

// makeFolder makes an output folder. Prefixes of objects need no folder.
func makeFolder(folder string) error {
	if objects.Has(folder) {
		return nil
	}
	return os.MkdirAll(folder, 0o755)
}

// localFolder copies the objects below a prefix for which keep is true to a temporary folder, which
// done removes.
func localFolder(prefix string, keep func(name string) bool) (folder string, done func(),
	err error) {
	folder, done, err = temporaryFolder()
	if err != nil {
		return "", nil, err
	}
	for source, err := range objects.List(prefix) {
		if err == nil {
			name := strings.TrimPrefix(source.Path, prefix)
			if fileName(name) != name || !keep(name) {
				continue
			}
			err = copyObject(source.Path, filepath.Join(folder, name))
		}
		if err != nil {
			done()
			return "", nil, err
		}
	}
	return folder, done, nil
}

func copyObject(url, path string) error {
	r, err := openFile(url)
	if err != nil {
		return err
	}
	defer r.Close()
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = f.ReadFrom(r)
	return errors.Join(err, f.Close())
}

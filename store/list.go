package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
)

// Entry is an object in a list.
type Entry struct {
	// URL names the object: s3://BUCKET/KEY.
	URL string
	// Size is its size in bytes.
	Size int64
	// Modified is the time of its last modification.
	Modified time.Time
}

// List lists the objects whose URLs begin with prefix, which is at least s3://BUCKET/, in the byte
// order of their keys. Objects that stand for folders, whose keys end in '/', are left out. If a
// page of the list fails, List asks again from the last object on. An error ends the list; if the
// bucket does not exist, it is of the kind [fs.ErrNotExist].
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		bucket, key, err := s.split(prefix)
		if err != nil {
			yield(Entry{}, err)
			return
		}
		l := &listing{s: s, bucket: bucket, prefix: key, yield: yield}
		err = l.run(ctx)
		if err != nil && err != errEnough {
			yield(Entry{}, &fs.PathError{Op: "list", Path: prefix, Err: kind(err)})
		}
	}
}

// split splits a URL into the bucket and the key, which may be empty.
func (s *Store) split(rawURL string) (bucket, key string, err error) {
	rest, ok := strings.CutPrefix(rawURL, s.c.Scheme+"://")
	bucket, key, slash := strings.Cut(rest, "/")
	if !ok || bucket == "" || !slash {
		return "", "", fmt.Errorf("store: %q is no %s://BUCKET/KEY", rawURL, s.c.Scheme)
	}
	return bucket, key, nil
}

// listing is the state of a list.
type listing struct {
	s              *Store
	bucket, prefix string
	last           string // the key that was listed last, "" before the first
	yield          func(Entry, error) bool
}

// errEnough ends a list when its consumer wants no more objects.
var errEnough = errors.New("enough")

// run lists the objects, and continues after the last one if the list breaks off. The tries are
// counted again after each object.
func (l *listing) run(ctx context.Context) error {
	for {
		before := l.last
		err := l.s.retry(ctx, 0, l.once)
		if err == nil || err == errEnough || ctx.Err() != nil || final(err) || l.last == before {
			return err
		}
	}
}

// once lists the objects after the last key, until the list ends or fails. An answer that does not
// arrive in time is a failure; the time of the consumer does not count.
func (l *listing) once(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	late := time.AfterFunc(l.s.c.Timeout, cancel)
	defer late.Stop()
	for o := range l.s.client.ListObjects(ctx, l.bucket, minio.ListObjectsOptions{
		Prefix: l.prefix, Recursive: true, StartAfter: l.last,
	}) {
		if o.Err != nil {
			return o.Err
		}
		late.Stop()
		l.last = o.Key
		if !strings.HasSuffix(o.Key, "/") && !l.yield(Entry{
			l.s.c.Scheme + "://" + l.bucket + "/" + o.Key, o.Size, o.LastModified}, nil) {
			return errEnough
		}
		late.Reset(l.s.c.Timeout)
	}
	return ctx.Err()
}

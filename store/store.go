// Package store reads ranges of files in object stores, and writes whole files. An object of S3, or
// of a store like it, is an [io.ReaderAt] with a size, which unpkl.OpenReaderAt takes.
//
//	s, err := store.S3(store.S3Config{Endpoint: "s3.amazonaws.com", ...})
//	o, err := s.Open(ctx, "s3://bucket/data/x.pkl")
//	f, err := unpkl.OpenReaderAt(o, o.Size())
//
// [Store.List] lists the objects below a prefix, [Store.Put] writes an object, and [Environment]
// reads endpoint, region and keys from the variables that the stores' own tools use.
//
// The package uses minio-go, a client of S3's protocol and little else. Google's store and others
// support this protocol too. gocloud.dev/blob would bring the SDKs of three clouds.
package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3Config describes a store and the credentials for it.
type S3Config struct {
	// Scheme is the scheme of the URLs of objects; "" is s3.
	Scheme string
	// Endpoint is host[:port], such as s3.amazonaws.com or storage.googleapis.com.
	Endpoint string
	// Insecure selects HTTP instead of HTTPS.
	Insecure bool
	// Region is the region of the store. If it is "", the store is asked for it.
	Region string
	// AccessKey and SecretKey are the keys for the store. If both are "", AWS_ACCESS_KEY_ID and so
	// on are taken from the environment; if those are not set, requests are anonymous.
	AccessKey, SecretKey string
	// Tries is how often a request is made before its error is returned; 0 is 5.
	Tries int
	// Backoff is the time before the second try. It doubles before each further one, and up to half
	// of it is added at random; 0 is 200 ms.
	Backoff time.Duration
	// Timeout bounds one try of reading a range, or of writing a part; 0 is a minute.
	Timeout time.Duration
	// PartSize is the number of bytes that [Store.Put] writes by one request; 0 is 16 MiB. Stores
	// require at least 5 MiB.
	PartSize int64
	// Transport carries the requests; nil is minio-go's.
	Transport http.RoundTripper

	anonymous bool // requests are anonymous, whatever keys the environment has
}

// Store is a client of an object store. It is safe for concurrent use.
type Store struct {
	client *minio.Client
	c      S3Config
}

// S3 returns a client of a store with S3's protocol. It makes no request.
func S3(c S3Config) (*Store, error) {
	if c.Scheme == "" {
		c.Scheme = "s3"
	}
	if c.Tries <= 0 {
		c.Tries = 5
	}
	if c.Backoff <= 0 {
		c.Backoff = 200 * time.Millisecond
	}
	if c.Timeout <= 0 {
		c.Timeout = time.Minute
	}
	if c.PartSize <= 0 {
		c.PartSize = 16 << 20
	}
	nobody := &credentials.Static{
		Value: credentials.Value{SignerType: credentials.SignatureAnonymous},
	}
	keys := credentials.NewChainCredentials([]credentials.Provider{&credentials.EnvAWS{}, nobody})
	if c.anonymous {
		keys = credentials.New(nobody)
	}
	if c.AccessKey != "" || c.SecretKey != "" {
		keys = credentials.NewStaticV4(c.AccessKey, c.SecretKey, "")
	}
	client, err := minio.New(c.Endpoint, &minio.Options{
		Creds: keys, Secure: !c.Insecure, Region: c.Region, Transport: c.Transport,
		MaxRetries: 1, // retry counts the tries; an answer that breaks off counts as one
	})
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return &Store{client, c}, nil
}

// Object is a file in a store, as it was when it was opened: reading it after it has changed is an
// error. It is safe for concurrent use.
type Object struct {
	s                 *Store
	ctx               context.Context
	bucket, key, etag string
	size              int64
	modified          time.Time
}

// Open asks the store for the size of the object that a URL s3://BUCKET/KEY names. The key is not
// escaped. The context is used for reads of the object too. If there is no such object, the error
// is of the kind [fs.ErrNotExist].
func (s *Store) Open(ctx context.Context, rawURL string) (*Object, error) {
	bucket, key, err := s.split(rawURL)
	if err == nil && key == "" {
		err = fmt.Errorf("store: %q names no object", rawURL)
	}
	if err != nil {
		return nil, err
	}
	o := &Object{s: s, ctx: ctx, bucket: bucket, key: key}
	err = s.retry(ctx, s.c.Timeout, func(ctx context.Context) error {
		info, err := s.client.StatObject(ctx, o.bucket, o.key, minio.StatObjectOptions{})
		o.size, o.etag, o.modified = info.Size, info.ETag, info.LastModified
		return err
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: rawURL, Err: kind(err)}
	}
	return o, nil
}

// Size returns the size of the object in bytes.
func (o *Object) Size() int64 { return o.size }

// Modified returns the time of the object's last modification.
func (o *Object) Modified() time.Time { return o.modified }

// ReadAt implements [io.ReaderAt]. It makes one request for a range, and makes it again for the
// rest if it fails or breaks off.
func (o *Object) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("store: a range that begins at %d", off)
	}
	if off >= o.size {
		return 0, io.EOF
	}
	want := p[:min(int64(len(p)), o.size-off)]
	if len(want) == 0 {
		return 0, nil
	}
	got := 0
	err := o.s.retry(o.ctx, o.s.c.Timeout, func(ctx context.Context) error {
		n, err := o.read(ctx, want[got:], off+int64(got))
		got += n // what arrived before the answer broke off is kept
		return err
	})
	switch {
	case err != nil:
		return got, &fs.PathError{Op: "read", Path: o.s.c.Scheme + "://" + o.bucket + "/" + o.key,
			Err: kind(err)}
	case len(want) < len(p):
		return got, io.EOF
	}
	return got, nil
}

// read makes one request for a range.
func (o *Object) read(ctx context.Context, p []byte, off int64) (int, error) {
	opts := minio.GetObjectOptions{}
	if err := opts.SetRange(off, off+int64(len(p))-1); err != nil {
		return 0, err
	}
	if err := opts.SetMatchETag(o.etag); err != nil {
		return 0, err
	}
	core := minio.Core{Client: o.s.client}
	body, _, _, err := core.GetObject(ctx, o.bucket, o.key, opts)
	if err != nil {
		return 0, err
	}
	defer body.Close()
	return io.ReadFull(body, p)
}

// retry calls do until it succeeds, fails for good, or was called often enough. Each call may take
// the timeout; with 0 there is none.
func (s *Store) retry(ctx context.Context, timeout time.Duration,
	do func(ctx context.Context) error) error {
	wait := s.c.Backoff
	for try := 1; ; try++ {
		once, cancel := context.WithCancel(ctx)
		if timeout > 0 {
			once, cancel = context.WithTimeout(ctx, timeout)
		}
		err := do(once)
		cancel()
		if err == nil || ctx.Err() != nil || final(err) || try == s.c.Tries {
			return err
		}
		select {
		case <-time.After(wait + rand.N(wait/2+1)):
		case <-ctx.Done():
			return ctx.Err()
		}
		wait *= 2
	}
}

// final reports whether trying again would not help, because the store's answer is that the request
// is wrong.
func final(err error) bool {
	if err == errEnough {
		return true
	}
	var answer minio.ErrorResponse
	if !errors.As(err, &answer) {
		return false
	}
	switch answer.Code { // status 400, but the request did not arrive completely
	case "RequestTimeout", "BadDigest", "IncompleteBody":
		return false
	}
	switch answer.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	}
	return answer.StatusCode >= 400 && answer.StatusCode < 500
}

// ErrChanged is the kind of the error for an object that has changed since it was opened.
var ErrChanged = errors.New("the object has changed since it was opened")

// kind adds to an error the kind that callers distinguish.
func kind(err error) error {
	var answer minio.ErrorResponse
	if errors.As(err, &answer) {
		switch answer.StatusCode {
		case http.StatusNotFound:
			return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
		case http.StatusForbidden:
			return fmt.Errorf("%w: %w", fs.ErrPermission, err)
		case http.StatusPreconditionFailed:
			return ErrChanged
		}
	}
	return err
}

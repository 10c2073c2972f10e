package store

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/minio/minio-go/v7"
	"golang.org/x/sync/errgroup"
)

const (
	// mostParts is the largest number of parts of an object.
	mostParts = 10_000
	// partsAtOnce is the number of parts of an object that are sent at once.
	partsAtOnce = 4
)

// Put writes size bytes of r as the object that a URL names, and replaces an existing object. The
// new object appears when all of it is written: after an error or cancellation the old object is
// unchanged. An object larger than a part is sent in parts. Several parts are sent at once, so r is
// read by several goroutines; a part that fails is sent again. Each part has a checksum, which the
// store verifies.
func (s *Store) Put(ctx context.Context, rawURL string, r io.ReaderAt, size int64) error {
	bucket, key, err := s.split(rawURL)
	if err == nil && key == "" {
		err = fmt.Errorf("store: %q names no object", rawURL)
	}
	if err != nil {
		return err
	}
	u := &upload{
		s: s, core: minio.Core{Client: s.client}, bucket: bucket, key: key, r: r, size: size,
		part: max(s.c.PartSize, (size+mostParts-1)/mostParts),
	}
	if size <= u.part {
		err = u.whole(ctx)
	} else {
		err = u.inParts(ctx)
	}
	if err != nil {
		return &fs.PathError{Op: "write", Path: rawURL, Err: kind(err)}
	}
	return nil
}

// upload is the state of a Put.
type upload struct {
	s           *Store
	core        minio.Core
	bucket, key string
	r           io.ReaderAt
	size, part  int64  // bytes of the object and of a part
	id          string // of a multipart upload
}

// section is the body of one request.
type section struct {
	*io.SectionReader
	md5    string // in base64; the store verifies it
	sha256 string // in hexadecimal, for the signature; "" over TLS, which protects the bytes
}

// section returns the section at an offset, which has the size of a part or less.
func (u *upload) section(at int64) (*section, error) {
	r := io.NewSectionReader(u.r, at, min(u.part, u.size-at))
	sum, signed := md5.New(), sha256.New()
	w := io.Writer(sum)
	if u.s.c.Insecure {
		w = io.MultiWriter(sum, signed)
	}
	if n, err := io.Copy(w, r); err != nil || n != r.Size() {
		return nil, errors.Join(err, fmt.Errorf("store: %d of %d bytes could be read", n, r.Size()))
	}
	out := &section{SectionReader: r, md5: base64.StdEncoding.EncodeToString(sum.Sum(nil))}
	if u.s.c.Insecure {
		out.sha256 = hex.EncodeToString(signed.Sum(nil))
	}
	return out, nil
}

// again returns a new reader of the whole section. Each try needs its own, because an earlier try
// that was given up may read on for a moment.
func (s *section) again() io.Reader { return io.NewSectionReader(s, 0, s.Size()) }

// whole sends the object by one request.
func (u *upload) whole(ctx context.Context) error {
	r, err := u.section(0)
	if err != nil {
		return err
	}
	// The body is signed by one checksum, because not every store supports signed chunks.
	opts := minio.PutObjectOptions{DisableContentSha256: true}
	return u.s.retry(ctx, u.s.c.Timeout, func(ctx context.Context) error {
		_, err := u.core.PutObject(ctx, u.bucket, u.key, r.again(), u.size, r.md5, r.sha256, opts)
		return err
	})
}

// inParts sends the parts, and asks the store to join them. If a part fails for good, it asks the
// store to drop the parts.
func (u *upload) inParts(ctx context.Context) error {
	err := u.s.retry(ctx, u.s.c.Timeout, func(ctx context.Context) (err error) {
		u.id, err = u.core.NewMultipartUpload(ctx, u.bucket, u.key, minio.PutObjectOptions{})
		return err
	})
	if err != nil {
		return err
	}
	parts, err := u.sendParts(ctx)
	if err == nil {
		err = u.complete(ctx, parts)
	}
	if err != nil {
		return errors.Join(err, u.forget(ctx))
	}
	return nil
}

func (u *upload) sendParts(ctx context.Context) ([]minio.CompletePart, error) {
	parts := make([]minio.CompletePart, (u.size+u.part-1)/u.part)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(partsAtOnce)
	for i := range parts {
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			etag, err := u.send(ctx, i)
			parts[i] = minio.CompletePart{PartNumber: i + 1, ETag: etag}
			return err
		})
	}
	return parts, group.Wait()
}

// send sends part i, counted from 0.
func (u *upload) send(ctx context.Context, i int) (etag string, err error) {
	r, err := u.section(int64(i) * u.part)
	if err != nil {
		return "", err
	}
	opts := minio.PutObjectPartOptions{Md5Base64: r.md5, Sha256Hex: r.sha256,
		DisableContentSha256: true}
	err = u.s.retry(ctx, u.s.c.Timeout, func(ctx context.Context) error {
		part, err := u.core.PutObjectPart(ctx, u.bucket, u.key, u.id, i+1, r.again(), r.Size(),
			opts)
		etag = part.ETag
		return err
	})
	return etag, err
}

// complete asks the store to join the parts. If the answer is lost, the store may have done so:
// when asked again, it does not know the upload any more, but has another object of the same size
// than before.
func (u *upload) complete(ctx context.Context, parts []minio.CompletePart) error {
	before, asked := u.stat(ctx), false
	return u.s.retry(ctx, u.s.c.Timeout, func(ctx context.Context) error {
		_, err := u.core.CompleteMultipartUpload(ctx, u.bucket, u.key, u.id, parts,
			minio.PutObjectOptions{})
		if asked && isUnknownUpload(err) {
			if now := u.stat(ctx); now.Size == u.size && (now.ETag != before.ETag ||
				!now.LastModified.Equal(before.LastModified)) {
				return nil
			}
		}
		asked = true
		return err
	})
}

// stat returns the store's description of the object, or the zero value if there is none.
func (u *upload) stat(ctx context.Context) (info minio.ObjectInfo) {
	err := u.s.retry(ctx, u.s.c.Timeout, func(ctx context.Context) (err error) {
		info, err = u.s.client.StatObject(ctx, u.bucket, u.key, minio.StatObjectOptions{})
		return err
	})
	if err != nil {
		return minio.ObjectInfo{}
	}
	return info
}

// isUnknownUpload reports whether an error says that the store does not know the upload: its parts
// have been joined or dropped.
func isUnknownUpload(err error) bool {
	var answer minio.ErrorResponse
	return errors.As(err, &answer) && answer.Code == "NoSuchUpload"
}

// forget asks the store to drop the parts, even if the context was cancelled.
func (u *upload) forget(ctx context.Context) error {
	err := u.s.retry(context.WithoutCancel(ctx), u.s.c.Timeout, func(ctx context.Context) error {
		return u.core.AbortMultipartUpload(ctx, u.bucket, u.key, u.id)
	})
	if err != nil && !isUnknownUpload(err) {
		return fmt.Errorf("the parts of the upload %s are still in the store: %w", u.id, err)
	}
	return nil
}

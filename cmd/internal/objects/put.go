package objects

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/friend"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// Put stores a file. It returns when the object is as safe as is required; the rest goes on without the client.
func (o *Objects) Put(ctx context.Context, ask control.Put, tell Tell) (control.Stored, error) {
	start := time.Now()
	if !filepath.IsAbs(ask.Path) {
		return control.Stored{}, &control.Error{Code: control.CodeUsage, Message: ask.Path + ": not an absolute path"}
	}
	name := filepath.Base(ask.Path)
	require, err := o.required(ask.Require, name, tell)
	if err != nil {
		return control.Stored{}, err
	}
	p, err := o.identify(ctx, ask, name, tell)
	if err != nil {
		return control.Stored{}, err
	}
	w := &client{o: o, tell: tell, require: require, hint: "rad swarm put --require local " + ask.Path, total: p.Size}
	file := control.File{Pointer: control.Pointer(p), Path: ask.Path, Name: name}
	one, err := o.promise(file, require, radicle.RID{}, filepath.Join(o.opt.Dir, pendingDir), newCrowd(o.opt.People))
	if err != nil {
		return control.Stored{}, err
	}
	if one != nil {
		w.promises = append(w.promises, one)
	}
	if err := w.wait(ctx); err != nil {
		return control.Stored{}, err
	}
	if err := o.index.sync(ctx); err != nil {
		return control.Stored{}, err
	}
	out := control.Stored{Object: control.Pointer(p), Seconds: time.Since(start).Seconds(), Failed: o.failed()}
	crowd := newCrowd(o.opt.People)
	o.index.look(p, func(r *row) { out.Safety = crowd.safetyOf(r) })
	if one != nil {
		out.Sent = one.work.see().sent - one.sent
	}
	return out, nil
}

// identify returns which object a file is: as it is said to be, or by reading it.
func (o *Objects) identify(ctx context.Context, ask control.Put, name string, tell Tell) (blobstore.Pointer, error) {
	info, err := os.Stat(ask.Path)
	switch {
	case err != nil:
		return blobstore.Pointer{}, &control.Error{Code: control.CodeNotFound, Message: err.Error()}
	case !info.Mode().IsRegular():
		return blobstore.Pointer{}, &control.Error{Code: control.CodeUsage, Message: ask.Path + ": not a regular file"}
	case ask.Object != nil && ask.Object.Size != info.Size():
		return blobstore.Pointer{}, &control.Error{
			Code: control.CodeConflict, Message: fmt.Sprintf("%s: has %d bytes, the object %d", name, info.Size(), ask.Object.Size),
		}
	case ask.Object != nil:
		return blobstore.Pointer(*ask.Object), nil
	}
	f, err := os.Open(ask.Path)
	if err != nil {
		return blobstore.Pointer{}, &control.Error{Code: control.CodeNotFound, Message: err.Error()}
	}
	defer f.Close() // it was only read
	return hashed(ctx, f, func(n int64) {
		if tell != nil {
			tell(control.Line{Progress: &control.Progress{What: "reading", Bytes: n, Total: info.Size()}})
		}
	})
}

// hashSize is how many bytes of a file are read and hashed at once; hashing is the memory for that.
const hashSize = 256 << 10

var hashing = sync.Pool{New: func() any { return new([hashSize]byte) }}

// hashed reads a file for its name.
func hashed(ctx context.Context, f io.Reader, tell func(int64)) (blobstore.Pointer, error) {
	sum, n, last := sha256.New(), int64(0), time.Now()
	buffer := hashing.Get().(*[hashSize]byte)
	defer hashing.Put(buffer)
	tell(0)
	for {
		if err := ctx.Err(); err != nil {
			return blobstore.Pointer{}, err
		}
		read, err := f.Read(buffer[:])
		sum.Write(buffer[:read])
		n += int64(read)
		if err == io.EOF {
			return blobstore.Pointer{OID: blobstore.OID(sum.Sum(nil)), Size: n}, nil
		}
		if err != nil {
			return blobstore.Pointer{}, err
		}
		if now := time.Now(); now.Sub(last) >= beat {
			last = now
			tell(n)
		}
	}
}

// promise has a file stored, and returns what to wait for; nil where the object is so safe already.
func (o *Objects) promise(
	file control.File, require control.Requirement, rid radicle.RID, dir string, crowd *crowd,
) (*promise, error) {
	p := blobstore.Pointer(file.Pointer)
	var full, safe, sourced bool
	known := o.index.look(p, func(r *row) {
		s := crowd.safetyOf(r)
		full, safe = s.Full && r.Next.K == 0, meets(s, require) && s.Stored
		sourced = r.Source.Path != ""
	})
	if known && !rid.IsZero() {
		o.index.belongs(p, rid)
	}
	if known && full && safe {
		return nil, nil
	}
	if !known || !sourced || !safe {
		source, err := findSource(p, file.Path, dir)
		switch {
		case err == nil:
			if err := o.note(p, source, require, rid, known); err != nil {
				return nil, err
			}
		case !known:
			return nil, &control.Error{Code: control.CodeNotFound, Message: err.Error()}
		}
	}
	w := o.works.start(p, require != control.Local)
	if safe {
		return nil, nil
	}
	return &promise{Pointer: p, name: name(file), work: w, sent: w.see().sent}, nil
}

func name(file control.File) string {
	if file.Name != "" {
		return file.Name
	}
	return file.OID.String()
}

// note writes into the index that an object is to be stored, and where its file is.
func (o *Objects) note(p blobstore.Pointer, s friend.ObjectSource, require control.Requirement, rid radicle.RID, known bool) error {
	now := time.Now()
	if !known {
		ring, err := o.opt.Keys.Keyring()
		if err != nil {
			return err
		}
		known = !o.index.add(friend.Object{
			Pointer: p, Salt: ring.Current(), Require: string(require), Source: s, Added: now, Pending: now,
		})
	}
	if known {
		o.index.edit(p.OID, func(row *friend.Object) {
			row.Source, row.Require = s, string(require)
			if row.Pending.IsZero() {
				row.Pending = now
			}
		})
	}
	if !rid.IsZero() {
		o.index.belongs(p, rid)
	}
	return nil
}

// Hash reads a file for its name.
func Hash(ctx context.Context, path string) (blobstore.Pointer, error) {
	f, err := os.Open(path)
	if err != nil {
		return blobstore.Pointer{}, err
	}
	defer f.Close() // it was only read
	return hashed(ctx, f, func(int64) {})
}

package swarm

import (
	"context"
	"crypto/sha256"
	"hash"
	"io"
	"sync"

	"radswarm/blobstore"
	"radswarm/blobstore/object"
)

// sink is where the plaintext goes: hashed and written side by side.
type sink struct {
	dst      io.Writer
	in       chan *stripe
	done     chan error
	sum      hash.Hash // nil: not wanted
	progress func(int64)
	written  int64
	pool     sync.Pool
	size     int
}

func newSink(dst io.Writer, opt FetchOptions) *sink {
	k := &sink{dst: dst, in: make(chan *stripe), done: make(chan error, 1), progress: opt.Progress}
	if !opt.SkipOID {
		k.sum = sha256.New()
	}
	return k
}

// skip hashes what dst has already, and returns the stripe that follows it.
func (k *sink) skip(o *object.Object, prefix io.Reader) (int64, error) {
	l := o.Sealer().Layout()
	k.size = o.Coding().K()*l.PlainSize() + blobstore.ChunkOverhead
	if prefix == nil {
		return 0, nil
	}
	into := io.Discard
	if k.sum != nil {
		into = k.sum
	}
	n, err := io.Copy(into, io.LimitReader(prefix, l.Size()))
	if err != nil {
		return 0, err
	}
	if n != Resume(o, n) {
		return 0, &blobstore.BoundsError{What: "bytes of whole stripes", Got: n, Min: Resume(o, n), Max: Resume(o, n)}
	}
	k.written = n
	if n == l.Size() {
		return o.Coding().Stripes(), nil
	}
	return n / int64(o.Coding().K()*l.PlainSize()), nil
}

// buffer returns memory for a stripe of plaintext.
func (k *sink) buffer() []byte {
	if b, ok := k.pool.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return make([]byte, 0, k.size)
}

// run takes stripes until there are no more, or ctx is done.
func (k *sink) run(ctx context.Context) (err error) {
	defer func() { k.done <- err }()
	hashed := make(chan []byte)
	ready := make(chan struct{})
	var hashing sync.WaitGroup
	hashing.Go(func() {
		for b := range hashed {
			if k.sum != nil {
				_, _ = k.sum.Write(b) // a hash never fails
			}
			ready <- struct{}{}
		}
	})
	defer hashing.Wait()
	defer close(hashed)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case st, ok := <-k.in:
			if !ok {
				return nil
			}
			hashed <- st.plain
			_, err := k.dst.Write(st.plain)
			<-ready
			if err != nil {
				return err
			}
			k.written += int64(len(st.plain))
			k.pool.Put(&st.plain)
			if k.progress != nil {
				k.progress(k.written)
			}
		}
	}
}

// finish waits until everything is written.
func (k *sink) finish() error {
	close(k.in)
	return <-k.done
}

func (k *sink) check(want blobstore.OID) error {
	if k.sum == nil {
		return nil
	}
	if got := blobstore.OID(k.sum.Sum(nil)); got != want {
		return &blobstore.OIDError{Want: want, Got: got}
	}
	return nil
}

package swarm_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/manifest"
	"radswarm/blobstore/object"
	"radswarm/blobstore/share"
	"radswarm/blobstore/swarm"
	"radswarm/radicle"
)

// film is an object with all its shares.
type film struct {
	plain  []byte
	object *object.Object
	m      *manifest.Manifest
	shares [][]byte
	repair blobstore.RepairKey
}

func newFilm(t testing.TB, size, k, n int) *film {
	t.Helper()
	f := &film{plain: make([]byte, size)}
	random := rand.NewChaCha8([32]byte{byte(k), byte(n)})
	_, _ = random.Read(f.plain)
	p := blobstore.Params{OID: sha256.Sum256(f.plain), Size: int64(size), Pad: blobstore.PadPadme}
	ck, err := blobstore.NewDomainSecret([32]byte{1}).ContentKey(p)
	if err != nil {
		t.Fatal(err)
	}
	if f.object, err = object.New(ck, p, k); err != nil {
		t.Fatal(err)
	}
	f.repair = ck.Repair()
	buffers, writers := make([]bytes.Buffer, n), make([]io.Writer, n)
	for i := range writers {
		writers[i] = &buffers[i]
	}
	if f.m, err = f.object.Encode(t.Context(), bytes.NewReader(f.plain), writers, object.Options{}); err != nil {
		t.Fatal(err)
	}
	for i := range buffers {
		f.shares = append(f.shares, buffers[i].Bytes())
	}
	return f
}

// source returns share i at a holder.
func (f *film) source(i int, h blobstore.Holder) swarm.Source {
	root, _ := f.m.Root(i)
	return swarm.Source{DID: did(i), Holder: h, Index: i, Name: blobstore.ShareName{Root: root}}
}

// sources returns share i at the i-th holder, all of them at once. A nil holder is none.
func (f *film) sources(holders ...*link) <-chan swarm.Source {
	all := make(chan swarm.Source, len(holders))
	for i, h := range holders {
		if h != nil {
			all <- f.source(i, h)
		}
	}
	close(all)
	return all
}

// links returns a holder of each share, all as fast.
func (f *film) links() []*link {
	links := make([]*link, len(f.shares))
	for i := range links {
		links[i] = newLink(f.shares[i], 40*time.Millisecond, 10e6/8)
	}
	return links
}

func did(i int) (d radicle.DID) {
	d[0], d[31] = byte(i), 1
	return d
}

// link is a holder of one share behind a line with a round trip and a rate that may change once.
type link struct {
	blobstore.Holder
	data    []byte
	rtt     time.Duration
	rate    float64 // bytes/s
	then    float64 // from change on
	change  time.Duration
	start   time.Time
	busy    chan struct{}
	mu      sync.Mutex
	sent    int64
	altered func([]byte) // of what is sent
}

func newLink(data []byte, rtt time.Duration, rate float64) *link {
	return &link{data: data, rtt: rtt, rate: rate, then: rate, change: math.MaxInt64, start: time.Now(), busy: make(chan struct{}, 1)}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// takes returns how long n bytes take from now on.
func (l *link) takes(n int) time.Duration {
	left := l.change - time.Since(l.start)
	if left <= 0 {
		return seconds(float64(n) / l.then)
	}
	first := left.Seconds() * l.rate
	if first >= float64(n) {
		return seconds(float64(n) / l.rate)
	}
	return left + seconds((float64(n)-first)/l.then)
}

func seconds(s float64) time.Duration {
	if s > 1e9 {
		return math.MaxInt64 / 4
	}
	return time.Duration(s * float64(time.Second))
}

func (l *link) Get(ctx context.Context, _ blobstore.ShareName, ranges []blobstore.Range, visit func(int, []byte) error) error {
	if err := pause(ctx, l.rtt/2); err != nil {
		return err
	}
	type arrival struct {
		i  int
		at time.Time
	}
	arrivals := make(chan arrival, len(ranges))
	failed := make(chan error, 1)
	var sending sync.WaitGroup
	sending.Go(func() {
		defer close(arrivals)
		for i, r := range ranges {
			select {
			case l.busy <- struct{}{}:
			case <-ctx.Done():
				return
			}
			err := pause(ctx, l.takes(r.Len))
			<-l.busy
			if err != nil {
				failed <- err
				return
			}
			l.mu.Lock()
			l.sent += int64(r.Len)
			l.mu.Unlock()
			arrivals <- arrival{i, time.Now().Add(l.rtt / 2)}
		}
	})
	defer sending.Wait()
	for a := range arrivals {
		if err := pause(ctx, time.Until(a.at)); err != nil {
			return err
		}
		b := bytes.Clone(l.data[ranges[a.i].Off:][:ranges[a.i].Len])
		l.alter(b)
		if err := visit(a.i, b); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (l *link) alter(b []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.altered != nil {
		l.altered(b)
	}
}

func (l *link) Prove(ctx context.Context, _ blobstore.ShareName, ranges []blobstore.Range) ([][]byte, error) {
	if err := pause(ctx, l.rtt); err != nil {
		return nil, err
	}
	var outboard bytes.Buffer
	h := share.NewHasher(&outboard)
	_, _ = h.Write(l.data)
	if _, err := h.Root(); err != nil {
		return nil, err
	}
	p, err := share.NewProver(bytes.NewReader(l.data), bytes.NewReader(outboard.Bytes()), int64(len(l.data)))
	if err != nil {
		return nil, err
	}
	proofs := make([][]byte, len(ranges))
	for i, r := range ranges {
		if proofs[i], err = p.AppendProof(nil, r); err != nil {
			return nil, err
		}
	}
	return proofs, nil
}

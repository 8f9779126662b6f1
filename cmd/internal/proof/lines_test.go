package proof

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/net"
	"radswarm/blobstore/net/nettest"
	"radswarm/blobstore/object"
	"radswarm/blobstore/swarm"
	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

// The lines of a town: 40 ms there and back, 20 Mbit/s to and from each friend.
const (
	roundTrip = 40 * time.Millisecond
	lineRate  = 20e6 / 8
)

// town is somebody with friends in memory, each behind a line.
type town struct {
	self    net.Network
	owner   radicle.DID
	friends []net.Network
}

func newTown(t *testing.T, friends int) *town {
	t.Helper()
	w, backend := &town{owner: blobtest.Person(0).NID().DID()}, nettest.New(net.Memory)
	w.self = backend.Join(t, 255, nettest.Handler{})
	for i := range friends {
		h := (&blobtest.Memory{}).For(w.owner)
		f := backend.Join(t, byte(i), nettest.Handler{Serves: func(ctx context.Context, _ net.Conn, s net.Stream) {
			if m, err := wire.ReadFirst(ctx, s); err == nil && m.Kind() == (&wire.Open{}).Kind() {
				_ = wire.Serve(ctx, s, h) // what became of it the other side says
			}
		}})
		line := net.Conditions{Delay: roundTrip / 2, Rate: lineRate}
		backend.Memory.Set(f.Device(), w.self.Device(), line)
		backend.Memory.Set(w.self.Device(), f.Device(), line)
		nettest.Connect(t, w.self, f)
		w.friends = append(w.friends, f)
	}
	return w
}

func (w *town) people() (all []swarm.Person) {
	for i, f := range w.friends {
		client := &wire.Client{Open: func(ctx context.Context) (wire.Stream, error) {
			conn, err := w.self.Connect(ctx, f.Device(), f.Addrs())
			if err != nil {
				return nil, err
			}
			return conn.Open(ctx)
		}}
		all = append(all, swarm.Person{DID: radicle.DID{byte(i), 31: 1}, Holder: client})
	}
	return all
}

// What put and get of 64 MiB at 3 of 10 take over lines, beside what the lines carry at least: for a put one share on each, for
// a get the object over all of them.
func TestLines(t *testing.T) {
	if testing.Short() {
		t.Skip("64 MiB")
	}
	plain := make([]byte, 64<<20)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(plain)
	p := blobstore.Params{OID: sha256.Sum256(plain), Size: int64(len(plain)), Pad: blobstore.PadPadme}
	ck, err := blobstore.NewDomainSecret([32]byte{1}).ContentKey(p)
	if err != nil {
		t.Fatal(err)
	}
	o, err := object.New(ck, p, wanted)
	if err != nil {
		t.Fatal(err)
	}
	m, err := o.Commit(t.Context(), bytes.NewReader(plain), all, object.Options{SkipOID: true})
	if err != nil {
		t.Fatal(err)
	}
	share := o.Coding().ShareLen(0)
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, all)
		people := w.people()
		start := time.Now()
		r, err := swarm.Send(t.Context(), &swarm.Sending{
			Object: o, Manifest: m, Repair: ck.Repair(), Owner: w.owner, Shares: all, Safe: all, People: people,
			File: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(plain)), nil },
		}, swarm.SendOptions{})
		if err != nil || len(r.Missing) > 0 {
			t.Fatal(err, r.Failed)
		}
		overLines(t, "put", time.Since(start), share, all)
		start = time.Now()
		if _, err := swarm.Fetch(t.Context(), o, sourcesOf(t, ck.Repair(), m, r.Placed, people), io.Discard, swarm.FetchOptions{}); err != nil {
			t.Fatal(err)
		}
		overLines(t, "get", time.Since(start), share*wanted/all, all)
	})
}

// overLines prints a time beside that of so many bytes on each line.
func overLines(t *testing.T, what string, took time.Duration, bytes int64, lines int) {
	t.Helper()
	least := roundTrip + time.Duration(float64(bytes)/lineRate*float64(time.Second))
	t.Logf("%s: %.2f s over %d lines, %.2f × what they carry at least", what, took.Seconds(), lines, took.Seconds()/least.Seconds())
}

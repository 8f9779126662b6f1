package objects_test

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/disk"
	"radswarm/blobstore/wire"
	"radswarm/cmd/internal/control"
)

// disks are friends with real disks, behind real sockets that speak PROTOCOL.md. A town that has their addresses may be in another
// process.
type disks struct {
	dirs   []string
	stores []*disk.Store
	socket string // folder of sockets
	whole  atomic.Int64
	taken  atomic.Int64

	mu    sync.Mutex
	times map[blobstore.ShareName]int // that a share was taken whole
}

func newDisks(t testing.TB, n int) *disks {
	t.Helper()
	dir, err := os.MkdirTemp("", "rs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	d := &disks{socket: dir, times: map[blobstore.ShareName]int{}}
	for i := range n {
		store := filepath.Join(t.TempDir(), "shares")
		s, err := disk.Create(t.Context(), store, disk.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		d.dirs, d.stores = append(d.dirs, store), append(d.stores, s)
		d.serve(t, i)
	}
	return d
}

func socketOf(dir string, i int) string { return filepath.Join(dir, fmt.Sprint(i)) }

// serve answers what Ana asks of friend i.
func (d *disks) serve(t testing.TB, i int) {
	l, err := net.Listen("unix", socketOf(d.socket, i))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	h := &onceHolder{&countingHolder{d.stores[i].For(ana().NID().DID(), 1<<40), &d.taken}, d}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				if _, err := wire.ReadFirst(ctx, c); err == nil {
					_ = wire.Serve(ctx, c, h) // what came of it is the other side's to say
				}
			})
		}
	})
	t.Cleanup(func() { cancel(); _ = l.Close(); serving.Wait() })
}

// client is friend i as Ana reaches them.
func client(dir string, i int) blobstore.Holder {
	return &wire.Client{Open: func(ctx context.Context) (wire.Stream, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socketOf(dir, i))
	}}
}

// joined is a town of n friends behind sockets.
func joined(dir string, n int) *town {
	w := newTown(n)
	for i, one := range w.all {
		one.holder.Set(client(dir, i))
	}
	return w
}

// onceHolder counts how often each share is taken whole.
type onceHolder struct {
	*countingHolder
	d *disks
}

func (h *onceHolder) Put(ctx context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error) {
	outcomes, err := h.countingHolder.Put(ctx, offers)
	for i, o := range outcomes {
		if o.Err == nil && !o.Had {
			h.d.mu.Lock()
			h.d.times[offers[i].Name]++
			h.d.mu.Unlock()
			h.d.whole.Add(1)
		}
	}
	return outcomes, err
}

// A byte that flips on a friend's disk is seen by the ordinary verification, and healed where it is.
func TestAByteFlipsOnADisk(t *testing.T) {
	d := newDisks(t, 5)
	h, f := newHome(t, joined(d.socket, 5)), newFile(t, 3<<20, 1)
	h.mustPut(f, control.Full)
	flip(t, d.dirs[2])
	v := h.verify(control.Verify{})
	if s := states(v); !v.Whole || s["held"] != 4 || s["missing"] != 1 {
		t.Fatalf("%+v", v)
	}
	flip(t, d.dirs[3])
	if v = h.verify(control.Verify{Heal: true}); v.Safety.Placed < 4 {
		t.Fatalf("%+v", v)
	}
	until(t, "everything is there again", func() bool { return h.Counts().Full == 1 })
	if v = h.verify(control.Verify{}); states(v)["held"] != 5 || !v.Safety.Full {
		t.Fatalf("%+v", v)
	}
	h.mustGet(f)
}

// flip changes one byte in the largest file of a folder.
func flip(t *testing.T, dir string) {
	t.Helper()
	var largest string
	var size int64
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Size() > size && filepath.Ext(path) == ".share" {
			largest, size = path, info.Size()
		}
		return err
	})
	if err != nil || largest == "" {
		t.Fatalf("%q: %v", largest, err)
	}
	b, err := os.ReadFile(largest)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/3] ^= 1
	if err := os.Chmod(largest, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(largest, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

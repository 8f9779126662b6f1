package objects_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore/blobtest"
	"radswarm/cmd/internal/control"
)

// Where one share is missing and the file is not here, the share is made from others: nothing of the object comes to this disk, and
// nobody is asked for a byte before somebody takes it.
func TestOneShareIsRebuiltWithoutTheFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := newHome(t, newTown(6)), newFile(t, 2<<20, 1)
		late := h.town.all[0]
		h.town.goAway(late)
		h.mustPut(f, control.Safe)
		until(t, "five have theirs", func() bool { return h.List().Objects[0].Placed == 5 })
		for _, path := range []string{f.path, filepath.Join(h.dir, "pending", f.OID.String())} {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
		var all []*reading
		for _, one := range h.town.all[1:] {
			r := &reading{Holder: one.view()}
			one.holder.Set(r)
			all = append(all, r)
		}
		read := func() (n int64) {
			for _, r := range all {
				n += r.bytes.Load()
			}
			return n
		}
		late.holder.Set(blobtest.Full(late.view()))
		h.town.set(late, func(n *neighbour) { n.online, n.seen = true, time.Now() })
		pause(t, time.Minute)
		if n := read(); n != 0 {
			t.Errorf("%d bytes were read for nobody", n)
		}
		late.holder.Set(late.view())
		until(t, "all have theirs", func() bool { return h.Counts().Full == 1 && h.Counts().Pending == 0 })
		if n := read(); n == 0 || n > f.Size*5/4 {
			t.Errorf("%d bytes were read", n)
		}
		if _, err := os.Stat(filepath.Join(h.dir, "fetching")); !os.IsNotExist(err) {
			t.Errorf("the object was brought back for it: %v", err)
		}
		if late.store.Len() != 1 {
			t.Errorf("%d shares", late.store.Len())
		}
		h.mustGet(f)
		h.close()
	})
}

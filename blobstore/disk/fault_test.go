package disk

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"radswarm/blobstore"
)

// Every operation of the file system fails once, n = 0, 1, 2 … until none does. What was acknowledged holds, the same store goes
// on, and after it is opened again everything is in order.
func TestEveryOperationFails(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 7
	}
	n, ops := 0, 0
	for ; ; n += step {
		w, disk, count := newWorld(9), newMemFS(), 0
		fsys := hookFS{disk, func(op, name string) error {
			if count++; count == n+1 {
				return &pathError{op, name}
			}
			return nil
		}}
		index := filepath.Join(t.TempDir(), indexFile)
		err := w.scenario(t, disk, fsys, index)
		if ops = count; ops <= n {
			if err != nil {
				t.Errorf("no fault: %v", err)
			}
			break
		}
		if err != nil && !errors.Is(err, errFault) {
			t.Errorf("fault %d: %v", n, err)
		}
		s, err := startMem(t, disk, index, w.options())
		if err != nil {
			t.Fatalf("fault %d: opened again: %v", n, err)
		}
		w.check(t, s)
		_ = s.index.close()
		if t.Failed() {
			t.Fatalf("fault %d", n)
		}
	}
	t.Logf("%d operations", ops)
	if ops < 150 {
		t.Errorf("only %d operations", ops)
	}
}

// pathError says which operation was made to fail. It is errFault.
type pathError struct{ op, name string }

func (e *pathError) Error() string { return "fault: " + e.op + " " + e.name }
func (e *pathError) Unwrap() error { return errFault }

// scenario does one of everything. It goes on after a fault with what does not depend on it.
func (w *world) scenario(t *testing.T, disk *memFS, fsys fileSystem, index string) error {
	s, err := startMem(t, fsys, index, w.options())
	if err != nil {
		return err
	}
	defer s.index.close()
	ctx := t.Context()
	const ana, bo = 0, 1
	var errs []error
	for _, do := range []func() error{
		func() error { return w.put(ctx, s, ana, 0, 1, 2, 3) },
		func() error { return w.put(ctx, s, bo, 2) },
		func() error { return w.delete(ctx, s, ana, 2) },
		func() error { return w.put(ctx, s, ana, 4, 5) },
		func() error { return w.look(ctx, s, ana, 4) },
		func() error { return w.delete(ctx, s, ana, 4, 5) },
		func() error { return w.put(ctx, s, bo, 4) },
		func() error { return w.put(ctx, s, bo, 3) },
		func() error { return w.rotAndScrub(ctx, s, disk, 3) },
		func() error { return w.put(ctx, s, ana, 3) },
		func() error { w.clock = w.clock.Add(TrashTime + time.Hour); _, err := s.Sweep(ctx); return err },
		func() error { return w.delete(ctx, s, ana, 0, 1) },
		func() error { return w.look(ctx, s, bo, 4) },
	} {
		errs = append(errs, do())
	}
	return errors.Join(errs...)
}

// rotAndScrub turns a bit of a share and lets Scrub find it.
func (w *world) rotAndScrub(ctx context.Context, s *Store, disk *memFS, i int) error {
	name := w.shares[i].Name
	if _, _, n, err := disk.find("rot", sharePath(name, held, 0)); err == nil {
		n.now[w.shares[i].Len()/2] ^= 1
	}
	w.rotten[i] = true
	for _, err := range s.Scrub(ctx, w.clock, 0) {
		if err != nil {
			return err
		}
	}
	answers, err := s.For(w.owners[0], NoLimit).Have(ctx, []blobstore.ShareName{name}, blobstore.Nonce{})
	if err == nil && answers[0].Len != 0 {
		return errors.New("a share that rotted is held")
	}
	return err
}

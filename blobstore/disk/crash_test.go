package disk

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"
)

var errFault = errors.New("fault")

// startMem opens a store in memory, but for its index.
func startMem(t testing.TB, fsys fileSystem, index string, options Options) (*Store, error) {
	t.Helper()
	s := newStore(fsys, options)
	err := s.start(t.Context(), index)
	if err != nil {
		if s.index != nil {
			_ = s.index.close()
		}
		return nil, err
	}
	return s, nil
}

// Power goes at any operation, and comes back to what the worst disk kept. Nothing acknowledged is lost, nothing deleted comes
// back, and nothing is left over: with the index as it was, and without one.
func TestLossOfPower(t *testing.T) {
	seeds, rounds := 6, 20
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		random := rand.New(rand.NewPCG(uint64(seed), 2))
		w, disk := newWorld(uint64(seed)), newMemFS()
		dir := t.TempDir()
		for round := range rounds {
			left := random.IntN(150)
			dead := false
			fsys := hookFS{disk, func(string, string) error {
				if left--; left < 0 {
					dead = true
				}
				if dead {
					return errFault
				}
				return nil
			}}
			index := filepath.Join(dir, indexFile)
			if random.IntN(3) == 0 {
				index = filepath.Join(t.TempDir(), indexFile)
			}
			s, err := startMem(t, fsys, index, w.options())
			w.disk = disk
			for err == nil {
				err = w.act(t.Context(), s)
			}
			if !errors.Is(err, errFault) {
				t.Fatalf("seed %d, round %d: %v", seed, round, err)
			}
			if s != nil {
				_ = s.index.close()
			}
			disk = disk.crash(random)
			s, err = startMem(t, disk, index, w.options())
			if err != nil {
				t.Fatalf("seed %d, round %d: %v", seed, round, err)
			}
			w.check(t, s)
			_ = s.index.close()
			if t.Failed() {
				t.Fatalf("seed %d, round %d", seed, round)
			}
			dir = filepath.Dir(index)
		}
	}
}

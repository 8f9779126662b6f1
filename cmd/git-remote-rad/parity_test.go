//go:build unix

package main_test

import (
	"flag"
	"os/exec"
	"testing"

	"radswarm/radicle/radtest"
)

var (
	same   = flag.Bool("stock", false, "compare Radicle's helper with itself, to see that the stories are reproducible")
	update = flag.Bool("update", false, "write the deliberate differences down as they are now")
)

// archives are the stories that both helpers tell, by file.
var archives = []string{"fetch", "push", "refs", "keys", "patch", "canonical", "options", "places", "broken"}

// Whatever git does with rad:// remotes ends the same way with Radicle's helper and with ours: exit codes, every byte that is
// printed, refs, objects, configurations, the cache of patches. Where it does not, that is meant: the reason stands in
// deliberate, the difference itself in ours.txtar.
func TestParity(t *testing.T) {
	radtest.Tools(t)
	want := readDifferences(t)
	if *update && !*same {
		t.Cleanup(func() { want.write(t) })
	}
	for _, archive := range archives {
		t.Run(archive, func(t *testing.T) {
			for _, s := range readStories(t, archive) {
				t.Run(s.name, func(t *testing.T) {
					t.Parallel()
					s.need(t)
					other := ours
					if *same {
						other = stock
					}
					got := diff(s.tellOnce(t, stock(t)), s.tellOnce(t, other(t)))
					if *same {
						if got != "" {
							t.Errorf("Radicle's helper differs from itself:\n%s", got)
						}
						return
					}
					want.check(t, archive+"/"+s.name, got)
				})
			}
		})
	}
}

// need skips a story that needs a program which is not here.
func (s story) need(t testing.TB) {
	t.Helper()
	for _, name := range s.needs {
		if _, err := exec.LookPath(name); err != nil {
			radtest.Missing(t, name, "needs "+name)
		}
	}
}

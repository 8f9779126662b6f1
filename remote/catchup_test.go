package remote_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"radswarm/remote"
)

// What rad init or Radicle's helper brought is stored by the next push, even if that has nothing to push; once.
func TestCatchUp(t *testing.T) {
	for _, more := range []bool{false, true} {
		w := newWorld(t)
		film := w.commitBig(t, "film.mp4", "a film", true)
		lost := w.commitBig(t, "lost.mp4", "a lost one", false)
		w.push(t, "HEAD:refs/heads/master").expect(t, "ok refs/heads/master\n\n", 0)
		m := newMemory()
		w.big = m
		before := w.signatures(t)
		next := func() answer {
			if more {
				w.commit(t, "README", fmt.Sprint(len(m.kept))+t.Name()+fmt.Sprint(m.records))
				return w.push(t, "HEAD:refs/heads/master")
			}
			return w.run(t, []string{"rad", w.url()}, "list for-push\n\n")
		}
		got := next()
		if got.code != 0 || !m.files[film] || m.kept[lost].Stored || len(m.sighted) != 1 {
			t.Errorf("more %v: exit %d, stored %v\n%s", more, got.code, m.files, got.err)
		}
		got.says(t, "storing film.mp4\n", "of earlier pushes, big files are neither stored nor here: 1\n", "film.mp4: with 3 friends, of whom 1 may vanish\n")
		if w.signatures(t) != before+1 || w.ref(t, "refs/notes/swarm").IsZero() {
			t.Error("nothing is recorded")
		}
		m.sighted = nil
		if got := next(); got.code != 0 || m.sighted != nil {
			t.Errorf("again: exit %d\n%s", got.code, got.err)
		}
	}
}

// Who has no object of git-lfs here is not asked anything.
func TestNothingToCatchUp(t *testing.T) {
	w := newWorld(t)
	w.commitBig(t, "film.mp4", "a film", false)
	w.push(t, "HEAD:refs/heads/master").expect(t, "ok refs/heads/master\n\n", 0)
	m := newMemory()
	w.big = m
	if got := w.run(t, []string{"rad", w.url()}, "list for-push\n\n"); got.code != 0 || m.looked != nil {
		t.Errorf("exit %d, looked at %v\n%s", got.code, m.looked, got.err)
	}
	if err := os.MkdirAll(filepath.Join(w.dir, ".git/lfs/objects/aa"), 0o755); err != nil {
		t.Fatal(err)
	}
	canonical := remote.URL{RID: w.rid}.String()
	if got := w.run(t, []string{"rad", canonical}, "list\n\n"); got.code != 0 || m.looked != nil {
		t.Errorf("a fetch looks at %v\n%s", m.looked, got.err)
	}
}

// says checks what people are told.
func (a answer) says(t *testing.T, said ...string) {
	t.Helper()
	for _, s := range said {
		if !strings.Contains(a.err, s) {
			t.Errorf("people are told\n%swant %q", a.err, s)
		}
	}
}

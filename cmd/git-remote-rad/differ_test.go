package main_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// deliberate says why a story, archive/name, ends otherwise with our helper. What differs stands in ours.txtar, lines of Radicle's
// helper with -, ours with +.
var deliberate = map[string]string{}

// notYet are the stories that our helper does not tell as Radicle's does, though it should, and what is missing. They must fail.
var notYet = map[string]string{}

// differences are the contents of ours.txtar, by story.
type differences struct {
	sync.Mutex
	of map[string]string
}

func readDifferences(t testing.TB) *differences {
	t.Helper()
	d := &differences{of: make(map[string]string)}
	parts, err := readArchive("ours")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		d.of[p.name] = p.text
		if deliberate[p.name] == "" && !*update {
			t.Errorf("ours.txtar has a difference of %s without a reason in the table", p.name)
		}
	}
	return d
}

// check holds a difference against what was written down.
func (d *differences) check(t testing.TB, name, got string) {
	t.Helper()
	d.Lock()
	defer d.Unlock()
	why, meant := deliberate[name]
	missing, later := notYet[name]
	switch {
	case later && got == d.of[name]:
		t.Errorf("it is as it should be: take it out of notYet (%s)", missing)
	case later:
		t.Skipf("not yet: %s\n%s", missing, got)
	case meant && got == "":
		t.Errorf("there is no difference any more, but there was a reason: %s", why)
	case meant && *update:
		d.of[name] = got
	case meant && got != d.of[name]:
		t.Errorf("differs from Radicle's helper (-), and otherwise than meant (%s):\n%s\n--- meant was\n%s", why, got, d.of[name])
	case !meant && got != "":
		t.Errorf("Radicle's helper (-) and ours (+) differ:\n%s", got)
	}
}

// write writes ours.txtar.
func (d *differences) write(t testing.TB) {
	t.Helper()
	var b strings.Builder
	b.WriteString("What our helper does otherwise than Radicle's (-), and means to. The reasons stand in cmd/git-remote-rad/differ_test.go;\n" +
		"go test ./cmd/git-remote-rad -run TestParity -update writes this file.\n")
	for _, name := range slices.Sorted(maps.Keys(d.of)) {
		if deliberate[name] != "" {
			fmt.Fprintf(&b, "\n-- %s --\n%s", name, d.of[name])
		}
	}
	if err := os.WriteFile(filepath.Join(storyDir, "ours.txtar"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

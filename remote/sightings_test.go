package remote_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"radswarm/remote"
)

// The recorder hears where the pushed commits have each object, and what their attributes say; not the working tree.
func TestSightings(t *testing.T) {
	w := newWorld(t)
	m := newMemory()
	w.big = m
	old := w.commitBig(t, "old.mp4", "an old one", true)
	w.git(t, w.dir, "rm", "-q", "old.mp4")
	film := w.commitBig(t, "film.mp4", "a film", true)
	w.commitBig(t, "copy.mp4", "a film", true)
	if err := os.MkdirAll(filepath.Join(w.dir, "private"), 0o755); err != nil {
		t.Fatal(err)
	}
	secret := w.commitBig(t, "private/ä b.mov", "a secret", true)
	w.commit(t, ".gitattributes", "private/** swarm-zone=private\n*.mp4 swarm-zone=follow\n")
	write(t, filepath.Join(w.dir, ".gitattributes"), "* swarm-zone=public\n")
	w.push(t, "HEAD:refs/heads/master").expect(t, "ok refs/heads/master\n\n", 0)
	want := []remote.Sighting{
		{Object: film, Paths: []string{"copy.mp4", "film.mp4"}, Asked: []string{"follow", "follow"}},
		{Object: old, Paths: []string{"old.mp4"}, Asked: []string{"follow"}},
		{Object: secret, Paths: []string{"private/ä b.mov"}, Asked: []string{"private"}},
	}
	if d := cmp.Diff(want, m.sighted); d != "" {
		t.Error(d)
	}
}

func TestSightingsWithoutAttributes(t *testing.T) {
	w := newWorld(t)
	m := newMemory()
	m.truth = "Bo will be able to read\x1b[2J film.mp4"
	w.big = m
	film := w.commitBig(t, "film.mp4", "a film", true)
	got := w.push(t, "HEAD:refs/heads/master")
	got.expect(t, "ok refs/heads/master\n\n", 0, "Bo will be able to read", "hint: rad swarm zone\n")
	if strings.Contains(got.err, "\x1b[2J") {
		t.Errorf("%q", got.err)
	}
	if d := cmp.Diff([]remote.Sighting{{Object: film, Paths: []string{"film.mp4"}}}, m.sighted); d != "" {
		t.Error(d)
	}
	m.sighted = nil
	w.commit(t, "README", "more")
	w.push(t, "HEAD:refs/heads/master").expect(t, "ok refs/heads/master\n\n", 0)
	if m.sighted != nil {
		t.Errorf("a push without pointers tells of %v", m.sighted)
	}
}

// Two branches that do not agree on who may read give nobody anything.
func TestConflictingAttributes(t *testing.T) {
	w := newWorld(t)
	m := newMemory()
	w.big = m
	film := w.commitBig(t, "film.mp4", "a film", true)
	w.git(t, w.dir, "branch", "open")
	w.commit(t, ".gitattributes", "*.mp4 swarm-zone=private\n")
	w.push(t, "HEAD:refs/heads/master", "open:refs/heads/open").expect(t, "ok refs/heads/master\nok refs/heads/open\n\n", 0)
	if d := cmp.Diff([]remote.Sighting{{Object: film, Paths: []string{"film.mp4"}, Asked: []string{"conflicting"}}}, m.sighted); d != "" {
		t.Error(d)
	}
}

// git ignores a line of more than 2,047 bytes, and says so on standard error only: who may read is not known then.
func TestAttributeLineTooLong(t *testing.T) {
	w := newWorld(t)
	m := newMemory()
	w.big = m
	w.commitBig(t, "film.mp4", "a film", true)
	w.commit(t, ".gitattributes", "*.mp4 swarm-zone=shared:"+strings.Repeat("x", 2100)+"\n")
	before := w.ref(t, "refs/heads/master")
	w.push(t, "HEAD:refs/heads/master").expect(t, "", 1, "error: who may read the big files is not known: ", "hint: break the long lines")
	if w.ref(t, "refs/heads/master") != before || m.sighted != nil {
		t.Error("a push that was refused has done something")
	}
}

// Records that cannot be made end a push, but one that asks for nothing.
func TestNotRecorded(t *testing.T) {
	w := newWorld(t)
	m := newMemory()
	m.unrecorded = errors.New("the daemon is locked")
	w.big = m
	w.commitBig(t, "film.mp4", "a film", true)
	w.push(t, "HEAD:refs/heads/master").expect(t, "", 1, "error: big files cannot be recorded: the daemon is locked\nhint: push again")
	t.Setenv("GIT_CONFIG_COUNT", "1")
	t.Setenv("GIT_CONFIG_KEY_0", "swarm.require")
	t.Setenv("GIT_CONFIG_VALUE_0", "local")
	w.push(t, "HEAD:refs/heads/master").expect(t, "ok refs/heads/master\n\n", 0, "the daemon is locked")
}

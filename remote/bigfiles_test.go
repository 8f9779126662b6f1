package remote_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"radswarm/blobstore"
	"radswarm/radicle"
	"radswarm/radicle/radtest"
	"radswarm/radicle/storage"
	"radswarm/remote"
)

// memory is BigFiles that keeps what it is given in memory.
type memory struct {
	kept    map[blobstore.Pointer]remote.Safety
	broken  error                      // why nothing can be stored
	require []remote.Requirement       // what was asked for
	records map[string]int             // how often Record was called, and Recorded
	looked  []blobstore.Pointer        // of the last question
	files   map[blobstore.Pointer]bool // whose content was read
	sighted []remote.Sighting
	truth   string // that people must read

	unrecorded error // why nothing can be recorded
}

func newMemory() *memory {
	return &memory{kept: make(map[blobstore.Pointer]remote.Safety), records: make(map[string]int), files: make(map[blobstore.Pointer]bool)}
}

func (m *memory) Look(_ context.Context, _ radicle.RID, objects []blobstore.Pointer) ([]remote.Safety, error) {
	m.looked = objects
	var all []remote.Safety
	for _, o := range objects {
		all = append(all, m.kept[o])
	}
	return all, nil
}

func (m *memory) Store(_ context.Context, _ radicle.RID, files []remote.File, require remote.Requirement, w io.Writer) ([]remote.Safety, error) {
	m.require = append(m.require, require)
	if m.broken != nil {
		return nil, m.broken
	}
	var all []remote.Safety
	for _, f := range files {
		content, err := os.ReadFile(f.Path)
		if err != nil || int64(len(content)) != f.Object.Size {
			return nil, fmt.Errorf("%s: %d bytes, %w", f.Name, len(content), err)
		}
		fmt.Fprintf(w, "storing %s\n", f.Name)
		m.kept[f.Object] = remote.Safety{Stored: true, People: 3, Spare: 1}
		m.files[f.Object] = true
		all = append(all, m.kept[f.Object])
	}
	return all, nil
}

func (m *memory) Sighted(_ context.Context, _ radicle.RID, sightings []remote.Sighting, say func(text, hint string)) error {
	if m.unrecorded != nil {
		return m.unrecorded
	}
	m.sighted = append(m.sighted, sightings...)
	if m.truth != "" {
		say(m.truth, "rad swarm zone")
	}
	return nil
}

func (m *memory) Record(ctx context.Context, _ radicle.RID, tx *storage.Tx) error {
	m.records["record"]++
	_, err := tx.Commit(ctx, "refs/notes/swarm", "Record", func(ctx context.Context, tree *storage.Tree) error {
		if len(m.sighted) == 0 {
			return nil
		}
		return tree.Write(ctx, "ab/record", fmt.Append(nil, len(m.kept)))
	})
	return err
}

func (m *memory) Recorded(context.Context, radicle.RID) { m.records["recorded"]++ }

// commitBig commits a pointer, and puts the content where git-lfs has it, if it is here.
func (w *world) commitBig(t *testing.T, file, content string, here bool) blobstore.Pointer {
	t.Helper()
	sum := sha256.Sum256([]byte(content))
	oid := hex.EncodeToString(sum[:])
	text := fmt.Sprintf("version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n", oid, len(content))
	w.commit(t, file, text)
	if here {
		path := filepath.Join(w.dir, ".git/lfs/objects", oid[:2], oid[2:4], oid)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, path, content)
	}
	p, err := blobstore.ParsePointer([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestBigFilesAreStoredBeforeRefsMove(t *testing.T) {
	w := newWorld(t)
	m := newMemory()
	w.big = m
	w.commit(t, "small", "no pointer")
	w.push(t, "HEAD:refs/heads/master").expect(t, "ok refs/heads/master\n\n", 0)
	if m.looked != nil {
		t.Errorf("a push without pointers asks about %v", m.looked)
	}
	film := w.commitBig(t, "film.mp4", "a film", true)
	song := w.commitBig(t, "song.mp3", "a song", true)
	m.kept[song] = remote.Safety{Stored: true, People: 5, Spare: 2, By: "bo"}
	before := w.signatures(t)
	got := w.push(t, "HEAD:refs/heads/master")
	got.expect(t, "ok refs/heads/master\n\n", 0, "storing film.mp4\n", "film.mp4: with 3 friends, of whom 1 may vanish\n",
		"song.mp3: stored by bo, with 5 of their friends, of whom 2 may vanish\n")
	if !m.files[film] || m.files[song] || m.require[0] != "" {
		t.Errorf("stored %v, wanted %v", m.files, m.require)
	}
	if w.signatures(t) != before+1 || w.ref(t, "refs/notes/swarm").IsZero() {
		t.Error("records are not signed with the push")
	}
	w.push(t, "HEAD:refs/heads/other").expect(t, "ok refs/heads/other\n\n", 0)
	if m.records["recorded"] != 3 {
		t.Errorf("%v", m.records)
	}
	w.check(t)
}

func TestBigFilesThatAreNowhere(t *testing.T) {
	w := newWorld(t)
	m := newMemory()
	w.big = m
	for i := range 7 {
		w.commitBig(t, fmt.Sprintf("clip%d.mp4", i), fmt.Sprint("clip", i), i == 0)
	}
	before := w.ref(t, "refs/heads/master")
	got := w.push(t, "HEAD:refs/heads/master")
	got.expect(t, "", 1, "error: big files that are neither stored nor here: clip1.mp4 (", "and 1 more\nhint: ", "git -c swarm.require=local push")
	if w.ref(t, "refs/heads/master") != before || len(m.kept) != 0 || len(m.records) != 0 {
		t.Error("a push that was refused has done something")
	}
	t.Setenv("GIT_CONFIG_COUNT", "1")
	t.Setenv("GIT_CONFIG_KEY_0", "swarm.require")
	t.Setenv("GIT_CONFIG_VALUE_0", "local")
	got = w.push(t, "HEAD:refs/heads/master")
	got.expect(t, "ok refs/heads/master\n\n", 0, "clip0.mp4: on this disk only\n", "clip1.mp4: neither stored nor here\n", "and 2 more, ")
	if len(m.require) != 0 {
		t.Errorf("local, and asked for %v", m.require)
	}
	t.Setenv("GIT_CONFIG_VALUE_0", "sometimes")
	w.commitBig(t, "more", "more", true)
	w.push(t, "HEAD:refs/heads/master").expect(t, "", 1, "error: swarm.require is `sometimes`: it is local, safe or full\nhint: ")
}

func TestBigFilesThatCannotBeStored(t *testing.T) {
	w := newWorld(t)
	m := newMemory()
	m.broken = errors.New("bo and cy are away")
	w.big = m
	w.commitBig(t, "film.mp4", "a film", true)
	before := w.ref(t, "refs/heads/master")
	w.push(t, "HEAD:refs/heads/master").expect(t, "", 1, "error: big files are not stored: bo and cy are away\nhint: push again")
	if w.ref(t, "refs/heads/master") != before {
		t.Error("the branch has moved")
	}
}

// Without anybody who keeps big files, nothing is said, asked or configured: plain git goes on as if we were not there.
func TestNobodyKeepsBigFiles(t *testing.T) {
	w := newWorld(t)
	w.git(t, w.dir, "remote", "add", "rad", w.url())
	w.commitBig(t, "film.mp4", "a film", false)
	config, err := os.ReadFile(filepath.Join(w.dir, ".git/config"))
	if err != nil {
		t.Fatal(err)
	}
	got := w.run(t, []string{"rad", w.url()}, "list for-push\noption push-option no-sync\npush HEAD:refs/heads/master\n\n")
	if got.code != 0 || strings.Count(got.err, "\n") != 1 || !strings.HasPrefix(got.err, "✓ Canonical reference ") {
		t.Errorf("exit %d\n%s", got.code, got.err)
	}
	after, err := os.ReadFile(filepath.Join(w.dir, ".git/config"))
	if err != nil || string(after) != string(config) {
		t.Errorf("the configuration was changed to\n%s%v", after, err)
	}
}

// With somebody, the working copy is configured before git-lfs asks.
func TestConfiguredForLFS(t *testing.T) {
	w := newWorld(t)
	w.big = newMemory()
	canonical := remote.URL{RID: w.rid}.String()
	w.git(t, w.dir, "remote", "add", "rad", canonical)
	w.run(t, []string{"rad", canonical}, "list\noption cloning true\n\n")
	for key, want := range map[string]string{
		"lfs.customtransfer.rad.path":       "git-lfs-rad",
		"lfs.rad::.standalonetransferagent": "rad",
		"remote.rad.pushurl":                remote.URL{RID: w.rid, NID: radtest.Ana.NID()}.String(),
	} {
		if got := w.git(t, w.dir, "config", key); got != want {
			t.Errorf("%s is %q", key, got)
		}
	}
	w.run(t, []string{canonical, canonical}, "list\n\n") // git ls-remote URL: nothing to configure
}

package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/sigrefs"
	"radswarm/radicle/storage"
)

var (
	ana  = radicle.NewMemorySigner([32]byte(bytes.Repeat([]byte{0xff}, 32)))
	bo   = radicle.NewMemorySigner([32]byte(bytes.Repeat([]byte{0xfe}, 32)))
	then = time.Unix(1671125284, 0)
)

func clock() time.Time { return then }

// document is an identity document as far as this package looks at one: the repository's id is its hash.
const document = `{"delegates":["did:key:z6MknSLrJoTcukLrE435hVNQT4JUhbvWLX4kUzqkEStBU8Vi"],` +
	`"payload":{"xyz.radicle.project":{"defaultBranch":"master","description":"","name":"film"}},"threshold":1}`

func openStorage(tb testing.TB, dir string) *storage.Storage {
	tb.Helper()
	s, err := storage.Open(tb.Context(), dir, storage.Options{Now: clock})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func openRepo(tb testing.TB, s *storage.Storage, rid radicle.RID) *storage.Repo {
	tb.Helper()
	r, err := s.Repository(rid)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = r.Close() })
	return r
}

// newRepo makes a repository with an identity that Radicle would not accept, but that has all that is looked at here.
func newRepo(tb testing.TB) *storage.Repo {
	tb.Helper()
	dir := tb.TempDir()
	s := openStorage(tb, dir)
	rid := radicle.NewRID(gitobj.Hash(gitobj.KindBlob, []byte(document), gitobj.SHA1))
	git(tb, dir, "init", "-q", "--bare", s.Path(rid))
	r := openRepo(tb, s, rid)
	doc := write(tb, r, gitobj.KindBlob, []byte(document))
	embeds := writeTree(tb, r, gitobj.Tree{{Mode: gitobj.ModeFile, Name: "radicle.json", ID: doc}})
	root := writeCommit(tb, r, writeTree(tb, r, gitobj.Tree{{Mode: gitobj.ModeTree, Name: "embeds", ID: embeds}}))
	git(tb, r.Dir(), "update-ref", "refs/rad/id", root.String())
	return r
}

func write(tb testing.TB, w gitobj.Writer, kind gitobj.Kind, data []byte) radicle.Oid {
	tb.Helper()
	id, err := w.Write(tb.Context(), kind, data)
	if err != nil {
		tb.Fatal(err)
	}
	return id
}

func writeTree(tb testing.TB, w gitobj.Writer, tree gitobj.Tree) radicle.Oid {
	tb.Helper()
	data, err := tree.Encode()
	if err != nil {
		tb.Fatal(err)
	}
	return write(tb, w, gitobj.KindTree, data)
}

func writeCommit(tb testing.TB, w gitobj.Writer, tree radicle.Oid, parents ...radicle.Oid) radicle.Oid {
	tb.Helper()
	by := gitobj.Signature{Name: "Ana", Email: "ana@example.org", Seconds: then.Unix(), Zone: gitobj.UTC}
	c := gitobj.Commit{Tree: tree, Parents: parents, Author: by, Committer: by, Message: "commit\n"}
	data, err := c.Encode()
	if err != nil {
		tb.Fatal(err)
	}
	return write(tb, w, gitobj.KindCommit, data)
}

// someCommit makes a commit that is like no other with another n.
func someCommit(tb testing.TB, w gitobj.Writer, n int, parents ...radicle.Oid) radicle.Oid {
	tb.Helper()
	blob := write(tb, w, gitobj.KindBlob, fmt.Append(nil, n))
	return writeCommit(tb, w, writeTree(tb, w, gitobj.Tree{{Mode: gitobj.ModeFile, Name: "n", ID: blob}}), parents...)
}

// git runs git as a person would, but with an empty configuration.
func git(tb testing.TB, dir string, args ...string) string {
	tb.Helper()
	return gitInput(tb, dir, "", args...)
}

func gitInput(tb testing.TB, dir, stdin string, args ...string) string {
	tb.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C"}
	cmd.Stdin = strings.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		tb.Fatalf("git %v: %v\n%s", args, err, &stderr)
	}
	return string(out)
}

// update is Update that must succeed.
func update(tb testing.TB, r *storage.Repo, key radicle.Signer, edit func(context.Context, *storage.Tx) error) storage.Result {
	tb.Helper()
	result, err := r.Update(tb.Context(), key, edit)
	if err != nil {
		tb.Fatal(err)
	}
	return result
}

// checkSigned fails unless the namespace of nid has exactly the refs that it signed, in a repository that git finds
// whole.
func checkSigned(tb testing.TB, r *storage.Repo, nid radicle.NID) *sigrefs.List {
	tb.Helper()
	list, err := r.Sigrefs(tb.Context(), nid)
	if err != nil {
		tb.Fatal(err)
	}
	refs, err := r.NamespaceRefs(tb.Context(), nid)
	if err != nil {
		tb.Fatal(err)
	}
	there, err := sigrefs.Select(refs.Namespace(nid))
	if err != nil {
		tb.Fatal(err)
	}
	if !slices.Equal(there, list.Refs) {
		tb.Errorf("signed %v\nthere  %v", list.Refs, there)
	}
	git(tb, r.Dir(), "fsck", "--strict", "--no-dangling")
	return list
}

func TestRepositories(t *testing.T) {
	r := newRepo(t)
	dir := filepath.Dir(r.Dir())
	name := filepath.Base(r.Dir())
	for _, other := range []string{".hidden", name + ".lock", name + ".abcdef.tmp", "rad:" + name, "z", "film"} {
		if err := os.Mkdir(filepath.Join(dir, other), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "z42hL2jL4XNk6K8oHQaSWfMgCL7ji"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	rids, err := openStorage(t, dir).Repositories(t.Context())
	if err != nil || !slices.Equal(rids, []radicle.RID{r.RID()}) {
		t.Errorf("%v, %v", rids, err)
	}
}

func TestNoStorageYet(t *testing.T) {
	s := openStorage(t, filepath.Join(t.TempDir(), "storage"))
	if rids, err := s.Repositories(t.Context()); err != nil || len(rids) != 0 {
		t.Errorf("%v, %v", rids, err)
	}
	rid := radicle.NewRID(gitobj.Hash(gitobj.KindBlob, nil, gitobj.SHA1))
	for _, rid := range []radicle.RID{rid, {}} {
		if _, err := s.Repository(rid); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v: %v", rid, err)
		}
	}
}

func TestGitVersion(t *testing.T) {
	for text, want := range map[string]bool{
		"git version 2.34.0\n": true, "git version 2.39.5 (Apple Git-154)\n": true, "git version 2.100.0.windows.1\n": true,
		"git version 3.0\n": true, "git version 2.33.8\n": false, "git version 1.99.0\n": false, "git version 2\n": false,
		"hub version 2.40.0\n": false, "": false, "git version x.y\n": false,
	} {
		if got := storage.NewEnough(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	old := filepath.Join(t.TempDir(), "git")
	if err := os.WriteFile(old, []byte("#!/bin/sh\necho git version 2.33.1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := storage.Open(t.Context(), t.TempDir(), storage.Options{Git: old})
	if version, ok := errors.AsType[*storage.VersionError](err); !ok || version.Got != "git version 2.33.1" {
		t.Errorf("%v", err)
	}
	if _, err := storage.Open(t.Context(), t.TempDir(), storage.Options{Git: old + "x"}); err == nil {
		t.Error("opened without git")
	}
	if _, err := storage.Open(t.Context(), t.TempDir(), storage.Options{Git: old, SkipVersion: true}); err != nil {
		t.Errorf("asked for the version: %v", err)
	}
	if err := storage.CheckGit(t.Context(), old); !errors.As(err, new(*storage.VersionError)) {
		t.Errorf("CheckGit: %v", err)
	}
	if err := storage.CheckGit(t.Context(), ""); err != nil {
		t.Errorf("CheckGit: %v", err)
	}
}

func TestGitSeesNothingOfTheCaller(t *testing.T) {
	env := storage.Environment([]string{
		"PATH=/bin", "GIT_DIR=/x", "git_dir=/x", "GIT_CONFIG_COUNT=1", "LANG=de_DE", "LC_MESSAGES=de", "RAD_PASSPHRASE=secret",
		"HOME=/home/ana", "GIT_TRACE=1",
	}, "/repo")
	for _, want := range []string{"PATH=/bin", "HOME=/home/ana", "GIT_DIR=/repo", "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C", "GIT_TERMINAL_PROMPT=0"} {
		if !slices.Contains(env, want) {
			t.Errorf("no %s", want)
		}
	}
	for _, v := range env {
		for _, bad := range []string{"=/x", "=de", "secret", "COUNT", "TRACE"} {
			if strings.Contains(v, bad) {
				t.Errorf("kept %s", v)
			}
		}
	}
}

// A hook in the repository, or one that its configuration names, is never run.
func TestNoHookRuns(t *testing.T) {
	r := newRepo(t)
	ran := filepath.Join(t.TempDir(), "ran")
	hooks := filepath.Join(r.Dir(), "hooks")
	if err := os.MkdirAll(hooks, 0o755); err != nil {
		t.Fatal(err)
	}
	hook := filepath.Join(hooks, "reference-transaction")
	if err := os.WriteFile(hook, []byte("#!/bin/sh\ntouch "+ran+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	git(t, r.Dir(), "config", "core.hooksPath", hooks)
	git(t, r.Dir(), "update-ref", "refs/heads/x", someCommit(t, r, 1).String())
	if err := os.Remove(ran); err != nil {
		t.Fatalf("the hook does not work: %v", err)
	}
	update(t, r, ana, nil)
	if _, err := os.Stat(ran); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a hook ran: %v", err)
	}
}

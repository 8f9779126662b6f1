package replicate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/identity"
	"radswarm/radicle/replicate"
	"radswarm/radicle/sigrefs"
	"radswarm/radicle/storage"
)

var (
	ana = signer(0xff)
	bo  = signer(0xfe)
	cy  = signer(0xfd)
	eve = signer(0xee)
)

func signer(b byte) *radicle.MemorySigner {
	return radicle.NewMemorySigner([32]byte(bytes.Repeat([]byte{b}, 32)))
}

const (
	master = "refs/heads/master"
	short  = 300 * time.Millisecond // for what is to time out
)

// clock goes on by a second with each look, so that no two commits are the same.
func clock() func() time.Time {
	now := time.Unix(1671125284, 0)
	return func() time.Time {
		now = now.Add(time.Second)
		return now
	}
}

// home is somebody's storage.
type home struct {
	key     *radicle.MemorySigner
	storage *storage.Storage
	dir     string
}

func newHome(tb testing.TB, key *radicle.MemorySigner) *home {
	tb.Helper()
	return openHome(tb, key, filepath.Join(tb.TempDir(), "storage"), "")
}

func openHome(tb testing.TB, key *radicle.MemorySigner, dir, git string) *home {
	tb.Helper()
	s, err := storage.Open(tb.Context(), dir, storage.Options{Git: git, Now: clock()})
	if err != nil {
		tb.Fatal(err)
	}
	return &home{key: key, storage: s, dir: dir}
}

func (h *home) repo(tb testing.TB, rid radicle.RID) *storage.Repo {
	tb.Helper()
	r, err := h.storage.Repository(rid)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = r.Close() })
	return r
}

// git runs git as a person would, with an empty configuration.
func git(tb testing.TB, dir string, args ...string) string {
	tb.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.org",
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		tb.Fatalf("git %v: %v\n%s", args, err, &stderr)
	}
	return strings.TrimSpace(string(out))
}

// newSource makes a working copy with one commit.
func newSource(tb testing.TB) (dir string, head radicle.Oid) {
	tb.Helper()
	dir = tb.TempDir()
	git(tb, dir, "init", "-q", "-b", "master")
	if err := os.WriteFile(filepath.Join(dir, "README"), []byte("hello"), 0o644); err != nil {
		tb.Fatal(err)
	}
	git(tb, dir, "add", "README")
	git(tb, dir, "commit", "-q", "-m", "Write README")
	return dir, oid(tb, git(tb, dir, "rev-parse", "HEAD"))
}

func oid(tb testing.TB, s string) radicle.Oid {
	tb.Helper()
	id, err := radicle.ParseOid(s)
	if err != nil {
		tb.Fatal(err)
	}
	return id
}

// draft is the document of a repository of h with one delegate.
func (h *home) draft() identity.Draft {
	return identity.New(identity.Project{Name: "film", DefaultBranch: "master"}, h.key.NID().DID(), identity.Visibility{})
}

// init makes a repository.
func (h *home) init(tb testing.TB, draft identity.Draft) *storage.Repo {
	tb.Helper()
	doc, err := draft.Verify()
	if err != nil {
		tb.Fatal(err)
	}
	dir, head := newSource(tb)
	r, _, err := h.storage.Init(tb.Context(), h.key, storage.New{
		Document: doc, Alias: "ana", Source: filepath.Join(dir, ".git"), Head: head,
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = r.Close() })
	return r
}

// push makes a commit on top of a ref of the key's namespace, as its owner would.
func push(tb testing.TB, r *storage.Repo, key radicle.Signer, name, text string) storage.Result {
	tb.Helper()
	result, err := r.Update(tb.Context(), key, func(ctx context.Context, tx *storage.Tx) error {
		_, err := tx.Commit(ctx, name, text[:min(len(text), 20)], func(ctx context.Context, tree *storage.Tree) error {
			return tree.Write(ctx, "file", []byte(text))
		})
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return result
}

// canonical sets what a push sets.
func canonical(tb testing.TB, r *storage.Repo) {
	tb.Helper()
	doc, err := r.Document(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	rules, err := doc.CanonicalRefs()
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := r.SetCanonical(tb.Context(), rules, []string{master}); err != nil {
		tb.Fatal(err)
	}
}

// serve serves one stream in the background, and returns the asker's end of it.
func serve(tb testing.TB, s *replicate.Server, caller radicle.DID) io.ReadWriteCloser {
	tb.Helper()
	asker, answerer := net.Pipe()
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer close(done)
		if err := s.Serve(ctx, answerer, caller); err != nil {
			tb.Logf("serve: %v", err)
		}
	}()
	tb.Cleanup(func() {
		_ = asker.Close()
		cancel()
		<-done
	})
	return asker
}

func (h *home) server(options replicate.ServerOptions) *replicate.Server {
	options.Hide = orElse(options.Hide, time.Millisecond)
	return replicate.NewServer(h.storage, options)
}

func orElse(d, other time.Duration) time.Duration {
	if d == 0 {
		return other
	}
	return d
}

// fetch fetches from another home.
func (h *home) fetch(tb testing.TB, from *home, o replicate.Options) (*replicate.Result, error) {
	tb.Helper()
	return h.fetchStream(tb, serve(tb, from.server(replicate.ServerOptions{}), h.key.NID().DID()), o)
}

func (h *home) fetchStream(tb testing.TB, stream io.ReadWriteCloser, o replicate.Options) (*replicate.Result, error) {
	tb.Helper()
	o.Storage, o.Local, o.Alias = h.storage, h.key.NID(), "bo"
	result, err := replicate.Fetch(tb.Context(), stream, o)
	h.checkNothingLeft(tb)
	return result, err
}

// mustFetch fetches what must all be moved in.
func (h *home) mustFetch(tb testing.TB, from *home, o replicate.Options) *replicate.Result {
	tb.Helper()
	result, err := h.fetch(tb, from, o)
	if err != nil {
		tb.Fatal(err)
	}
	for _, refusal := range result.Refused {
		tb.Errorf("refused %v: %v", refusal.NID, refusal.Err)
	}
	for _, c := range result.Canonical {
		if c.Err != nil {
			tb.Errorf("%s: %v", c.Name, c.Err)
		}
	}
	h.check(tb, o.RID)
	return result
}

// mustFetchQuietly fetches what must all be moved in, where the delegates need not agree on a branch.
func (h *home) mustFetchQuietly(tb testing.TB, from *home, o replicate.Options) {
	tb.Helper()
	result, err := h.fetch(tb, from, o)
	if err != nil || len(result.Refused) > 0 {
		tb.Fatal(result, err)
	}
}

// checkNothingLeft fails if a quarantine is left.
func (h *home) checkNothingLeft(tb testing.TB) {
	tb.Helper()
	left, err := os.ReadDir(filepath.Join(h.dir, ".radswarm"))
	if err != nil && !errors.Is(err, os.ErrNotExist) || len(left) > 0 {
		tb.Errorf("left in quarantine: %v, %v", left, err)
	}
}

// check fails unless the repository is as peers and git want it.
func (h *home) check(tb testing.TB, rid radicle.RID) {
	tb.Helper()
	r, err := h.storage.Repository(rid)
	if err != nil {
		tb.Fatal(err)
	}
	defer r.Close()
	problems, err := r.Check(tb.Context())
	if err != nil || len(problems) > 0 {
		tb.Errorf("%v, %v", problems, err)
	}
	git(tb, r.Dir(), "fsck", "--strict", "--no-dangling")
	if out := git(tb, r.Dir(), "config", "--list", "--local"); strings.Contains(out, "alternate") {
		tb.Errorf("configuration: %s", out)
	}
	if _, err := os.Stat(filepath.Join(r.Dir(), "objects", "info", "alternates")); err == nil {
		tb.Error("alternates were left")
	}
}

// refsOf returns the refs of a repository, without HEAD.
func refsOf(tb testing.TB, r *storage.Repo) []string {
	tb.Helper()
	snapshot, err := r.Refs(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	var lines []string
	for _, ref := range snapshot.Refs {
		lines = append(lines, fmt.Sprint(ref.ID, " ", ref.Name))
	}
	return lines
}

// sameRefs fails unless both homes have the same refs.
func sameRefs(tb testing.TB, rid radicle.RID, a, b *home) {
	tb.Helper()
	x, y := refsOf(tb, a.repo(tb, rid)), refsOf(tb, b.repo(tb, rid))
	if !slices.Equal(x, y) {
		tb.Errorf("refs differ:\n%s\n\n%s", strings.Join(x, "\n"), strings.Join(y, "\n"))
	}
}

// plant sets a ref past all rules.
func plant(tb testing.TB, r *storage.Repo, nid radicle.NID, name string, id radicle.Oid) {
	tb.Helper()
	git(tb, r.Dir(), "update-ref", "--no-deref", storage.NamespacePrefix(nid)+name, id.String())
}

// write stores an object.
func write(tb testing.TB, r *storage.Repo, kind gitobj.Kind, data []byte) radicle.Oid {
	tb.Helper()
	id, err := r.Write(tb.Context(), kind, data)
	if err != nil {
		tb.Fatal(err)
	}
	return id
}

// commit stores a commit.
func commit(tb testing.TB, r *storage.Repo, tree gitobj.Tree, parents ...radicle.Oid) radicle.Oid {
	tb.Helper()
	tree.Sort()
	data, err := tree.Encode()
	if err != nil {
		tb.Fatal(err)
	}
	by := gitobj.Signature{Name: "a", Email: "a@example.org", Seconds: 1, Zone: gitobj.UTC}
	c := gitobj.Commit{Tree: write(tb, r, gitobj.KindTree, data), Parents: parents, Author: by, Committer: by, Message: "m\n"}
	if data, err = c.Encode(); err != nil {
		tb.Fatal(err)
	}
	return write(tb, r, gitobj.KindCommit, data)
}

// signed is the commit of a list of refs as it stands, signed by the key, whatever it says.
func signed(tb testing.TB, r *storage.Repo, key radicle.Signer, text []byte, parents ...radicle.Oid) radicle.Oid {
	tb.Helper()
	signature, err := key.Sign(tb.Context(), text)
	if err != nil {
		tb.Fatal(err)
	}
	return commit(tb, r, gitobj.Tree{
		{Mode: gitobj.ModeFile, Name: "refs", ID: write(tb, r, gitobj.KindBlob, text)},
		{Mode: gitobj.ModeFile, Name: "signature", ID: write(tb, r, gitobj.KindBlob, signature[:])},
	}, parents...)
}

// forge makes a namespace sign what edit makes of its list, on top of what is there.
func forge(tb testing.TB, r *storage.Repo, key radicle.Signer, edit func(map[string]string)) {
	tb.Helper()
	list, err := r.Sigrefs(tb.Context(), key.NID())
	if err != nil {
		tb.Fatal(err)
	}
	lines := map[string]string{"refs/rad/sigrefs-parent": list.At.String()}
	for _, ref := range list.Refs {
		lines[ref.Name] = ref.ID.String()
	}
	edit(lines)
	var names []string
	for name := range lines {
		names = append(names, name)
	}
	slices.Sort(names)
	var text bytes.Buffer
	for _, name := range names {
		fmt.Fprintf(&text, "%s %s\n", lines[name], name)
	}
	plant(tb, r, key.NID(), sigrefs.RefSigrefs, signed(tb, r, key, text.Bytes(), list.At))
}

// propose makes a document the one that holds, in a repository with one delegate.
func propose(tb testing.TB, r *storage.Repo, key radicle.Signer, doc *identity.Document) {
	tb.Helper()
	ctx := tb.Context()
	id, err := r.Identity(ctx)
	if err != nil {
		tb.Fatal(err)
	}
	pen := cob.Pen{Objects: r, Signer: key, Who: cob.Author("ana", key.NID(), time.Unix(1671125284, 0))}
	at, err := id.Propose(ctx, pen, doc, identity.Text{Title: "Change"})
	if err != nil {
		tb.Fatal(err)
	}
	_, err = r.Update(ctx, key, func(ctx context.Context, tx *storage.Tx) error { return tx.Set(ctx, identity.Ref(id.Root()), at) })
	if err != nil {
		tb.Fatal(err)
	}
	if c, err := r.SetIdentity(ctx); err != nil || c.Err != nil {
		tb.Fatal(c.Err, err)
	}
}

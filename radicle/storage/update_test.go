package storage_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/sigrefs"
	"radswarm/radicle/storage"
)

func TestUpdateSignsWhatItMoves(t *testing.T) {
	r := newRepo(t)
	var first, tag radicle.Oid
	result := update(t, r, ana, func(ctx context.Context, tx *storage.Tx) error {
		first = someCommit(t, tx, 1)
		tag = write(t, tx, gitobj.KindTag, []byte("object "+first.String()+"\ntype commit\ntag v1\ntagger A <a> 1 +0000\n\nv1\n"))
		if err := tx.Set(ctx, "refs/tags/v1", tag); err != nil {
			return err
		}
		return tx.Set(ctx, "refs/heads/main", first)
	})
	// refs/rad/root is set by the way.
	if result.Moved != 3 || !result.Signed || result.Attempts != 1 || result.Mended != nil {
		t.Errorf("%+v", result)
	}
	list := checkSigned(t, r, ana.NID())
	root, _ := r.Ref(t.Context(), "refs/rad/id")
	want := sigrefs.Refs{{Name: "refs/heads/main", ID: first}, {Name: "refs/rad/root", ID: root}, {Name: "refs/tags/v1", ID: tag}}
	if !slices.Equal(list.Refs, want) || list.Level != sigrefs.Parent || !list.Parent.IsZero() {
		t.Errorf("%+v", list)
	}
	result = update(t, r, ana, func(_ context.Context, tx *storage.Tx) error { return tx.Delete("refs/tags/v1") })
	if result.Moved != 1 || result.List.Parent != list.At {
		t.Errorf("%+v", result)
	}
	if list := checkSigned(t, r, ana.NID()); len(list.Refs) != 2 || list.Level != sigrefs.Parent {
		t.Errorf("%+v", list)
	}
}

func TestUpdateThatChangesNothingWritesNothing(t *testing.T) {
	r := newRepo(t)
	main := someCommit(t, r, 1)
	set := func(ctx context.Context, tx *storage.Tx) error {
		write(t, tx, gitobj.KindBlob, []byte("never stored"))
		return tx.Set(ctx, "refs/heads/main", main)
	}
	first := update(t, r, ana, set)
	wrote := 0
	r.OnWrite(func(string) { wrote++ })
	again := update(t, r, ana, set)
	again = update(t, r, ana, nil)
	if again.Signed || again.Moved != 0 || again.List.At != first.List.At || wrote != 0 {
		t.Errorf("%+v, %d writes", again, wrote)
	}
}

// What others put into our namespace unsigned is signed too: send-pack moves heads before anybody signs.
func TestUpdateSignsWhatIsThere(t *testing.T) {
	r := newRepo(t)
	update(t, r, ana, nil)
	main := someCommit(t, r, 1)
	git(t, r.Dir(), "update-ref", storage.NamespacePrefix(ana.NID())+"refs/heads/main", main.String())
	result := update(t, r, ana, nil)
	if id, _ := result.List.Refs.Get("refs/heads/main"); id != main || !result.Signed || result.Moved != 0 {
		t.Errorf("%+v", result)
	}
	checkSigned(t, r, ana.NID())
}

// refs/rad/id is symbolic: when its target moves, so does what is signed for it.
func TestUpdateFollowsSymbolicRefs(t *testing.T) {
	r := newRepo(t)
	prefix := storage.NamespacePrefix(ana.NID())
	root, _ := r.Ref(t.Context(), "refs/rad/id")
	cob := "refs/cobs/xyz.radicle.id/" + root.String()
	git(t, r.Dir(), "update-ref", prefix+cob, root.String())
	git(t, r.Dir(), "symbolic-ref", prefix+"refs/rad/id", prefix+cob)
	var next radicle.Oid
	result := update(t, r, ana, func(ctx context.Context, tx *storage.Tx) error {
		next = someCommit(t, tx, 1, root)
		return tx.Set(ctx, cob, next)
	})
	if id, _ := result.List.Refs.Get("refs/rad/id"); id != next {
		t.Errorf("refs/rad/id is signed at %v, want %v", id, next)
	}
	checkSigned(t, r, ana.NID())
	if got := git(t, r.Dir(), "symbolic-ref", prefix+"refs/rad/id"); strings.TrimSpace(got) != prefix+cob {
		t.Errorf("refs/rad/id stands for %s", got)
	}
}

func TestUpdateRefuses(t *testing.T) {
	r := newRepo(t)
	update(t, r, ana, nil)
	blob := write(t, r, gitobj.KindBlob, []byte("x"))
	tree := writeTree(t, r, nil)
	good := someCommit(t, r, 1)
	stop := errors.New("stop")
	for name, test := range map[string]struct {
		edit func(ctx context.Context, tx *storage.Tx) error
		want func(error) bool
	}{
		"a ref to a blob": {
			func(ctx context.Context, tx *storage.Tx) error { return tx.Set(ctx, "refs/heads/x", blob) },
			func(err error) bool { return errors.Is(err, storage.ErrRefTarget) },
		},
		"a ref to a tree": {
			func(ctx context.Context, tx *storage.Tx) error { return tx.Set(ctx, "refs/heads/x", tree) },
			func(err error) bool { return errors.Is(err, storage.ErrRefTarget) },
		},
		"a ref to nothing": {
			func(ctx context.Context, tx *storage.Tx) error {
				return tx.Set(ctx, "refs/heads/x", gitobj.Hash(gitobj.KindBlob, []byte("absent"), gitobj.SHA1))
			},
			func(err error) bool { return errors.Is(err, fs.ErrNotExist) },
		},
		"a bad name": {
			func(ctx context.Context, tx *storage.Tx) error { return tx.Set(ctx, "refs/heads/a\nb", good) },
			func(err error) bool { return errors.As(err, new(*gitobj.RefNameError)) },
		},
		"a short name": {
			func(ctx context.Context, tx *storage.Tx) error { return tx.Delete("refs/stash") },
			func(err error) bool { return errors.As(err, new(*gitobj.RefNameError)) },
		},
		"the signed refs": {
			func(ctx context.Context, tx *storage.Tx) error { return tx.Set(ctx, "refs/rad/sigrefs", good) },
			func(err error) bool { return errors.Is(err, storage.ErrReserved) },
		},
		"the parent line": {
			func(ctx context.Context, tx *storage.Tx) error { return tx.Delete("refs/rad/sigrefs-parent") },
			func(err error) bool { return errors.Is(err, storage.ErrReserved) },
		},
		"a stale ref": {
			func(ctx context.Context, tx *storage.Tx) error { return tx.Expect("refs/heads/x", good) },
			func(err error) bool {
				stale, ok := errors.AsType[*storage.StaleError](err)
				return ok && stale.Got.IsZero() && stale.Want == good
			},
		},
		"a file where a directory is": {
			func(ctx context.Context, tx *storage.Tx) error {
				return errors.Join(tx.Set(ctx, "refs/heads/a", good), tx.Set(ctx, "refs/heads/a/b", good))
			},
			func(err error) bool { return errors.As(err, new(*storage.GitError)) },
		},
		"what edit refuses": {
			func(ctx context.Context, tx *storage.Tx) error { return stop },
			func(err error) bool { return err == stop }, //nolint:errorlint // as it is
		},
	} {
		t.Run(name, func(t *testing.T) {
			before, err := r.Refs(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if result, err := r.Update(t.Context(), ana, test.edit); !test.want(err) {
				t.Errorf("%+v, %v", result, err)
			}
			if after, err := r.Refs(t.Context()); err != nil || !slices.Equal(after.Refs, before.Refs) {
				t.Errorf("refs changed, %v", err)
			}
		})
	}
}

// A name in our namespace that Radicle would not read spoils the whole list: nothing is signed, and the error names it.
func TestUpdateWithANameThatCannotBeSigned(t *testing.T) {
	r := newRepo(t)
	git(t, r.Dir(), "update-ref", storage.NamespacePrefix(ana.NID())+"refs/heads/a./b", someCommit(t, r, 1).String())
	_, err := r.Update(t.Context(), ana, nil)
	if bad, ok := errors.AsType[*gitobj.RefNameError](err); !ok || bad.Name != "refs/heads/a./b" {
		t.Error(err)
	}
}

// A ref that a power cut left empty must not vanish from the list: peers would delete theirs.
func TestUpdateWithABrokenRef(t *testing.T) {
	r := newRepo(t)
	push(t, r, ana, "refs/heads/main", someCommit(t, r, 1))
	name := storage.NamespacePrefix(ana.NID()) + "refs/heads/main"
	put(t, r, name, "")
	_, err := r.Update(t.Context(), ana, nil)
	if broken, ok := errors.AsType[*storage.RefError](err); !ok || broken.Name != name {
		t.Error(err)
	}
	update(t, r, bo, nil) // nobody else's business
}

func TestUpdateNeedsAnIdentity(t *testing.T) {
	for name, break_ := range map[string]func(r *storage.Repo){
		"no refs/rad/id": func(r *storage.Repo) { git(t, r.Dir(), "update-ref", "-d", "refs/rad/id") },
		"a commit": func(r *storage.Repo) {
			git(t, r.Dir(), "update-ref", "refs/rad/id", someCommit(t, r, 1).String())
		},
		"another identity": func(r *storage.Repo) {
			doc := write(t, r, gitobj.KindBlob, []byte("{}"))
			embeds := writeTree(t, r, gitobj.Tree{{Mode: gitobj.ModeFile, Name: "radicle.json", ID: doc}})
			root := writeTree(t, r, gitobj.Tree{{Mode: gitobj.ModeTree, Name: "embeds", ID: embeds}})
			git(t, r.Dir(), "update-ref", "refs/rad/id", writeCommit(t, r, root).String())
		},
	} {
		r := newRepo(t)
		break_(r)
		if _, err := r.Update(t.Context(), ana, nil); !errors.Is(err, storage.ErrNoIdentity) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUpdateMendsSignedRefs(t *testing.T) {
	r := newRepo(t)
	update(t, r, ana, nil)
	head, _ := r.Ref(t.Context(), storage.NamespacePrefix(ana.NID())+sigrefs.RefSigrefs)
	// What a tool of 1.2 writes over it: a list without root and parent, here even without a signature.
	blob := write(t, r, gitobj.KindBlob, nil)
	bad := writeCommit(t, r, writeTree(t, r, gitobj.Tree{
		{Mode: gitobj.ModeFile, Name: "refs", ID: blob},
		{Mode: gitobj.ModeFile, Name: "signature", ID: write(t, r, gitobj.KindBlob, make([]byte, 64))},
	}), head)
	git(t, r.Dir(), "update-ref", storage.NamespacePrefix(ana.NID())+sigrefs.RefSigrefs, bad.String())
	if _, err := r.Sigrefs(t.Context(), ana.NID()); !errors.Is(err, sigrefs.ErrSignature) {
		t.Errorf("%v", err)
	}
	result := update(t, r, ana, nil)
	if !errors.Is(result.Mended, sigrefs.ErrSignature) || result.List.Parent != bad {
		t.Errorf("%+v", result)
	}
	checkSigned(t, r, ana.NID())
}

// Somebody else signs between our reading and our writing, as Radicle's tools may.
func TestUpdateStartsAgainWhenSomebodyElseSigned(t *testing.T) {
	r := newRepo(t)
	update(t, r, ana, nil)
	other := openRepo(t, openStorage(t, filepath.Dir(r.Dir())), r.RID())
	var theirs radicle.Oid
	runs := 0
	result := update(t, r, ana, func(ctx context.Context, tx *storage.Tx) error {
		runs++
		if runs < 3 {
			theirs = interfere(t, other, runs)
		}
		return tx.Set(ctx, "refs/heads/ours", someCommit(t, tx, 1))
	})
	if runs != 3 || result.Attempts != 3 {
		t.Errorf("%d runs, %+v", runs, result)
	}
	list := checkSigned(t, r, ana.NID())
	if id, _ := list.Refs.Get("refs/heads/theirs"); id != theirs {
		t.Errorf("theirs is lost: %v", list.Refs)
	}
}

// interfere moves a ref and signs it as Radicle's helper does: without our lock.
func interfere(tb testing.TB, r *storage.Repo, n int) radicle.Oid {
	tb.Helper()
	prefix := storage.NamespacePrefix(ana.NID())
	id := someCommit(tb, r, 1000+n)
	git(tb, r.Dir(), "update-ref", prefix+"refs/heads/theirs", id.String())
	refs, err := r.NamespaceRefs(tb.Context(), ana.NID())
	if err != nil {
		tb.Fatal(err)
	}
	selected, err := sigrefs.Select(refs.Namespace(ana.NID()))
	if err != nil {
		tb.Fatal(err)
	}
	head, _ := refs.Get(prefix + sigrefs.RefSigrefs)
	result, err := sigrefs.Sign(tb.Context(), r, r.RID(), ana, head, selected, then)
	if err != nil {
		tb.Fatal(err)
	}
	git(tb, r.Dir(), "update-ref", prefix+sigrefs.RefSigrefs, result.List.At.String(), head.String())
	return id
}

// The same ref moved by somebody else, without a signature.
func TestUpdateStartsAgainWhenARefMoved(t *testing.T) {
	r := newRepo(t)
	name := storage.NamespacePrefix(ana.NID()) + "refs/heads/main"
	a, b, c := someCommit(t, r, 1), someCommit(t, r, 2), someCommit(t, r, 3)
	git(t, r.Dir(), "update-ref", name, a.String())
	runs := 0
	edit := func(ctx context.Context, tx *storage.Tx) error {
		if runs++; runs == 1 {
			git(t, r.Dir(), "update-ref", name, b.String())
		}
		if err := tx.Expect("refs/heads/main", a); err != nil {
			return err
		}
		return tx.Set(ctx, "refs/heads/main", c)
	}
	_, err := r.Update(t.Context(), ana, edit)
	if stale, ok := errors.AsType[*storage.StaleError](err); !ok || stale.Got != b || runs != 2 {
		t.Errorf("%d runs: %v", runs, err)
	}
}

func TestUpdateWithALockThatStays(t *testing.T) {
	r := newRepo(t)
	update(t, r, ana, nil)
	put(t, r, storage.NamespacePrefix(ana.NID())+"refs/rad/sigrefs.lock", "")
	runs := 0
	_, err := r.Update(t.Context(), ana, func(ctx context.Context, tx *storage.Tx) error {
		runs++
		return tx.Set(ctx, "refs/heads/x", someCommit(t, tx, 1))
	})
	if runs != 2 { // git waits a second each time
		t.Errorf("%d attempts", runs)
	}
	if !errors.Is(err, storage.ErrBusy) || !strings.Contains(err.Error(), "sigrefs.lock") {
		t.Errorf("%v", err)
	}
}

func TestUpdateStopsWithTheContext(t *testing.T) {
	r := newRepo(t)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := r.Update(ctx, ana, func(ctx context.Context, tx *storage.Tx) error {
		// Another writer waits for us, and gives up.
		_, err := r.Update(canceled(t), bo, nil)
		if err != context.Canceled { //nolint:errorlint // bare by contract
			t.Errorf("waiting: %v", err)
		}
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// What git is told: in one transaction that is committed explicitly, each ref with its old value, the signed refs last, so
// that who reads a new list finds the refs where it says.
func TestTransaction(t *testing.T) {
	plain := newRepo(t)
	update(t, plain, ana, nil)
	dir := t.TempDir()
	wrapper, said := filepath.Join(dir, "git"), filepath.Join(dir, "said")
	script := fmt.Sprintf("#!/bin/sh\ncase \"$*\" in *update-ref*) tee -a %s | git \"$@\";; *) exec git \"$@\";; esac\n", said)
	if err := os.WriteFile(wrapper, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := storage.Open(t.Context(), filepath.Dir(plain.Dir()), storage.Options{Git: wrapper, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	r := openRepo(t, s, plain.RID())
	old := update(t, r, ana, nil).List.At
	var head radicle.Oid
	result := update(t, r, ana, func(ctx context.Context, tx *storage.Tx) error {
		head = someCommit(t, tx, 1)
		return errors.Join(tx.Set(ctx, "refs/tags/v1", head), tx.Set(ctx, "refs/heads/main", head))
	})
	prefix := storage.NamespacePrefix(ana.NID())
	want := fmt.Sprintf("start\x00create %[1]srefs/heads/main\x00%[2]v\x00create %[1]srefs/tags/v1\x00%[2]v\x00"+
		"update %[1]srefs/rad/sigrefs\x00%[3]v\x00%[4]v\x00prepare\x00commit\x00", prefix, head, result.List.At, old)
	if got, err := os.ReadFile(said); err != nil || string(got) != want {
		t.Errorf("git was told %q, %v", got, err)
	}
}

// A ref at the top moves with the namespace, or neither does.
func TestCanonicalRefsInAnUpdate(t *testing.T) {
	r := newRepo(t)
	const name = "refs/heads/main"
	var first, second radicle.Oid
	set := func(ctx context.Context, tx *storage.Tx, id, want radicle.Oid) error {
		if err := tx.Set(ctx, name, id); err != nil {
			return err
		}
		old, err := tx.SetCanonical(ctx, name, id)
		if old != want {
			t.Errorf("old value %v, want %v", old, want)
		}
		return err
	}
	update(t, r, ana, func(ctx context.Context, tx *storage.Tx) error {
		first = someCommit(t, tx, 1)
		return set(ctx, tx, first, radicle.Oid{})
	})
	if id, err := r.Ref(t.Context(), name); err != nil || id != first {
		t.Errorf("%v, %v", id, err)
	}
	// Somebody moves it meanwhile.
	attempts := 0
	result := update(t, r, ana, func(ctx context.Context, tx *storage.Tx) error {
		attempts++
		second = someCommit(t, tx, 2, first)
		want := first
		if attempts > 1 {
			want = someCommit(t, r, 3, first)
		}
		err := set(ctx, tx, second, want)
		if attempts == 1 {
			git(t, r.Dir(), "update-ref", name, someCommit(t, r, 3, first).String())
		}
		return err
	})
	if id, err := r.Ref(t.Context(), name); err != nil || id != second || result.Attempts != 2 {
		t.Errorf("%v, %v, %+v", id, err, result)
	}
	// It cannot be locked: nothing moves.
	put(t, r, name+".lock", "")
	_, err := r.Update(t.Context(), ana, func(ctx context.Context, tx *storage.Tx) error { return set(ctx, tx, first, second) })
	if !errors.Is(err, storage.ErrBusy) {
		t.Errorf("locked: %v", err)
	}
	if list := checkSigned(t, r, ana.NID()); !slices.Contains(list.Refs, sigrefs.Ref{Name: name, ID: second}) {
		t.Errorf("%+v", list)
	}
	for _, bad := range []string{"main", "refs/x", "refs/rad/id", "refs/namespaces/x/refs/heads/y", "refs/heads/a..b"} {
		_, err := r.Update(t.Context(), ana, func(ctx context.Context, tx *storage.Tx) error {
			_, err := tx.SetCanonical(ctx, bad, first)
			return err
		})
		if !errors.As(err, new(*gitobj.RefNameError)) && !errors.Is(err, storage.ErrReserved) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

package storage_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/node"
	"radswarm/radicle/radtest"
	"radswarm/radicle/sigrefs"
	"radswarm/radicle/storage"
)

// ourUpdate sets a head and a note.
func ourUpdate(tb testing.TB, r *storage.Repo, key radicle.Signer, n int) storage.Result {
	tb.Helper()
	return update(tb, r, key, func(ctx context.Context, tx *storage.Tx) error {
		if err := tx.Set(ctx, "refs/heads/ours", someCommit(tb, tx, n)); err != nil {
			return err
		}
		_, err := tx.Commit(ctx, "refs/notes/swarm", "Records", func(ctx context.Context, tree *storage.Tree) error {
			return tree.Write(ctx, fmt.Sprint("a/", n), fmt.Append(nil, n))
		})
		return err
	})
}

// Our updates and Radicle's pushes take turns in one linear history, which both read.
func TestUpdateTakesTurnsWithRadiclesHelper(t *testing.T) {
	home := radtest.NewHome(t, radtest.Ana)
	work := home.Commit(t, "film", "README", "hello")
	rid := home.Init(t, work)
	r := openRepo(t, openStorage(t, home.Storage()), rid)
	key := home.Person.Signer()
	heads := []string{home.Ref(t, rid, storage.NamespacePrefix(key.NID())+sigrefs.RefSigrefs)}
	for n := range 3 {
		result := ourUpdate(t, r, key, n)
		heads = append(heads, result.List.At.String())
		home.Commit(t, work, "README", fmt.Sprint(n))
		home.Git(t, work, "push", "-q", "rad", "master")
		list := checkSigned(t, r, key.NID())
		heads = append(heads, list.At.String())
		if list.Level != sigrefs.Parent || list.Parent != result.List.At || result.List.Parent.String() != heads[len(heads)-3] {
			t.Errorf("round %d: %+v", n, list)
		}
	}
	if out := home.Rad(t, work, "inspect", "--sigrefs"); !strings.HasSuffix(out, heads[len(heads)-1]+" parent") {
		t.Errorf("rad inspect: %s", out)
	}
	if problems, err := r.Check(t.Context()); err != nil || len(problems) != 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

// A push by Radicle's helper in the middle of our update: its refs are signed by us too, in another attempt.
func TestUpdateRacesRadiclesHelper(t *testing.T) {
	home := radtest.NewHome(t, radtest.Ana)
	work := home.Commit(t, "film", "README", "hello")
	r := openRepo(t, openStorage(t, home.Storage()), home.Init(t, work))
	home.Commit(t, work, "README", "pushed")
	runs := 0
	result := update(t, r, home.Person.Signer(), func(ctx context.Context, tx *storage.Tx) error {
		if runs++; runs == 1 {
			home.Git(t, work, "push", "-q", "rad", "master")
		}
		return tx.Set(ctx, "refs/heads/ours", someCommit(t, tx, 1))
	})
	pushed := home.Git(t, work, "rev-parse", "master")
	if id, _ := result.List.Refs.Get("refs/heads/master"); id.String() != pushed || result.Attempts != 2 {
		t.Errorf("%+v", result)
	}
	checkSigned(t, r, home.Person.NID())
}

// A tool of 1.2 leaves a history that every newer reader refuses; the next update mends it for rad, too.
func TestUpdateMendsADowngradeForRadicle(t *testing.T) {
	home := radtest.NewHome(t, radtest.Ana)
	work := home.Commit(t, "film", "README", "hello")
	r := openRepo(t, openStorage(t, home.Storage()), home.Init(t, work))
	key := home.Person.Signer()
	head := ourUpdate(t, r, key, 1).List
	text := sigrefs.Text{Refs: head.Refs}.Encode() // without the parent line
	sig, err := key.Sign(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	signedAs(t, r, key.NID(), gitobj.Tree{
		{Mode: gitobj.ModeFile, Name: "refs", ID: write(t, r, gitobj.KindBlob, text)},
		{Mode: gitobj.ModeFile, Name: "signature", ID: write(t, r, gitobj.KindBlob, sig[:])},
	}, head.At)
	if out := home.Rad(t, work, "inspect", "--sigrefs"); !strings.Contains(out, "refusing to downgrade") {
		t.Errorf("rad inspect before: %s", out)
	}
	if result := update(t, r, key, nil); !result.Signed || !errors.As(result.Mended, new(*sigrefs.DowngradeError)) {
		t.Errorf("%+v", result)
	}
	if out := home.Rad(t, work, "inspect", "--sigrefs"); !strings.HasSuffix(out, " parent") {
		t.Errorf("rad inspect after: %s", out)
	}
}

// What we write travels: another home's node fetches, verifies and applies it.
func TestNodesReplicateWhatWeWrite(t *testing.T) {
	ana, bo := radtest.NewHome(t, radtest.Ana), radtest.NewHome(t, radtest.Bo)
	work := ana.Commit(t, "film", "README", "hello")
	rid := ana.Init(t, work)
	anaNode, boNode := radtest.StartNode(t, ana), radtest.StartNode(t, bo)
	radtest.Connect(t, boNode, anaNode)
	boNode.Clone(t, rid, anaNode)

	r := openRepo(t, openStorage(t, ana.Storage()), rid)
	theirs := openRepo(t, openStorage(t, bo.Storage()), rid)
	client := node.New(filepath.Join(ana.Node(), "control.sock"))
	for n := range 3 {
		result := ourUpdate(t, r, ana.Person.Signer(), n)
		if _, err := client.AnnounceRefs(t.Context(), rid, ana.Person.NID()); err != nil {
			t.Fatal(err)
		}
		radtest.Eventually(t, "Bo has what Ana signed", func() bool { return arrived(t, theirs, result) })
		checkSigned(t, theirs, ana.Person.NID())
	}
	// And Bo writes to Ana's repository, in a namespace that his own node has never seen.
	result := ourUpdate(t, theirs, bo.Person.Signer(), 9)
	if _, err := node.New(filepath.Join(bo.Node(), "control.sock")).AnnounceRefs(t.Context(), rid, bo.Person.NID()); err != nil {
		t.Fatal(err)
	}
	radtest.Eventually(t, "Ana has what Bo signed", func() bool { return arrived(t, r, result) })
	for _, repo := range []*storage.Repo{r, theirs} {
		if problems, err := repo.Check(t.Context()); err != nil || len(problems) != 0 {
			t.Errorf("%v, %v", problems, err)
		}
	}
}

// arrived reports whether a repository has what was signed elsewhere. A node moves the signed refs before the others,
// so it waits for all.
func arrived(tb testing.TB, r *storage.Repo, result storage.Result) bool {
	tb.Helper()
	list, err := r.Sigrefs(tb.Context(), result.List.NID)
	if err != nil || list.At != result.List.At {
		return false
	}
	problems, err := r.Check(tb.Context())
	return err == nil && len(problems) == 0
}

// After kill -9 before each write, rad reads what is there.
func TestRadReadsWhatAKilledUpdateLeaves(t *testing.T) {
	home := radtest.NewHome(t, radtest.Ana)
	work := home.Commit(t, "film", "README", "hello")
	r := openRepo(t, openStorage(t, home.Storage()), home.Init(t, work))
	step := 0
	for ; !survived(t, r, step, 20); step++ {
		list := checkSigned(t, r, home.Person.NID())
		out := home.Rad(t, work, "inspect", "--sigrefs")
		if !strings.HasSuffix(out, list.At.String()+" parent") {
			t.Errorf("step %d: rad inspect: %s", step, out)
		}
		home.Rad(t, work, "ls")
	}
	checkVictim(t, r, 20)
}

package sigrefs

import (
	"context"
	"errors"
	"strings"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

// chain writes n commits with one empty list, the second on top of the first and so on, and returns their ids.
func chain(t *testing.T, store gitobj.Writer, key radicle.Signer, n int) []radicle.Oid {
	t.Helper()
	write := func(kind gitobj.Kind, data []byte, err error) radicle.Oid {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		id, err := store.Write(t.Context(), kind, data)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	sig, err := key.Sign(t.Context(), nil)
	tree, treeErr := gitobj.Tree{
		{Mode: gitobj.ModeFile, Name: "refs", ID: write(gitobj.KindBlob, nil, nil)},
		{Mode: gitobj.ModeFile, Name: "signature", ID: write(gitobj.KindBlob, sig[:], err)},
	}.Encode()
	c := gitobj.Commit{
		Tree:   write(gitobj.KindTree, tree, treeErr),
		Author: gitobj.Signature{Zone: gitobj.UTC}, Committer: gitobj.Signature{Zone: gitobj.UTC},
	}
	var ids []radicle.Oid
	for range n {
		data, err := c.Encode()
		c.Parents = []radicle.Oid{write(gitobj.KindCommit, data, err)}
		ids = append(ids, c.Parents[0])
	}
	return ids
}

func testKey() radicle.Signer { return radicle.NewMemorySigner([32]byte{1}) }

func TestHistoryIsBounded(t *testing.T) {
	store, key := gitobj.NewMemory(gitobj.SHA1), testKey()
	ids := chain(t, store, key, 4)
	for max, want := range map[int]error{3: ErrHistory, 4: nil, 5: nil} {
		v := newVerifier(store, radicle.RID{}, key.NID())
		v.maxCommits = max
		_, err := v.survey(t.Context(), ids[3])
		if !errors.Is(err, want) {
			t.Errorf("4 commits of at most %d: %v", max, err)
		}
	}
}

func TestHistoryTextIsBounded(t *testing.T) {
	store, key := gitobj.NewMemory(gitobj.SHA1), testKey()
	v := newVerifier(store, radicle.RID{}, key.NID())
	v.maxText = -1
	if _, err := v.survey(t.Context(), chain(t, store, key, 1)[0]); !errors.Is(err, ErrHistory) {
		t.Error(err)
	}
}

// liar gives the object of another id for one id: a repository whose hashes are not checked.
type liar struct {
	*gitobj.Memory
	ask, give radicle.Oid
}

func (l liar) Read(ctx context.Context, id radicle.Oid, max int64) (gitobj.Kind, []byte, error) {
	if id == l.ask {
		id = l.give
	}
	return l.Memory.Read(ctx, id, max)
}

func TestHistoryThatRunsInACircle(t *testing.T) {
	store, key := gitobj.NewMemory(gitobj.SHA1), testKey()
	ids := chain(t, store, key, 3)
	_, err := Read(t.Context(), liar{store, ids[0], ids[2]}, radicle.RID{}, key.NID(), ids[2])
	if !errors.Is(err, ErrLoop) {
		t.Error(err)
	}
}

func TestTextIsBounded(t *testing.T) {
	line := strings.Repeat("1", 40) + " refs/heads/"
	text := []byte(line + strings.Repeat("a", MaxText-len(line)-1) + "\n")
	if _, err := Parse(text); err != nil {
		t.Errorf("%d bytes: %v", len(text), err)
	}
	_, err := Parse(append(text, '\n'))
	if _, ok := errors.AsType[*gitobj.TooLargeError](err); !ok {
		t.Errorf("%d bytes: %v", len(text)+1, err)
	}
}

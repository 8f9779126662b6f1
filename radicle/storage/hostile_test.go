package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/identity"
	"radswarm/radicle/sigrefs"
	"radswarm/radicle/storage"
)

// signedAs puts a signed-refs commit with this tree into a namespace, as a fetch might bring it.
func signedAs(tb testing.TB, r *storage.Repo, nid radicle.NID, tree gitobj.Tree, parents ...radicle.Oid) {
	tb.Helper()
	tree.Sort()
	put(tb, r, storage.NamespacePrefix(nid)+sigrefs.RefSigrefs, writeCommit(tb, r, writeTree(tb, r, tree), parents...).String())
}

// Everything that a stranger can put into a repository gives an error, and of a kind that says what to do.
func TestHostileSignedRefs(t *testing.T) {
	r := newRepo(t)
	text := func(s string) gitobj.TreeEntry {
		return gitobj.TreeEntry{Mode: gitobj.ModeFile, Name: "refs", ID: write(t, r, gitobj.KindBlob, []byte(s))}
	}
	signature := gitobj.TreeEntry{Mode: gitobj.ModeFile, Name: "signature", ID: write(t, r, gitobj.KindBlob, make([]byte, 64))}
	line := strings.Repeat("1", 40) + " refs/heads/a\n"
	for name, test := range map[string]struct {
		tree gitobj.Tree
		want error
	}{
		"duplicate lines":  {gitobj.Tree{text(line + line), signature}, sigrefs.ErrSignature},
		"no space":         {gitobj.Tree{text("x\n"), signature}, sigrefs.ErrFormat},
		"bad name":         {gitobj.Tree{text(strings.Repeat("1", 40) + " a..b\n"), signature}, sigrefs.ErrName},
		"no signature":     {gitobj.Tree{text(line)}, sigrefs.ErrMissingBlob},
		"endless list":     {gitobj.Tree{text(strings.Repeat(line, sigrefs.MaxText/len(line)+1)), signature}, nil},
		"root that is not": {gitobj.Tree{text(strings.Repeat("1", 40) + " refs/rad/root\n"), signature}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			signedAs(t, r, bo.NID(), test.tree)
			list, err := r.Sigrefs(t.Context(), bo.NID())
			if !errors.As(err, new(*sigrefs.CommitError)) && test.want != nil || err == nil || !errors.Is(err, test.want) && test.want != nil {
				t.Errorf("%v, %v", list, err)
			}
		})
	}
	update(t, r, ana, nil) // and nothing of it matters to us
	checkSigned(t, r, ana.NID())
}

func TestHostileTrees(t *testing.T) {
	r := newRepo(t)
	blob := write(t, r, gitobj.KindBlob, nil)
	var huge bytes.Buffer
	for i := 0; huge.Len() <= gitobj.MaxTree; i++ {
		fmt.Fprintf(&huge, "100644 %0200d\x00%s", i, blob.Bytes())
	}
	big := write(t, r, gitobj.KindTree, huge.Bytes())
	put(t, r, storage.NamespacePrefix(bo.NID())+sigrefs.RefSigrefs, writeCommit(t, r, big).String())
	_, err := r.Sigrefs(t.Context(), bo.NID())
	if large, ok := errors.AsType[*gitobj.TooLargeError](err); !ok || large.ID != big {
		t.Errorf("%v", err)
	}
	loop := write(t, r, gitobj.KindTree, []byte("100644 refs\x00"+string(blob.Bytes())+"100644 refs\x00"+string(blob.Bytes())))
	put(t, r, storage.NamespacePrefix(bo.NID())+sigrefs.RefSigrefs, writeCommit(t, r, loop).String())
	if _, err := r.Sigrefs(t.Context(), bo.NID()); !errors.As(err, new(*gitobj.ParseError)) {
		t.Errorf("%v", err)
	}
}

func TestHostileDocument(t *testing.T) {
	r := newRepo(t)
	for _, data := range [][]byte{bytes.Repeat([]byte(" "), 10<<20), []byte("{"), nil, bytes.Repeat([]byte("["), 100_000)} {
		doc := write(t, r, gitobj.KindBlob, data)
		embeds := writeTree(t, r, gitobj.Tree{{Mode: gitobj.ModeFile, Name: "radicle.json", ID: doc}})
		at := writeCommit(t, r, writeTree(t, r, gitobj.Tree{{Mode: gitobj.ModeTree, Name: "embeds", ID: embeds}}))
		put(t, r, "refs/rad/id", at.String())
		_, err := r.Document(t.Context())
		if !errors.As(err, new(*gitobj.TooLargeError)) && !errors.Is(err, identity.ErrDocument) {
			t.Errorf("%d bytes: %v", len(data), err)
		}
	}
}

// refs/heads/master of a delegate is a blob: the others' votes must not be counted as if it were not there.
func TestHostileDelegate(t *testing.T) {
	r := newRepo(t)
	rules := rulesOf(t, 1, "", ana, bo)
	push(t, r, ana, "refs/heads/master", someCommit(t, r, 1))
	put(t, r, storage.NamespacePrefix(bo.NID())+"refs/heads/master", write(t, r, gitobj.KindBlob, []byte("x")).String())
	if c := setCanonical(t, r, rules, "refs/heads/master"); !errors.Is(c.Err, storage.ErrRefTarget) || c.Moved() {
		t.Errorf("%+v", c)
	}
}

func TestHundredThousandRefs(t *testing.T) {
	if testing.Short() {
		t.Skip("some seconds")
	}
	r := newRepo(t)
	id := someCommit(t, r, 1)
	var packed strings.Builder
	packed.WriteString("# pack-refs with: peeled fully-peeled sorted \n")
	for i := range 100_000 {
		fmt.Fprintf(&packed, "%v %srefs/heads/%06d\n", id, storage.NamespacePrefix(ana.NID()), i)
	}
	put(t, r, "packed-refs", packed.String())
	result := update(t, r, ana, func(ctx context.Context, tx *storage.Tx) error {
		return tx.Set(ctx, "refs/heads/one-more", id)
	})
	if len(result.List.Refs) != 100_002 {
		t.Errorf("%d refs", len(result.List.Refs))
	}
	if s, err := r.Refs(t.Context()); err != nil || len(s.Refs) != 100_004 {
		t.Errorf("%d refs, %v", len(s.Refs), err)
	}
}

func TestUpdateIsBounded(t *testing.T) {
	r := newRepo(t)
	chunk := make([]byte, 64<<20)
	_, err := r.Update(t.Context(), ana, func(ctx context.Context, tx *storage.Tx) error {
		for i := range 5 {
			chunk[0] = byte(i)
			if _, err := tx.Write(ctx, gitobj.KindBlob, chunk); err != nil {
				return err
			}
		}
		return nil
	})
	if !errors.As(err, new(*gitobj.TooLargeError)) {
		t.Error(err)
	}
}

// A commit with two signatures, and one whose headers are large, are read as what they are.
func TestCommitWithTwoSignatures(t *testing.T) {
	r := newRepo(t)
	tree := writeTree(t, r, nil)
	by := gitobj.Signature{Name: "Bo", Email: "bo@example.org", Zone: gitobj.UTC}
	c := gitobj.Commit{
		Tree: tree, Author: by, Committer: by, Message: "m\n",
		Headers: []gitobj.Header{{Key: "gpgsig", Value: "a\n"}, {Key: "gpgsig", Value: strings.Repeat("b\n", 1000)}},
	}
	data, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	id := write(t, r, gitobj.KindCommit, data)
	got, err := gitobj.ReadCommit(t.Context(), r, id)
	if err != nil || len(got.Values("gpgsig")) != 2 {
		t.Errorf("%v, %v", got, err)
	}
	git(t, r.Dir(), "cat-file", "-e", id.String())
}

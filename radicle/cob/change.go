package cob

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

// MaxActions is the largest number of actions in one operation.
const MaxActions = 128

// A Change is an operation to be written.
type Change struct {
	Type     TypeName
	Tips     []radicle.Oid // the operations before it, [History.Tips]; none for the first one of an object
	Related  []radicle.Oid // commits that it speaks of; they must exist
	Resource radicle.Oid   // head of the repository's identity; zero for the identity itself
	Message  string        // the commit's title
	Actions  [][]byte      // canonical JSON, 1 to MaxActions
	Embeds   []Embed
}

// A Pen writes operations in somebody's name.
type Pen struct {
	Objects gitobj.Writer
	Signer  radicle.Signer
	Who     gitobj.Signature // author and committer, and when; see [Author]
}

// An Embed is a file that an operation carries along.
type Embed struct {
	Name string
	Blob radicle.Oid // written before
}

// Write stores the operation, signed, and returns it as [ReadEntry] would. Only the refs are left to be set.
func (c Change) Write(ctx context.Context, pen Pen) (*Entry, error) {
	if len(c.Actions) == 0 || len(c.Actions) > MaxActions {
		return nil, fmt.Errorf("%w: %d, want 1 to %d", ErrActions, len(c.Actions), MaxActions)
	}
	if _, err := ParseTypeName(string(c.Type)); err != nil {
		return nil, err
	}
	tree, err := c.writeTree(ctx, pen.Objects)
	if err != nil {
		return nil, err
	}
	sig, err := pen.Signer.Sign(ctx, tree.Bytes())
	if err != nil {
		return nil, err
	}
	e := &Entry{
		Tree: tree, Author: pen.Signer.NID(), Signature: sig, Parents: sorted(c.Tips), Related: sorted(c.Related), Resource: c.Resource,
		Manifest: Manifest{c.Type, 1}, Actions: c.Actions, Seconds: uint64(pen.Who.Seconds),
	}
	if err := e.Verify(); err != nil {
		return nil, err // the signer's key is not the one it names
	}
	commit := gitobj.Commit{
		Tree: tree, Parents: slices.Concat(e.Parents, e.Related), Author: pen.Who, Committer: pen.Who,
		Headers: []gitobj.Header{{Key: "gpgsig", Value: encodeSignature(e.Author, sig)}},
		Message: appendTrailers(c.Message, e.Related, e.Resource),
	}
	if !e.Resource.IsZero() {
		commit.Parents = append(commit.Parents, e.Resource)
	}
	data, err := commit.Encode()
	if err != nil {
		return nil, err
	}
	if e.ID, err = pen.Objects.Write(ctx, gitobj.KindCommit, data); err != nil {
		return nil, err
	}
	return e, nil
}

// sorted returns the ids in order, each once.
func sorted(ids []radicle.Oid) []radicle.Oid {
	return slices.Compact(slices.SortedFunc(slices.Values(ids), radicle.Oid.Compare))
}

func (c Change) writeTree(ctx context.Context, w gitobj.Writer) (radicle.Oid, error) {
	manifest, err := w.Write(ctx, gitobj.KindBlob, Manifest{c.Type, 1}.encode())
	if err != nil {
		return radicle.Oid{}, err
	}
	tree := gitobj.Tree{{Mode: gitobj.ModeFile, Name: "manifest", ID: manifest}}
	for i, action := range c.Actions {
		id, err := w.Write(ctx, gitobj.KindBlob, action)
		if err != nil {
			return radicle.Oid{}, err
		}
		tree = append(tree, gitobj.TreeEntry{Mode: gitobj.ModeFile, Name: strconv.Itoa(i), ID: id})
	}
	if len(c.Embeds) > 0 {
		var embeds gitobj.Tree
		for _, e := range c.Embeds {
			embeds = append(embeds, gitobj.TreeEntry{Mode: gitobj.ModeFile, Name: e.Name, ID: e.Blob})
		}
		id, err := writeTree(ctx, w, embeds)
		if err != nil {
			return radicle.Oid{}, err
		}
		tree = append(tree, gitobj.TreeEntry{Mode: gitobj.ModeTree, Name: "embeds", ID: id})
	}
	return writeTree(ctx, w, tree)
}

func writeTree(ctx context.Context, w gitobj.Writer, tree gitobj.Tree) (radicle.Oid, error) {
	tree.Sort()
	data, err := tree.Encode()
	if err != nil {
		return radicle.Oid{}, err
	}
	return w.Write(ctx, gitobj.KindTree, data)
}

// Author is the line that Radicle's tools write into commits of collaborative objects: ana <ana@z6Mk…>, at t, in t's zone. Like
// libgit2 it takes punctuation off both ends of the name; of an alias that has nothing else, or has angle brackets, it takes the
// node id instead.
func Author(alias radicle.Alias, nid radicle.NID, t time.Time) gitobj.Signature {
	name, host := string(alias), nid.String()
	if strings.ContainsAny(name, "<>") || strings.TrimFunc(name, isCrud) == "" {
		name = host
	}
	email := strings.TrimFunc(name+"@"+host, isCrud)
	return gitobj.Signature{Name: strings.TrimFunc(name, isCrud), Email: email, Seconds: t.Unix(), Zone: t.Format("-0700")}
}

// isCrud is what libgit2 trims from names and addresses.
func isCrud(r rune) bool { return r <= ' ' || strings.ContainsRune(`,:;<>"\'`, r) }

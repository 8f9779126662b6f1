package storage_test

import (
	"context"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/identity"
	"radswarm/radicle/storage"
)

// A change that the delegates accepted moves refs/rad/id, once, and the document is the new one.
func TestSetIdentity(t *testing.T) {
	key := radicle.NewMemorySigner([32]byte{1})
	gitDir, head := workingCopy(t)
	s := openStorage(t, t.TempDir())
	r, _, err := s.Init(t.Context(), key, storage.New{Document: newDocument(t, "film", key), Alias: "ana", Source: gitDir, Head: head})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	if c, err := r.SetIdentity(t.Context()); err != nil || c.Err != nil || c.Moved() {
		t.Fatalf("before any change: %+v, %v", c, err)
	}
	bo := radicle.NewMemorySigner([32]byte{2}).NID().DID()
	var proposed radicle.Oid
	_, err = r.Update(t.Context(), key, func(ctx context.Context, tx *storage.Tx) error {
		i, err := r.Identity(ctx)
		if err != nil {
			return err
		}
		draft := i.Current().Document.Edit()
		draft.AddDelegate(bo)
		doc, err := draft.Verify()
		if err != nil {
			return err
		}
		pen := cob.Pen{Objects: tx, Signer: key, Who: cob.Author("ana", key.NID(), then)}
		if proposed, err = i.Propose(ctx, pen, doc, identity.Text{Title: "Add Bo"}); err != nil {
			return err
		}
		return tx.Set(ctx, identity.Ref(i.Root()), proposed)
	})
	if err != nil {
		t.Fatal(err)
	}
	if doc, err := r.Document(t.Context()); err != nil || doc.IsDelegate(bo) {
		t.Errorf("the ref moved by itself: %v", err)
	}
	if c, err := r.SetIdentity(t.Context()); err != nil || c.Err != nil || !c.Moved() || c.Object.ID != proposed {
		t.Errorf("after the change: %+v, %v", c, err)
	}
	if doc, err := r.Document(t.Context()); err != nil || !doc.IsDelegate(bo) {
		t.Errorf("the document is still the old one: %v", err)
	}
	if c, err := r.SetIdentity(t.Context()); err != nil || c.Err != nil || c.Moved() {
		t.Errorf("a second time: %+v, %v", c, err)
	}
}

package friend_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"radswarm/blobstore"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// film is an object with everything that can be said of one.
func film(n byte) friend.Object {
	rid, _ := radicle.ParseRID("rad:z42hL2jL4XNk6K8oHQaSWfMgCL7ji")
	return friend.Object{
		Pointer: blobstore.Pointer{OID: blobstore.OID{n}, Size: int64(n)},
		Gen:     1, Salt: keyring.SaltID{2}, Public: true,
		Coding:  friend.ObjectCoding{K: 3, N: 10, Manifest: []byte("manifest")},
		Next:    friend.ObjectCoding{K: 10, N: 30, Manifest: []byte("next")},
		Require: "safe",
		Source:  friend.ObjectSource{Path: "/films/ana.mov", Time: time.Unix(1, 2), Link: "/swarm/pending/film"},
		Added:   now.Local(), Pending: now.Add(time.Second).Local(),
		Repositories: []friend.ObjectRepository{{RID: rid, Recorded: true}},
		Shares: []friend.ObjectShare{
			{K: 3, Index: 0, DID: ana().did(), Acked: now.Local()},
			{K: 3, Index: 7, DID: bo().did(), Acked: now.Local(), Verified: now.Add(day).Local()},
			{K: 10, Index: 0, DID: bo().did(), Acked: now.Local()},
		},
	}
}

// write writes all of an object.
func write(c *friend.ObjectChange, o friend.Object) error {
	err := c.Put(o)
	for _, r := range o.Repositories {
		err = errors.Join(err, c.Belongs(o.Pointer, r))
	}
	for _, s := range o.Shares {
		err = errors.Join(err, c.Share(o.Pointer, s))
	}
	return err
}

func objectsOf(t *testing.T, s *friend.State) (all []friend.Object) {
	t.Helper()
	err := s.EachObject(t.Context(), func(o friend.Object) error { all = append(all, o); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestObjectsOutliveARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), friend.FileName)
	options := friend.Options{Self: ana().did(), Now: fixed}
	s := must[*friend.State](t)(friend.Open(t.Context(), path, options))
	one, two := film(1), film(2)
	err := s.ChangeObjects(t.Context(), func(c *friend.ObjectChange) error { return errors.Join(write(c, one), write(c, two)) })
	if err != nil {
		t.Fatal(err)
	}
	change := one // all but the manifests, which stay
	change.Coding.Manifest, change.Next.Manifest, change.Public, change.Pending = nil, nil, false, time.Time{}
	err = s.ChangeObjects(t.Context(), func(c *friend.ObjectChange) error {
		return errors.Join(c.Put(change), c.Forget(two.Pointer), c.Lost(one.Pointer, 3, 7), c.Forget(film(9).Pointer))
	})
	if err != nil || s.Close() != nil {
		t.Fatal(err)
	}
	s = must[*friend.State](t)(friend.Open(t.Context(), path, options))
	defer s.Close()
	want := change
	want.Shares = []friend.ObjectShare{one.Shares[0], one.Shares[2]}
	if diff := cmp.Diff([]friend.Object{want}, objectsOf(t, s), cmp.AllowUnexported(radicle.RID{}, radicle.Oid{})); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	m, next, err := s.ObjectManifests(t.Context(), one.Pointer)
	if string(m) != "manifest" || string(next) != "next" || err != nil {
		t.Errorf("manifests %q and %q: %v", m, next, err)
	}
	if _, _, err := s.ObjectManifests(t.Context(), two.Pointer); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("manifests of what was forgotten: %v", err)
	}
}

// A change is made as a whole or not at all.
func TestObjectsChangeTogether(t *testing.T) {
	s := must[*friend.State](t)(friend.Open(t.Context(), filepath.Join(t.TempDir(), friend.FileName), friend.Options{Self: ana().did()}))
	defer s.Close()
	err := s.ChangeObjects(t.Context(), func(c *friend.ObjectChange) error {
		return errors.Join(write(c, film(1)), c.Share(film(2).Pointer, friend.ObjectShare{K: 1}))
	})
	if err == nil || len(objectsOf(t, s)) != 0 {
		t.Errorf("a share of an object that is not there: %v, %d objects", err, len(objectsOf(t, s)))
	}
}

func TestFarewells(t *testing.T) {
	s := must[*friend.State](t)(friend.Open(t.Context(), filepath.Join(t.TempDir(), friend.FileName), friend.Options{Self: ana().did()}))
	defer s.Close()
	at := func(n byte) friend.Farewell {
		name := blobstore.ShareName{SID: blobstore.SID{n}, Root: blobstore.Root{1}}
		return friend.Farewell{DID: bo().did(), Name: name, Since: now.Local()}
	}
	err := s.ChangeObjects(t.Context(), func(c *friend.ObjectChange) error {
		return errors.Join(c.Farewell(at(1)), c.Farewell(at(2)), c.Farewell(at(2)), c.Parted(bo().did(), at(1).Name))
	})
	all, read := s.Farewells(t.Context())
	if diff := cmp.Diff([]friend.Farewell{at(2)}, all); diff != "" || err != nil || read != nil {
		t.Errorf("%v, %v (-want +got):\n%s", err, read, diff)
	}
}

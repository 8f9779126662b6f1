package repos_test

import (
	"context"
	"strings"
	"testing"

	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/cmd/internal/control"
	"radswarm/radicle/radtest"
	"radswarm/radicle/storage"
)

// A push of very many objects asks for two batches before it writes either: they share one epoch. So does the push after one
// that failed.
func TestTwoBatchesOfOnePush(t *testing.T) {
	w := newWorld()
	ana, bo := w.home(t, radtest.Ana), w.home(t, radtest.Bo)
	rid := ana.initRepository(t, "film", private(bo.did()))
	settle := func(name string) control.Batch {
		t.Helper()
		ana.store(t, rid, name)
		in := control.Settle{Sightings: []control.Sighting{sighted(name)}}
		return must[control.Batch](t)(ana.Settle(t.Context(), rid, in))
	}
	settle("lost") // and its push fails
	batches := []control.Batch{settle("one"), settle("two")}
	for _, b := range batches {
		ana.write(t, rid, decode(t, b))
	}
	for _, b := range batches {
		check(t, ana.Repos.Recorded(t.Context(), rid, control.Recorded{ID: b.ID}))
	}
	repo := must[*storage.Repo](t)(ana.storage.Repository(rid))
	defer repo.Close()
	at := must[string](t)(names(t.Context(), repo, storage.NamespacePrefix(ana.signer.NID())+record.Ref))
	if at != "00000000-members-" {
		t.Errorf("epochs %q", at)
	}
	bo.fetchFrom(t, rid, ana)
	for _, name := range []string{"lost", "one", "two"} {
		if !bo.opens(t, rid, name, ana) {
			t.Errorf("%s does not open", name)
		}
	}
}

// names are the epochs of a branch, without the ids of their keys.
func names(ctx context.Context, repo *storage.Repo, ref string) (all string, err error) {
	out, err := repo.Git(ctx, "ls-tree", "--name-only", ref, "keys/epochs/").Output()
	for name := range strings.FieldsSeq(string(out)) {
		all += name[len("keys/epochs/") : len(name)-2*len(keyring.KeyID{})]
	}
	return all, err
}

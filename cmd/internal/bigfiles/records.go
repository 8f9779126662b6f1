package bigfiles

import (
	"context"
	"errors"
	"fmt"

	"radswarm/blobstore/record"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
	"radswarm/radicle/profile"
	"radswarm/radicle/storage"
	"radswarm/remote"
)

// message is that of the commits that carry records.
const message = "Record big files"

// Sighted asks for the records of what a push brings, and says what the person must be told of who will read it.
func (b *BigFiles) Sighted(
	ctx context.Context, rid radicle.RID, sightings []remote.Sighting, say func(text, hint string),
) error {
	for len(sightings) > 0 {
		n := min(len(sightings), perRequest)
		in := control.Settle{Sightings: make([]control.Sighting, 0, n)}
		for _, s := range sightings[:n] {
			in.Sightings = append(in.Sightings, sighting(s))
		}
		var out control.Batch
		if err := b.call(ctx, rid, "records", in, &out); err != nil {
			return err
		}
		for _, truth := range out.Truths {
			say(oneLine(truth.Text), oneLine(truth.Hint))
		}
		if out.ID != "" {
			b.pending = append(b.pending, out)
		}
		sightings = sightings[n:]
	}
	return nil
}

func sighting(s remote.Sighting) control.Sighting {
	out := control.Sighting{Pointer: pointer(s.Object), Asked: s.Asked}
	for _, path := range s.Paths {
		out.Paths = append(out.Paths, text(path))
	}
	return out
}

// Record writes the records into the push.
func (b *BigFiles) Record(ctx context.Context, rid radicle.RID, tx *storage.Tx) error {
	if len(b.pending) == 0 {
		return nil
	}
	home, err := profile.Find(b.env)
	if err != nil {
		return err
	}
	self, err := profile.Load(home)
	if err != nil {
		return err
	}
	place := record.Place{RID: rid, Writer: self.DID()}
	_, err = tx.Commit(ctx, record.Ref, message, func(ctx context.Context, tree *storage.Tree) error {
		for _, pending := range b.pending {
			changes, err := batchOf(pending)
			if err != nil {
				return err
			}
			if _, err := place.Apply(ctx, tree, changes); err != nil {
				return fmt.Errorf("records of big files: %w", err)
			}
		}
		return nil
	})
	return err
}

// Recorded tells the daemon. It finds out by itself where this does not arrive.
func (b *BigFiles) Recorded(ctx context.Context, rid radicle.RID) {
	for _, pending := range b.pending {
		_ = b.call(ctx, rid, "recorded", control.Recorded{ID: pending.ID}, nil)
	}
	b.pending = nil
}

// errNoBatch is an answer that makes no sense.
var errNoBatch = errors.New("records that the daemon made cannot be read")

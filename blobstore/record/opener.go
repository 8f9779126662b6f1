package record

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/manifest"
	"radswarm/radicle"
)

// maxOpened bounds the group keys that an [Opener] remembers, those that did not open included.
const maxOpened = 4096

// Opener opens records for one person, and remembers the group keys that it opened on the way.
type Opener struct {
	ring *keyring.Keyring // nil: nobody's

	mu     sync.Mutex // guards opened
	opened map[epochPlace]openedKey
}

// epochPlace is where an envelope for this person lies, and which.
type epochPlace struct {
	place Place
	name  epochName
	tree  radicle.Oid
}

type openedKey struct {
	key keyring.GroupKey
	err error
}

// NewOpener opens with a keyring; with nil, only what is public.
func NewOpener(ring *keyring.Keyring) *Opener {
	return &Opener{ring: ring, opened: make(map[epochPlace]openedKey)}
}

// Open opens a record of a branch and verifies its manifest (RECORD.md §7). Errors are [ErrUnreadable] where there is nothing
// to try; else those of the last try: of class mismatch, sealed, signature or encoding for the manifest; of
// [keyring.Keyring.Open] and [keyring.Keyring.Domain] for a key that is not to be had.
func (o *Opener) Open(ctx context.Context, b *Branch, r *Record) (*Object, error) {
	obj, err := o.open(b.place, r, func(w Wrap) []openedKey { return o.groupKeys(ctx, b, w) })
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return obj, err
}

// OpenPending opens a record that is not in a branch yet: as [Opener.Open], but with these group keys instead of the
// branch's.
func (o *Opener) OpenPending(p Place, r *Record, keys ...keyring.GroupKey) (*Object, error) {
	return o.open(p, r, func(w Wrap) (all []openedKey) {
		for _, k := range keys {
			if k.Epoch() == (keyring.Epoch{Group: p.Group(w.Kind), Number: w.Epoch}) {
				all = append(all, openedKey{key: k})
			}
		}
		return all
	})
}

// open tries the content keys that there are, with the group keys that a wrap may be under.
func (o *Opener) open(p Place, r *Record, groupKeys func(Wrap) []openedKey) (*Object, error) {
	err := ErrUnreadable
	for ck, keyErr := range o.contentKeys(p, r, groupKeys) {
		if keyErr != nil {
			err = keyErr
			continue
		}
		m, openErr := r.openManifestWith(ck)
		if openErr != nil {
			err = openErr
			continue
		}
		obj := &Object{Place: p, Record: r, Key: ck, Manifest: m}
		obj.Holders, _ = p.openHints(ck.Repair(), r.k, r.hints) // a hint that is none costs only itself
		return obj, nil
	}
	return nil, &ObjectError{Writer: p.Writer, Pointer: r.pointer, Err: err}
}

// openManifestWith opens the manifest with a content key and holds it against the record.
func (r *Record) openManifestWith(ck blobstore.ContentKey) (m *manifest.Manifest, err error) {
	if r.open {
		m, err = manifest.Parse(r.manifest)
	} else {
		m, err = manifest.Open(ck.Repair(), r.k, manifest.Record, r.manifest)
	}
	switch {
	case err != nil:
		return nil, err
	case m.Coding().K() != r.k:
		return nil, mismatch("K")
	}
	return m, m.CheckObject(ck, r.Params())
}

// contentKeys are the keys to try, each either there or with the reason why it is not.
func (o *Opener) contentKeys(p Place, r *Record, groupKeys func(Wrap) []openedKey) iter.Seq2[blobstore.ContentKey, error] {
	return func(yield func(blobstore.ContentKey, error) bool) {
		if r.open {
			yield(r.publicKey())
			return
		}
		if o.ring != nil && p.Writer == o.ring.DID() && !yield(o.derive(r)) {
			return
		}
		for _, w := range r.wraps {
			for _, k := range groupKeys(w) {
				var ck blobstore.ContentKey
				if k.err == nil {
					ck, k.err = k.key.Unwrap(r.wrapped(), w.Wrap)
				}
				if !yield(ck, k.err) {
					return
				}
			}
		}
	}
}

// publicKey is the key of an open record.
func (r *Record) publicKey() (blobstore.ContentKey, error) {
	if r.salt.IsZero() {
		return blobstore.PublicDomain().ContentKey(r.Params())
	}
	return blobstore.NewContentKey(r.key), nil
}

// derive derives the key of the reader's own record.
func (o *Opener) derive(r *Record) (blobstore.ContentKey, error) {
	ds, err := o.ring.Domain(r.salt)
	if err != nil {
		return blobstore.ContentKey{}, err
	}
	return ds.ContentKey(r.Params())
}

// groupKeys returns the keys of a branch that a wrap may be under, and why others are not to be had.
func (o *Opener) groupKeys(ctx context.Context, b *Branch, w Wrap) (all []openedKey) {
	for _, e := range b.epochsOf(w.Kind, w.Epoch) {
		k, err := o.groupKey(ctx, b, e)
		if !errors.Is(err, ErrUnreadable) {
			all = append(all, openedKey{k, err})
		}
	}
	return all
}

// groupKey opens the envelope of an epoch for this person, once. There being none is [ErrUnreadable].
func (o *Opener) groupKey(ctx context.Context, b *Branch, e epochFolder) (keyring.GroupKey, error) {
	at := epochPlace{b.place, e.epochName, e.tree}
	o.mu.Lock()
	known, ok := o.opened[at]
	o.mu.Unlock()
	if ok {
		return known.key, known.err
	}
	env, err := o.envelope(ctx, b, e)
	if err != nil && !errors.Is(err, ErrUnreadable) {
		return keyring.GroupKey{}, err // not remembered: it may be there the next time
	}
	if err == nil {
		known.key, err = o.openEpoch(b, e, env)
	}
	known.err = err
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.opened) >= maxOpened {
		clear(o.opened)
	}
	o.opened[at] = known
	return known.key, known.err
}

// envelope reads the envelope of an epoch for this person.
func (o *Opener) envelope(ctx context.Context, b *Branch, e epochFolder) (none keyring.Envelope, err error) {
	if o.ring == nil {
		return none, ErrUnreadable
	}
	entries, err := readTree(ctx, b.objects, e.tree, maxKeys)
	if err != nil {
		return none, err
	}
	name := o.ring.DID().NID().String()
	i := slices.IndexFunc(entries, func(f Entry) bool { return f.Name == name && f.Mode == ModeFile })
	if i < 0 {
		return none, ErrUnreadable
	}
	return readEnvelope(ctx, b.objects, entries[i].ID)
}

// openEpoch opens an envelope and holds the key against the id that it is kept under.
func (o *Opener) openEpoch(b *Branch, e epochFolder, env keyring.Envelope) (none keyring.GroupKey, err error) {
	k, err := o.ring.Open(keyring.Epoch{Group: b.place.Group(e.kind), Number: e.number}, env)
	if err != nil {
		return none, err
	}
	if k.ID() != e.id {
		return none, fmt.Errorf("epoch %d is kept under the id of another key: %w", e.number, keyring.ErrSealed)
	}
	return k, nil
}

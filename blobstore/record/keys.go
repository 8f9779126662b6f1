package record

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strings"

	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// keyFolder is the folder of cards, certificate and epochs, by name.
type keyFolder struct {
	certificate radicle.Oid // null: none
	cards       []cardFile
	epochs      []epochFolder // ordered by number, then name
}

type cardFile struct {
	salt keyring.SaltID
	blob radicle.Oid
}

type epochFolder struct {
	epochName
	tree radicle.Oid
}

// readKeys lists the folder of keys and what is in it.
func (b *Branch) readKeys(ctx context.Context, tree radicle.Oid) (k keyFolder) {
	for _, e := range b.list(ctx, dirKeys, tree, maxKeys) {
		switch {
		case e.Name == fileCertificate && e.Mode == ModeFile:
			k.certificate = e.ID
		case e.Name == dirCards && e.Mode == ModeTree:
			k.cards = parseCardNames(b.list(ctx, pathCards, e.ID, maxCards))
		case e.Name == dirEpochs && e.Mode == ModeTree:
			k.epochs = parseEpochNames(b.list(ctx, pathEpochs, e.ID, maxKeys))
		}
	}
	return k
}

// list reads a folder of keys; one that is refused is empty.
func (b *Branch) list(ctx context.Context, path string, tree radicle.Oid, most int) []Entry {
	entries, err := readTree(ctx, b.objects, tree, most)
	if err != nil {
		b.problem(path, err)
		return nil
	}
	return entries
}

func parseCardNames(entries []Entry) (cards []cardFile) {
	for _, e := range entries {
		c := cardFile{blob: e.ID}
		if e.Mode == ModeFile && lowerHex(c.salt[:], e.Name) {
			cards = append(cards, c)
		}
	}
	return cards
}

func parseEpochNames(entries []Entry) (epochs []epochFolder) {
	for _, e := range entries {
		if name, ok := parseEpochName(e.Name); ok && e.Mode == ModeTree {
			epochs = append(epochs, epochFolder{name, e.ID})
		}
	}
	slices.SortFunc(epochs, func(a, b epochFolder) int { return strings.Compare(a.String(), b.String()) })
	return epochs
}

// Cards reads the writer's key cards, the newest last. Those that were refused are left out and told. Whether the newest here
// is the newest that was ever seen is for [keyring.Cards] to say.
func (b *Branch) Cards(ctx context.Context) (cards []*keyring.Card, refused []*PathError) {
	for _, f := range b.keys.cards {
		c, err := b.readCard(ctx, f)
		if err != nil {
			refused = append(refused, &PathError{b.place.Writer, pathCards + "/" + f.salt.String(), err})
			continue
		}
		cards = append(cards, c)
	}
	slices.SortFunc(cards, compareDated)
	return cards, refused
}

func (b *Branch) readCard(ctx context.Context, f cardFile) (*keyring.Card, error) {
	raw, err := b.objects.Blob(ctx, f.blob, int64(keyring.MaxCardLen))
	if err != nil {
		return nil, err
	}
	c, err := keyring.ParseCard(raw)
	if err != nil {
		return nil, err
	}
	if c.DID() != b.place.Writer || c.Current() != f.salt {
		return nil, fmt.Errorf("card of %v with salt %v: %w", c.DID(), c.Current(), keyring.ErrMismatch)
	}
	return c, nil
}

// Certificate reads the certificate of the writer's device. None is [fs.ErrNotExist]. How the device stands is for
// [keyring.Certificates] to say.
func (b *Branch) Certificate(ctx context.Context) (*keyring.Certificate, error) {
	if b.keys.certificate.IsZero() {
		return nil, fmt.Errorf("certificate of %v: %w", b.place.Writer, fs.ErrNotExist)
	}
	raw, err := b.objects.Blob(ctx, b.keys.certificate, int64(keyring.CertificateLen))
	if err != nil {
		return nil, err
	}
	c, err := keyring.ParseCertificate(raw)
	if err == nil && c.DID() != b.place.Writer {
		err = fmt.Errorf("certificate of %v: %w", c.DID(), keyring.ErrMismatch)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// NextEpoch is the number after the highest of all groups: what [keyring.Group.Plan] wants to know.
func (b *Branch) NextEpoch() int64 {
	if n := len(b.keys.epochs); n > 0 {
		return int64(b.keys.epochs[n-1].number) + 1
	}
	return 0
}

// epochsOf returns the epochs of a kind with a number, not more than maxForks.
func (b *Branch) epochsOf(kind keyring.GroupKind, number uint32) (found []epochFolder) {
	for _, e := range b.keys.epochs {
		if e.kind == kind && e.number == number && len(found) < maxForks {
			found = append(found, e)
		}
	}
	return found
}

// Kept reads the epochs of a group of the branch's writer, with all envelopes, for [keyring.Group.Plan]. Envelopes that
// cannot be read are zero: they are made again for who still reads, and end the epoch for who does not. The opener is the writer's own. Errors are those of reading
// trees.
func (b *Branch) Kept(ctx context.Context, o *Opener, kind keyring.GroupKind) ([]keyring.Kept, error) {
	var all []keyring.Kept
	for _, e := range b.keys.epochs {
		if e.kind != kind {
			continue
		}
		sealed, err := b.envelopes(ctx, e)
		if err != nil {
			return nil, err
		}
		k := keyring.Kept{Number: e.number, Sealed: sealed}
		k.Key, _ = o.groupKey(ctx, b, e) // zero where it does not open
		all = append(all, k)
	}
	return all, nil
}

// Readers returns who has an envelope of the last epochs of a group, as their writer says; with no epoch nobody.
func (b *Branch) Readers(ctx context.Context, kind keyring.GroupKind) ([]radicle.DID, error) {
	last := int64(math.MinInt64)
	for _, e := range b.keys.epochs {
		if e.kind == kind {
			last = int64(e.number)
		}
	}
	var readers []radicle.DID
	for _, e := range b.keys.epochs {
		if e.kind != kind || int64(e.number) != last {
			continue
		}
		sealed, err := b.envelopes(ctx, e)
		if err != nil {
			return nil, err
		}
		for did := range sealed {
			readers = append(readers, did)
		}
	}
	slices.SortFunc(readers, radicle.DID.Compare)
	return slices.Compact(readers), nil
}

// envelopes reads all envelopes of an epoch. One that cannot be read is the zero one: whose it is may have opened it once.
func (b *Branch) envelopes(ctx context.Context, e epochFolder) (map[radicle.DID]keyring.Envelope, error) {
	entries, err := readTree(ctx, b.objects, e.tree, maxKeys)
	if err != nil {
		return nil, &PathError{b.place.Writer, pathEpochs + "/" + e.String(), err}
	}
	sealed := make(map[radicle.DID]keyring.Envelope)
	for _, f := range entries {
		nid, err := radicle.ParseNID(f.Name)
		if err != nil {
			continue
		}
		sealed[nid.DID()] = keyring.Envelope{}
		if f.Mode != ModeFile {
			continue
		}
		if env, err := readEnvelope(ctx, b.objects, f.ID); err == nil {
			sealed[nid.DID()] = env
		} else if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return sealed, nil
}

func readEnvelope(ctx context.Context, o Objects, blob radicle.Oid) (keyring.Envelope, error) {
	raw, err := o.Blob(ctx, blob, keyring.MaxEnvelopeLen)
	if err != nil {
		return keyring.Envelope{}, err
	}
	return keyring.ParseEnvelope(raw)
}

// dated are cards and certificates: of two the one with the higher number is newer, then the one with the greater bytes.
type dated interface {
	Seq() uint64
	Bytes() []byte
}

func compareDated[T dated](a, b T) int {
	return cmp.Or(cmp.Compare(a.Seq(), b.Seq()), bytes.Compare(a.Bytes(), b.Bytes()))
}

// groupPath is where the envelope of an epoch for somebody lies.
func groupPath(kind keyring.GroupKind, s keyring.Sealing) string {
	name := epochName{kind: kind, number: s.Number, id: s.ID}
	return pathEpochs + "/" + name.String() + "/" + s.Recipient.NID().String()
}

package repos_test

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/manifest"
	"radswarm/blobstore/record"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// film names an object.
func film(name string) blobstore.Pointer {
	return blobstore.Pointer{OID: sha256.Sum256([]byte(name)), Size: 300_000}
}

// store is what objects say of a film that was stored.
func (h *home) store(tb testing.TB, rid radicle.RID, names ...string) {
	tb.Helper()
	for _, name := range names {
		h.Stored(tb.Context(), rid, h.made(tb, film(name), "", h.did()))
	}
}

// made is the record of an object as this person's upload makes it; roots is a label for other roots than usual.
func (h *home) made(tb testing.TB, p blobstore.Pointer, roots string, holders ...radicle.DID) record.New {
	tb.Helper()
	salt := h.ring.Current()
	domain := must[blobstore.DomainSecret](tb)(h.ring.Domain(salt))
	params := blobstore.Params{OID: p.OID, Size: p.Size, Pad: blobstore.PadPadme}
	ck := must[blobstore.ContentKey](tb)(domain.ContentKey(params))
	return record.New{Pointer: p, Salt: salt, Key: ck, Manifest: signed(tb, ck, p, roots), Holders: holders}
}

// signed is a manifest with made-up roots.
func signed(tb testing.TB, ck blobstore.ContentKey, p blobstore.Pointer, label string) *manifest.Manifest {
	tb.Helper()
	layout := must[blobstore.Layout](tb)(blobstore.NewLayout(p.Size, blobstore.PadPadme))
	coding := must[blobstore.Coding](tb)(layout.Coding(3))
	roots := make([]blobstore.Root, manifest.Commit(coding.K(), 10))
	for i := range roots {
		roots[i] = sha256.Sum256(binary.BigEndian.AppendUint32(append([]byte(label), p.OID[:]...), uint32(i)))
	}
	return must[*manifest.Manifest](tb)(manifest.Sign(ck, blobstore.PadPadme, 0, coding, roots))
}

// sighted is a film at a path, with what git says of the attribute.
func sighted(name string, asked ...string) control.Sighting {
	p := film(name)
	return control.Sighting{Pointer: control.Pointer{OID: p.OID, Size: p.Size}, Paths: []string{name + ".mov"}, Asked: asked}
}

// decode reads a batch as the helper does.
func decode(tb testing.TB, in control.Batch) (b record.Batch) {
	tb.Helper()
	for _, r := range in.Records {
		c := record.Change{Pointer: blobstore.Pointer{OID: r.OID, Size: r.Size}, Base: [32]byte(r.Base)}
		c.Record = must[*record.Record](tb)(record.Parse(r.Record))
		b.Records = append(b.Records, c)
	}
	for _, e := range in.Envelopes {
		s := keyring.Sealing{Number: e.Number, ID: keyring.KeyID(e.ID), Recipient: e.To}
		s.Envelope = must[keyring.Envelope](tb)(keyring.ParseEnvelope(e.Envelope))
		b.Envelopes = append(b.Envelopes, record.Envelope{Kind: keyring.GroupKind(e.Kind), Sealing: s})
	}
	for _, c := range in.Cards {
		b.Cards = append(b.Cards, must[*keyring.Card](tb)(keyring.ParseCard(c)))
	}
	if in.Certificate != nil {
		b.Certificate = must[*keyring.Certificate](tb)(keyring.ParseCertificate(in.Certificate))
	}
	return b
}

package keyring_test

import (
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
)

func BenchmarkEnvelope(b *testing.B) {
	bos, to := forms(b)
	for _, name := range []string{"card", "bare"} {
		key := newKey(b, keyring.Members, 0)
		sealed := must[keyring.Envelope](b)(key.Seal(to[name]))
		b.Run("seal/"+name, func(b *testing.B) {
			for b.Loop() {
				must[keyring.Envelope](b)(key.Seal(to[name]))
			}
		})
		b.Run("open/"+name, func(b *testing.B) {
			raw := sealed.Bytes()
			for b.Loop() {
				e := must[keyring.Envelope](b)(keyring.ParseEnvelope(raw))
				must[keyring.GroupKey](b)(bos.Open(key.Epoch(), e))
			}
		})
	}
}

// BenchmarkWraps is a push of ten thousand objects, and their reading.
func BenchmarkWraps(b *testing.B) {
	const objects = 10_000
	key := newKey(b, keyring.Members, 0)
	o, ck := object()
	wraps := make([]keyring.Wrap, objects)
	b.Run("wrap-10000", func(b *testing.B) {
		for b.Loop() {
			for i := range wraps {
				o.Size = int64(i)
				wraps[i] = must[keyring.Wrap](b)(key.Wrap(o, ck))
			}
		}
	})
	b.Run("unwrap-10000", func(b *testing.B) {
		for b.Loop() {
			for i, w := range wraps {
				o.Size = int64(i)
				must[blobstore.ContentKey](b)(key.Unwrap(o, w))
			}
		}
	})
}

func BenchmarkUnlock(b *testing.B) {
	for b.Loop() {
		unlock(b, ana())
	}
}

func BenchmarkParse(b *testing.B) {
	_, me := withCard(b, ana())
	raw := me.Card.Bytes()
	b.Run("card", func(b *testing.B) {
		for b.Loop() {
			parseCard(b, raw)
		}
	})
	cert := issue(b, 1, 0, now, 0).Bytes()
	b.Run("certificate", func(b *testing.B) {
		for b.Loop() {
			must[*keyring.Certificate](b)(keyring.ParseCertificate(cert))
		}
	})
}

// BenchmarkPlan seals ten epochs to a new member and, their envelopes being lost, to the writer.
func BenchmarkPlan(b *testing.B) {
	_, writer := withCard(b, ana())
	g := keyring.Group{Kind: keyring.Members, RID: rid(b), Writer: writer.DID}
	_, added := withCard(b, bo())
	kept := make([]keyring.Kept, 10)
	for i := range kept {
		kept[i] = keyring.Kept{Number: uint32(i), Key: newKey(b, keyring.Members, uint32(i))}
	}
	for b.Loop() {
		must[keyring.Plan](b)(g.Plan(kept, 10, writer, []keyring.Recipient{added}))
	}
}

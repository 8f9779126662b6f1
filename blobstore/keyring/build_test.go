package keyring_test

import (
	"crypto/hpke"
	"encoding/binary"
	"testing"

	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// What the generator and the tests make by hand, as KEYS.md says it and with no help of the package.

const (
	labelCertificate = "radswarm/device-certificate/v1\x00"
	labelCard        = "radswarm/card/v1\x00"
)

// certificateBytes is KEYS.md §8.
func certificateBytes(s *radicle.MemorySigner, d keyring.Device, seq, first, last uint64) []byte {
	did := s.NID()
	return signBody(s, labelCertificate, certificateBody(did, d, seq, first, last))
}

func certificateBody(did radicle.NID, d keyring.Device, seq, first, last uint64) []byte {
	body := append(did[:], d[:]...)
	for _, n := range []uint64{seq, first, last} {
		body = binary.BigEndian.AppendUint64(body, n)
	}
	return body
}

// cardBody is KEYS.md §5 up to the signature.
func cardBody(did radicle.NID, seq uint64, salts []keyring.Salt, kem uint16, public []byte) []byte {
	body := binary.BigEndian.AppendUint64(did[:], seq)
	body = binary.BigEndian.AppendUint16(body, uint16(len(salts)))
	for _, s := range salts {
		body = append(body, s[:]...)
	}
	body = binary.BigEndian.AppendUint16(body, kem)
	body = binary.BigEndian.AppendUint16(body, uint16(len(public)))
	return append(body, public...)
}

// cardBytes is KEYS.md §5.
func cardBytes(s *radicle.MemorySigner, seq uint64, salts []keyring.Salt, kem uint16, public []byte) []byte {
	return signBody(s, labelCard, cardBody(s.NID(), seq, salts, kem, public))
}

// openPlain opens an envelope to the bare DID with the standard library alone (KEYS.md §9).
func openPlain(tb testing.TB, s *radicle.MemorySigner, at keyring.Epoch, envelope []byte) []byte {
	tb.Helper()
	key := must[hpke.PrivateKey](tb)(hpke.NewDHKEMPrivateKey(s.ECDHKey()))
	return must[[]byte](tb)(hpke.Open(key, hpke.HKDFSHA256(), hpke.AES256GCM(), infoOf(at, s.NID()), envelope[10:]))
}

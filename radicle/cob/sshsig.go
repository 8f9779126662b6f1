package cob

import (
	"fmt"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/sshsig"
)

// The signature of an operation lies in an SSHSIG container (OpenSSH, PROTOCOL.sshsig) in the commit's gpgsig header, but it is no
// SSH signature: the Ed25519 signature in it is over the 20 or 32 bytes of the commit's tree id, not over what SSHSIG prescribes.
// So there is nothing in the container but the key and the signature; all else is fixed, and must be as Radicle writes it.
const pemBegin = "-----BEGIN SSH SIGNATURE-----\n"

// encodeSignature returns the value of the gpgsig header, without a line feed at the end.
func encodeSignature(key radicle.NID, sig radicle.Signature) string {
	return sshsig.Signature{Key: key, Namespace: "radicle", Hash: "sha256", Sig: sig}.Armor()
}

// decodeSignature takes the key and the signature out of a header's value. It accepts exactly what encodeSignature writes, with
// or without line feeds at the end. The error wraps [ErrContainer].
func decodeSignature(value string) (radicle.NID, radicle.Signature, error) {
	value = strings.TrimRight(value, "\n")
	s, err := sshsig.Parse(value)
	if err != nil || encodeSignature(s.Key, s.Sig) != value {
		return radicle.NID{}, radicle.Signature{}, ErrContainer
	}
	return s.Key, s.Sig, nil
}

// signatureOf returns the one signature among the values of a commit's gpgsig headers. Those of OpenPGP, and what is no signature
// at all, do not count; neither does an earlier one by the same key.
func signatureOf(values []string) (radicle.NID, radicle.Signature, error) {
	found := make(map[radicle.NID]radicle.Signature)
	var key radicle.NID
	for _, value := range values {
		if !strings.HasPrefix(value, pemBegin) {
			continue
		}
		k, sig, err := decodeSignature(value)
		if err != nil {
			return key, sig, err
		}
		key, found[k] = k, sig
	}
	switch len(found) {
	case 0:
		return key, radicle.Signature{}, ErrUnsigned
	case 1:
		return key, found[key], nil
	}
	return key, radicle.Signature{}, fmt.Errorf("%w: %d", ErrSignatures, len(found))
}

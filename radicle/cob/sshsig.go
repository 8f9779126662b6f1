package cob

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"

	"radswarm/radicle"
)

// The signature of an operation lies in an SSHSIG container (OpenSSH, PROTOCOL.sshsig) in the commit's gpgsig header, but it is no
// SSH signature: the Ed25519 signature in it is over the 20 or 32 bytes of the commit's tree id, not over what SSHSIG prescribes.
// So there is nothing in the container but the key and the signature; all else is fixed, and must be as Radicle writes it.
const (
	pemBegin  = "-----BEGIN SSH SIGNATURE-----\n"
	pemEnd    = "-----END SSH SIGNATURE-----"
	pemWidth  = 70 // characters a line
	algorithm = "ssh-ed25519"
)

// container is the bytes of the container around a key and a signature.
func container(key radicle.NID, sig radicle.Signature) []byte {
	keyBlob := appendText(appendText(nil, algorithm), string(key[:]))
	sigBlob := appendText(appendText(nil, algorithm), string(sig[:]))
	b := binary.BigEndian.AppendUint32([]byte("SSHSIG"), 1)
	b = appendText(b, string(keyBlob))
	b = appendText(b, "radicle") // namespace
	b = appendText(b, "")        // reserved
	b = appendText(b, "sha256")
	return appendText(b, string(sigBlob))
}

func appendText(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}

// encodeSignature returns the value of the gpgsig header, without a line feed at the end.
func encodeSignature(key radicle.NID, sig radicle.Signature) string {
	var b strings.Builder
	b.WriteString(pemBegin)
	for text := base64.StdEncoding.EncodeToString(container(key, sig)); text != ""; {
		line := text[:min(pemWidth, len(text))]
		text = text[len(line):]
		b.WriteString(line + "\n")
	}
	b.WriteString(pemEnd)
	return b.String()
}

// Where the key and the signature lie in a container.
const (
	keyOffset     = len("SSHSIG") + 4 + 4 + 4 + len(algorithm) + 4
	sigFromEnd    = radicle.SignatureSize
	maxGpgsig     = 1 << 10 // bytes; a header of Radicle's has 360
	containerSize = keyOffset + radicle.KeySize + 4 + len("radicle") + 4 + 4 + len("sha256") + 4 + 4 + len(algorithm) + 4 + sigFromEnd
)

// decodeSignature takes the key and the signature out of a header's value. It accepts exactly what encodeSignature writes, with
// or without line feeds at the end. The error wraps [ErrContainer].
func decodeSignature(value string) (radicle.NID, radicle.Signature, error) {
	value = strings.TrimRight(value, "\n")
	if len(value) > maxGpgsig {
		return radicle.NID{}, radicle.Signature{}, fmt.Errorf("%w: %d bytes", ErrContainer, len(value))
	}
	body := strings.TrimSuffix(strings.TrimPrefix(value, pemBegin), pemEnd)
	data, err := base64.StdEncoding.DecodeString(body)
	if err != nil || len(data) != containerSize {
		return radicle.NID{}, radicle.Signature{}, ErrContainer
	}
	key := radicle.NID(data[keyOffset : keyOffset+radicle.KeySize])
	sig := radicle.Signature(data[len(data)-sigFromEnd:])
	if encodeSignature(key, sig) != value {
		return radicle.NID{}, radicle.Signature{}, ErrContainer
	}
	return key, sig, nil
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

// Package sshsig reads, checks and writes SSH signatures (OpenSSH, PROTOCOL.sshsig) by Ed25519 keys, which are what Radicle's keys
// are, and finds out who signed a git commit.
//
// A [Signature] is what such a text says. [Parse] takes it apart and believes nothing: [Signature.Verify] does the sums.
// [CommitSigner] is both for the commits of "git commit -S" with gpg.format=ssh.
//
// Everything is a pure function and safe for concurrent use.
//
// # Differs from the design
//
// DESIGN.md §3 does not list this package. Commits and the operations of package cob carry the same container, with other things
// signed in it.
package sshsig

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"radswarm/radicle"
)

// What is wrong with a signature.
var (
	// ErrFormat is a text that is no SSH signature.
	ErrFormat = errors.New("not an ssh signature")
	// ErrKey is a signature by a key that is not Ed25519, or by one for which anybody can sign.
	ErrKey = errors.New("not signed by an ed25519 key")
	// ErrPurpose is a signature that was made for something else.
	ErrPurpose = errors.New("signed for another purpose")
	// ErrSignature is a signature of something else, or by somebody else.
	ErrSignature = errors.New("signature does not verify")
)

const (
	pemBegin  = "-----BEGIN SSH SIGNATURE-----\n"
	pemEnd    = "-----END SSH SIGNATURE-----"
	pemWidth  = 70 // characters a line
	magic     = "SSHSIG"
	version   = 1
	algorithm = "ssh-ed25519"
	maxText   = 4 << 10 // bytes; a signature has about 300
)

// Signature is what the text of a signature says.
type Signature struct {
	Key       radicle.NID
	Namespace string // what it was made for
	Hash      string // of the message: sha256 or sha512
	Sig       radicle.Signature
}

// Armor returns the text, without a line feed at its end.
func (s Signature) Armor() string {
	var b strings.Builder
	b.WriteString(pemBegin)
	for text := base64.StdEncoding.EncodeToString(s.container()); text != ""; {
		line := text[:min(pemWidth, len(text))]
		text = text[len(line):]
		b.WriteString(line + "\n")
	}
	b.WriteString(pemEnd)
	return b.String()
}

// container is the bytes around a key and a signature.
func (s Signature) container() []byte {
	b := binary.BigEndian.AppendUint32([]byte(magic), version)
	b = appendText(b, string(pair(s.Key[:])))
	b = appendText(b, s.Namespace)
	b = appendText(b, "") // reserved
	b = appendText(b, s.Hash)
	return appendText(b, string(pair(s.Sig[:])))
}

// pair is a key or a signature with the name of its algorithm.
func pair(value []byte) []byte { return appendText(appendText(nil, algorithm), string(value)) }

func appendText(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}

// Parse takes a text apart, with or without line feeds at its end. Errors wrap [ErrFormat] or [ErrKey].
func Parse(text string) (Signature, error) {
	text = strings.TrimRight(text, "\n")
	body, begins := strings.CutPrefix(text, pemBegin)
	body, ends := strings.CutSuffix(body, pemEnd)
	if !begins || !ends || len(text) > maxText {
		return Signature{}, ErrFormat
	}
	data, err := base64.StdEncoding.Strict().DecodeString(body)
	if err != nil || len(data) < len(magic)+4 || string(data[:len(magic)]) != magic {
		return Signature{}, ErrFormat
	}
	if v := binary.BigEndian.Uint32(data[len(magic):]); v != version {
		return Signature{}, fmt.Errorf("%w: version %d", ErrFormat, v)
	}
	return parseFields(data[len(magic)+4:])
}

// parseFields reads key, namespace, what is reserved, hash and signature.
func parseFields(data []byte) (s Signature, err error) {
	var fields [5][]byte
	for i := range fields {
		if fields[i], data, err = cutText(data); err != nil {
			return s, err
		}
	}
	if len(data) > 0 || len(fields[2]) > 0 {
		return s, fmt.Errorf("%w: bytes without a meaning", ErrFormat)
	}
	s.Namespace, s.Hash = string(fields[1]), string(fields[3])
	if err := unpair(fields[0], s.Key[:]); err != nil {
		return s, err
	}
	return s, unpair(fields[4], s.Sig[:])
}

// unpair reads the value of a key or a signature.
func unpair(data, into []byte) error {
	name, rest, err := cutText(data)
	if err != nil {
		return err
	}
	if string(name) != algorithm {
		return fmt.Errorf("%w: %.40q", ErrKey, name)
	}
	value, rest, err := cutText(rest)
	if err != nil || len(rest) > 0 || len(value) != len(into) {
		return ErrFormat
	}
	copy(into, value)
	return nil
}

func cutText(data []byte) (text, rest []byte, err error) {
	if len(data) < 4 || uint64(binary.BigEndian.Uint32(data)) > uint64(len(data)-4) {
		return nil, nil, ErrFormat
	}
	end := 4 + binary.BigEndian.Uint32(data)
	return data[4:end], data[end:], nil
}

// Verify checks that the key signed a message for a purpose. Errors wrap [ErrPurpose], [ErrKey], [ErrFormat] for a hash that SSH
// does not have, or [ErrSignature].
func (s Signature) Verify(namespace string, message []byte) error {
	if s.Namespace != namespace {
		return fmt.Errorf("%w: %.40q", ErrPurpose, s.Namespace)
	}
	if err := s.Key.Validate(); err != nil {
		return fmt.Errorf("%w: %v", ErrKey, err)
	}
	signed, err := Signed(namespace, s.Hash, message)
	if err != nil {
		return err
	}
	if !s.Key.Verify(signed, s.Sig) {
		return ErrSignature
	}
	return nil
}

// Signed returns the bytes that are signed for a message and a purpose.
func Signed(namespace, hash string, message []byte) ([]byte, error) {
	b := appendText(appendText(appendText([]byte(magic), namespace), ""), hash)
	switch hash {
	case "sha256":
		sum := sha256.Sum256(message)
		return appendText(b, string(sum[:])), nil
	case "sha512":
		sum := sha512.Sum512(message)
		return appendText(b, string(sum[:])), nil
	}
	return nil, fmt.Errorf("%w: hash %.40q", ErrFormat, hash)
}

package keyring

import (
	"context"
	"fmt"
	"strings"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// Label starts what is signed and says what for: "radswarm/<what>/v<n>\x00". KEYS.md §1 lists them all.
type Label string

// The labels of this package (KEYS.md §1).
const (
	labelSecret      = "radswarm/personal-secret/v1\x00"
	labelCard        = "radswarm/card/v1\x00"
	labelCertificate = "radswarm/device-certificate/v1\x00"
	labelEnvelope    = "radswarm/envelope/v1\x00"
	saltSecret       = "radswarm/personal-secret/v1"
	saltDomain       = "radswarm/personal-domain/v1"
	saltCard         = "radswarm/card/v1"
	saltEpoch        = "radswarm/epoch/v1"
	saltWrap         = "radswarm/wrap/v1"
	infoKEM          = "kem"
)

// Sign signs a body with a Radicle key, for others to see. The caller has made the body itself: never sign bytes that a peer
// chose. The label of personal secrets is [ErrLabel], since a signature under it is one. A signature that does not verify is a
// [*SignerError]; other errors are the signer's.
func (l Label) Sign(ctx context.Context, s radicle.Signer, body []byte) ([radicle.SignatureSize]byte, error) {
	if l == labelSecret {
		return [radicle.SignatureSize]byte{}, fmt.Errorf("%w: signatures under %q are secrets", ErrLabel, string(l))
	}
	return l.sign(ctx, s, body)
}

func (l Label) sign(ctx context.Context, s radicle.Signer, body []byte) (sig [radicle.SignatureSize]byte, err error) {
	msg, err := l.message(body)
	if err != nil {
		return sig, err
	}
	if err := s.NID().Validate(); err != nil {
		return sig, err
	}
	if sig, err = s.Sign(ctx, msg); err != nil {
		return sig, err
	}
	if !s.NID().Verify(msg, sig) {
		return sig, &SignerError{NID: s.NID()}
	}
	return sig, nil
}

// Verify checks a person's signature over a body. Errors are [blobstore.ErrSignature], [radicle.ErrWeakKey] for a key that
// anybody can sign with, and [ErrLabel].
func (l Label) Verify(did radicle.DID, body []byte, sig [radicle.SignatureSize]byte) error {
	if err := did.Validate(); err != nil {
		return err
	}
	msg, err := l.message(body)
	if err != nil {
		return err
	}
	if !did.Verify(msg, sig) {
		return fmt.Errorf("%s: %w", l.what(), blobstore.ErrSignature)
	}
	return nil
}

// message is label ‖ body.
func (l Label) message(body []byte) ([]byte, error) {
	if !l.valid() {
		return nil, fmt.Errorf("%w: %q", ErrLabel, string(l))
	}
	return append([]byte(l), body...), nil
}

// valid holds the label against the form of KEYS.md §2.
func (l Label) valid() bool {
	rest, ok := strings.CutPrefix(string(l), "radswarm/")
	rest, end := strings.CutSuffix(rest, "\x00")
	what, version, two := strings.Cut(rest, "/v")
	return ok && end && two && what != "" && version != "" &&
		strings.Trim(what, "abcdefghijklmnopqrstuvwxyz-") == "" && strings.Trim(version, "0123456789") == ""
}

// what is the name in the middle, for errors.
func (l Label) what() string {
	rest, _ := strings.CutPrefix(string(l), "radswarm/")
	what, _, _ := strings.Cut(rest, "/")
	return what
}

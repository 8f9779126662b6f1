package radicle

import (
	"context"
	"crypto/ecdh"
)

// A Signer signs bytes with one Radicle key. Radicle signs raw bytes, without a prefix that says what for: sign only what this
// program has built itself, never bytes that a peer chose.
//
// Sign may ask another program (ssh-agent) and returns when it answered or ctx ended. It does not keep msg. Implementations
// are safe for concurrent use.
type Signer interface {
	// NID names the key.
	NID() NID
	// Sign returns the Ed25519 signature over msg.
	Sign(ctx context.Context, msg []byte) ([SignatureSize]byte, error)
}

// An Opener is a signer that holds the secret key itself, as a key file does and an agent does not. It can also open what was
// sealed to the bare DID. Find it by type assertion on a [Signer].
type Opener interface {
	Signer
	// ECDHKey is the X25519 image of the key (RFC 7748 §4.1: the same secret scalar, on the Montgomery curve). Its public key
	// is what [NID.X25519] computes. It fits hpke.NewDHKEMPrivateKey and does not give the secret away.
	ECDHKey() ecdh.KeyExchanger
}

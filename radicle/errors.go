package radicle

import "errors"

// The errors of parsing: each wraps the reason, and none repeats more than a few dozen bytes of what was parsed.
var (
	ErrOid       = errors.New("invalid object id")
	ErrRID       = errors.New("invalid repository id")
	ErrNID       = errors.New("invalid node id")
	ErrDID       = errors.New("invalid did")
	ErrAlias     = errors.New("invalid alias")
	ErrSignature = errors.New("invalid signature")
)

// ErrWeakKey is the error for a public key that no key generation makes: it is no point of the curve, is encoded in a
// non-canonical way, or has low order.
var ErrWeakKey = errors.New("weak public key")

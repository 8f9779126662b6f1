package keyring

import (
	"encoding/hex"
	"fmt"

	"radswarm/radicle"
)

// sizeX25519 is the size of an X25519 public key, in bytes.
const sizeX25519 = 32

// checkX25519 refuses a key that is not the one encoding of its point, or has low order (KEYS.md §2). The standard library
// takes the first silently and notices the second only when it computes with it.
func checkX25519(u []byte) error {
	text := hex.EncodeToString(u)
	if !belowPrime(u) {
		return fmt.Errorf("%w: %s: encoding is not canonical", radicle.ErrWeakKey, text)
	}
	switch text { // of order 1, 2, 4 and 8 on the curve and its twist: with them every shared secret is zero
	case "0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f":
		return fmt.Errorf("%w: %s: low order", radicle.ErrWeakKey, text)
	}
	return nil
}

// belowPrime reports whether u, little-endian, is below 2^255 − 19.
func belowPrime(u []byte) bool {
	if u[31] != 0x7f {
		return u[31] < 0x7f
	}
	for _, b := range u[1:31] {
		if b != 0xff {
			return true
		}
	}
	return u[0] < 0xed
}

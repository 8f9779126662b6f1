package radicle

import (
	"errors"
	"fmt"

	"github.com/mr-tron/base58"
)

// multibaseBase58 is the multibase prefix of base58btc, the one alphabet that Radicle writes.
const multibaseBase58 = 'z'

// base58Len is the largest number of base58 digits that n bytes take: ceil(n * log(256)/log(58)), which is n * 1.3657….
func base58Len(n int) int { return (n*1366 + 999) / 1000 }

// appendMultibase appends z and the base58btc digits of data.
func appendMultibase(b, data []byte) []byte {
	b = append(b, multibaseBase58)
	return append(b, base58.Encode(data)...)
}

// parseMultibase decodes z and base58btc digits of at most limit bytes. Nothing longer is decoded: the work is quadratic.
func parseMultibase(s string, limit int) ([]byte, error) {
	if s == "" || s[0] != multibaseBase58 {
		return nil, errors.New("does not begin with z")
	}
	digits := s[1:]
	if len(digits) > base58Len(limit) {
		return nil, fmt.Errorf("%d characters long", len(s))
	}
	if digits == "" {
		return nil, nil
	}
	data, err := base58.Decode(digits)
	if err != nil {
		return nil, errors.New("not base58")
	}
	return data, nil
}

// excerpt is what an error shows of a text from outside.
func excerpt(s string) string {
	if len(s) > 80 {
		return fmt.Sprintf("%q…", s[:80])
	}
	return fmt.Sprintf("%q", s)
}

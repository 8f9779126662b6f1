package friend

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"radswarm/radicle"
)

// MaxName is the length of the longest name of a friend or household, in bytes.
const MaxName = radicle.MaxAlias

// MaxPledge is the most that a pledge can be, in bytes.
const MaxPledge = 1 << 62

// CheckName holds a name against the rule for friends and households: 1 … MaxName bytes of UTF-8 that prints, no white space,
// no hyphen at the start. It is too short to be a DID. The error is [ErrName].
func CheckName(s string) error {
	if len(s) < 1 || len(s) > MaxName || !utf8.ValidString(s) {
		return fmt.Errorf("%w: 1 to %d bytes of UTF-8", ErrName, MaxName)
	}
	if s[0] == '-' {
		return fmt.Errorf("%w: %q starts as a flag", ErrName, s)
	}
	for _, r := range s {
		if !unicode.IsPrint(r) || unicode.IsSpace(r) {
			return fmt.Errorf("%w: %q has what does not print", ErrName, s)
		}
	}
	return nil
}

package gitobj

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Signature is who did something and when: the value of a commit's author and committer lines.
type Signature struct {
	Name, Email string // may be empty; neither has '<', '>', line feed or NUL
	Seconds     int64  // since 1970 UTC
	Zone        string // as written: a sign and digits, "+0200"
}

// UTC is the zone of everything that we write.
const UTC = "+0000"

// Time returns s.Seconds as a time in UTC; the zone is for display only.
func (s Signature) Time() time.Time { return time.Unix(s.Seconds, 0).UTC() }

// String returns the line's value: "Ana <ana@example.org> 1671125284 +0000".
func (s Signature) String() string { return string(s.append(nil)) }

func (s Signature) append(dst []byte) []byte {
	dst = append(dst, s.Name...)
	dst = append(dst, " <"...)
	dst = append(dst, s.Email...)
	dst = append(dst, "> "...)
	dst = strconv.AppendInt(dst, s.Seconds, 10)
	dst = append(dst, ' ')
	return append(dst, s.Zone...)
}

// check returns what is wrong with s, or "".
func (s Signature) check() string {
	const bad = "<>\n\x00"
	switch {
	case strings.ContainsAny(s.Name, bad):
		return fmt.Sprintf("a name cannot be %q", s.Name)
	case strings.ContainsAny(s.Email, bad):
		return fmt.Sprintf("an address cannot be %q", s.Email)
	case !validZone(s.Zone):
		return fmt.Sprintf("a zone cannot be %q", s.Zone)
	}
	return ""
}

// validZone accepts a sign and one to eight digits: git wrote others than four of them in the past.
func validZone(z string) bool {
	if len(z) < 2 || len(z) > 9 || z[0] != '+' && z[0] != '-' {
		return false
	}
	return strings.Trim(z[1:], "0123456789") == ""
}

// parseSignature is the inverse of String; it refuses what would not print as it was.
func parseSignature(line string) (Signature, string) {
	who, rest, ok := strings.Cut(line, "> ")
	if !ok {
		return Signature{}, "no address in angle brackets"
	}
	name, email, ok := strings.Cut(who, " <")
	if !ok {
		return Signature{}, "no address in angle brackets"
	}
	when, zone, _ := strings.Cut(rest, " ")
	seconds, err := strconv.ParseInt(when, 10, 64)
	if err != nil || strconv.FormatInt(seconds, 10) != when {
		return Signature{}, fmt.Sprintf("a time cannot be %q", clip(when))
	}
	s := Signature{Name: name, Email: email, Seconds: seconds, Zone: zone}
	return s, s.check()
}

// clip shortens what came from outside for an error text.
func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}

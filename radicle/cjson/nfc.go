package cjson

import (
	"slices"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// nfc returns the normalization form C of valid UTF-8. It is Unicode's algorithm (UAX #15), on the tables of x/text but without
// its norm.NFC.String, which also cuts runs of more than 30 combining characters with U+034F; Radicle does not.
func nfc(s string) string {
	if norm.NFC.IsNormalString(s) {
		return s
	}
	chars := decompose(s)
	reorder(chars)
	return compose(chars)
}

// char is a character with its canonical combining class; class 0 is a starter.
type char struct {
	r   rune
	ccc uint8
}

// decompose replaces every character by its full canonical decomposition.
func decompose(s string) []char {
	chars := make([]char, 0, len(s))
	for _, r := range s {
		p := norm.NFD.PropertiesString(string(r))
		d := p.Decomposition()
		switch {
		case isHangul(r):
			chars = appendHangul(chars, r)
		case d == nil:
			chars = append(chars, char{r, p.CCC()})
		default:
			for _, r := range string(d) {
				chars = append(chars, char{r, norm.NFD.PropertiesString(string(r)).CCC()})
			}
		}
	}
	return chars
}

// The syllables of Hangul are decomposed by arithmetic (Unicode, chapter 3.12).
const (
	hangulBase, hangulEnd = 0xac00, 0xd7a4
	leadBase, vowelBase   = 0x1100, 0x1161
	trailBase             = 0x11a7
	vowels, trails        = 21, 28
)

func isHangul(r rune) bool { return hangulBase <= r && r < hangulEnd }

func appendHangul(chars []char, r rune) []char {
	n := r - hangulBase
	chars = append(chars, char{leadBase + n/(vowels*trails), 0}, char{vowelBase + n/trails%vowels, 0})
	if trail := n % trails; trail > 0 {
		chars = append(chars, char{trailBase + trail, 0})
	}
	return chars
}

// reorder sorts each run of combining characters by class, stably.
func reorder(chars []char) {
	for i := 0; i < len(chars); {
		end := i
		for end < len(chars) && chars[end].ccc != 0 {
			end++
		}
		slices.SortStableFunc(chars[i:end], func(a, b char) int { return int(a.ccc) - int(b.ccc) })
		i = end + 1
	}
}

// compose joins each starter with the characters after it that are not blocked by one of the same or a higher class.
func compose(chars []char) string {
	out := chars[:0]
	starter, last := -1, uint8(0) // index in out; class of what stands between the starter and here, 0 for nothing
	for _, c := range chars {
		if starter >= 0 && (last < c.ccc || last == 0 && starter == len(out)-1) {
			if r, ok := composite(out[starter].r, c.r); ok {
				out[starter].r = r
				continue
			}
		}
		if c.ccc == 0 {
			starter = len(out)
		}
		last = c.ccc
		out = append(out, c)
	}
	b := make([]byte, 0, len(out)*2)
	for _, c := range out {
		b = utf8.AppendRune(b, c.r)
	}
	return string(b)
}

// composite returns the character that a and b are the canonical decomposition of.
func composite(a, b rune) (rune, bool) {
	if b < 0x300 {
		return 0, false // the first character that anything is composed with
	}
	pair := string(a) + string(b)
	joined := norm.NFC.String(pair)
	r, size := utf8.DecodeRuneInString(joined)
	return r, size == len(joined) && joined != pair
}

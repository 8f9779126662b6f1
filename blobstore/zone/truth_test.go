package zone_test

import (
	"strings"
	"testing"
	"unicode"

	"radswarm/blobstore/keyring"
	"radswarm/blobstore/zone"
	"radswarm/radicle"
)

func TestTruthsInWords(t *testing.T) {
	bo := someone(1)
	var six []radicle.DID
	for i := range 6 {
		six = append(six, someone(i))
	}
	for _, c := range []struct {
		truth zone.Truth
		want  string // a part
	}{
		{zone.WillRead{}, "nobody but you can read"},
		{zone.WillRead{[]radicle.DID{bo}}, "from now on: " + bo.String()},
		{zone.WillRead{six}, someone(4).String() + " and 1 more"},
		{zone.Forever{1}, "can read 1 file: publishing cannot be undone"},
		{zone.Confirmable{2}, "2 files in a public repository"},
		{zone.NoCard{bo}, bo.String() + " has no key card here yet"},
		{zone.CannotRead{bo, keyring.ErrKEM}, "newer kind than this program knows"},
		{zone.CannotRead{bo, radicle.ErrWeakKey}, "weak public key"},
		{zone.LostAccess{[]radicle.DID{bo}}, "keeping what they could open so far: " + bo.String()},
		{zone.TooMany{2000, zone.MaxReaders}, "2000 readers, and only the first 1024"},
	} {
		text := c.truth.String()
		if !strings.Contains(text, c.want) {
			t.Errorf("%q lacks %q", text, c.want)
		}
		wantLine(t, text)
	}
}

func wantLine(t *testing.T, text string) {
	t.Helper()
	if strings.ContainsFunc(text, unicode.IsControl) || strings.HasSuffix(text, ".") || strings.Contains(text, "%!") {
		t.Errorf("not a line: %q", text)
	}
}

func TestRefusalsInWords(t *testing.T) {
	bo := someone(1)
	people := []radicle.DID{bo}
	for _, c := range []struct {
		r       zone.Refusal
		text    string // a part
		command string
	}{
		{
			zone.Refusal{Path: "a.mp4", Asked: "public", Got: follow, Why: zone.Beyond},
			`"a.mp4" is follow: .gitattributes asks for public`, "rad swarm zone default public",
		},
		{zone.Refusal{Path: "a", Asked: "x", Got: follow, Why: zone.Beyond, People: people}, "names people whom you did not: " + bo.String(), ""},
		{zone.Refusal{Path: "a", Asked: "pubilc", Got: private, Why: zone.Unreadable}, `"pubilc" in .gitattributes is not a zone`, ""},
		{zone.Refusal{Path: "a", Asked: "x", Got: private, Why: zone.NotReader, People: people}, "not readers of this repository: " + bo.String(), ""},
		{
			zone.Refusal{Path: "it's.mp4", Asked: "follow", Got: private, Why: zone.Elsewhere},
			"at another path", `rad swarm zone set follow 'it'\''s.mp4'`,
		},
		{zone.Refusal{Path: "-rf", Asked: "public", Got: follow, Why: zone.Stays}, "stays follow", "rad swarm zone set public './-rf'"},
		{zone.Refusal{Path: "$(reboot)", Asked: "public", Got: follow, Why: zone.Stays}, "stays follow", "rad swarm zone set public '$(reboot)'"},
		{zone.Refusal{Path: "a", Asked: "private", Got: follow, Why: zone.Inward}, "keeps it", ""},
		{zone.Refusal{Path: "a\nrm -rf .", Asked: "public", Got: follow, Why: zone.Stays}, `"a\nrm -rf ." stays follow`, ""},
		{zone.Refusal{Path: "\x1b[2J", Asked: "public", Got: follow, Why: zone.Stays}, `"\x1b[2J" stays`, ""},
		{zone.Refusal{Path: "a\u202eb\xff", Asked: "public", Got: follow, Why: zone.Elsewhere}, `"a\u202eb\xff" is`, ""},
		{zone.Refusal{Path: strings.Repeat("x", 5000) + "\n", Got: follow, Why: zone.Stays}, "…xxx", ""},
		{zone.Refusal{Path: "a", Got: follow}, `"a" is follow`, ""},
	} {
		text := c.r.String()
		if !strings.Contains(text, c.text) || c.r.Command() != c.command || !strings.HasSuffix(text, c.command) {
			t.Errorf("%q with %q, want %q with %q", text, c.r.Command(), c.text, c.command)
		}
		wantLine(t, text)
	}
}

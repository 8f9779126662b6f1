package lfsagent

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const otherRID = "rad:z42hL2jL4XNk6K8oHQaSWfMgCL7ji"

const nidText = "z6MksFqXN3Yhqk8pTJdUGLwATkRfQvwZXPqR2qMEhbS9wzpT"

// settings reads key=value, separated by spaces.
func settings(text string) []Setting {
	var s []Setting
	for pair := range strings.FieldsSeq(text) {
		key, value, _ := strings.Cut(pair, "=")
		s = append(s, Setting{key, value})
	}
	return s
}

// In the tests' settings and expectations HERE and OTHER stand for two repositories, NID for a key.
var places = strings.NewReplacer("HERE", ridText[4:], "OTHER", otherRID[4:], "NID", nidText)

// Each test has git's settings and those of .lfsconfig, separated by spaces, and what is found: HERE, or words of the refusal.
func TestResolve(t *testing.T) {
	tests := []struct {
		name, git, carried string
		op                 Operation
		remote, want       string
	}{
		{"what the helper writes", "remote.rad.url=rad://HERE remote.rad.lfsurl=rad::HERE", "", Download, "rad", "HERE"},
		{"what rad clone makes", "remote.rad.url=rad://HERE remote.rad.pushurl=rad://HERE/NID", "", Upload, "rad", "HERE"},
		{"endpoint with prefix", "remote.rad.lfsurl=rad::rad:HERE", "", Download, "rad", "HERE"},
		{"endpoint with scheme", "remote.rad.lfsurl=rad::rad://HERE", "", Download, "rad", "HERE"},
		{"lfsurl before url", "remote.o.url=rad://OTHER remote.o.lfsurl=rad::HERE", "", Download, "o", "HERE"},
		{"lfspushurl for uploads", "remote.o.lfspushurl=rad::HERE remote.o.lfsurl=rad::OTHER", "", Upload, "o", "HERE"},
		{"and only for them", "remote.o.lfspushurl=rad::OTHER remote.o.lfsurl=rad::HERE", "", Download, "o", "HERE"},
		{"lfs.url before all", "lfs.url=rad::HERE remote.o.lfsurl=rad::OTHER", "", Download, "o", "HERE"},
		{"lfs.pushurl before it", "lfs.pushurl=rad::HERE lfs.url=rad::OTHER", "", Upload, "o", "HERE"},
		{"the last value counts", "lfs.url=rad::OTHER lfs.url=rad::HERE", "", Download, "o", "HERE"},
		{"names are cased", "remote.Rad.url=rad://HERE remote.rad.url=rad://OTHER", "", Download, "Rad", "HERE"},
		{"a name with dots", "remote.a.b.url=rad://HERE", "", Download, "a.b", "HERE"},
		{"no name", "remote.origin.url=rad://HERE", "", Download, "", "HERE"},
		{"git-lfs falls back on origin", "remote.origin.url=rad://HERE", "", Download, "https://example.org/x", "HERE"},
		{"insteadOf", "remote.o.url=r:HERE url.rad://.insteadof=r:", "", Download, "o", "HERE"},
		{"the longest insteadOf", "remote.o.url=r:HERE url.rad://.insteadof=r: url.https://.insteadof=r", "", Download, "o", "HERE"},
		{"pushInsteadOf", "remote.o.url=x:HERE url.rad://.pushinsteadof=x:", "", Upload, "o", "HERE"},
		{"pushInsteadOf of fetches", "remote.o.url=x:HERE url.rad://.pushinsteadof=x:", "", Download, "o", "no Radicle repository"},

		{"nothing", "", "", Download, "origin", "no URL for the remote origin"},
		{"another forge", "remote.origin.url=https://example.org/x", "", Download, "origin", "https://example.org/x names no"},
		{"an RID that is none", "remote.o.url=rad://zzz", "", Download, "o", "no Radicle repository"},
		{"a path below", "remote.o.url=rad://HERE/x", "", Download, "o", "no Radicle repository"},
		{"longer than any", "remote.o.url=rad://" + strings.Repeat("z", 1<<20), "", Download, "o", "…"},
		{"a name that paints", "", "", Download, "\x1b[31m\n", "remote ?[31m"},

		{"a stranger's", "", "lfs.url=rad::HERE", Download, "origin", "not agreed"},
		{"a stranger's for pushes", "", "lfs.pushurl=rad::HERE", Upload, "origin", "not agreed"},
		{"a stranger's for a remote", "remote.origin.url=https://x", "remote.origin.lfsurl=rad::HERE", Download, "origin", "not agreed"},
		{"after setup", "swarm.repository=rad:HERE", "lfs.url=rad::HERE", Download, "origin", "HERE"},
		{"of several", "swarm.repository=rad:HERE swarm.repository=rad:OTHER", "lfs.url=rad::HERE", Download, "origin", "HERE"},
		{"after setup of another", "swarm.repository=rad:OTHER", "lfs.url=rad::HERE", Download, "origin", "not agreed"},
		{"setup by the stranger", "", "lfs.url=rad::HERE swarm.repository=rad:HERE", Download, "origin", "not agreed"},
		{"a remote by the stranger", "", "lfs.url=rad::HERE remote.x.url=rad://HERE", Download, "origin", "not agreed"},
		{"a remote leads there", "remote.r.url=rad://HERE", "lfs.url=rad::HERE", Download, "origin", "HERE"},
		{"a remote leads elsewhere", "remote.origin.url=rad://OTHER", "lfs.url=rad::HERE", Download, "origin", "not agreed"},
		{"git's word outranks it", "lfs.url=rad::HERE", "lfs.url=rad::OTHER", Download, "origin", "HERE"},
		{"keys that git-lfs drops", "", "remote.o.url=rad://HERE remote.o.lfspushurl=rad::HERE", Upload, "o", "no URL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rid, err := Settings{settings(places.Replace(tt.git)), settings(places.Replace(tt.carried))}.Resolve(tt.op, tt.remote)
			if tt.want == "HERE" {
				if err != nil || rid != mustRID(t, ridText) {
					t.Errorf("%v, %v; want %s", rid, err, ridText)
				}
				return
			}
			f, ok := errors.AsType[*Failure](err)
			if !ok || !strings.Contains(f.Text, tt.want) || len(f.Text) > 400 {
				t.Errorf("%v, %v; want …%s…", rid, err, tt.want)
			}
		})
	}
}

func TestParseSettings(t *testing.T) {
	got, err := ParseSettings([]byte("core.bare\nfalse\x00lfs.url\nrad::x\ny\x00a.b.c\x00"))
	want := []Setting{{"core.bare", "false"}, {"lfs.url", "rad::x\ny"}, {"a.b.c", "true"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%s, %v", cmp.Diff(want, got), err)
	}
	for _, bad := range []string{"a.b\nc", "ab\nc\x00", "\x00", "\na.b\x00"} {
		if got, err := ParseSettings([]byte(bad)); err == nil {
			t.Errorf("%q is %v", bad, got)
		}
	}
}

func TestStorage(t *testing.T) {
	for value, want := range map[string]string{"": "/g/lfs", "x": "/g/x", "../y": "/y", "/abs/z": "/abs/z"} {
		s := Settings{Git: []Setting{{"lfs.storage", value}}}
		if got := s.Storage("/g"); got != want && !strings.Contains(got, `\`) {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
}

func TestSentence(t *testing.T) {
	tests := []struct {
		err  error
		code Code
		text string
	}{
		{errors.New("plain"), CodeFailed, "plain"},
		{errors.New(""), CodeFailed, "it failed, and nobody says why"},
		{&Failure{Text: "no code"}, CodeFailed, "no code"},
		{errors.Join(errors.New("outer"), friendsAway), 503, "outer " + friendsAway.Text + "; hint: " + friendsAway.Hint},
		{errors.New("two\r\nlines\tand \x1b[2J\u202eevil\xff"), CodeFailed, "two lines and ?[2J?evil?"},
		{errors.New(strings.Repeat("é", 600)), CodeFailed, strings.Repeat("é", 500) + "…"},
		{errors.New("x" + strings.Repeat("é", 600)), CodeFailed, "x" + strings.Repeat("é", 499) + "…"},
	}
	for _, tt := range tests {
		if code, text := sentence(tt.err); code != tt.code || text != tt.text {
			t.Errorf("%q: %d %q", tt.err, code, text)
		}
	}
}

package lfsagent

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const otherRID = "rad:z42hL2jL4XNk6K8oHQaSWfMgCL7ji"

var nidText = "z6MksFqXN3Yhqk8pTJdUGLwATkRfQvwZXPqR2qMEhbS9wzpT"

// settings reads lines of key=value.
func settings(lines ...string) []Setting {
	var s []Setting
	for _, l := range lines {
		key, value, _ := strings.Cut(l, "=")
		s = append(s, Setting{key, value})
	}
	return s
}

func TestResolve(t *testing.T) {
	here, other := ridText[4:], otherRID[4:]
	tests := []struct {
		name     string
		git      []string
		carried  []string
		op       Operation
		remote   string
		want     string // the RID
		refusing string // or this
	}{
		{name: "what the helper writes", git: []string{"remote.rad.url=rad://" + here, "remote.rad.lfsurl=rad::" + here}, remote: "rad", want: ridText},
		{name: "what rad clone makes", git: []string{"remote.rad.url=rad://" + here, "remote.rad.pushurl=rad://" + here + "/" + nidText}, op: Upload, remote: "rad", want: ridText},
		{name: "endpoint with prefix", git: []string{"remote.rad.lfsurl=rad::" + ridText}, remote: "rad", want: ridText},
		{name: "endpoint with scheme", git: []string{"remote.rad.lfsurl=rad::rad://" + here}, remote: "rad", want: ridText},
		{name: "lfsurl before url", git: []string{"remote.o.url=rad://" + other, "remote.o.lfsurl=rad::" + here}, remote: "o", want: ridText},
		{name: "lfspushurl for uploads", git: []string{"remote.o.lfspushurl=rad::" + here, "remote.o.lfsurl=rad::" + other}, op: Upload, remote: "o", want: ridText},
		{name: "and only for them", git: []string{"remote.o.lfspushurl=rad::" + other, "remote.o.lfsurl=rad::" + here}, remote: "o", want: ridText},
		{name: "lfs.url before all", git: []string{"lfs.url=rad::" + here, "remote.o.lfsurl=rad::" + other}, remote: "o", want: ridText},
		{name: "lfs.pushurl before it", git: []string{"lfs.pushurl=rad::" + here, "lfs.url=rad::" + other}, op: Upload, remote: "o", want: ridText},
		{name: "the last value counts", git: []string{"lfs.url=rad::" + other, "lfs.url=rad::" + here}, remote: "o", want: ridText},
		{name: "names are cased", git: []string{"remote.Rad.url=rad://" + here, "remote.rad.url=rad://" + other}, remote: "Rad", want: ridText},
		{name: "a name with dots", git: []string{"remote.a.b.url=rad://" + here}, remote: "a.b", want: ridText},
		{name: "no name", git: []string{"remote.origin.url=rad://" + here}, want: ridText},
		{name: "git-lfs falls back on origin", git: []string{"remote.origin.url=rad://" + here}, remote: "https://example.org/x", want: ridText},
		{name: "insteadOf", git: []string{"remote.o.url=r:" + here, "url.rad://.insteadof=r:"}, remote: "o", want: ridText},
		{name: "the longest insteadOf", git: []string{"remote.o.url=r:" + here, "url.https://.insteadof=r", "url.rad://.insteadof=r:"}, remote: "o", want: ridText},
		{name: "pushInsteadOf", git: []string{"remote.o.url=https://x/" + here, "url.rad://.pushinsteadof=https://x/"}, op: Upload, remote: "o", want: ridText},
		{name: "pushInsteadOf of fetches", git: []string{"remote.o.url=https://x/" + here, "url.rad://.pushinsteadof=https://x/"}, remote: "o", refusing: "no Radicle repository"},

		{name: "nothing", remote: "origin", refusing: "no URL for the remote origin"},
		{name: "another forge", git: []string{"remote.origin.url=https://example.org/x"}, remote: "origin", refusing: "https://example.org/x names no"},
		{name: "an RID that is none", git: []string{"remote.o.url=rad://zzz"}, remote: "o", refusing: "no Radicle repository"},
		{name: "a path below", git: []string{"remote.o.url=rad://" + here + "/x"}, remote: "o", refusing: "no Radicle repository"},
		{name: "longer than any", git: []string{"remote.o.url=rad://" + strings.Repeat("z", 1<<20)}, remote: "o", refusing: "…"},
		{name: "a name that paints", git: nil, remote: "\x1b[31m\n", refusing: "remote ?[31m"},

		{name: "a stranger's", carried: []string{"lfs.url=rad::" + here}, remote: "origin", refusing: "you have not agreed"},
		{name: "a stranger's for pushes", carried: []string{"lfs.pushurl=rad::" + here}, op: Upload, remote: "origin", refusing: "you have not agreed"},
		{name: "a stranger's for a remote", carried: []string{"remote.origin.lfsurl=rad::" + here}, git: []string{"remote.origin.url=https://x"}, remote: "origin", refusing: "you have not agreed"},
		{name: "after setup", carried: []string{"lfs.url=rad::" + here}, git: []string{SetupKey + "=" + ridText}, remote: "origin", want: ridText},
		{name: "after setup of several", carried: []string{"lfs.url=rad::" + here}, git: []string{SetupKey + "=" + ridText, SetupKey + "=" + otherRID}, remote: "origin", want: ridText},
		{name: "after setup of another", carried: []string{"lfs.url=rad::" + here}, git: []string{SetupKey + "=" + otherRID}, remote: "origin", refusing: "you have not agreed"},
		{name: "setup by the stranger", carried: []string{"lfs.url=rad::" + here, SetupKey + "=" + ridText}, remote: "origin", refusing: "you have not agreed"},
		{name: "a remote by the stranger", carried: []string{"lfs.url=rad::" + here, "remote.x.url=rad://" + here}, remote: "origin", refusing: "you have not agreed"},
		{name: "a remote leads there", carried: []string{"lfs.url=rad::" + here}, git: []string{"remote.r.url=rad://" + here}, remote: "origin", want: ridText},
		{name: "a remote leads elsewhere", carried: []string{"lfs.url=rad::" + here}, git: []string{"remote.origin.url=rad://" + other}, remote: "origin", refusing: "you have not agreed"},
		{name: "git's configuration outranks it", carried: []string{"lfs.url=rad::" + other}, git: []string{"lfs.url=rad::" + here}, remote: "origin", want: ridText},
		{name: "keys that git-lfs drops", carried: []string{"remote.origin.url=rad://" + here, "remote.origin.lfspushurl=rad::" + here}, op: Upload, remote: "origin", refusing: "no URL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.op == "" {
				tt.op = Download
			}
			rid, err := Settings{settings(tt.git...), settings(tt.carried...)}.Resolve(tt.op, tt.remote)
			if tt.refusing != "" {
				f, ok := errors.AsType[*Failure](err)
				if !ok || !strings.Contains(f.Text, tt.refusing) || len(f.Text) > 400 {
					t.Errorf("%v, %v; want …%s…", rid, err, tt.refusing)
				}
				return
			}
			if err != nil || rid != mustRID(t, tt.want) {
				t.Errorf("%v, %v; want %s", rid, err, tt.want)
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

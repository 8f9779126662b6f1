package lfs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Wherever git keeps the configuration that all worktrees share, that is where the keys go.
func TestConfigureLayouts(t *testing.T) {
	bare := newPlace(t, "--bare")
	bare.git("remote", "add", "rad", "rad://"+ridText)
	bare.configure(radRemote(t, "rad"))
	if got := bare.get(keyAgent); got != "rad" {
		t.Errorf("bare: %q", got)
	}

	p := newRad(t, "rad")
	p.commit(nil)
	p.git("config", "extensions.worktreeConfig", "true")
	p.git("worktree", "add", "-q", "../tree")
	tree := &place{t: t, dir: filepath.Join(p.dir, "..", "tree"), env: p.env}
	tree.git("config", "--worktree", keyPath, "/opt/agent")
	tree.configure(radRemote(t, "rad"))
	if p.get("remote.rad.lfsurl") == "" || p.get(keyPath) != "" || tree.get(keyPath) != "/opt/agent" {
		t.Errorf("a linked worktree:\n%s", p.config())
	}
	p.configure(radRemote(t, "rad"))
	if p.get(keyPath) != Agent || tree.get(keyPath) != "/opt/agent" {
		t.Errorf("the main worktree:\n%s", p.config())
	}
	tree.unconfigure()
	if p.get("remote.rad.lfsurl") != "" || tree.get(keyPath) != "/opt/agent" {
		t.Errorf("taken back in a linked worktree:\n%s", p.config())
	}
}

func TestConfigureSubmodule(t *testing.T) {
	inner := newRad(t, "rad")
	inner.commit(nil)
	p := newRad(t, "rad")
	p.env = append(p.env, "GIT_ALLOW_PROTOCOL=file")
	p.git("submodule", "--quiet", "add", inner.dir, "sub")
	sub := &place{t: t, dir: filepath.Join(p.dir, "sub"), env: p.env}
	sub.git("remote", "add", "rad", "rad://"+ridText)
	sub.write(".lfsconfig", "[lfs]\n\turl = https://example.org/lfs\n")
	for _, dir := range []string{filepath.Join(p.dir, ".git", "modules", "sub"), filepath.Join(sub.dir, ".git")} {
		c, err := Repo{Dir: dir, Env: p.env}.ReadConfig(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		warnings, err := c.Configure(t.Context(), radRemote(t, "rad"))
		if err != nil || len(warnings) != 1 || warnings[0].File != ".lfsconfig" {
			t.Errorf("%s: %v, %v", dir, warnings, err)
		}
		if sub.get(keyAgent) != "rad" || p.get(keyAgent) != "" {
			t.Errorf("%s: in the submodule\n%s\noutside\n%s", dir, sub.config(), p.config())
		}
		sub.unconfigure()
	}
}

// What other files give is not written again: it counts as set, and comes and goes with them.
func TestConfigureIncludes(t *testing.T) {
	p := newRad(t, "rad")
	other := filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(other, []byte("[lfs \"customtransfer.rad\"]\n\tpath = /opt/agent\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	p.git("config", "includeIf.gitdir:"+p.git("rev-parse", "--absolute-git-dir")+".path", other)
	p.git("config", "--global", keyAgent, "rad")
	odd := *p
	odd.env = append(p.env, "GIT_CONFIG="+other+".not-there") // for "git config" alone
	odd.configure(radRemote(t, "rad"))
	if got := p.get(keyPath); got != "/opt/agent" || strings.Contains(p.config(), Agent) {
		t.Errorf("path %q\n%s", got, p.config())
	}
	if strings.Contains(p.config(), "standalone") {
		t.Errorf("written although global:\n%s", p.config())
	}
	p.git("config", "--global", "--unset", keyAgent)
	p.configure(radRemote(t, "rad"))
	if got := p.get(keyAgent); got != "rad" {
		t.Errorf("no longer global: %q", got)
	}
}

// Who sends objects elsewhere, in the order that git-lfs follows.
func TestWarnings(t *testing.T) {
	const elsewhere = "https://example.org/lfs"
	for _, test := range []struct {
		what    string
		config  []setting
		carried string
		want    []Warning
	}{
		{what: "nothing"},
		{"lfs.url", []setting{{"lfs.url", elsewhere}}, "", []Warning{{"rad", "lfs.url", elsewhere, ""}}},
		{"another repository", []setting{{"lfs.url", "rad::" + otherText}}, "", []Warning{{"rad", "lfs.url", "rad::" + otherText, ""}}},
		{"this repository", []setting{{"lfs.url", "rad::" + ridText}}, "", nil},
		{"for pushes", []setting{{"lfs.pushurl", elsewhere}}, "", []Warning{{"rad", "lfs.pushurl", elsewhere, ""}}},
		{"of the remote", []setting{{"remote.rad.lfspushurl", elsewhere}}, "", []Warning{{"rad", "remote.rad.lfspushurl", elsewhere, ""}}},
		{"carried", nil, "[lfs]\n\tURL = " + elsewhere + "\n", []Warning{{"rad", "lfs.url", elsewhere, ".lfsconfig"}}},
		{"carried, overruled", []setting{{"lfs.url", "rad::" + ridText}}, "[lfs]\n\turl = " + elsewhere + "\n", nil},
		{"carried for the remote", nil, "[remote \"rad\"]\n\tlfsurl = " + elsewhere + "\n", nil},
		{"carried nonsense", nil, "[lfs\nurl = x", nil},
		{"carried include", nil, "[include]\n\tpath = url\n", nil},
		{"carried, too large", nil, "[lfs]\n\turl = " + elsewhere + "\n" + strings.Repeat("#\n", maxLFSConfig/2), nil},
	} {
		p := newRad(t, "rad")
		for _, s := range test.config {
			p.git("config", s.key, s.value)
		}
		p.write("url", "[lfs]\n\turl = "+elsewhere+"\n")
		if test.carried != "" {
			p.write(".lfsconfig", test.carried)
		}
		if diff := cmp.Diff(test.want, p.configure(radRemote(t, "rad"))); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", test.what, diff)
		}
		if got := p.get("remote.rad.lfsurl"); got != "rad::"+ridText {
			t.Errorf("%s: lfsurl %q", test.what, got)
		}
	}
}

// In a linked worktree, its own .lfsconfig counts.
func TestWarningsInWorktree(t *testing.T) {
	p := newRad(t, "rad")
	p.commit(nil)
	p.git("worktree", "add", "-q", "../tree")
	tree := &place{t: t, dir: filepath.Join(p.dir, "..", "tree"), env: p.env}
	tree.write(".lfsconfig", "[lfs]\n\turl = x\n")
	if w := tree.configure(radRemote(t, "rad")); len(w) != 1 {
		t.Errorf("in it: %v", w)
	}
	if w := p.configure(radRemote(t, "rad")); len(w) != 0 {
		t.Errorf("beside it: %v", w)
	}
	p.env = append(p.env, "GIT_WORK_TREE="+tree.dir)
	if w := p.configure(radRemote(t, "rad")); len(w) != 1 {
		t.Errorf("GIT_WORK_TREE: %v", w)
	}
}

func TestWarningText(t *testing.T) {
	w := Warning{"r\x1b[2J", "lfs.url", "\x1b]0;\a\xff" + strings.Repeat("x", 10_000), ".lfsconfig"}
	text := w.String()
	if len(text) > 600 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		t.Errorf("%d bytes: %q", len(text), text)
	}
	w = Warning{"rad", "lfs.url", "https://example.org", ""}
	if got, want := w.String(), "git-lfs sends the objects of remote rad to https://example.org: lfs.url in git config says so"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// Configuration that is no configuration, too much of it, and values of any bytes.
func TestHostileConfig(t *testing.T) {
	p := newRad(t, "rad")
	p.git("config", "x.y", "two\nlines\xff\xfe and \"quotes\"")
	file := p.configFile()
	large := p.config() + "[x]\n\ty = " + strings.Repeat("x", maxConfig) + "\n"
	if err := os.WriteFile(file, []byte(large), 0o644); err != nil {
		t.Fatal(err)
	}
	if p.configure(radRemote(t, "rad")); p.config() != large {
		t.Error("wrote a file that is too large to be written anew")
	}
	if got := strings.Repeat("x", maxConfig); p.get("x.y") != got {
		t.Error("value lost")
	}
	huge := p.config() + strings.Repeat("[y]\n\tz = "+strings.Repeat("x", 1<<20)+"\n", 9)
	if err := os.WriteFile(file, []byte(huge), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := p.repo().ReadConfig(t.Context()); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%d bytes: %v", len(huge), err)
	}
	repo := p.repo()
	if err := os.WriteFile(file, []byte("[core\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := repo.ReadConfig(t.Context())
	if e, ok := errors.AsType[*GitError](err); !ok || e.Command != "config" {
		t.Errorf("no configuration: %v", err)
	}
}

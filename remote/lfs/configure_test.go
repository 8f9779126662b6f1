package lfs

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"radswarm/radicle"
)

const (
	ridText   = "z3gqcJUoA1n9HaHKufZs5FCSGazv5"
	otherText = "z42hL2jL4XNk6K8oHQaSWfMgCL7ji"
)

func parseRID(t testing.TB, text string) radicle.RID {
	t.Helper()
	rid, err := radicle.ParseRID(text)
	if err != nil {
		t.Fatal(err)
	}
	return rid
}

// radRemote is what git tells the helper about a remote.
func radRemote(t testing.TB, name string) Remote {
	t.Helper()
	return Remote{Name: name, URL: "rad://" + ridText, RID: parseRID(t, ridText)}
}

func (p *place) configure(r Remote) []Warning {
	p.t.Helper()
	c, err := p.repo().ReadConfig(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	w, err := c.Configure(p.t.Context(), r)
	if err != nil {
		p.t.Fatal(err)
	}
	return w
}

func (p *place) unconfigure() {
	p.t.Helper()
	if err := p.repo().Unconfigure(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) configFile() string {
	p.t.Helper()
	dir := p.git("rev-parse", "--git-common-dir")
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(p.dir, dir)
	}
	return filepath.Join(dir, "config")
}

func (p *place) config() string {
	p.t.Helper()
	text, err := os.ReadFile(p.configFile())
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

// counts is how many values each key of the repository's own has.
func (p *place) counts() map[string]int {
	p.t.Helper()
	n := map[string]int{}
	for pair := range strings.SplitSeq(p.git("config", "--list", "-z", "--local"), "\x00") {
		key, _, _ := strings.Cut(pair, "\n")
		n[key]++
	}
	return n
}

// get is the value of a key as git reads it, "" for none.
func (p *place) get(key string) string {
	p.t.Helper()
	out, _ := p.command("config", "--get", key).Output()
	return strings.TrimSuffix(string(out), "\n")
}

// newRad is a repository with a rad remote of this name.
func newRad(t testing.TB, name string) *place {
	t.Helper()
	p := newPlace(t)
	p.git("remote", "add", "placeholder", "rad://"+ridText)
	p.git("config", "--rename-section", "remote.placeholder", "remote."+name)
	return p
}

// The keys of git-lfs.md §2.4, once, and back to the same bytes.
func TestConfigure(t *testing.T) {
	p := newRad(t, "rad")
	before := p.config()
	if w := p.configure(radRemote(t, "rad")); len(w) != 0 {
		t.Error(w)
	}
	after := p.config()
	want := before + `[lfs "customtransfer.rad"]
	path = git-lfs-rad
	concurrent = true
[lfs "rad::"]
	standalonetransferagent = rad
[remote "rad"]
	lfsurl = rad::` + ridText + `
[lfs]
	concurrenttransfers = 16
[lfs "transfer"]
	batchsize = 1000
[swarm]
	wrote = lfs.concurrenttransfers=16
	wrote = lfs.transfer.batchsize=1000
`
	if diff := cmp.Diff(want, after); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	p.configure(radRemote(t, "rad"))
	if again := p.config(); again != after {
		t.Errorf("second time:\n%s", again)
	}
	p.git("config", "--unset", keyBatch)
	if p.configure(radRemote(t, "rad")); p.get(keyBatch) != "1000" || p.counts()[keyWrote] != 2 {
		t.Errorf("after somebody removed one:\n%s", p.config())
	}
	p.unconfigure()
	if diff := cmp.Diff(before, p.config()); diff != "" {
		t.Errorf("taken back: (-want +got)\n%s", diff)
	}
}

// Git runs once where nothing is to be written, and once where keys are only added.
func TestConfigureProcesses(t *testing.T) {
	p := newRad(t, "rad")
	git, count := p.countingGit()
	for _, when := range []string{"first", "second"} {
		r := p.repo()
		r.Git = git
		c, err := r.ReadConfig(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Configure(t.Context(), radRemote(t, "rad")); err != nil {
			t.Fatal(err)
		}
		if got := count(); len(got) != 1 {
			t.Errorf("%s: %q", when, got)
		}
	}
	p.unconfigure()
	for _, s := range always { // as setup writes them, for all repositories
		p.git("config", "--global", s.key, s.value)
	}
	r := p.repo()
	r.Git = git
	if err := r.Unconfigure(t.Context()); err != nil {
		t.Error(err)
	}
	if got := count(); len(got) != 1 {
		t.Errorf("nothing to take back: %q", got)
	}
}

// countingGit is a git that notes that it was run, and what was noted since the last question.
func (p *place) countingGit() (string, func() []string) {
	p.t.Helper()
	if runtime.GOOS == "windows" {
		p.t.Skip("a shell script")
	}
	dir := p.t.TempDir()
	script, log := filepath.Join(dir, "git"), filepath.Join(dir, "log")
	text := "#!/bin/sh\necho \"$*\" >>'" + log + "'\nexec git \"$@\"\n"
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		p.t.Fatal(err)
	}
	return script, func() []string {
		text, err := os.ReadFile(log)
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err := errors.Join(err, os.Remove(log)); err != nil {
			p.t.Fatal(err)
		}
		return strings.Split(strings.TrimSpace(string(text)), "\n")
	}
}

func TestConfigureNothing(t *testing.T) {
	p := newRad(t, "rad")
	p.git("config", "remote.rad://"+ridText+".url", "rad://"+ridText) // as some do for a refspec of a URL
	before := p.config()
	url := radRemote(t, "rad://"+ridText)
	noRID := radRemote(t, "rad")
	noRID.RID = radicle.RID{}
	for what, r := range map[string]Remote{
		"a URL": url, "no repository": noRID, "no such remote": radRemote(t, "origin"), "no name": radRemote(t, ""),
		"a name of two lines": radRemote(t, "rad\n[x]"),
	} {
		if w := p.configure(r); len(w) != 0 || p.config() != before {
			t.Errorf("%s: %v\n%s", what, w, p.config())
		}
	}
	transient := *p
	transient.env = append(p.env, "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=remote.tmp.url", "GIT_CONFIG_VALUE_0=rad://"+ridText)
	if transient.configure(radRemote(t, "tmp")); p.config() != before {
		t.Errorf("a remote of git -c:\n%s", p.config())
	}
	if _, err := (Repo{Env: p.env}).ReadConfig(t.Context()); !errors.Is(err, ErrNoRepository) {
		t.Error(err)
	}
}

// Remote names are any text that git accepts, and some that it does not.
func TestConfigureNames(t *testing.T) {
	for _, name := range []string{"a.b", "a/b", `quo"te`, `back\slash`, "ünïcode 朋友", "a]b", "#x;y", "url", " x ", "\xff\xfe", "t\tab"} {
		p := newPlace(t)
		before := p.config()
		section, _ := splitKey("remote." + name + ".url")
		before += "[" + section + "]\n\turl = rad://" + ridText + "\n"
		if err := os.WriteFile(p.configFile(), []byte(before), 0o644); err != nil {
			t.Fatal(err)
		}
		p.configure(radRemote(t, name))
		if got := p.get("remote." + name + ".lfsurl"); got != "rad::"+ridText {
			t.Errorf("%q: %q in\n%s", name, got, p.config())
		}
		p.unconfigure()
		if got := p.config(); got != before {
			t.Errorf("%q: taken back:\n%s", name, got)
		}
	}
}

// What somebody has set stays; only an lfsurl of ours follows the remote to another repository.
func TestConfigureKeepsOthers(t *testing.T) {
	p := newRad(t, "rad")
	for key, value := range map[string]string{
		keyPath: "/opt/agent", keyTransfers: "3", "remote.rad.lfsurl": "https://example.org/lfs", "remote.rad.pushurl": "rad://x/y",
		filterProcess: "git-lfs filter-process --skip",
	} {
		p.git("config", key, value)
	}
	remote := radRemote(t, "rad")
	remote.Cloning, remote.NID = true, radicle.NID{1}
	before := p.config()
	warnings := p.configure(remote)
	want := []Warning{{"rad", "remote.rad.lfsurl", "https://example.org/lfs", ""}}
	if diff := cmp.Diff(want, warnings); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	added := strings.TrimPrefix(p.config(), before)
	if diff := cmp.Diff("[lfs \"customtransfer.rad\"]\n\tconcurrent = true\n[lfs \"rad::\"]\n\tstandalonetransferagent = rad\n", added); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	p.unconfigure()
	if diff := cmp.Diff(before, p.config()); diff != "" {
		t.Errorf("taken back: (-want +got)\n%s", diff)
	}

	p.git("config", "remote.rad.lfsurl", "rad::"+otherText)
	if w := p.configure(remote); len(w) != 0 {
		t.Error(w)
	}
	if got := p.get("remote.rad.lfsurl"); got != "rad::"+ridText || p.counts()["remote.rad.lfsurl"] != 1 {
		t.Errorf("lfsurl %q in\n%s", got, p.config())
	}
}

// A clone gets a pushurl for the push that follows. It goes with the remote, and stays if it was changed.
func TestConfigureCloning(t *testing.T) {
	remote := radRemote(t, "rad")
	remote.Cloning, remote.NID = true, radicle.NID{1}
	own := "rad://" + ridText + "/" + remote.NID.String()

	p := newRad(t, "rad")
	p.configure(remote)
	if got := p.get("remote.rad.pushurl"); got != own {
		t.Errorf("pushurl %q", got)
	}
	p.git("remote", "rename", "rad", "radicle")
	p.unconfigure()
	for key, n := range p.counts() { // git cuts the section in two
		if n != 1 || strings.Contains(key, "lfs") || strings.Contains(key, "swarm") || strings.Contains(key, "push") {
			t.Errorf("after a rename, %s is left in\n%s", key, p.config())
		}
	}

	p = newRad(t, "rad")
	p.configure(remote)
	p.git("remote", "set-url", "--push", "rad", "rad://"+otherText)
	p.unconfigure()
	if got := p.get("remote.rad.pushurl"); got != "rad://"+otherText {
		t.Errorf("changed pushurl became %q", got)
	}

	p = newRad(t, "rad")
	p.configure(remote)
	p.git("remote", "remove", "rad")
	if got := p.git("remote"); got != "" || strings.Contains(p.config(), ridText) {
		t.Errorf("a removed remote left %q\n%s", got, p.config())
	}

	remote.NID = radicle.NID{}
	p = newRad(t, "rad")
	if p.configure(remote); p.get("remote.rad.pushurl") != "" {
		t.Error("a pushurl without a key")
	}
}

// Keys for all remotes are only for repositories that have no other kind, and git -c does not count.
func TestConfigureWide(t *testing.T) {
	for _, other := range []setting{
		{"remote.hub.url", "https://example.org/x"},
		{"remote.rad.pushurl", "git@example.org:x"},
		{"remote.rad.lfspushurl", "https://example.org/lfs"},
		{"lfs.url", "https://example.org/lfs"},
	} {
		p := newRad(t, "rad")
		p.configure(radRemote(t, "rad"))
		p.git("config", other.key, other.value)
		p.configure(radRemote(t, "rad"))
		if p.get(keyTransfers) != "" || p.get(keyBatch) != "" || p.get(keyWrote) != "" {
			t.Errorf("with %v:\n%s", other, p.config())
		}
		p.git("config", "--unset", other.key)
		p.configure(radRemote(t, "rad"))
		p.git("config", keyTransfers, "5")
		p.git("config", other.key, other.value)
		p.configure(radRemote(t, "rad"))
		if p.get(keyTransfers) != "5" || p.get(keyBatch) != "" || p.get(keyWrote) != "" {
			t.Errorf("with %v and a changed value:\n%s", other, p.config())
		}
	}
	p := newRad(t, "rad")
	p.git("config", keyTransfers, "16") // as we would have it, but not by us
	p.configure(radRemote(t, "rad"))
	p.git("remote", "add", "hub", "https://example.org/x")
	p.configure(radRemote(t, "rad"))
	p.unconfigure()
	if p.get(keyTransfers) != "16" || p.get(keyBatch) != "" {
		t.Errorf("took what others had written:\n%s", p.config())
	}
	p = newRad(t, "rad")
	p.env = append(p.env, "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=remote.hub.url", "GIT_CONFIG_VALUE_0=https://example.org")
	if p.configure(radRemote(t, "rad")); p.get(keyTransfers) != "16" {
		t.Error("git -c counted")
	}
}

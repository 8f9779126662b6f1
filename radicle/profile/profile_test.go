package profile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"radswarm/radicle"
)

// envOf is an environment with these variables only: name, value, name, value…
func envOf(pairs ...string) Env {
	return func(key string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == key {
				return pairs[i+1], true
			}
		}
		return "a value that is not set", false
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		env  Env
		want string
	}{
		"RAD_HOME": {envOf("RAD_HOME", dir, "HOME", "/elsewhere"), dir},
		"HOME":     {envOf("HOME", dir), filepath.Join(dir, ".radicle")},
	} {
		h, err := Find(c.env)
		if err != nil || h.Dir() != c.want {
			t.Errorf("%s: %q, %v", name, h.Dir(), err)
		}
	}
	for name, env := range map[string]Env{"nothing": envOf(), "empty HOME": envOf("HOME", "")} {
		if _, err := Find(env); !errors.Is(err, ErrNoHome) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Find(envOf("RAD_HOME", "", "HOME", dir)); err == nil {
		t.Error("an empty RAD_HOME was taken for HOME")
	}
	if h, err := NewHome("x"); err != nil || !filepath.IsAbs(h.Dir()) {
		t.Errorf("relative: %v, %v", h, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("finding a home made %v, %v", entries, err)
	}
}

func create(t *testing.T, o CreateOptions) *Profile {
	t.Helper()
	h, err := NewHome(filepath.Join(t.TempDir(), "deep", "home"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Create(h, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCreateAndLoad(t *testing.T) {
	made := create(t, CreateOptions{Alias: "ana", Seed: &anaSeed})
	p, err := Load(made.Home)
	if err != nil {
		t.Fatal(err)
	}
	if p.NID != ana || made.NID != ana || p.DID() != ana.DID() || p.Config.Alias != "ana" {
		t.Errorf("got %v, %q", p.NID, p.Config.Alias)
	}
	signer, err := p.Signer(t.Context(), envOf())
	if err != nil || signer.NID() != ana {
		t.Fatalf("%v", err)
	}
	if _, ok := signer.(radicle.Opener); !ok {
		t.Error("a key file cannot open")
	}
	for path, want := range map[string]fs.FileMode{p.Home.SecretKey(): 0o600, p.Home.Keys(): 0o700} {
		info, err := os.Stat(path)
		if err != nil || (runtime.GOOS != "windows" && info.Mode().Perm() != want) {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

func TestCreateMakesNewKeys(t *testing.T) {
	a, b := create(t, CreateOptions{Alias: "ana"}), create(t, CreateOptions{Alias: "ana"})
	if a.NID == b.NID {
		t.Error("two homes with one key")
	}
}

func TestCreateNeverOverwrites(t *testing.T) {
	for _, name := range []string{"keys/radicle", "keys/radicle.pub", "config.json"} {
		h, err := NewHome(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(h.Dir(), filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err = Create(h, CreateOptions{Alias: "ana"})
		if e, ok := errors.AsType[*ExistsError](err); !ok || e.Path != path || !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: %v", name, err)
		}
		text, err := os.ReadFile(path)
		if err != nil || string(text) != "precious" {
			t.Errorf("%s is now %q, %v", name, text, err)
		}
		if n := countFiles(t, h.Dir()); n != 1 {
			t.Errorf("%s: %d files", name, n)
		}
	}
}

// A file that appears between the look and the write is not overwritten either, and what was made before it goes again.
func TestCreateFileIsExclusive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := createFile(path, []byte("1"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := createFile(path, []byte("2"), 0o600)
	if _, ok := errors.AsType[*ExistsError](err); !ok {
		t.Errorf("%v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "1" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestCreateLeavesNothingAfterAnError(t *testing.T) {
	h, err := NewHome(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(h.Keys(), nil, 0o600); err != nil { // a file where the directory should be
		t.Fatal(err)
	}
	if _, err := Create(h, CreateOptions{Alias: "ana"}); err == nil {
		t.Fatal("no error")
	}
	if n := countFiles(t, h.Dir()); n != 1 {
		t.Errorf("%d files", n)
	}
}

func countFiles(t *testing.T, dir string) (n int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestCreateRefusesAliases(t *testing.T) {
	for _, alias := range []string{"", "a b", strings.Repeat("a", 33), "a\x00", "\xff"} {
		h, err := NewHome(filepath.Join(t.TempDir(), "h"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Create(h, CreateOptions{Alias: radicle.Alias(alias)}); !errors.Is(err, radicle.ErrAlias) {
			t.Errorf("%q: %v", alias, err)
		}
		if _, err := os.Stat(h.Dir()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q made a directory", alias)
		}
	}
	if p := create(t, CreateOptions{Alias: `"quo\te<&>`}); p.Config.Alias != `"quo\te<&>` {
		t.Errorf("alias %q", p.Config.Alias)
	}
}

func TestLoadErrors(t *testing.T) {
	h, err := NewHome(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	_, err = Load(h)
	if e, ok := errors.AsType[*NotFoundError](err); !ok || e.Dir != h.Dir() || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("empty: %v", err)
	}
	p := create(t, CreateOptions{Alias: "ana"})
	if err := os.Remove(p.Home.Config()); err != nil {
		t.Fatal(err)
	}
	if _, err = Load(p.Home); !isConfigError(err) {
		t.Errorf("no config: %v", err)
	}
	if err := os.WriteFile(p.Home.PublicKey(), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = Load(p.Home); err == nil {
		t.Error("a public key of one byte")
	} else if _, ok := errors.AsType[*KeyFileError](err); !ok {
		t.Errorf("bad public key: %v", err)
	}
}

// The order of Radicle: a clear key file needs nothing, an encrypted one RAD_PASSPHRASE, and only then comes the agent.
func TestSignerOrder(t *testing.T) {
	agent := peerAgent(t, agentWith(ana, anaSigns))
	other := peerAgent(t, agentWith(bo, nil))
	encrypted := create(t, CreateOptions{Alias: "ana", Passphrase: []byte("radicle"), Seed: &anaSeed})
	plain := create(t, CreateOptions{Alias: "ana", Seed: &anaSeed})
	without := create(t, CreateOptions{Alias: "ana", Seed: &anaSeed})
	if err := os.Remove(without.Home.SecretKey()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		p    *Profile
		env  Env
		want string
	}{
		"clear, wrong passphrase, agent": {plain, envOf("RAD_PASSPHRASE", "x", "SSH_AUTH_SOCK", agent), "*radicle.MemorySigner"},
		"passphrase and agent":           {encrypted, envOf("RAD_PASSPHRASE", "radicle", "SSH_AUTH_SOCK", agent), "*radicle.MemorySigner"},
		"agent":                          {encrypted, envOf("SSH_AUTH_SOCK", agent), "*profile.AgentSigner"},
		"empty passphrase, agent":        {encrypted, envOf("RAD_PASSPHRASE", "", "SSH_AUTH_SOCK", agent), "*profile.AgentSigner"},
		"wrong passphrase, agent":        {encrypted, envOf("RAD_PASSPHRASE", "x", "SSH_AUTH_SOCK", agent), "*profile.PassphraseError"},
		"other agent":                    {encrypted, envOf("SSH_AUTH_SOCK", other), "*profile.NotInAgentError"},
		"nothing":                        {encrypted, envOf(), "*profile.AgentError"},
		"empty socket":                   {encrypted, envOf("SSH_AUTH_SOCK", ""), "*profile.AgentError"},
		"no key file, agent":             {without, envOf("SSH_AUTH_SOCK", agent), "*profile.AgentSigner"},
	} {
		signer, err := c.p.Signer(t.Context(), c.env)
		got := fmt.Sprintf("%T", signer)
		if err != nil {
			got = fmt.Sprintf("%T", err)
			if !errors.Is(err, ErrLocked) {
				t.Errorf("%s: not locked: %v", name, err)
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	signer, err := encrypted.SignerWith(t.Context(), envOf("RAD_PASSPHRASE", "x"), []byte("radicle"))
	if err != nil || signer.NID() != ana {
		t.Errorf("given passphrase: %v", err)
	}
}

func TestSignerOfAnotherKey(t *testing.T) {
	a, b := create(t, CreateOptions{Alias: "ana", Seed: &anaSeed}), create(t, CreateOptions{Alias: "bo", Seed: &boSeed})
	if err := os.Rename(b.Home.SecretKey(), a.Home.SecretKey()); err != nil {
		t.Fatal(err)
	}
	_, err := a.Signer(t.Context(), envOf())
	if e, ok := errors.AsType[*KeyMismatchError](err); !ok || e.File != bo || e.Home != ana || errors.Is(err, ErrLocked) {
		t.Errorf("%v", err)
	}
}

func TestNodePassphrase(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := envOf("CREDENTIALS_DIRECTORY", dir, "RAD_PASSPHRASE", "env")
	for _, step := range []struct{ name, want string }{
		{"", "env"},
		{"xyz.radicle.node.passphrase", "xyz.radicle.node.passphrase"},
		{"dev.radicle.node.passphrase", "dev.radicle.node.passphrase"},
	} {
		if step.name != "" {
			write(step.name, step.name)
		}
		if got, err := NodePassphrase(env); err != nil || string(got) != step.want {
			t.Errorf("%q, %v; want %q", got, err, step.want)
		}
	}
	if got, err := NodePassphrase(envOf()); err != nil || len(got) != 0 {
		t.Errorf("%q, %v", got, err)
	}
}

func TestDefaultConfig(t *testing.T) {
	c, err := DefaultConfig("ana")
	if err != nil || len(c.PreferredSeeds) != 4 || !c.Hints || c.Network != "main" {
		t.Errorf("%+v, %v", c, err)
	}
}

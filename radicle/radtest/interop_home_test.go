package radtest_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"radswarm/radicle"
	"radswarm/radicle/cobcache"
	"radswarm/radicle/nodedb"
	"radswarm/radicle/profile"
	"radswarm/radicle/radtest"
)

// A home that we made is theirs: rad knows who it is, signs with its key, and the node starts on it.
func TestOurHomeIsTheirs(t *testing.T) {
	for name, passphrase := range map[string]string{"clear": "", "encrypted": "correct horse"} {
		t.Run(name, func(t *testing.T) {
			h := ourHome(t, passphrase)
			want := strings.Join([]string{radtest.Ana.NID().DID().String(), "ana", h.Dir()}, " ")
			got := strings.Join([]string{h.Rad(t, h.Work, "self", "--did"), h.Rad(t, h.Work, "self", "--alias"), h.Rad(t, h.Work, "self", "--home")}, " ")
			if got != want {
				t.Errorf("rad self: %s, want %s", got, want)
			}
			rid := h.Init(t, h.Commit(t, "demo", "README", "hello")) // signs three times
			if out := h.Rad(t, h.Work, "inspect", rid.String(), "--sigrefs"); !strings.Contains(out, radtest.Ana.NID().String()) {
				t.Errorf("rad inspect --sigrefs: %s", out)
			}
			n := radtest.StartNode(t, h)
			if nid, err := n.NodeID(t.Context()); err != nil || nid != radtest.Ana.NID() {
				t.Errorf("the node is %v, %v", nid, err)
			}
		})
	}
}

// ourHome is a home as a person gets it from us: nothing is configured for tests.
func ourHome(t *testing.T, passphrase string) *radtest.Home {
	t.Helper()
	dir := radtest.ShortDir(t)
	home, err := profile.NewHome(filepath.Join(dir, "deep", "home"))
	if err != nil {
		t.Fatal(err)
	}
	seed := radtest.Ana.Seed()
	p, err := profile.Create(home, profile.CreateOptions{Alias: "ana", Passphrase: []byte(passphrase), Seed: &seed})
	if err != nil {
		t.Fatal(err)
	}
	if err := nodedb.Create(t.Context(), home.Node(), p.NID, p.Config.Alias); err != nil {
		t.Fatal(err)
	}
	if err := cobcache.Create(t.Context(), home.Cobs()); err != nil {
		t.Fatal(err)
	}
	return &radtest.Home{Home: home, Person: radtest.Ana, Work: dir, Passphrase: passphrase}
}

// In a home of ours every command of rad finds what it needs before a node has ever run.
func TestOurHomeWithoutANode(t *testing.T) {
	h := ourHome(t, "")
	dir := h.Commit(t, filepath.Join(h.Work, "demo"), "README", "hello")
	rid := h.Init(t, dir)
	for _, args := range [][]string{
		{"ls"},
		{"patch", "list"},
		{"issue", "list"},
		{"follow"},
		{"seed"},
		{"inbox"},
		{"node", "routing"},
		{"config"},
		{"auth"}, // does nothing
		{"id", "list"},
		{"cob", "list", "--repo", rid.String(), "--type", "xyz.radicle.id"},
	} {
		if out, err := h.Try(t, dir, append([]string{"rad"}, args...)...); err != nil {
			t.Errorf("rad %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	if p := h.Profile(t); p.NID != radtest.Ana.NID() || p.Config.Alias != "ana" {
		t.Errorf("it is now %v %q", p.NID, p.Config.Alias)
	}
}

// Our default configuration is, byte for byte, what rad auth writes, and we read theirs.
func TestDefaultConfigIsTheirs(t *testing.T) {
	h := radtest.AuthHome(t, radtest.Ana, "")
	theirs, err := os.ReadFile(h.Config())
	if err != nil {
		t.Fatal(err)
	}
	ours, err := profile.DefaultConfig("ana")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.TrimSpace(string(theirs)), strings.TrimSpace(string(ours.Text()))); diff != "" {
		t.Errorf("theirs and ours:\n%s", diff)
	}
	if p := h.Profile(t); p.NID != radtest.Ana.NID() || len(p.Config.PreferredSeeds) != 4 || !p.Config.Hints {
		t.Errorf("read as %+v", p.Config)
	}
}

// A configuration that we changed is one that rad and the node read, with what we do not know in it.
func TestChangedConfigIsTheirs(t *testing.T) {
	h := radtest.AuthHome(t, radtest.Ana, "")
	err := profile.UpdateConfig(h.Config(), func(c *profile.Config) (*profile.Config, error) {
		c, err := c.With([]string{"127.0.0.1:8877"}, "node", "externalAddresses")
		if err != nil {
			return nil, err
		}
		return c.With(map[string]int{"of": 1}, "node", "future", "deep")
	})
	if err != nil {
		t.Fatal(err)
	}
	if out := h.Rad(t, h.Work, "config", "get", "node.externalAddresses"); !strings.Contains(out, "127.0.0.1:8877") {
		t.Errorf("rad config get: %s", out)
	}
	if alias := h.Rad(t, h.Work, "self", "--alias"); alias != "ana" {
		t.Errorf("alias %s", alias)
	}
}

// A key that rad auth made signs here in every way that Radicle has: clear key file, passphrase, ssh-agent.
func TestTheirKeySignsHere(t *testing.T) {
	clear := radtest.AuthHome(t, radtest.Ana, "")
	encrypted := radtest.AuthHome(t, radtest.Bo, "correct horse")
	socket := radtest.Agent(t)
	locked := func(key string) (string, bool) { return socket, key == "SSH_AUTH_SOCK" }

	_, err := encrypted.Profile(t).Signer(t.Context(), locked)
	if e, ok := errors.AsType[*profile.NotInAgentError](err); !ok || e.NID != radtest.Bo.NID() {
		t.Errorf("agent without the key: %v", err)
	}
	encrypted.With("SSH_AUTH_SOCK="+socket).Rad(t, encrypted.Work, "auth") // hands the key to the agent

	for name, c := range map[string]struct {
		h      *radtest.Home
		env    profile.Env
		opener bool
	}{
		"clear key file": {clear, clear.Lookup, true},
		"passphrase":     {encrypted, encrypted.Lookup, true},
		"ssh-agent":      {encrypted, locked, false},
	} {
		signer, err := c.h.Profile(t).Signer(t.Context(), c.env)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		msg := []byte("radswarm/test/v1\x00" + name)
		sig, err := signer.Sign(t.Context(), msg)
		if err != nil || signer.NID() != c.h.Person.NID() || !signer.NID().Verify(msg, sig) {
			t.Errorf("%s: %v", name, err)
		}
		if want, _ := c.h.Person.Signer().Sign(t.Context(), msg); sig != want {
			t.Errorf("%s: %x, the key itself says %x", name, sig, want)
		}
		if _, ok := signer.(radicle.Opener); ok != c.opener {
			t.Errorf("%s: is an opener: %v", name, ok)
		}
	}
	agent, err := encrypted.Profile(t).Signer(t.Context(), locked)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := agent.Sign(t.Context(), make([]byte, 250_000)); err != nil {
		t.Errorf("a long message: %v", err)
	}
	_, err = agent.Sign(t.Context(), make([]byte, 300_000))
	if e, ok := errors.AsType[*profile.AgentSizeError](err); !ok || e.Size != 300_000 {
		t.Errorf("a message that is too long for OpenSSH: %v", err)
	}
	encrypted.With("SSH_AUTH_SOCK="+socket).Run(t, encrypted.Work, "ssh-add", "-q", "-D")
	if _, err := encrypted.Profile(t).Signer(t.Context(), locked); !errors.Is(err, profile.ErrLocked) {
		t.Errorf("agent that forgot the key: %v", err)
	}
}

// OpenSSH itself reads the key files that we make.
func TestOurKeyIsOpenSSHs(t *testing.T) {
	h := ourHome(t, "correct horse")
	if _, err := h.Try(t, h.Work, "ssh-keygen", "-?"); err != nil && strings.Contains(err.Error(), "not found") {
		radtest.Missing(t, "openssh", "needs ssh-keygen (OpenSSH)")
	}
	line := h.Run(t, h.Work, "ssh-keygen", "-y", "-P", "correct horse", "-f", h.SecretKey())
	want, err := os.ReadFile(h.PublicKey())
	if err != nil || line != strings.TrimSpace(string(want)) {
		t.Errorf("ssh-keygen says %q, keys/radicle.pub %q, %v", line, want, err)
	}
	if out, err := h.Try(t, h.Work, "ssh-keygen", "-y", "-P", "wrong", "-f", h.SecretKey()); err == nil {
		t.Errorf("opened with a wrong passphrase: %s", out)
	}
}

// The two keys are those of Radicle's own tests, so that every test with fixed dates has known ids.
func TestPeople(t *testing.T) {
	if got := radtest.Ana.NID().String(); got != "z6MknSLrJoTcukLrE435hVNQT4JUhbvWLX4kUzqkEStBU8Vi" {
		t.Errorf("ana is %s", got)
	}
	if got := radtest.Bo.NID().String(); got != "z6Mkt67GdsW7715MEfRuP4pSZxJRJh6kj6Y48WRqVv4N1tRk" {
		t.Errorf("bo is %s", got)
	}
}

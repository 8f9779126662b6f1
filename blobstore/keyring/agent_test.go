package keyring_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh/agent"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/radicle"
	"radswarm/radicle/profile"
)

// TestFileAndPassphraseGiveOneSecret makes Radicle homes of one key, in clear and encrypted.
func TestFileAndPassphraseGiveOneSecret(t *testing.T) {
	for _, passphrase := range []string{"", "correct horse"} {
		home := must[profile.Home](t)(profile.NewHome(t.TempDir()))
		s := seed(0xff)
		must[*profile.Profile](t)(profile.Create(home, profile.CreateOptions{Alias: "ana", Seed: &s, Passphrase: []byte(passphrase)}))
		key := must[*radicle.MemorySigner](t)(profile.OpenKey(home.SecretKey(), []byte(passphrase)))
		wantSameSecrets(t, key)
	}
}

// TestAgentGivesTheSameSecret asks a real ssh-agent.
func TestAgentGivesTheSameSecret(t *testing.T) {
	s := must[*profile.AgentSigner](t)(profile.OpenAgent(t.Context(), agentWithAna(t), ana().NID()))
	ring := wantSameSecrets(t, s)

	k := newKey(t, keyring.Members, 0)
	_, me := withCard(t, ana())
	must[keyring.GroupKey](t)(ring.Open(k.Epoch(), must[keyring.Envelope](t)(k.Seal(me))))
	_, err := ring.Open(k.Epoch(), must[keyring.Envelope](t)(k.Seal(keyring.Recipient{DID: me.DID})))
	wantClass(t, err, "opener")
	r := keyring.CertificateRequest{Device: device(1).Device(), Now: now}
	if cert := must[*keyring.Certificate](t)(keyring.IssueCertificate(t.Context(), s, r)); !bytes.Equal(cert.Bytes(), issue(t, 1, 0, now, 0).Bytes()) {
		t.Error("another certificate than the key in memory issues")
	}
}

// wantSameSecrets compares a signer of Ana's key with the key in memory: the domain secrets and the card, before and after a
// rotation, which the card of one tells the other.
func wantSameSecrets(t *testing.T, s radicle.Signer) *keyring.Keyring {
	t.Helper()
	ring := unlock(t, s)
	rotated := must[*keyring.Keyring](t)(ring.Rotate(t.Context(), s))
	card := cardOf(t, s, rotated, 0)
	memory := unlock(t, ana(), card)
	if !bytes.Equal(cardOf(t, ana(), memory, 0).Bytes(), card.Bytes()) || !slices.Equal(memory.Salts(), rotated.Salts()) {
		t.Error("another card")
	}
	for _, salt := range rotated.Salts() {
		a := must[blobstore.DomainSecret](t)(rotated.Domain(salt.ID()))
		b := must[blobstore.DomainSecret](t)(memory.Domain(salt.ID()))
		if a.Bytes() != b.Bytes() {
			t.Errorf("another domain secret under salt %v", salt.ID())
		}
	}
	return ring
}

// agentWithAna starts ssh-agent, gives it Ana's key and returns its socket.
func agentWithAna(t *testing.T) (socket string) {
	t.Helper()
	program, err := exec.LookPath("ssh-agent")
	if err != nil {
		missing(t, "openssh", "needs ssh-agent (OpenSSH)")
	}
	dir := must[string](t)(os.MkdirTemp("", "ag")) // t.TempDir is too long for a socket on macOS
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket = filepath.Join(dir, "s")
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "-D", "-a", socket)
	cmd.Env = []string{"HOME=" + dir}
	out := must[io.ReadCloser](t)(cmd.StdoutPipe())
	check(t, cmd.Start())
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil { // it prints the socket when it listens
		t.Fatalf("ssh-agent said %q: %v", line, err)
	}
	conn := must[net.Conn](t)(net.Dial("unix", socket))
	defer conn.Close()
	s := seed(0xff)
	check(t, agent.NewClient(conn).Add(agent.AddedKey{PrivateKey: ed25519.NewKeyFromSeed(s[:])}))
	return socket
}

// missing ends a test that needs a tool. It fails where RADSWARM_REQUIRE names it; else it says so in the file that
// RADSWARM_SKIPPED names, as radicle/radtest does.
func missing(t *testing.T, name, needs string) {
	t.Helper()
	if slices.Contains(strings.FieldsFunc(os.Getenv("RADSWARM_REQUIRE"), func(r rune) bool { return r == ',' || r == ' ' }), name) {
		t.Fatal(needs)
	}
	if path := os.Getenv("RADSWARM_SKIPPED"); path != "" {
		f := must[*os.File](t)(os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644))
		_, err := fmt.Fprintf(f, "radswarm/blobstore/keyring %s: %s\n", t.Name(), needs)
		check(t, err)
		check(t, f.Close())
	}
	t.Skip(needs)
}

package profile

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"radswarm/radicle"
)

// The keys of Radicle's own tests: 32 bytes of ff, and of fe.
var (
	anaSeed = [radicle.SeedSize]byte(bytes.Repeat([]byte{0xff}, radicle.SeedSize))
	boSeed  = [radicle.SeedSize]byte(bytes.Repeat([]byte{0xfe}, radicle.SeedSize))
	ana     = radicle.NewMemorySigner(anaSeed).NID()
	bo      = radicle.NewMemorySigner(boSeed).NID()
)

// clearKey was written by rad 1.10 for anaSeed, encryptedKey too, with the passphrase "radicle".
const (
	clearKey = `-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACB2oVkgRKbk9REmW8pzpgTZCwUp0d9gK+MKGakldmDR9QAAAJAAAAAAAAAA
AAAAAAtzc2gtZWQyNTUxOQAAACB2oVkgRKbk9REmW8pzpgTZCwUp0d9gK+MKGakldmDR9Q
AAAED//////////////////////////////////////////3ahWSBEpuT1ESZbynOmBNkL
BSnR32Ar4woZqSV2YNH1AAAAB3JhZGljbGUBAgMEBQY=
-----END OPENSSH PRIVATE KEY-----
`
	encryptedKey = `-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABCqllnXLQ
JLQjb0EwpEzzriAAAAEAAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIHahWSBEpuT1ESZb
ynOmBNkLBSnR32Ar4woZqSV2YNH1AAAAkMMiMS1f/UnKFRHZ8h1oRv4xi9/hi/XP6aqOBn
nItfstoL//ZVtG+QsmmNBVXkJ+WXcB+zBaZlHeRDD6aHJxyEZa6NxVXklV+PN6YjI/Yn8L
9h1IZpWr8BdfK1MXcLdesKhhxCYYC0iS4f68n4AhQcv8gKYwbSuFHKJn3eZN7YMO/UnJx4
a8IshapAI4lv0W8w==
-----END OPENSSH PRIVATE KEY-----
`
	publicLine = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHahWSBEpuT1ESZbynOmBNkLBSnR32Ar4woZqSV2YNH1"
)

func writeKey(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "radicle")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenKey(t *testing.T) {
	for name, c := range map[string]struct{ text, passphrase string }{
		"clear":                     {clearKey, ""},
		"clear, useless passphrase": {clearKey, "anything"},
		"encrypted":                 {encryptedKey, "radicle"},
		"carriage returns":          {strings.ReplaceAll(clearKey, "\n", "\r\n"), ""},
	} {
		key, err := OpenKey(writeKey(t, c.text), []byte(c.passphrase))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if key.NID() != ana {
			t.Errorf("%s: %v", name, key.NID())
		}
		sig, err := key.Sign(t.Context(), []byte("x"))
		if err != nil || !ana.Verify([]byte("x"), sig) {
			t.Errorf("%s: signature, %v", name, err)
		}
	}
}

func TestOpenKeyPassphrase(t *testing.T) {
	path := writeKey(t, encryptedKey)
	for passphrase, wrong := range map[string]bool{"": false, "wrong": true, "radicle\n": true} {
		_, err := OpenKey(path, []byte(passphrase))
		e, ok := errors.AsType[*PassphraseError](err)
		if !ok || e.Wrong != wrong || e.Path != path || !errors.Is(err, ErrLocked) {
			t.Errorf("%q: %v", passphrase, err)
		}
		if strings.Contains(fmt.Sprint(err), "radicle\n") {
			t.Errorf("%q is in the error %v", passphrase, err)
		}
	}
}

func TestOpenKeyRefuses(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(rsaKey, "")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"empty":      "",
		"text":       "hello",
		"public":     publicLine,
		"cut":        clearKey[:len(clearKey)/2],
		"RSA":        string(pem.EncodeToMemory(block)),
		"other PEM":  strings.ReplaceAll(clearKey, "OPENSSH", "EC"),
		"one longer": clearKey + strings.Repeat("\n", MaxKeyFile+1-len(clearKey)),
	} {
		_, err := OpenKey(writeKey(t, text), nil)
		if _, ok := errors.AsType[*KeyFileError](err); !ok || errors.Is(err, ErrLocked) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := OpenKey(writeKey(t, clearKey+strings.Repeat("\n", MaxKeyFile-len(clearKey))), nil); err != nil {
		t.Errorf("largest: %v", err)
	}
	if _, err := OpenKey(filepath.Join(t.TempDir(), "no"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
}

func TestEncodeKey(t *testing.T) {
	for _, passphrase := range []string{"", "secret words"} {
		text, err := encodeKey(anaSeed, []byte(passphrase))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(text), "\n")
		for _, line := range lines[1 : len(lines)-3] { // without the last one of the body
			if len(line) != 70 { // Radicle takes no other
				t.Errorf("%q: line of %d columns", passphrase, len(line))
			}
		}
		seed, err := parseKey(text, []byte(passphrase))
		if err != nil || seed != anaSeed {
			t.Errorf("%q: %v", passphrase, err)
		}
		if bytes.Contains(text, []byte("AAAED/////")) != (passphrase == "") {
			t.Errorf("%q: the seed is in clear, or should be", passphrase)
		}
	}
}

func TestPublicKey(t *testing.T) {
	line, err := encodePublicKey(ana)
	if err != nil || string(line) != publicLine+" radicle\n" {
		t.Errorf("%s, %v", line, err)
	}
	for _, text := range []string{publicLine, publicLine + "\n", publicLine + " some comment\n"} {
		if nid, err := parsePublicKey([]byte(text)); err != nil || nid != ana {
			t.Errorf("%q: %v, %v", text, nid, err)
		}
	}
	for name, text := range map[string]string{
		"empty":      "",
		"cut":        publicLine[:40],
		"two":        publicLine + "\n" + publicLine + "\n",
		"options":    "no-pty " + publicLine,
		"other type": "ssh-rsa " + strings.Fields(publicLine)[1],
	} {
		if nid, err := parsePublicKey([]byte(text)); err == nil {
			t.Errorf("%s: %v", name, nid)
		}
	}
}

func FuzzPublicKey(f *testing.F) {
	f.Add([]byte(publicLine + " radicle\n"))
	f.Add([]byte("# " + publicLine))
	f.Fuzz(func(t *testing.T, text []byte) {
		nid, err := parsePublicKey(text)
		if err != nil {
			return
		}
		line, err := encodePublicKey(nid)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := parsePublicKey(line); err != nil || again != nid {
			t.Fatalf("%q: %v, then %v, %v", text, nid, again, err)
		}
	})
}

func FuzzKeyFile(f *testing.F) {
	f.Add([]byte(clearKey))
	f.Fuzz(func(t *testing.T, text []byte) {
		seed, err := parseKey(text, nil)
		if err != nil {
			return
		}
		again, err := encodeKey(seed, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := parseKey(again, nil); err != nil || got != seed {
			t.Fatalf("%q: %v", text, err)
		}
	})
}

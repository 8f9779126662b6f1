package app

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// Names of files in the swarm folder.
const (
	certificateFile = "certificate"
	cardFile        = "card"
	instanceFile    = "instance"
)

// deviceKey reads the device key, or makes it.
func deviceKey(dir *os.Root) (*keyring.DeviceKey, error) {
	key, err := keyring.LoadDeviceKey(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return keyring.CreateDeviceKey(dir)
	}
	return key, err
}

// instanceID reads the id of the home, or draws it (PROTOCOL.md §7).
func instanceID(dir *os.Root) (id [16]byte, err error) {
	text, err := readFile(dir, instanceFile, 64)
	if errors.Is(err, fs.ErrNotExist) {
		_, _ = rand.Read(id[:]) // never fails
		return id, writeFile(dir, instanceFile, []byte(hex.EncodeToString(id[:])+"\n"))
	}
	if err != nil {
		return id, err
	}
	b, err := hex.DecodeString(trimLine(text))
	if err != nil || len(b) != len(id) {
		return id, fileError(dir, instanceFile, errors.New("not 32 hexadecimal digits"))
	}
	return [16]byte(b), nil
}

func trimLine(b []byte) string { return string(bytes.TrimSuffix(b, []byte("\n"))) }

// FileError is a file of the swarm folder that cannot be what was written there.
type FileError struct {
	Path string
	Err  error
}

// fileError is a FileError of a file in a folder.
func fileError(dir *os.Root, name string, err error) error {
	return &FileError{Path: filepath.Join(dir.Name(), name), Err: err}
}

func (e *FileError) Error() string { return fmt.Sprintf("%s: %v", e.Path, e.Err) }

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// loadCertificate reads the newest certificate. One that is damaged is as good as none: the next replaces it.
func (k *Keys) loadCertificate() error {
	b, err := readFile(k.dir, certificateFile, int64(keyring.CertificateLen))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	cert, err := keyring.ParseCertificate(b)
	if err != nil || cert.DID() != k.profile.DID() {
		k.log.Warn("certificate is not used", "err", err)
		return nil
	}
	k.cert.Store(cert)
	return nil
}

// loadCard reads the newest card. A damaged one is an error: it may list salts that are nowhere else.
func (k *Keys) loadCard() error {
	b, err := readFile(k.dir, cardFile, int64(keyring.MaxCardLen))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	card, err := keyring.ParseCard(b)
	if err == nil && card.DID() != k.profile.DID() {
		err = keyring.ErrMismatch
	}
	if err != nil {
		return fileError(k.dir, cardFile, err)
	}
	k.card.Store(card)
	return nil
}

// Device returns the key of this machine.
func (k *Keys) Device() *keyring.DeviceKey { return k.device }

// Certificate returns the newest certificate of this device, nil where there is none yet. It may have run out.
func (k *Keys) Certificate() *keyring.Certificate {
	cert := k.cert.Load()
	if cert == nil || cert.Device() != k.device.Device() {
		return nil
	}
	return cert
}

// Card returns the newest key card, nil where there is none yet.
func (k *Keys) Card() *keyring.Card { return k.card.Load() }

// Tend renews what the Radicle key has to sign: the certificate at half of its life, and a card where there is none. It asks
// for no signature that is not due. Errors are those of Signer, keyring.NextSeq and keyring.Unlock.
func (k *Keys) Tend(ctx context.Context) error {
	if err := k.renew(ctx); err != nil {
		return k.refused(err)
	}
	if k.Card() != nil {
		return nil
	}
	_, err := k.Keyring(ctx)
	return err
}

// renew issues a certificate if one is due.
func (k *Keys) renew(ctx context.Context) error {
	k.signing.Lock()
	defer k.signing.Unlock()
	if cert := k.Certificate(); cert != nil && cert.Check(k.now()) == nil && k.now().Before(cert.RenewAt()) {
		return nil
	}
	signer, err := k.Signer(ctx)
	if err != nil {
		return err
	}
	known := k.told().certificate
	if old := k.cert.Load(); old != nil {
		known = max(known, old.Seq())
	}
	cert, err := keyring.IssueCertificate(ctx, signer, keyring.CertificateRequest{
		Device: k.device.Device(), Known: known, Now: k.now(),
	})
	if err != nil {
		return err
	}
	if err := writeFile(k.dir, certificateFile, cert.Bytes()); err != nil {
		return err
	}
	k.cert.Store(cert)
	k.log.Info("certificate issued", "until", cert.NotAfter())
	return nil
}

// cards returns all cards of the person that are known here: our own, and one of another machine that repositories or friends
// have told of, whose salts are needed to open what was made there.
func (k *Keys) cards() (all []*keyring.Card) {
	for _, card := range []*keyring.Card{k.told().card, k.Card()} {
		if card != nil {
			all = append(all, card)
		}
	}
	return all
}

// misses reports whether a keyring lacks a salt of a card that is known by now.
func (k *Keys) misses(ring *keyring.Keyring) bool {
	have := ring.Salts()
	return slices.ContainsFunc(k.cards(), func(c *keyring.Card) bool {
		return slices.ContainsFunc(c.Salts(), func(s keyring.Salt) bool { return !slices.Contains(have, s) })
	})
}

// ensureCard makes a card that lists all salts, if there is none.
func (k *Keys) ensureCard(ctx context.Context, signer radicle.Signer, ring *keyring.Keyring) error {
	if card := k.Card(); card != nil && slices.Equal(card.Salts(), ring.Salts()) {
		return nil
	}
	var known uint64
	for _, c := range k.cards() {
		known = max(known, c.Seq())
	}
	card, err := ring.Card(ctx, signer, known, k.now())
	if err != nil {
		return err
	}
	if err := writeFile(k.dir, cardFile, card.Bytes()); err != nil {
		return err
	}
	k.card.Store(card)
	return nil
}

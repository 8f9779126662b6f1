package profile

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"

	"golang.org/x/crypto/ssh"

	"radswarm/radicle"
)

// MaxKeyFile is the size of the largest key file that is read, in bytes; Radicle's have about 400.
const MaxKeyFile = 64 << 10

const (
	keyComment = "radicle" // inside the key file
	pemType    = "OPENSSH PRIVATE KEY"
	pemColumns = 70 // OpenSSH's; Radicle's reader takes no other
)

// OpenKey opens a key file of at most [MaxKeyFile] bytes. The passphrase counts only if the file is encrypted; an empty one is
// none. An encrypted file that it does not open is a [*PassphraseError]; a file that Radicle would not have written is a
// [*KeyFileError]; a missing one is fs.ErrNotExist.
func OpenKey(path string, passphrase []byte) (*radicle.MemorySigner, error) {
	text, err := readBounded(path, MaxKeyFile)
	if err != nil {
		return nil, &KeyFileError{Path: path, Err: err}
	}
	seed, err := parseKey(text, passphrase)
	switch {
	case errors.Is(err, errNeedsPassphrase):
		return nil, &PassphraseError{Path: path}
	case errors.Is(err, x509.IncorrectPasswordError):
		return nil, &PassphraseError{Path: path, Wrong: true}
	case err != nil:
		return nil, &KeyFileError{Path: path, Err: err}
	}
	return radicle.NewMemorySigner(seed), nil
}

var errNeedsPassphrase = errors.New("encrypted")

// parseKey returns the seed in an OpenSSH private key.
func parseKey(text, passphrase []byte) (seed [radicle.SeedSize]byte, err error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemType {
		return seed, errors.New("not an OpenSSH private key")
	}
	key, err := ssh.ParseRawPrivateKey(text)
	if _, encrypted := errors.AsType[*ssh.PassphraseMissingError](err); encrypted {
		if len(passphrase) == 0 {
			return seed, errNeedsPassphrase
		}
		key, err = ssh.ParseRawPrivateKeyWithPassphrase(text, passphrase)
	}
	if err != nil {
		return seed, err
	}
	secret, ok := key.(*ed25519.PrivateKey)
	if !ok {
		return seed, fmt.Errorf("%T, want an Ed25519 key", key)
	}
	return [radicle.SeedSize]byte(secret.Seed()), nil
}

// encodeKey writes a seed as Radicle does: encrypted by bcrypt and AES-256-CTR, or in clear if there is no passphrase.
func encodeKey(seed [radicle.SeedSize]byte, passphrase []byte) ([]byte, error) {
	key := ed25519.NewKeyFromSeed(seed[:])
	var block *pem.Block
	var err error
	if len(passphrase) > 0 {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(key, keyComment, passphrase)
	} else {
		block, err = ssh.MarshalPrivateKey(key, keyComment)
	}
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.WriteString("-----BEGIN " + pemType + "-----\n")
	for line := []byte(base64.StdEncoding.EncodeToString(block.Bytes)); len(line) > 0; {
		n := min(len(line), pemColumns)
		out.Write(line[:n])
		out.WriteByte('\n')
		line = line[n:]
	}
	out.WriteString("-----END " + pemType + "-----\n")
	return out.Bytes(), nil
}

// readPublicKey reads keys/radicle.pub.
func readPublicKey(path string) (radicle.NID, error) {
	text, err := readBounded(path, MaxKeyFile)
	if err != nil {
		return radicle.NID{}, &KeyFileError{Path: path, Err: err}
	}
	nid, err := parsePublicKey(text)
	if err != nil {
		return radicle.NID{}, &KeyFileError{Path: path, Err: err}
	}
	return nid, nil
}

// parsePublicKey reads the line ssh-ed25519 BASE64 [COMMENT].
func parsePublicKey(text []byte) (radicle.NID, error) {
	key, _, options, rest, err := ssh.ParseAuthorizedKey(text)
	switch {
	case err != nil:
		return radicle.NID{}, errors.New("not an OpenSSH public key")
	case len(options) > 0 || len(bytes.TrimSpace(rest)) > 0:
		return radicle.NID{}, errors.New("more than one public key")
	}
	return nidOf(key)
}

// nidOf is the id of an Ed25519 key.
func nidOf(key ssh.PublicKey) (radicle.NID, error) {
	wrapped, ok := key.(ssh.CryptoPublicKey)
	if !ok {
		return radicle.NID{}, fmt.Errorf("%s, want ssh-ed25519", key.Type())
	}
	public, ok := wrapped.CryptoPublicKey().(ed25519.PublicKey)
	if !ok || key.Type() != ssh.KeyAlgoED25519 {
		return radicle.NID{}, fmt.Errorf("%s, want ssh-ed25519", key.Type())
	}
	return radicle.NID(public), nil
}

// encodePublicKey writes the public half of a key as Radicle does.
func encodePublicKey(nid radicle.NID) ([]byte, error) {
	key, err := ssh.NewPublicKey(nid.PublicKey())
	if err != nil {
		return nil, err
	}
	line := bytes.TrimSuffix(ssh.MarshalAuthorizedKey(key), []byte{'\n'})
	return append(line, " "+keyComment+"\n"...), nil
}

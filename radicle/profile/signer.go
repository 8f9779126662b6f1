package profile

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"radswarm/radicle"
)

// Signer finds the power to sign as the home's key, in Radicle's order:
//
//  1. the key file, if it is not encrypted;
//  2. the key file, opened with RAD_PASSPHRASE (set but empty means none);
//  3. ssh-agent at SSH_AUTH_SOCK.
//
// What it returns for 1 and 2 is also an [radicle.Opener]. A passphrase that is wrong is an error, not a reason to ask the agent.
// The error is [ErrLocked] where the key cannot be used now ([*PassphraseError], [*AgentError], [*NotInAgentError]), else a
// [*KeyFileError] or [*KeyMismatchError]; where ctx ended, it is the context's.
func (p *Profile) Signer(ctx context.Context, env Env) (radicle.Signer, error) {
	return p.SignerWith(ctx, env, passphrase(env))
}

// SignerWith is [Profile.Signer] with a passphrase from elsewhere instead of RAD_PASSPHRASE; an empty one is none.
func (p *Profile) SignerWith(ctx context.Context, env Env, passphrase []byte) (radicle.Signer, error) {
	signer, err := p.openKey(passphrase)
	var locked *PassphraseError
	switch {
	case err == nil:
		return signer, nil
	case errors.As(err, &locked) && !locked.Wrong, errors.Is(err, fs.ErrNotExist):
	default:
		return nil, err
	}
	agent, err := OpenAgent(ctx, env.get("SSH_AUTH_SOCK"), p.NID)
	if err != nil {
		return nil, err
	}
	return agent, nil
}

// openKey opens the home's key file and checks that it belongs to the home.
func (p *Profile) openKey(passphrase []byte) (*radicle.MemorySigner, error) {
	path := p.Home.SecretKey()
	signer, err := OpenKey(path, passphrase)
	if err != nil {
		return nil, err
	}
	if signer.NID() != p.NID {
		return nil, &KeyMismatchError{Path: path, File: signer.NID(), Home: p.NID}
	}
	return signer, nil
}

// passphrase is RAD_PASSPHRASE, or nil.
func passphrase(env Env) []byte { return []byte(env.get("RAD_PASSPHRASE")) }

// NodePassphrase is the passphrase that Radicle's node would use: the systemd credential dev.radicle.node.passphrase (or its old
// name xyz.radicle.node.passphrase) in CREDENTIALS_DIRECTORY, else RAD_PASSPHRASE. It is empty where there is none. For programs
// that run beside the node.
func NodePassphrase(env Env) ([]byte, error) {
	dir := env.get("CREDENTIALS_DIRECTORY")
	if dir == "" {
		return passphrase(env), nil
	}
	for _, name := range []string{"dev.radicle.node.passphrase", "xyz.radicle.node.passphrase"} {
		text, err := readBounded(filepath.Join(dir, name), MaxKeyFile)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return text, err
	}
	return passphrase(env), nil
}

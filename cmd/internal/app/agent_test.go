//go:build unix

package app_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"radswarm/radicle"
)

// countingAgent is an ssh-agent with one key.
type countingAgent struct {
	agent.Agent // nil: what is not below is not asked
	signer      *radicle.MemorySigner

	mu    sync.Mutex
	asked int
}

// take returns how many signatures were asked for since the last call.
func (a *countingAgent) take() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := a.asked
	a.asked = 0
	return n
}

func (a *countingAgent) key() (ssh.PublicKey, error) {
	nid := a.signer.NID()
	return ssh.NewPublicKey(ed25519.PublicKey(nid[:]))
}

func (a *countingAgent) List() ([]*agent.Key, error) {
	key, err := a.key()
	if err != nil {
		return nil, err
	}
	return []*agent.Key{{Format: key.Type(), Blob: key.Marshal()}}, nil
}

func (a *countingAgent) Sign(_ ssh.PublicKey, data []byte) (*ssh.Signature, error) {
	a.mu.Lock()
	a.asked++
	a.mu.Unlock()
	sig, err := a.signer.Sign(context.Background(), data)
	if err != nil {
		return nil, errors.New("refused")
	}
	return &ssh.Signature{Format: ssh.KeyAlgoED25519, Blob: sig[:]}, nil
}

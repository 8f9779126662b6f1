package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"radswarm/blobstore/keyring"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
	"radswarm/radicle/profile"
)

// ErrLocked is something for which the Radicle key is needed while it is not at hand. The error around it is a *LockedError.
var ErrLocked = profile.ErrLocked

// LockedError says why the Radicle key is not at hand. It is [ErrLocked].
type LockedError struct {
	Why error // as profile.SignerWith returns it
}

func (e *LockedError) Error() string { return "radicle key is locked: " + e.why() }

// why says it for a daemon, which has no passphrase of its own and is told of agents.
func (e *LockedError) why() string {
	if p, ok := errors.AsType[*profile.PassphraseError](e.Why); ok && p.Wrong {
		return "wrong passphrase"
	}
	if a, ok := errors.AsType[*profile.AgentError](e.Why); ok {
		if a.Socket == "" {
			return "its key file is encrypted, and no ssh-agent is known"
		}
		return fmt.Sprintf("ssh-agent at %s: %v", a.Socket, a.Err)
	}
	if n, ok := errors.AsType[*profile.NotInAgentError](e.Why); ok {
		if n.Refused {
			return "ssh-agent refused to sign"
		}
		return "ssh-agent does not hold it"
	}
	return e.Why.Error()
}

// Unwrap returns [ErrLocked] and the cause.
func (e *LockedError) Unwrap() []error { return []error{ErrLocked, e.Why} }

// Keys is what a home signs and opens with: the Radicle key while it is at hand, what it has signed, and what comes from it.
// It is safe for concurrent use. No lock is held while a signer is asked but signing.
type Keys struct {
	profile *profile.Profile
	env     profile.Env
	dir     *os.Root // the swarm folder
	log     *slog.Logger
	now     func() time.Time
	told    func() told

	device *keyring.DeviceKey
	cert   atomic.Pointer[keyring.Certificate] // nil: there is none yet
	card   atomic.Pointer[keyring.Card]        // nil: there is none yet

	signing sync.Mutex // one at a time asks the signer

	mu     sync.Mutex
	signer radicle.Signer   // nil: locked
	locked error            // why: a *LockedError, or what is wrong with the key file
	ring   *keyring.Keyring // nil: not needed yet
	agent  string           // path of the ssh-agent that unlock named; empty: that of the environment
}

// told is what friends and repositories have told of this person.
type told struct {
	certificate uint64        // the highest seq; 0: none
	card        *keyring.Card // the newest; nil: none
}

// openKeys reads what the swarm folder has, makes a device key where there is none, and looks for the Radicle key. That it is
// not at hand is no error.
func openKeys(ctx context.Context, dir *os.Root, p *profile.Profile, o Options) (*Keys, error) {
	k := &Keys{profile: p, env: o.Env, dir: dir, log: o.Log, now: o.Now, told: func() told { return told{} }}
	var err error
	if k.device, err = deviceKey(dir); err != nil {
		return nil, err
	}
	if err := k.loadCertificate(); err != nil {
		return nil, err
	}
	if err := k.loadCard(); err != nil {
		return nil, err
	}
	passphrase, err := profile.NodePassphrase(o.Env)
	if err != nil {
		k.log.Warn("passphrase of the radicle node cannot be read", "err", err)
	}
	_, err = k.find(ctx, k.environment(""), passphrase)
	if err != nil && !errors.Is(err, ErrLocked) {
		return nil, err
	}
	return k, ctx.Err()
}

// environment is that of the daemon, with the agent that unlock named.
func (k *Keys) environment(agent string) profile.Env {
	return func(name string) (string, bool) {
		if name == "SSH_AUTH_SOCK" && agent != "" {
			return agent, true
		}
		return k.env(name)
	}
}

// find looks for the Radicle key and keeps what it finds. Where it is not at hand the error is a *LockedError.
func (k *Keys) find(ctx context.Context, env profile.Env, passphrase []byte) (radicle.Signer, error) {
	signer, err := k.profile.SignerWith(ctx, env, passphrase)
	if errors.Is(err, ErrLocked) {
		err = &LockedError{Why: err}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		if k.signer == nil && ctx.Err() == nil {
			k.locked = err
		}
		return nil, err
	}
	k.signer, k.locked = signer, nil
	return signer, nil
}

// Signer returns the Radicle key. Where it was not at hand it is looked for again: a key may have come into the agent since.
// The error is a *LockedError, or what is wrong with the key file.
func (k *Keys) Signer(ctx context.Context) (radicle.Signer, error) {
	k.mu.Lock()
	signer, agent := k.signer, k.agent
	k.mu.Unlock()
	if signer != nil {
		return signer, nil
	}
	return k.find(ctx, k.environment(agent), nil)
}

// Keyring returns the secrets of the person, which are made when they are first asked for: two signatures. Errors are those of
// Signer and of keyring.Unlock; an agent that does not sign any more is a *LockedError.
func (k *Keys) Keyring(ctx context.Context) (*keyring.Keyring, error) {
	if ring := k.made(); ring != nil {
		return ring, nil
	}
	k.signing.Lock()
	defer k.signing.Unlock()
	if ring := k.made(); ring != nil {
		return ring, nil
	}
	signer, err := k.Signer(ctx)
	if err != nil {
		return nil, err
	}
	ring, err := keyring.Unlock(ctx, signer, k.cards()...)
	if err != nil {
		return nil, k.refused(err)
	}
	if err := k.ensureCard(ctx, signer, ring); err != nil {
		return nil, k.refused(err)
	}
	k.mu.Lock()
	k.ring = ring
	k.mu.Unlock()
	return ring, nil
}

// made returns the keyring, if it was made and lacks nothing.
func (k *Keys) made() *keyring.Keyring {
	k.mu.Lock()
	ring := k.ring
	k.mu.Unlock()
	if ring == nil || k.misses(ring) {
		return nil
	}
	return ring
}

// refused notes that a signer does not sign any more, as an agent that has ended.
func (k *Keys) refused(err error) error {
	if !errors.Is(err, profile.ErrLocked) {
		return err
	}
	if _, ok := errors.AsType[*LockedError](err); ok {
		return err
	}
	locked := &LockedError{Why: err}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.signer, k.locked = nil, locked
	return locked
}

// Locked returns why the Radicle key is not at hand, nil where it is. An agent is asked whether it is still there.
func (k *Keys) Locked(ctx context.Context) error {
	k.mu.Lock()
	signer, agent, locked := k.signer, k.agent, k.locked
	k.mu.Unlock()
	if signer == nil {
		return locked
	}
	if _, ok := signer.(*profile.AgentSigner); !ok {
		return nil
	}
	env := k.environment(agent)
	socket, _ := env("SSH_AUTH_SOCK")
	if _, err := profile.OpenAgent(ctx, socket, k.profile.NID); err != nil {
		return k.refused(err)
	}
	return nil
}

// Unlock takes a passphrase or the path of an agent, which it remembers until the daemon ends, and renews what is due. The
// passphrase is not kept: what it opened is, in memory. Who has nothing to unlock with is content with a key that is at hand.
// Errors are those of Signer and Tend; the key that was at hand stays.
func (k *Keys) Unlock(ctx context.Context, u control.Unlock) error {
	if u == (control.Unlock{}) && k.Locked(ctx) == nil {
		return k.Tend(ctx)
	}
	k.mu.Lock()
	agent := k.agent
	k.mu.Unlock()
	if u.Agent != "" {
		agent = u.Agent
	}
	signer, err := k.find(ctx, k.environment(agent), []byte(u.Passphrase))
	if err != nil {
		return err
	}
	k.mu.Lock()
	k.agent = agent
	if _, ok := signer.(radicle.Opener); ok {
		k.ring = nil // a new one opens what is sealed to the bare DID too
	}
	k.mu.Unlock()
	return k.Tend(ctx)
}

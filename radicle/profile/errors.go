package profile

import (
	"errors"
	"fmt"
	"io/fs"

	"radswarm/radicle"
)

// ErrLocked is the error for a key that exists and cannot be used now: its passphrase is missing or wrong, or ssh-agent does not
// answer or does not hold it. The errors that wrap it say what to do.
var ErrLocked = errors.New("radicle key is locked")

// ErrNoHome is the error of [Find] where the environment names no home.
var ErrNoHome = errors.New("RAD_HOME and HOME are both unset: set RAD_HOME to the folder of your Radicle home")

// A NotFoundError says that a directory holds no Radicle profile. It is fs.ErrNotExist.
type NotFoundError struct{ Dir string }

// Error says it in one line.
func (e *NotFoundError) Error() string {
	return fmt.Sprintf(`no radicle profile in %s: run "rad auth", or "rad swarm auth --alias NAME"`, e.Dir)
}

// Unwrap is fs.ErrNotExist.
func (*NotFoundError) Unwrap() error { return fs.ErrNotExist }

// An ExistsError says that a file is there already and that keys and configurations are never overwritten. It is fs.ErrExist.
type ExistsError struct{ Path string }

// Error says it in one line.
func (e *ExistsError) Error() string {
	return fmt.Sprintf("%s exists and is never overwritten: move it away to make a new identity", e.Path)
}

// Unwrap is fs.ErrExist.
func (*ExistsError) Unwrap() error { return fs.ErrExist }

// A ConfigError says what is wrong with a config.json. Path is empty for text that came from no file.
type ConfigError struct {
	Path string
	Key  string // dotted, as node.alias; empty for the text as a whole
	Err  error
}

// Error says it in one line.
func (e *ConfigError) Error() string {
	path := e.Path
	if path == "" {
		path = "config.json"
	}
	if e.Key == "" {
		return fmt.Sprintf("%s: %v", path, e.Err)
	}
	return fmt.Sprintf("%s: %s: %v", path, e.Key, e.Err)
}

// Unwrap returns e.Err.
func (e *ConfigError) Unwrap() error { return e.Err }

// A KeyFileError says that a key file is not what Radicle writes.
type KeyFileError struct {
	Path string
	Err  error
}

// Error says it in one line.
func (e *KeyFileError) Error() string { return fmt.Sprintf("key file %s: %v", e.Path, e.Err) }

// Unwrap returns e.Err.
func (e *KeyFileError) Unwrap() error { return e.Err }

// A KeyMismatchError says that a key file is not the secret of the home's public key.
type KeyMismatchError struct {
	Path string
	File radicle.NID // of the key file
	Home radicle.NID // of keys/radicle.pub
}

// Error says it in one line.
func (e *KeyMismatchError) Error() string {
	return fmt.Sprintf("key file %s is the key %v, but this home is %v: put back the key file that belongs to it", e.Path, e.File, e.Home)
}

// A PassphraseError says that a key file is encrypted and was not opened. It is [ErrLocked].
type PassphraseError struct {
	Path  string
	Wrong bool // a passphrase was given; else none was
}

// Error says it in one line.
func (e *PassphraseError) Error() string {
	if e.Wrong {
		return fmt.Sprintf("key file %s: wrong passphrase: correct RAD_PASSPHRASE, or unset it to use ssh-agent", e.Path)
	}
	return fmt.Sprintf("key file %s is encrypted: set RAD_PASSPHRASE", e.Path)
}

// Unwrap is [ErrLocked].
func (*PassphraseError) Unwrap() error { return ErrLocked }

// An AgentError says that ssh-agent could not be asked or gave no usable answer. It is [ErrLocked].
type AgentError struct {
	Socket string // empty: SSH_AUTH_SOCK is not set
	Err    error
}

// Error says it in one line.
func (e *AgentError) Error() string {
	if e.Socket == "" {
		return `the key is encrypted and there is no ssh-agent (SSH_AUTH_SOCK is not set): set RAD_PASSPHRASE, or start ssh-agent and run "rad auth"`
	}
	return fmt.Sprintf(`ssh-agent at %s: %v: start it and run "rad auth", or set RAD_PASSPHRASE`, e.Socket, e.Err)
}

// Unwrap is [ErrLocked] and the reason.
func (e *AgentError) Unwrap() []error { return []error{ErrLocked, e.Err} }

// A NotInAgentError says that ssh-agent answers and does not hold the key. It is [ErrLocked].
type NotInAgentError struct {
	NID     radicle.NID
	Refused bool // it listed the key, and refused to sign: the key was removed since, or a person said no
}

// Error says it in one line.
func (e *NotInAgentError) Error() string {
	if e.Refused {
		return fmt.Sprintf(`ssh-agent refused to sign with the key %v: run "rad auth" and try again`, e.NID)
	}
	return fmt.Sprintf(`ssh-agent does not hold the key %v: run "rad auth"`, e.NID)
}

// Unwrap is [ErrLocked].
func (*NotInAgentError) Unwrap() error { return ErrLocked }

// An AgentSizeError says that ssh-agent hung up on a long message: OpenSSH's takes 256 KiB. The signed refs of a namespace with some
// three thousand refs are that long.
type AgentSizeError struct{ Size int } // bytes

// Error says it in one line.
func (e *AgentSizeError) Error() string {
	return fmt.Sprintf("ssh-agent does not sign %d bytes, more than %d: set RAD_PASSPHRASE", e.Size, maxAgentMessage)
}

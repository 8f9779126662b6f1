package profile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"radswarm/radicle"
)

// CreateOptions are what a new home is made from.
type CreateOptions struct {
	// Alias is the name that the node will announce. Required.
	Alias radicle.Alias
	// Passphrase encrypts the key file; empty leaves it in clear, which is what programs without a terminal need.
	Passphrase []byte
	// Seed is the secret of the key; nil makes a new one. Tests give one.
	Seed *[radicle.SeedSize]byte
}

// Create makes a home that `rad` and `radicle-node` take for their own: the directories, config.json with Radicle's defaults, a
// key file and its public half, in this order, so that a home that was interrupted has no identity yet. Everything is on the disk
// when it returns. Radicle makes its databases itself at the node's first start; before that, rad needs two of them, which
// nodedb.Create and cobcache.Create make.
//
// It never overwrites: a key or config.json that is there is an [*ExistsError], and nothing is changed. After any other error the
// files it made are gone again. An alias that Radicle would refuse is [radicle.ErrAlias].
func Create(h Home, o CreateOptions) (*Profile, error) {
	config, err := DefaultConfig(o.Alias)
	if err != nil {
		return nil, err
	}
	signer, files, err := homeFiles(h, config, o)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if _, err := os.Lstat(f.path); err == nil {
			return nil, &ExistsError{Path: f.path}
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	if err := makeDirs(h); err != nil {
		return nil, err
	}
	for i, f := range files {
		if err := createFile(f.path, f.text, f.mode); err != nil {
			for _, made := range files[:i] {
				_ = os.Remove(made.path)
			}
			return nil, err
		}
	}
	return &Profile{Home: h, NID: signer.NID(), Config: config}, nil
}

type homeFile struct {
	path string
	text []byte
	mode fs.FileMode
}

// homeFiles makes the key and the files of a home, in the order in which they are written.
func homeFiles(h Home, config *Config, o CreateOptions) (*radicle.MemorySigner, []homeFile, error) {
	seed := o.Seed
	if seed == nil {
		seed = new([radicle.SeedSize]byte)
		_, _ = rand.Read(seed[:]) // never fails
	}
	signer := radicle.NewMemorySigner(*seed)
	secret, err := encodeKey(*seed, o.Passphrase)
	if err != nil {
		return nil, nil, err
	}
	public, err := encodePublicKey(signer.NID())
	if err != nil {
		return nil, nil, err
	}
	return signer, []homeFile{
		{h.Config(), config.text, 0o644},
		{h.SecretKey(), secret, 0o600},
		{h.PublicKey(), public, 0o644},
	}, nil
}

// makeDirs makes the directories of a home. Those that are there keep their permissions.
func makeDirs(h Home) error {
	if err := os.MkdirAll(h.Dir(), 0o755); err != nil {
		return err
	}
	for _, dir := range []string{h.Storage(), h.Node(), h.Cobs(), h.Keys()} {
		mode := fs.FileMode(0o755)
		if dir == h.Keys() {
			mode = 0o700
		}
		if err := os.Mkdir(dir, mode); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return syncDir(h.Dir())
}

// DefaultConfig is the configuration that `rad auth` of Radicle 1.10 writes for an alias. Errors wrap [radicle.ErrAlias].
func DefaultConfig(alias radicle.Alias) (*Config, error) {
	if _, err := radicle.ParseAlias(string(alias)); err != nil {
		return nil, err
	}
	name, err := marshal(alias)
	if err != nil {
		return nil, err
	}
	return ParseConfig(fmt.Appendf(nil, defaultConfig, name))
}

// defaultConfig is config.json with a place for the alias. The seeds are Radicle's public ones.
const defaultConfig = `{
  "publicExplorer": "https://radicle.network/nodes/$host/$rid$path",
  "preferredSeeds": [
    "z6MkrLMMsiPWUcNPHcRajuMi9mDfYckSoJyPwwnknocNYPm7@iris.radicle.network:8776",
    "z6MkrLMMsiPWUcNPHcRajuMi9mDfYckSoJyPwwnknocNYPm7@irisradizskwweumpydlj4oammoshkxxjur3ztcmo7cou5emc6s5lfid.onion:8776",
    "z6Mkmqogy2qEM2ummccUthFEaaHvyYmYBYh3dbe9W4ebScxo@rosa.radicle.network:8776",
    "z6Mkmqogy2qEM2ummccUthFEaaHvyYmYBYh3dbe9W4ebScxo@rosarad5bxgdlgjnzzjygnsxrwxmoaj4vn7xinlstwglxvyt64jlnhyd.onion:8776"
  ],
  "cli": {
    "hints": true
  },
  "node": {
    "alias": %s,
    "listen": [],
    "peers": {
      "type": "dynamic"
    },
    "connect": [],
    "externalAddresses": [],
    "network": "main",
    "log": "INFO",
    "relay": "auto",
    "limits": {
      "routingMaxSize": 1000,
      "routingMaxAge": 604800,
      "gossipMaxAge": 1209600,
      "fetchConcurrency": 1,
      "maxOpenFiles": 4096,
      "rate": {
        "inbound": {
          "fillRate": 5.0,
          "capacity": 1024
        },
        "outbound": {
          "fillRate": 10.0,
          "capacity": 2048
        }
      },
      "connection": {
        "inbound": 128,
        "outbound": 16
      },
      "fetchPackReceive": "500.0 MiB",
      "fetchTimeout": 30
    },
    "workers": 8,
    "seedingPolicy": {
      "default": "block"
    }
  }
}
`

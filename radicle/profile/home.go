package profile

import (
	"errors"
	"path/filepath"
	"runtime"
)

// An Env looks up an environment variable and says whether it is set: os.LookupEnv, or something else in tests.
type Env func(key string) (value string, set bool)

// get is the value of a variable, empty where it is not set.
func (e Env) get(key string) string {
	if value, set := e(key); set {
		return value
	}
	return ""
}

// A Home is the directory of a Radicle home, an absolute path. The directory may be missing.
type Home struct{ dir string }

// NewHome takes a directory, which need not exist. A relative path counts from the working directory.
func NewHome(dir string) (Home, error) {
	if dir == "" {
		return Home{}, errors.New("the path of a radicle home is empty")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return Home{}, err
	}
	return Home{dir: abs}, nil
}

// Find returns the home that the environment names: RAD_HOME, else .radicle in HOME (on Windows also USERPROFILE). It creates
// nothing and does not look whether the home is there. Where the environment names none, the error is [ErrNoHome].
func Find(env Env) (Home, error) {
	if dir, ok := env("RAD_HOME"); ok {
		return NewHome(dir)
	}
	if dir := env.get("HOME"); dir != "" {
		return NewHome(filepath.Join(dir, ".radicle"))
	}
	if dir := env.get("USERPROFILE"); dir != "" && runtime.GOOS == "windows" {
		return NewHome(filepath.Join(dir, ".radicle"))
	}
	return Home{}, ErrNoHome
}

// Dir is the home itself.
func (h Home) Dir() string { return h.dir }

// Config is config.json.
func (h Home) Config() string { return filepath.Join(h.dir, "config.json") }

// Storage holds a bare repository for each RID.
func (h Home) Storage() string { return filepath.Join(h.dir, "storage") }

// Keys holds the two key files.
func (h Home) Keys() string { return filepath.Join(h.dir, "keys") }

// SecretKey is the key file: OpenSSH format, perhaps encrypted.
func (h Home) SecretKey() string { return filepath.Join(h.dir, "keys", "radicle") }

// PublicKey is the public half, which alone says who the home is.
func (h Home) PublicKey() string { return filepath.Join(h.dir, "keys", "radicle.pub") }

// Node holds the control socket and databases of the node.
func (h Home) Node() string { return filepath.Join(h.dir, "node") }

// Cobs holds the cache of issues and patches.
func (h Home) Cobs() string { return filepath.Join(h.dir, "cobs") }

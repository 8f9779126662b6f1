package lfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

const (
	// maxConfig bounds a configuration file that is written anew, in bytes.
	maxConfig = 1 << 20
	// maxListing bounds what git says about all configuration that there is, in bytes.
	maxListing = 8 << 20
)

// Config is the git configuration of a repository as it was when it was read. Safe for concurrent use.
type Config struct {
	repo    Repo
	at      layout
	entries []entry
	file    []byte // what the repository's own file contained just before; nil if it is too large to be written anew
}

// entry is a value of a key, and where it was set: system, global, local, worktree, command.
type entry struct{ scope, key, value string }

// ReadConfig reads the configuration, all files and "git -c" included, with one git process. Errors are [ErrNoRepository],
// [ErrTooLarge], or a *[GitError] where git cannot read it either.
func (r Repo) ReadConfig(ctx context.Context) (*Config, error) {
	at, err := r.layout()
	if err != nil {
		return nil, err
	}
	c := &Config{repo: r, at: at}
	c.file, err = readFile(c.path(), maxConfig)
	switch {
	case errors.Is(err, ErrTooLarge):
		c.file = nil
	case errors.Is(err, fs.ErrNotExist):
		c.file = []byte{}
	case err != nil:
		return nil, err
	}
	text, err := output(ctx, r.git(ctx, r.configEnv(at), "config", "--list", "-z", "--show-scope"), maxListing)
	if err != nil {
		return nil, err
	}
	c.entries, err = parseListing(text)
	return c, err
}

// path is the repository's own configuration file, which its worktrees share.
func (c *Config) path() string { return filepath.Join(c.at.common, "config") }

// parseListing reads what "git config --list -z --show-scope" prints: scope NUL key LF value NUL, without LF value for a key that
// has none, which is true.
func parseListing(text []byte) ([]entry, error) {
	entries := make([]entry, 0, bytes.Count(text, []byte{0})/2)
	for len(text) > 0 {
		scope, rest, ok := bytes.Cut(text, []byte{0})
		pair, rest, ok2 := bytes.Cut(rest, []byte{0})
		if !ok || !ok2 {
			return nil, fmt.Errorf("git config: value %d ends early", len(entries))
		}
		key, value, given := strings.Cut(string(pair), "\n")
		if strings.IndexByte(key, '.') < 0 {
			return nil, fmt.Errorf("git config: value %d: key %s", len(entries), printable(key))
		}
		if !given {
			value = "true"
		}
		entries = append(entries, entry{string(scope), key, value})
		text = rest
	}
	return entries, nil
}

// Get returns the value that counts for a key, the last one. Write section and variable in lower case.
func (c *Config) Get(key string) (value string, ok bool) {
	for _, e := range c.entries {
		if e.key == key {
			value, ok = e.value, true
		}
	}
	return value, ok
}

// All returns the values of a key, those that count more after the others.
func (c *Config) All(key string) []string {
	var values []string
	for _, e := range c.entries {
		if e.key == key {
			values = append(values, e.value)
		}
	}
	return values
}

// lasting returns the value that counts where nobody says otherwise with "git -c".
func (c *Config) lasting(key string) (value string, ok bool) {
	for _, e := range c.entries {
		if e.key == key && e.scope != "command" {
			value, ok = e.value, true
		}
	}
	return value, ok
}

// own returns the values of a key in the repository's own files.
func (c *Config) own(key string) []string {
	var values []string
	for _, e := range c.entries {
		if e.key == key && e.scope == "local" {
			values = append(values, e.value)
		}
	}
	return values
}

// remoteKey splits remote.<name>.<variable>; the name may contain dots.
func remoteKey(key string) (name, variable string, ok bool) {
	rest, ok := strings.CutPrefix(key, "remote.")
	dot := strings.LastIndexByte(rest, '.')
	if !ok || dot < 0 {
		return "", "", false
	}
	return rest[:dot], rest[dot+1:], true
}

// maxShown is how much of somebody's text a message repeats, in bytes.
const maxShown = 200

// printable quotes text from outside for a line that people read.
func printable(text string) string {
	quoted := fmt.Sprintf("%+q", text[:min(len(text), maxShown)])
	if plain := quoted[1 : len(quoted)-1]; plain == text {
		return text
	}
	if len(text) > maxShown {
		return quoted + "…"
	}
	return quoted
}

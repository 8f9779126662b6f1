package lfsagent

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
)

// Setting is a key of git's configuration, section and variable in lower case, with a value.
type Setting struct{ Key, Value string }

// Settings is the configuration of a repository. Those that count more come after the others.
type Settings struct {
	Git     []Setting // all that git knows, "git -c" included
	Carried []Setting // the .lfsconfig that the repository carries; anybody may have written it
}

// ParseSettings reads what "git config --list -z" prints. A key without a value is true.
func ParseSettings(listing []byte) ([]Setting, error) {
	settings := make([]Setting, 0, bytes.Count(listing, []byte{0}))
	for len(listing) > 0 {
		pair, rest, whole := bytes.Cut(listing, []byte{0})
		key, value, given := strings.Cut(string(pair), "\n")
		if !whole || !strings.Contains(key, ".") {
			return nil, fmt.Errorf("git config: no setting: %s", printable(key, 80))
		}
		if !given {
			value = "true"
		}
		settings = append(settings, Setting{key, value})
		listing = rest
	}
	return settings, nil
}

func last(settings []Setting, key string) (value string, ok bool) {
	for _, s := range settings {
		if s.Key == key {
			value, ok = s.Value, true
		}
	}
	return value, ok
}

// Storage is the folder of the LFS storage as git-lfs finds it, for the git directory that all worktrees share.
func (s Settings) Storage(gitDir string) string {
	dir, ok := last(s.Git, "lfs.storage")
	switch {
	case !ok || dir == "":
		return filepath.Join(gitDir, "lfs")
	case filepath.IsAbs(dir):
		return dir
	}
	return filepath.Join(gitDir, dir)
}

// Require is swarm.require: local, safe, full, or empty where nobody says. Others are a *[Failure].
func (s Settings) Require() (string, error) {
	value, _ := last(s.Git, "swarm.require")
	switch value {
	case "", "local", "safe", "full":
		return value, nil
	}
	return "", refuse(CodeRequest, "git config swarm.require safe",
		"swarm.require is %s: it is local, safe or full", printable(value, 40))
}

// Shared is core.sharedRepository, empty where nobody says.
func (s Settings) Shared() string {
	value, _ := last(s.Git, "core.sharedrepository")
	return value
}

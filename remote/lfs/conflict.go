package lfs

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
)

// maxLFSConfig bounds the .lfsconfig of a repository, in bytes.
const maxLFSConfig = 64 << 10

// Warning is a setting that sends the LFS objects of a rad remote elsewhere.
type Warning struct {
	Remote string // its name
	Key    string // the setting: lfs.url
	Value  string // what it says; from anywhere, and of any length
	File   string // ".lfsconfig" for the file that the repository carries, "" for git's configuration
}

// String is a sentence for people, without control characters and of bounded length.
func (w Warning) String() string {
	where := "git config"
	if w.File != "" {
		where = w.File
	}
	return fmt.Sprintf("git-lfs sends the objects of remote %s to %s: %s in %s says so",
		printable(w.Remote), printable(w.Value), printable(w.Key), where)
}

// Conflicts finds what git-lfs would follow rather than the remote's lfsurl, in its order (git-lfs.md §2.1). Each key in git's
// configuration outranks the same key in .lfsconfig.
func (c *Config) Conflicts(ctx context.Context, remote Remote) ([]Warning, error) {
	carried, err := c.carried(ctx)
	if err != nil {
		return nil, err
	}
	var warnings []Warning
	prefix := "remote." + remote.Name + "."
	for _, key := range []string{"lfs.pushurl", "lfs.url", prefix + "lfspushurl", prefix + varLFSURL} {
		file := ""
		value, ok := c.Get(key)
		if !ok {
			file = ".lfsconfig"
			value, ok = carried.Get(key)
		}
		if key == prefix+varLFSURL && (file != "" || isOurs(value)) {
			continue // Configure sets it
		}
		if ok && value != endpointOf(remote.RID) {
			warnings = append(warnings, Warning{remote.Name, key, value, file})
		}
	}
	return warnings, nil
}

// carried reads the .lfsconfig of the working tree. Most repositories have none, and most of those that have one do not say where
// objects go: then no git is started. git-lfs also looks for it in the index and in HEAD where the tree has none; that is rare
// enough to be left alone. One that is too large or that git cannot read says nothing.
func (c *Config) carried(ctx context.Context) (*Config, error) {
	found := &Config{}
	tree := c.workTree()
	if tree == "" {
		return found, nil
	}
	text, err := readFile(filepath.Join(tree, ".lfsconfig"), maxLFSConfig)
	if err != nil || !bytes.Contains(bytes.ToLower(text), []byte("url")) {
		return found, nil
	}
	cmd := c.repo.git(ctx, c.repo.configEnv(c.at), "config", "--file", "-", "--no-includes", "--list", "-z", "--show-scope")
	cmd.Stdin = bytes.NewReader(text)
	list, err := output(ctx, cmd, maxListing)
	if err == nil {
		found.entries, err = parseListing(list)
	}
	if err != nil {
		return &Config{}, ctx.Err()
	}
	return found, nil
}

// workTree is the top of the working tree, "" if there is none or it cannot be told without asking git.
func (c *Config) workTree() string {
	for _, v := range c.repo.environ() {
		if tree, ok := strings.CutPrefix(v, "GIT_WORK_TREE="); ok && tree != "" {
			return tree
		}
	}
	if file, err := readLink(filepath.Join(c.at.git, "gitdir"), ""); err == nil {
		return filepath.Dir(file) // a linked worktree
	}
	if tree, ok := c.Get("core.worktree"); ok && tree != "" {
		if !filepath.IsAbs(tree) {
			tree = filepath.Join(c.at.git, tree)
		}
		return tree
	}
	if bare, _ := c.Get("core.bare"); bare == "true" {
		return ""
	}
	if tree, name := filepath.Split(c.at.git); name == ".git" {
		return tree
	}
	return ""
}

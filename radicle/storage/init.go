package storage

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/identity"
)

// New describes a repository to be made.
type New struct {
	Document *identity.Document // the key that makes the repository must be its first delegate
	Alias    radicle.Alias      // of that key's owner; becomes the git identity of the repository
	Source   string             // git directory of the working copy
	Head     radicle.Oid        // commit there that the default branch begins with
}

// Init makes a repository as "rad init" does, to the last byte but for how objects are packed: identity, default branch with
// its history, canonical refs, signed refs. It is built under a temporary name that everybody passes over and renamed
// when it is complete, so whatever happens there is all of it or none. One that is already there is [ErrExists].
func (s *Storage) Init(ctx context.Context, key radicle.Signer, n New) (*Repo, Result, error) {
	rid, err := n.Document.RID(radicle.SHA1Size)
	if err != nil {
		return nil, Result{}, err
	}
	final := s.Path(rid)
	if _, err := os.Lstat(final); !errors.Is(err, fs.ErrNotExist) {
		return nil, Result{}, errors.Join(fmt.Errorf("%v: %w", rid, ErrExists), err)
	}
	temporary := final + "." + strings.ToLower(rand.Text()[:6]) + ".tmp"
	result, err := s.build(ctx, key, n, rid, temporary)
	if err == nil {
		err = s.publish(temporary, final)
	}
	if err != nil {
		return nil, Result{}, errors.Join(err, os.RemoveAll(temporary))
	}
	r, err := s.Repository(rid)
	return r, result, err
}

// publish gives a complete repository its name.
func (s *Storage) publish(temporary, final string) error {
	s.writing("publish")
	if err := os.Rename(temporary, final); err != nil {
		if _, statErr := os.Lstat(final); statErr == nil {
			return fmt.Errorf("%s: %w", filepath.Base(final), ErrExists) // somebody was faster
		}
		return err
	}
	dir, err := os.Open(s.dir)
	if err != nil {
		return err
	}
	return errors.Join(syncDir(dir), dir.Close())
}

// build makes the whole repository at dir.
func (s *Storage) build(ctx context.Context, key radicle.Signer, n New, rid radicle.RID, dir string) (Result, error) {
	if err := s.layOut(dir, n.Alias, key.NID()); err != nil {
		return Result{}, err
	}
	r, err := s.open(rid, dir)
	if err != nil {
		return Result{}, err
	}
	r.onWrite = s.onWrite
	result, err := r.found(ctx, key, n)
	return result, errors.Join(err, r.Close())
}

// found writes what a repository begins with.
func (r *Repo) found(ctx context.Context, key radicle.Signer, n New) (Result, error) {
	rules, err := n.Document.CanonicalRefs()
	if err != nil {
		return Result{}, err
	}
	branch := rules.Head()
	if err := r.fetchLocal(ctx, n.Source, n.Head); err != nil {
		return Result{}, err
	}
	objects := newBuffer(r)
	who := cob.Author(n.Alias, key.NID(), r.storage.now())
	who.Zone = gitobj.UTC
	_, refs, err := identity.Init(ctx, cob.Pen{Objects: objects, Signer: key, Who: who}, n.Document)
	if err != nil {
		return Result{}, err
	}
	if err := objects.flush(ctx); err != nil {
		return Result{}, err
	}
	refs = append(refs, identity.RefUpdate{Name: NamespacePrefix(key.NID()) + branch, ID: n.Head})
	if err := r.create(ctx, refs); err != nil {
		return Result{}, err
	}
	canonical, err := r.SetCanonical(ctx, rules, []string{branch})
	for _, c := range canonical {
		err = errors.Join(err, c.Err)
	}
	if err != nil {
		return Result{}, err
	}
	return r.Update(ctx, key, nil)
}

// create makes refs that are not there.
func (r *Repo) create(ctx context.Context, refs []identity.RefUpdate) error {
	var direct []change
	for _, ref := range refs {
		if ref.Symbolic == "" {
			direct = append(direct, change{name: ref.Name, to: ref.ID})
		}
	}
	if err := r.moveRefs(ctx, direct); err != nil {
		return err
	}
	for _, ref := range refs {
		if ref.Symbolic == "" {
			continue
		}
		if err := r.setSymbolic(ctx, ref.Name, ref.Symbolic); err != nil {
			return err
		}
	}
	return nil
}

// layOut makes the directories and files of an empty repository as Radicle does, through libgit2: no hooks, no
// info/exclude, no description.
func (s *Storage) layOut(dir string, alias radicle.Alias, nid radicle.NID) error {
	s.writing("layout")
	for _, sub := range []string{"objects/info", "objects/pack", "refs/heads", "refs/tags"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.FromSlash(sub)), 0o777); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "HEAD"), []byte("ref: refs/heads/master\n"), 0o666); err != nil {
		return err
	}
	_, err := os.Stat(filepath.Join(dir, "hEAD"))
	text := configText(alias, nid, runtime.GOOS != "windows", err == nil)
	return os.WriteFile(filepath.Join(dir, "config"), []byte(text), 0o666)
}

// configText is the configuration of a new repository.
func configText(alias radicle.Alias, nid radicle.NID, fileMode, ignoreCase bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[core]\n\tbare = true\n\trepositoryformatversion = 0\n\tfilemode = %v\n", fileMode)
	if ignoreCase {
		b.WriteString("\tignorecase = true\n")
	}
	fmt.Fprintf(&b, "[user]\n\tname = %s\n\temail = %s\n", configValue(string(alias)), configValue(string(alias)+"@"+nid.String()))
	return b.String()
}

// configValue quotes what git-config(1) would take for something else. An alias has no spaces and control characters.
func configValue(s string) string {
	s = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s)
	if strings.ContainsAny(s, "#;") {
		return `"` + s + `"`
	}
	return s
}

// fetchLocal copies a commit and all that it reaches from another repository on this machine.
func (r *Repo) fetchLocal(ctx context.Context, source string, head radicle.Oid) error {
	r.writing("index-pack")
	index := r.Git(ctx, "index-pack", "--stdin", "--check-self-contained-and-connected")
	stderr := &limitedBuffer{max: maxStderr}
	index.Stderr = stderr
	stdin, err := index.StdinPipe()
	if err != nil {
		return err
	}
	if err := index.Start(); err != nil {
		return commandError(ctx, index, stderr, err)
	}
	pack := r.storage.git.command(ctx, source, "pack-objects", "--revs", "--stdout", "--quiet", "--delta-base-offset")
	pack.Stdin = strings.NewReader(head.String() + "\n")
	pack.Stdout = stdin
	packErr := r.storage.git.run(ctx, pack)
	closeErr := stdin.Close()
	indexErr := commandError(ctx, index, stderr, index.Wait())
	if e, ok := errors.AsType[*GitError](packErr); ok && exitCode(e.Err) < 0 && indexErr != nil {
		return indexErr // pack-objects died because nobody listened any more
	}
	return errors.Join(packErr, indexErr, closeErr)
}

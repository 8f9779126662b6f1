package storage

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

// Move moves a ref from one object to another; the null id stands for no ref, at either end. One that ends where it starts is
// a condition for the others.
type Move struct {
	Name     string // whole
	From, To radicle.Oid
}

// Receive takes the objects of a quarantine into the repository, and moves refs in one transaction of git's: all of them,
// in their order, or none. A ref that is not where its move starts is a [*StaleError]; a lock of somebody else's is
// [ErrBusy]. What is moved where is not questioned: that is the caller's part.
//
// Where a name is to become a folder of names, or the other way round, the old ones go in a transaction before.
func (r *Repo) Receive(ctx context.Context, q *Quarantine, moves []Move) error {
	lock, err := lockDir(ctx, r.root)
	if err != nil {
		return err
	}
	defer lock.Close() // only locked
	if err := q.giveObjects(r); err != nil {
		return err
	}
	changes := make([]change, len(moves))
	for i, m := range moves {
		changes[i] = change{name: m.Name, from: m.From, to: m.To}
	}
	before, rest := inTheWay(changes)
	for _, part := range [][]change{before, rest} {
		if len(part) == 0 {
			continue
		}
		if err := r.moveRefs(ctx, part); err != nil {
			return r.whyStale(ctx, part, err)
		}
	}
	return nil
}

// inTheWay splits off the deletions without which another change cannot be.
func inTheWay(changes []change) (before, rest []change) {
	folders, names := make(map[string]bool), make(map[string]bool)
	for _, c := range changes {
		if c.to.IsZero() {
			continue
		}
		names[c.name] = true
		for dir := path.Dir(c.name); dir != "."; dir = path.Dir(dir) {
			folders[dir] = true
		}
	}
	for _, c := range changes {
		if c.to.IsZero() && !c.from.IsZero() && (folders[c.name] || belowAny(names, c.name)) {
			before = append(before, c)
		} else {
			rest = append(rest, c)
		}
	}
	return before, rest
}

func belowAny(names map[string]bool, name string) bool {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if names[dir] {
			return true
		}
	}
	return false
}

// whyStale makes a [*StaleError] or [ErrBusy] of git's refusal, if somebody else is the reason.
func (r *Repo) whyStale(ctx context.Context, changes []change, refusal error) error {
	if !errors.As(refusal, new(*GitError)) {
		return refusal
	}
	race, ok := errors.AsType[*raceError](r.whyRefused(ctx, changes, refusal))
	switch {
	case !ok:
		return refusal
	case race.locked:
		return fmt.Errorf("%w: %w", ErrBusy, race.err)
	}
	for _, c := range changes {
		if now, err := r.Ref(ctx, c.name); err == nil && now != c.from || isAbsent(err) && !c.from.IsZero() {
			return &StaleError{Name: c.name, Want: c.from, Got: now}
		}
	}
	return fmt.Errorf("%w: %w", ErrBusy, race.err)
}

// packName matches the files that are a pack.
var packName = regexp.MustCompile(`^pack-([0-9a-f]{40}|[0-9a-f]{64})\.(pack|rev|idx)$`)

// giveObjects moves the packs of the quarantine into r; they are durable there when it returns. A pack is there before
// its index, by which it is found.
func (q *Quarantine) giveObjects(r *Repo) error {
	entries, err := fs.ReadDir(q.repo.root.FS(), strings.TrimSuffix(packDir, "/"))
	if err != nil {
		return err
	}
	order := map[string]int{".pack": 0, ".rev": 1, ".idx": 2}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return !e.Type().IsRegular() || !packName.MatchString(e.Name()) })
	slices.SortStableFunc(entries, func(a, b fs.DirEntry) int { return order[path.Ext(a.Name())] - order[path.Ext(b.Name())] })
	for _, e := range entries {
		r.writing("receive " + e.Name())
		to := packDir + e.Name()
		if err := moveFile(q.repo.root, r.root, to); err != nil {
			return err
		}
	}
	if len(entries) == 0 {
		return nil
	}
	return r.syncDirs(map[string]bool{"objects/pack": true})
}

// moveFile moves a file into another repository, under the same name. Where that lies on another disk it is copied, and stays.
func moveFile(from, to *os.Root, name string) error {
	err := os.Rename(filepath.Join(from.Name(), name), filepath.Join(to.Name(), name))
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	source, openErr := from.Open(name)
	if openErr != nil {
		return errors.Join(err, openErr)
	}
	defer source.Close() // only read
	temporary := packDir + "tmp_pack_" + rand.Text()
	f, err := to.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o444)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, source)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = to.Rename(temporary, name)
	}
	if err != nil {
		return errors.Join(err, to.Remove(temporary))
	}
	return nil
}

// writePacked makes the file of all refs of a repository that has none yet. Names and objects are the caller's part.
func (r *Repo) writePacked(refs []Ref) error {
	refs = slices.SortedFunc(slices.Values(refs), func(a, b Ref) int { return strings.Compare(a.Name, b.Name) })
	var b bytes.Buffer
	b.WriteString("# pack-refs with: sorted \n")
	for _, ref := range refs {
		fmt.Fprintf(&b, "%v %s\n", ref.ID, ref.Name)
	}
	r.writing("packed-refs")
	return r.root.WriteFile("packed-refs", b.Bytes(), 0o666)
}

// syncAll makes all files of a new repository durable, but for packs: git sees to that.
func (r *Repo) syncAll() error {
	return fs.WalkDir(r.root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || path.Dir(name) == "objects/pack" {
			return err
		}
		if !e.IsDir() {
			return syncFile(r.root, name)
		}
		f, err := r.root.Open(name)
		if err != nil {
			return err
		}
		return errors.Join(syncDir(f), f.Close())
	})
}

// syncFile makes a file durable.
func syncFile(root *os.Root, name string) error {
	f, err := root.OpenFile(name, syncFlag, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Kinds returns the kinds of objects; those that are missing are not in it.
func (r *Repo) Kinds(ctx context.Context, ids []radicle.Oid) (map[radicle.Oid]gitobj.Kind, error) {
	kinds := make(map[radicle.Oid]gitobj.Kind, len(ids))
	if len(ids) == 0 {
		return kinds, nil
	}
	cmd := r.Git(ctx, "cat-file", "--batch-check=%(objectname) %(objecttype)", "--buffer")
	cmd.Stdin = lines(ids, "")
	out, err := r.storage.git.output(ctx, cmd, 128*len(ids))
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(out)) {
		hex, word, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		id, err := radicle.ParseOid(hex)
		if err != nil {
			return nil, fmt.Errorf("%w: answers %.100q", errProcess, line)
		}
		if kind, ok := gitobj.ParseKind(word); ok {
			kinds[id] = kind
		}
	}
	return kinds, nil
}

// Connected returns nil if all objects that tips reach are there and can be read; else the error is [ErrIncomplete]. What the
// commits and tags of known reach is not looked at again; those of them that are missing are passed over. The tips
// themselves must be there.
func (r *Repo) Connected(ctx context.Context, tips, known []radicle.Oid) error {
	if len(tips) == 0 {
		return nil
	}
	cmd := r.Git(ctx, "rev-list", "--objects", "--quiet", "--ignore-missing", "--stdin")
	input := lines(tips, "")
	input.Write(lines(known, "^").Bytes())
	cmd.Stdin = input
	err := r.storage.git.run(ctx, cmd)
	if e, ok := errors.AsType[*GitError](err); ok {
		return fmt.Errorf("%w: %w", ErrIncomplete, e)
	}
	return err
}

// lines has every id on a line of its own.
func lines(ids []radicle.Oid, before string) *bytes.Buffer {
	var b bytes.Buffer
	w := bufio.NewWriter(&b)
	for _, id := range ids {
		fmt.Fprintf(w, "%s%v\n", before, id)
	}
	_ = w.Flush() // into memory
	return &b
}

package remote

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/storage"
)

const (
	// unpackLimit is how many objects become a pack of their own; fewer are stored one by one, as git does it.
	unpackLimit = 100
	// maxHave bounds the commits that the working copy is told are in storage. More make a push no smaller, only slower.
	maxHave = 1000
	// packHeader is the length of "PACK", version and number of objects.
	packHeader = 12
)

// durable makes git sync what it writes, all at once at the end: a signature is worth nothing if what it names is lost in a power
// cut.
func durable() []string { return []string{"-c", "core.fsync=objects", "-c", "core.fsyncMethod=batch"} }

// send copies to storage what the tips reach and the refs in storage do not: packed by git in the working copy, which sees the
// objects of storage beside its own, and so knows every commit that is named to it as there. git checks no more than it does
// in a push; what is pushed is one's own.
//
// Only what a ref in storage reaches is taken to be there: a push that was killed leaves commits without their files. There is no
// quarantine: what no ref reaches harms nobody, and git deletes it after a while.
func (s *session) send(ctx context.Context, actions []action) error {
	have, err := s.have(ctx, actions)
	if err != nil {
		return err
	}
	tips := without(tips(actions, s.options.baseID), have)
	if len(tips) == 0 {
		return nil
	}
	err = s.transfer(ctx, tips, have)
	if err != nil && ctx.Err() == nil {
		err = s.transfer(ctx, tips, nil) // a ref in storage may be broken
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fail(fmt.Sprintf(hintFsck, s.repo.Dir()), "%v", err)
	}
	if s.work.isShallow() {
		return s.connected(ctx, tips, have)
	}
	return nil
}

// without returns the ids that are not in have, each once.
func without(ids, have []radicle.Oid) []radicle.Oid {
	seen := make(map[radicle.Oid]bool, len(have))
	for _, id := range have {
		seen[id] = true
	}
	var rest []radicle.Oid
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			rest = append(rest, id)
		}
	}
	return rest
}

// have returns what refs in storage point to now. Hours may have passed since git asked for a list; what no ref reached since then
// may be gone. Of many refs those count that the push most likely builds on: what it replaces, the default branch, then ours, the
// canonical ones, those of the delegates.
func (s *session) have(ctx context.Context, actions []action) ([]radicle.Oid, error) {
	own, err := s.repo.NamespaceRefs(ctx, s.profile.NID)
	if err != nil {
		return nil, err
	}
	prefix := storage.NamespacePrefix(s.profile.NID)
	known := haveList{seen: make(map[radicle.Oid]bool)}
	head := readHead(s.repo)
	for _, name := range append(destinations(actions), head) {
		if id, ok := own.Get(prefix + name); ok {
			known.add(storage.Ref{Name: name, ID: id})
		}
	}
	if id, err := s.repo.Ref(ctx, "HEAD"); err == nil {
		known.add(storage.Ref{Name: head, ID: id})
	}
	known.add(own.Prefix(prefix + "refs/heads/")...)
	for _, dir := range append([]string{"refs/heads", "refs/tags"}, s.delegateDirs()...) {
		if known.full() {
			break
		}
		refs, err := s.repo.RefsIn(ctx, dir)
		if err != nil {
			return nil, err
		}
		known.add(refs.Refs...)
	}
	known.add(own.Refs...)
	return known.ids, nil
}

// destinations are the refs that a push moves.
func destinations(actions []action) []string {
	var names []string
	for _, a := range actions {
		names = append(names, a.dst)
	}
	return names
}

// maxDelegates bounds the delegates whose branches are read for the sake of a smaller pack.
const maxDelegates = 4

// delegateDirs are where other delegates have their branches.
func (s *session) delegateDirs() []string {
	doc, err := s.document()
	if err != nil {
		return nil // it only makes the pack smaller
	}
	var dirs []string
	for _, d := range doc.Delegates() {
		if d != s.profile.DID() && len(dirs) < maxDelegates {
			dirs = append(dirs, storage.NamespacePrefix(d.NID())+"refs/heads")
		}
	}
	return dirs
}

// haveList collects objects, each once, at most maxHave.
type haveList struct {
	ids  []radicle.Oid
	seen map[radicle.Oid]bool
}

func (h *haveList) full() bool { return len(h.ids) >= maxHave }

func (h *haveList) add(refs ...storage.Ref) {
	for _, ref := range refs {
		if !h.full() && !h.seen[ref.ID] && !internal(ref.Name) {
			h.seen[ref.ID] = true
			h.ids = append(h.ids, ref.ID)
		}
	}
}

// internal reports whether a ref has none of the history that working copies have.
func internal(name string) bool {
	return strings.Contains(name, "/refs/cobs/") || strings.Contains(name, "/refs/rad/")
}

// transfer packs and unpacks.
func (s *session) transfer(ctx context.Context, tips, have []radicle.Oid) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pack := s.work.git(ctx, "pack-objects", "--revs", "--stdout", "--thin", "--delta-base-offset", "-q")
	pack.Env = withAlternate(pack.Env, filepath.Join(s.repo.Dir(), "objects"))
	pack.Stdin = strings.NewReader(wanted(tips) + "--not\n" + wanted(have))
	complaint := &keep{max: maxStderr}
	pack.Stderr = complaint
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	pack.Stdout = w
	err = pack.Start()
	_ = w.Close() // git has its own
	if err != nil {
		return commandError(ctx, pack, complaint, err)
	}
	unpackErr := s.unpack(ctx, r)
	if unpackErr != nil {
		_ = r.Close() // nobody reads any more
	}
	packErr := commandError(ctx, pack, complaint, pack.Wait())
	if packErr != nil && !brokenPipe(packErr) {
		return packErr
	}
	return errors.Join(unpackErr, packErr)
}

// brokenPipe reports whether a command ended because nobody read what it wrote.
func brokenPipe(err error) bool {
	exit, ok := errors.AsType[*exec.ExitError](err)
	return ok && strings.Contains(exit.String(), "broken pipe")
}

// unpack stores the objects of a pack.
func (s *session) unpack(ctx context.Context, pack *os.File) error {
	header := make([]byte, packHeader)
	if _, err := io.ReadFull(pack, header); err != nil {
		return fmt.Errorf("git pack-objects: %w", err)
	}
	version, count := binary.BigEndian.Uint32(header[4:]), binary.BigEndian.Uint32(header[8:])
	if count == 0 {
		_, err := io.Copy(io.Discard, pack)
		return err
	}
	said := "--pack_header=" + strconv.FormatUint(uint64(version), 10) + "," + strconv.FormatUint(uint64(count), 10)
	args := append(durable(), "unpack-objects", "-q", said)
	if count >= unpackLimit {
		args = append(durable(), "index-pack", "--stdin", "--fix-thin", said)
	}
	cmd := s.repo.Git(ctx, args...)
	cmd.Stdin = pack
	return runCommand(ctx, cmd)
}

// connected is an error unless storage has all that the tips reach: a shallow working copy does not know what it lacks.
func (s *session) connected(ctx context.Context, tips, have []radicle.Oid) error {
	cmd := s.repo.Git(ctx, "rev-list", "--objects", "--quiet", "--stdin")
	var not strings.Builder
	for _, id := range have {
		not.WriteString("^" + id.String() + "\n")
	}
	cmd.Stdin = strings.NewReader(wanted(tips) + not.String())
	if err := runCommand(ctx, cmd); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fail(hintShallow, "shallow update not allowed")
	}
	return nil
}

// isShallow reports whether history is cut off in the working copy.
func (w workingCopy) isShallow() bool {
	_, err := os.Stat(filepath.Join(w.common(), "shallow"))
	return err == nil
}

// withAlternate is an environment in which git sees the objects of another repository too.
func withAlternate(env []string, objects string) []string {
	const key = "GIT_ALTERNATE_OBJECT_DIRECTORIES="
	if strings.ContainsRune(objects, os.PathListSeparator) || strings.HasPrefix(objects, `"`) {
		objects = quote(objects)
	}
	out := make([]string, 0, len(env)+1)
	for _, v := range env {
		if before, ok := strings.CutPrefix(v, key); ok {
			objects += string(os.PathListSeparator) + before
			continue
		}
		out = append(out, v)
	}
	return append(out, key+objects)
}

// quote puts C quotes around a path.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}

package remote

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"radswarm/blobstore"
	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/storage"
	"radswarm/remote/lfs"
)

// Commits come into our namespace without a push of ours: rad init brings the first ones, Radicle's helper others. Their big files
// are looked at with the next push, even one that brings nothing, as long as our namespace has no record of any object.

// recordsRef is where a recorder writes: an object's record lies in a folder of two hexadecimal digits.
const recordsRef = "refs/notes/swarm"

// neverLookedAt are the big files of our branches in storage, if there is no record of any and git-lfs has objects here.
func (s *session) neverLookedAt(ctx context.Context) ([]bigFile, error) {
	if _, ok := s.BigFiles.(Recorder); !ok || !s.hasObjects(ctx) || s.hasRecords(ctx) {
		return nil, nil
	}
	heads, err := s.ownHeads(ctx)
	if err != nil {
		return nil, err
	}
	files, err := s.pointers(ctx, lfs.Range{New: heads})
	for i := range files {
		files[i].before = true
	}
	return files, err
}

// hasObjects reports whether git-lfs keeps anything in this working copy.
func (s *session) hasObjects(ctx context.Context) bool {
	disk, err := s.lfsDisk(ctx)
	if err != nil {
		return false
	}
	entries, err := os.ReadDir(disk.Dir())
	return err == nil && len(entries) > 0
}

// hasRecords reports whether our namespace has a record of an object. What cannot be read may have some.
func (s *session) hasRecords(ctx context.Context) bool {
	commit, err := s.repo.Ref(ctx, storage.NamespacePrefix(s.profile.NID)+recordsRef)
	if err != nil || commit.IsZero() {
		return false
	}
	list, err := output(ctx, s.repo.Git(ctx, "ls-tree", "--name-only", commit.String()), gitobj.MaxCommit)
	if err != nil {
		return true
	}
	return slices.ContainsFunc(strings.Fields(list), func(name string) bool { return len(name) == 2 })
}

// ownHeads are the commits of our branches in storage.
func (s *session) ownHeads(ctx context.Context) ([]radicle.Oid, error) {
	own, err := s.repo.NamespaceRefs(ctx, s.profile.NID)
	if err != nil {
		return nil, err
	}
	var heads []radicle.Oid
	for _, ref := range own.Prefix(storage.NamespacePrefix(s.profile.NID) + "refs/heads/") {
		heads = append(heads, ref.ID)
	}
	return without(heads, nil), nil
}

// catchUp looks after big files of earlier pushes when there is nothing to push.
func (s *session) catchUp(ctx context.Context) error {
	if s.BigFiles == nil || !s.forPush || s.work.dir == "" || s.url.NID != s.profile.NID {
		return nil
	}
	files, err := s.neverLookedAt(ctx)
	if err != nil || len(files) == 0 {
		return err
	}
	var key radicle.Signer
	err = s.withKey(ctx, &key, func(ctx context.Context) error {
		heads, err := s.ownHeads(ctx)
		if err == nil {
			files, err = s.keep(ctx, files, heads)
		}
		return err
	})
	if err != nil || len(files) == 0 {
		return err
	}
	r, _ := s.BigFiles.(Recorder)
	_, err = s.repo.Update(ctx, key, func(ctx context.Context, tx *storage.Tx) error { return r.Record(ctx, s.url.RID, tx) })
	if err != nil {
		return s.storageError(err)
	}
	r.Recorded(ctx, s.url.RID)
	s.saySafety(files)
	return nil
}

// forgive leaves out what earlier pushes brought and is nowhere: this push cannot help it.
func (s *session) forgive(files []bigFile) []bigFile {
	n := len(files)
	files = slices.DeleteFunc(files, func(f bigFile) bool { return f.before && !f.here && !f.safety.Stored })
	if lost := n - len(files); lost > 0 {
		s.say.warn(fmt.Sprintf(textLostBefore, lost))
	}
	return files
}

// unique is every object once, by the first file that has it.
func unique(files []bigFile) []bigFile {
	at := make(map[blobstore.Pointer]int)
	var kept []bigFile
	for _, f := range files {
		if i, again := at[f.Object]; again {
			kept[i].blobs = append(kept[i].blobs, f.blobs...)
			continue
		}
		at[f.Object] = len(kept)
		kept = append(kept, f)
	}
	return kept
}

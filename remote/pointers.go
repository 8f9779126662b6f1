package remote

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"radswarm/blobstore"
	"radswarm/radicle"
	"radswarm/remote/lfs"
)

const (
	// maxPointers bounds the LFS objects of one push.
	maxPointers = 1 << 20
	// maxNamed is how many objects are named to people; of more there is a summary.
	maxNamed = 5
)

// setUpLFS writes the configuration that makes git-lfs ask us for the objects of this remote. It is there before git-lfs needs
// it: git runs the helper first, in a push and in a clone. What goes wrong can wait: the next helper tries again.
func (s *session) setUpLFS(ctx context.Context) {
	if !s.setsUpLFS() {
		return
	}
	if s.config = s.early.take(); s.config == nil && s.readConfig(ctx) != nil { // the second time there is more
		return
	}
	warnings, err := s.config.Configure(ctx, lfs.Remote{
		Name: s.Args[0], URL: s.Args[1], RID: s.url.RID, NID: s.profile.NID, Cloning: s.options.cloning,
	})
	if err != nil && ctx.Err() == nil {
		s.say.warn("Git LFS was not set up: " + brief(err.Error()))
	}
	for _, w := range warnings {
		s.say.warn(w.String())
	}
}

// setsUpLFS reports whether there is a working copy, and a remote of it, to set up.
func (s *session) setsUpLFS() bool {
	return s.BigFiles != nil && s.work.dir != "" && len(s.Args) >= 2 && s.Args[0] != s.Args[1]
}

// an earlyConfig is the configuration of the working copy, read by git while the helper opens storage and git says what it wants:
// most of what a fetch of nothing takes is waiting for such processes, one after the other.
type earlyConfig struct{ read chan *lfs.Config }

// readEarly begins to read the configuration, if setUpLFS will want it.
func (s *session) readEarly(ctx context.Context) {
	if !s.setsUpLFS() {
		return
	}
	read := make(chan *lfs.Config, 1)
	go func() {
		c, _ := lfs.Repo{Dir: s.work.dir}.ReadConfig(ctx) // an error comes again when it is read again
		read <- c
	}()
	s.early.read = read
}

// take returns the configuration once: nil where it was not read.
func (e *earlyConfig) take() *lfs.Config {
	if e.read == nil {
		return nil
	}
	defer func() { e.read = nil }()
	return <-e.read
}

// lfs is the working copy as package lfs sees it. git says which one where the caller has not.
func (s *session) lfs(ctx context.Context) (lfs.Repo, error) {
	dir := s.work.dir
	if dir == "" {
		found, err := output(ctx, s.work.git(ctx, "rev-parse", "--absolute-git-dir"), maxStderr)
		if err != nil {
			return lfs.Repo{}, err
		}
		dir = found
	}
	return lfs.Repo{Dir: dir, Alternates: []string{filepath.Join(s.repo.Dir(), "objects")}}, nil
}

// unlisted is why nobody knows what big files a push brings.
func (s *session) unlisted(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fail(fmt.Sprintf(hintFsck, s.repo.Dir()), "the files of this push could not be listed: %v", err)
}

// bigFile is an LFS object of a push.
type bigFile struct {
	File
	blobs  []radicle.Oid // the pointers
	before bool          // it came with an earlier push, which nobody looked at
	here   bool
	safety Safety
}

// keepBigFiles makes sure that the LFS objects of a push are where they can be brought back from, and returns them. Those that
// nobody has stored yet are stored now; what is neither stored nor here ends the push.
func (s *session) keepBigFiles(ctx context.Context, actions []action) ([]bigFile, error) {
	if s.BigFiles == nil {
		return nil, nil
	}
	have, err := s.have(ctx, actions)
	if err != nil {
		return nil, err
	}
	all := without(tips(actions, s.options.baseID), nil)
	commits := lfs.Range{New: without(all, have), Have: have}
	files, err := s.pointers(ctx, commits)
	if err != nil {
		return nil, err
	}
	s.sayRaw(ctx, commits, files)
	before, err := s.neverLookedAt(ctx)
	if err != nil {
		return nil, err
	}
	return s.keep(ctx, append(files, before...), all)
}

// keep looks at files, stores those that nobody has, and tells the recorder where the commits have them.
func (s *session) keep(ctx context.Context, files []bigFile, commits []radicle.Oid) ([]bigFile, error) {
	if len(files) == 0 {
		return nil, nil
	}
	require, err := s.requirement(ctx)
	if err != nil {
		return nil, err
	}
	files = unique(files)
	err = s.look(ctx, files)
	switch {
	case err != nil && require == Local && ctx.Err() == nil:
		s.say.warn("nobody knows how safe the big files are: " + brief(err.Error()))
		return nil, nil
	case err != nil:
		return nil, notStored(err, require)
	}
	files = s.forgive(files)
	sightings, err := s.sight(ctx, commits, files) // before hours go into storing
	if err != nil {
		return nil, err
	}
	if err := s.secure(ctx, files, require); err != nil {
		return nil, err
	}
	err = s.tellSightings(ctx, sightings)
	if err != nil && require == Local && ctx.Err() == nil {
		s.say.warn("who may read the big files is not recorded: " + brief(err.Error()))
		err = nil
	}
	return files, err
}

// secure stores what is not as safe as required.
func (s *session) secure(ctx context.Context, files []bigFile, require Requirement) error {
	if require == Local {
		return nil
	}
	if missing := slices.DeleteFunc(slices.Clone(files), func(f bigFile) bool { return f.safety.Stored || f.here }); len(missing) > 0 {
		return lost(missing)
	}
	return notStored(s.store(ctx, files, require), require)
}

// pointers finds what commits bring.
func (s *session) pointers(ctx context.Context, commits lfs.Range) ([]bigFile, error) {
	if len(commits.New) == 0 {
		return nil, nil
	}
	repo, err := s.lfs(ctx)
	if err != nil {
		return nil, err
	}
	var disk lfs.Storage
	seen := make(map[blobstore.Pointer]int)
	var files []bigFile
	for found, err := range repo.Scan(ctx, commits) {
		if incomplete, ok := errors.AsType[*lfs.IncompleteError](err); ok {
			s.say.warn(fmt.Sprintf(textPartial, incomplete.Missing))
			continue
		}
		if err != nil {
			return nil, s.unlisted(err)
		}
		if len(files) == 0 {
			if disk, err = s.lfsDisk(ctx); err != nil {
				return nil, err
			}
		}
		if at, again := seen[found.Pointer]; again {
			files[at].blobs = append(files[at].blobs, found.Blob)
			continue
		}
		if len(files) == maxPointers {
			return nil, fail("push fewer commits at a time", "more than %d big files in one push", maxPointers)
		}
		seen[found.Pointer] = len(files)
		path, here := disk.Path(found.Pointer)
		files = append(files, bigFile{
			File:  File{Object: found.Pointer, Path: path, Name: found.Path},
			blobs: []radicle.Oid{found.Blob}, here: here,
		})
	}
	slices.SortFunc(files, func(a, b bigFile) int { return strings.Compare(a.Name, b.Name) })
	return files, nil
}

// lfsDisk is where git-lfs keeps objects.
func (s *session) lfsDisk(ctx context.Context) (lfs.Storage, error) {
	if err := s.readConfig(ctx); err != nil {
		return lfs.Storage{}, err
	}
	return s.config.Storage()
}

func (s *session) readConfig(ctx context.Context) error {
	if s.config != nil {
		return nil
	}
	repo, err := s.lfs(ctx)
	if err == nil {
		s.config, err = repo.ReadConfig(ctx)
	}
	return err
}

func (s *session) requirement(ctx context.Context) (Requirement, error) {
	if err := s.readConfig(ctx); err != nil {
		return "", err
	}
	value, _ := s.config.Get(requireKey)
	return parseRequirement(value)
}

// look asks how safe all files are.
func (s *session) look(ctx context.Context, files []bigFile) error {
	objects := make([]blobstore.Pointer, len(files))
	for i, f := range files {
		objects[i] = f.Object
	}
	found, err := s.BigFiles.Look(ctx, s.url.RID, objects)
	if err == nil && len(found) != len(files) {
		err = fmt.Errorf("%d answers about %d files", len(found), len(files))
	}
	if err != nil {
		return err
	}
	for i := range files {
		files[i].safety = found[i]
	}
	return nil
}

// store stores the files that lie here and nowhere else.
func (s *session) store(ctx context.Context, files []bigFile, require Requirement) error {
	var todo []File
	var at []int
	for i, f := range files {
		if !f.safety.Stored {
			todo, at = append(todo, f.File), append(at, i)
		}
	}
	if len(todo) == 0 {
		return nil
	}
	found, err := s.BigFiles.Store(ctx, s.url.RID, todo, require, s.Err)
	if err == nil && len(found) != len(todo) {
		err = fmt.Errorf("%d answers about %d files", len(found), len(todo))
	}
	if err != nil {
		return err
	}
	for i, safety := range found {
		files[at[i]].safety = safety
	}
	return nil
}

// notStored is why big files of a push are not as safe as they should be.
func notStored(err error, require Requirement) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return fail(fmt.Sprintf(hintPushLocal, cmp.Or(require, Safe)), "big files are not stored: %v", err)
}

// lost names the files that are nowhere.
func lost(files []bigFile) error {
	var names []string
	for _, f := range files[:min(len(files), maxNamed)] {
		names = append(names, fmt.Sprintf("%s (%s)", brief(f.Name), f.Object.OID.String()[:12]))
	}
	if more := len(files) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return fail(hintLost, "big files that are neither stored nor here: %s", strings.Join(names, ", "))
}

// saySafety prints how safe the big files of a push are: some by name, then all of them by the worst.
func (s *session) saySafety(files []bigFile) {
	slices.SortStableFunc(files, func(a, b bigFile) int { return a.safety.Spare - b.safety.Spare })
	for _, f := range files[:min(len(files), maxNamed)] {
		s.say.line("%s", f.line())
	}
	if more := len(files) - maxNamed; more > 0 {
		s.say.line(textMoreSafe, more, count(files[maxNamed].safety.Spare, " or more"))
	}
}

// line says how safe a file is.
func (f bigFile) line() string {
	name := brief(f.Name)
	switch {
	case !f.safety.Stored && f.here:
		return fmt.Sprintf(textOnlyHere, name)
	case !f.safety.Stored:
		return fmt.Sprintf(textNowhere, name)
	case f.safety.By != "" && f.safety.People == 0:
		return fmt.Sprintf(textSafeBy, name, brief(f.safety.By))
	case f.safety.By != "":
		return fmt.Sprintf(textSafeWith, name, brief(f.safety.By), f.safety.People, count(f.safety.Spare, ""))
	case f.safety.People == 1:
		return fmt.Sprintf(textSafeOne, name)
	}
	return fmt.Sprintf(textSafe, name, f.safety.People, count(f.safety.Spare, ""))
}

// count is how many may vanish, and what follows a number.
func count(n int, suffix string) string {
	if n <= 0 {
		return "none"
	}
	return fmt.Sprint(n) + suffix
}

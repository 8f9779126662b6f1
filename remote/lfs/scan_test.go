package lfs

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// scanned is all that a scan finds, paths by size of the object, and its error.
func scanned(t *testing.T, r Repo, rng Range) (map[int64]string, error) {
	t.Helper()
	got := map[int64]string{}
	var end error
	for f, err := range r.Scan(t.Context(), rng) {
		if end != nil {
			t.Error("goes on after an error")
		}
		if end = err; err != nil {
			continue
		}
		if _, twice := got[f.Pointer.Size]; twice {
			t.Errorf("%v twice", f.Pointer)
		}
		got[f.Pointer.Size] = f.Path
	}
	return got, end
}

// expect scans with the objects as they are, and once more with all of them packed.
func (p *place) expect(t *testing.T, what string, want map[int64]string, rng Range) {
	t.Helper()
	for _, packed := range []bool{false, true} {
		if packed {
			p.git("repack", "-adq", "--keep-unreachable")
			p.git("prune-packed", "-q")
		}
		got, err := scanned(t, p.repo(), rng)
		if err != nil {
			t.Errorf("%s, packed %v: %v", what, packed, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s, packed %v: (-want +got)\n%s", what, packed, diff)
		}
	}
}

func tips(ids ...radicle.Oid) Range { return Range{New: ids} }

// padded is a pointer whose blob has n bytes, by an extension line.
func padded(t *testing.T, p blobstore.Pointer, n int) string {
	t.Helper()
	version, rest, _ := strings.Cut(p.String(), "\n")
	text := version + "\next-0-x " + strings.Repeat("x", n-len(p.String())-len("ext-0-x \n")) + "\n" + rest
	if len(text) != n {
		t.Fatal(len(text))
	}
	return text
}

func TestScanRange(t *testing.T) {
	p := newPlace(t)
	first := p.commit(map[string]string{"old.bin": pointer(1, 11).String(), "text": "hello\n"})
	p.commit(map[string]string{"gone.bin": pointer(4, 44).String()})
	p.git("rm", "-q", "gone.bin")
	last := p.commit(map[string]string{"dir/new.bin": pointer(2, 22).String(), "same.bin": pointer(1, 11).String()})
	p.expect(t, "everything", map[int64]string{11: "old.bin", 22: "dir/new.bin", 44: "gone.bin"}, tips(last))
	p.expect(t, "what is new, and gone again", map[int64]string{22: "dir/new.bin", 44: "gone.bin"},
		Range{[]radicle.Oid{last}, []radicle.Oid{first}})
	p.expect(t, "nothing new", map[int64]string{}, Range{[]radicle.Oid{last, first}, []radicle.Oid{last}})
	p.expect(t, "nothing pushed", map[int64]string{}, Range{nil, []radicle.Oid{last}})
}

// What a pointer is, and what is not one, at the boundaries.
func TestScanBlobs(t *testing.T) {
	p := newPlace(t)
	canonical := pointer(1, 1).String()
	shortest := strings.TrimSpace(strings.Replace(canonical, pointerURL, "http://git-media.io/v/2", 1))
	if len(shortest) != minPointer {
		t.Errorf("the shortest pointer has %d bytes, not %d", len(shortest), minPointer)
	}
	last := p.commit(map[string]string{
		"shortest": shortest,
		"1023":     padded(t, pointer(2, 2), 1023), "1024": padded(t, pointer(3, 3), 1024),
		"canonical": pointer(4, 4).String(), "empty": "", "empty object": pointer(5, 0).String(),
		"cut": canonical[:len(canonical)-3], "text": "version https://example.org\n", "nul": canonical + "\x00",
		"large": strings.Repeat("x", 100_000),
		"max":   pointer(6, blobstore.MaxSize).String(), "more": strings.Replace(canonical, "size 1", fmt.Sprint("size ", int64(blobstore.MaxSize+1)), 1),
	})
	p.expect(t, "blobs", map[int64]string{1: "shortest", 2: "1023", 4: "canonical", blobstore.MaxSize: "max"}, tips(last))
}

const pointerURL = "https://git-lfs.github.com/spec/v1"

// Paths may be any bytes but NUL. rev-list cuts them at a line's end; ls-tree does not.
func TestScanPaths(t *testing.T) {
	p := newPlace(t)
	long := strings.Repeat("d/", 2100) + "x"
	paths := []string{
		" lead", "trail ", "\ttab\t", "cr\r", "\xff\xfe", "colon:", ":", "a b c", `"quoted"`, "nl\nfake", "ü", "-x", "?" + strings.Repeat("0", 40), long,
	}
	want := map[int64]string{}
	var index strings.Builder
	var blobs []radicle.Oid
	for i, path := range paths {
		ptr := pointer(int64(i), int64(i)+1)
		blob := p.gitIn(ptr.String(), "hash-object", "-w", "--stdin")
		index.WriteString("100644 " + blob + "\t" + path + "\x00")
		id, err := radicle.ParseOid(blob)
		if err != nil {
			t.Fatal(err)
		}
		blobs = append(blobs, id)
		cut, _, _ := strings.Cut(path, "\n")
		want[ptr.Size] = cut[:min(len(cut), maxPath)]
	}
	p.gitIn(index.String(), "update-index", "-z", "--index-info")
	p.git("commit", "-q", "-m", "x")
	p.expect(t, "paths", want, tips(p.oid("HEAD")))

	got := map[string]radicle.Oid{}
	for place, err := range p.repo().Paths(t.Context(), p.oid("HEAD"), func(id radicle.Oid) bool { return slices.Contains(blobs[1:], id) }) {
		if err != nil {
			t.Fatal(err)
		}
		got[place.Path] = place.Blob
	}
	exact := map[string]radicle.Oid{}
	for i, path := range paths[1:] {
		exact[path] = blobs[i+1]
	}
	if !maps.Equal(got, exact) {
		t.Errorf("paths of the commit: %q", slices.Collect(maps.Keys(got)))
	}
}

// A blob at several paths is listed at each of them, and what is no file at none.
func TestPaths(t *testing.T) {
	p := newPlace(t)
	text := pointer(1, 1).String()
	p.commit(map[string]string{"a.bin": text, "dir/b.bin": text, "text": "x"})
	blob := p.oid("HEAD:a.bin")
	p.gitIn("160000 "+p.git("rev-parse", "HEAD")+"\tmodule\n", "update-index", "--index-info")
	p.git("commit", "-q", "-m", "x")
	var got []string
	for place, err := range p.repo().Paths(t.Context(), p.oid("HEAD"), func(id radicle.Oid) bool { return id == blob || id == p.oid("HEAD~") }) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, place.Path)
	}
	if want := []string{"a.bin", "dir/b.bin"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for range p.repo().Paths(t.Context(), p.oid("HEAD"), func(radicle.Oid) bool { return true }) {
		break
	}
	for _, err := range p.repo().Paths(t.Context(), radicle.NewRID(blob).Oid(), nil) {
		if _, ok := errors.AsType[*GitError](err); !ok {
			t.Errorf("the paths of a blob: %v", err)
		}
	}
}

// Tips of every kind, and what is no object of this repository.
func TestScanTips(t *testing.T) {
	p := newPlace(t)
	p.commit(map[string]string{"dir/a.bin": pointer(1, 11).String()})
	blob := p.gitIn(pointer(2, 22).String(), "hash-object", "-w", "--stdin")
	large := p.gitIn(strings.Repeat("x", 1<<20), "hash-object", "-w", "--stdin")
	p.git("tag", "-a", "-m", "x", "commit", "HEAD")
	p.git("tag", "-a", "-m", "x", "tree", "HEAD:dir")
	p.git("tag", "-a", "-m", "x", "blob", blob)
	p.git("tag", "-a", "-m", "x", "outer", "blob")
	p.git("tag", "large", large)
	p.expect(t, "a tag", map[int64]string{11: "dir/a.bin"}, tips(p.oid("commit")))
	p.expect(t, "a tagged tree", map[int64]string{11: "a.bin"}, tips(p.oid("tree")))
	p.expect(t, "a tree", map[int64]string{11: "dir/a.bin"}, tips(p.oid("HEAD^{tree}")))
	p.expect(t, "a tag of a tag of a blob", map[int64]string{22: ""}, tips(p.oid("outer")))
	p.expect(t, "a blob", map[int64]string{22: ""}, tips(p.oid(blob)))
	p.expect(t, "a large blob", map[int64]string{}, tips(p.oid("large")))
	p.expect(t, "all", map[int64]string{11: "dir/a.bin", 22: ""}, tips(p.oid("outer"), p.oid("HEAD"), p.oid("large")))

	p.gitIn("160000 "+strings.Repeat("1", 40)+"\tmodule\n", "update-index", "--index-info")
	p.git("commit", "-q", "-m", "x")
	p.expect(t, "a submodule", map[int64]string{11: "dir/a.bin"}, tips(p.oid("HEAD")))
}

func TestScanSHA256(t *testing.T) {
	p := newPlace(t, "--object-format=sha256")
	first := p.commit(map[string]string{"a.bin": pointer(1, 11).String()})
	last := p.commit(map[string]string{"b.bin": pointer(2, 22).String()})
	p.expect(t, "SHA-256", map[int64]string{22: "b.bin"}, Range{[]radicle.Oid{last}, []radicle.Oid{first}})
}

// What the other side has and this one does not is passed over; what is to be pushed must be here.
func TestScanUnknownTips(t *testing.T) {
	p := newPlace(t)
	first := p.commit(map[string]string{"a.bin": pointer(1, 11).String()})
	last := p.commit(map[string]string{"b.bin": pointer(2, 22).String()})
	nowhere, err := radicle.ParseOid(strings.Repeat("1", 40))
	if err != nil {
		t.Fatal(err)
	}
	p.expect(t, "unknown", map[int64]string{22: "b.bin"}, Range{[]radicle.Oid{last}, []radicle.Oid{nowhere, first}})
	for _, have := range [][]radicle.Oid{nil, {nowhere}, {first}} {
		_, err := scanned(t, p.repo(), Range{[]radicle.Oid{last, nowhere}, have})
		if e, ok := errors.AsType[*TipError](err); !ok || e.Tip != nowhere {
			t.Errorf("have %v: %v", have, err)
		}
	}
}

// What the other side has is understood through its objects: its newest commit is not here, and its parents are.
func TestScanAlternates(t *testing.T) {
	p := newPlace(t)
	p.commit(map[string]string{"a.bin": pointer(1, 11).String()})
	odd := filepath.Join(t.TempDir(), `od:d "name`)
	p.git("clone", "-q", "--bare", ".", odd)
	other := &place{t: t, dir: odd, env: p.env}
	id := other.git("commit-tree", "-p", "HEAD", "-m", "theirs", "HEAD^{tree}")
	theirs, err := radicle.ParseOid(id)
	if err != nil {
		t.Fatal(err)
	}
	last := p.commit(map[string]string{"b.bin": pointer(2, 22).String()})
	rng := Range{[]radicle.Oid{last}, []radicle.Oid{theirs}}
	repo := p.repo()
	repo.Alternates = []string{filepath.Join(other.dir, "objects"), filepath.Join(t.TempDir(), "not there")}
	got, err := scanned(t, repo, rng)
	if want := map[int64]string{22: "b.bin"}; err != nil || !maps.Equal(got, want) {
		t.Errorf("with their objects: %v, %v", got, err)
	}
	got, err = scanned(t, p.repo(), rng)
	if want := map[int64]string{11: "a.bin", 22: "b.bin"}; err != nil || !maps.Equal(got, want) {
		t.Errorf("without: %v, %v", got, err)
	}
}

// History is what it is: not what replacements and grafts make of it.
func TestScanReplaced(t *testing.T) {
	p := newPlace(t)
	first := p.commit(map[string]string{"a.bin": pointer(1, 11).String()})
	last := p.commit(map[string]string{"b.bin": pointer(2, 22).String()})
	p.git("replace", "HEAD", p.git("commit-tree", "-m", "nothing", p.gitIn("", "mktree")))
	p.git("replace", "HEAD:b.bin", p.gitIn("nothing", "hash-object", "-w", "--stdin"))
	if err := os.WriteFile(filepath.Join(p.dir, ".git", "info", "grafts"), []byte(last.String()+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	p.expect(t, "replaced", map[int64]string{11: "a.bin", 22: "b.bin"}, tips(last))
	p.expect(t, "replaced", map[int64]string{22: "b.bin"}, Range{[]radicle.Oid{last}, []radicle.Oid{first}})
}

// A shallow clone has what it has.
func TestScanShallow(t *testing.T) {
	p := newPlace(t)
	p.commit(map[string]string{"a.bin": pointer(1, 11).String()})
	p.git("rm", "-q", "a.bin")
	p.commit(map[string]string{"b.bin": pointer(2, 22).String()})
	p.git("clone", "-q", "--depth=1", "file://"+p.dir, "../shallow")
	shallow := &place{t: t, dir: filepath.Join(p.dir, "..", "shallow"), env: p.env}
	last := shallow.commit(map[string]string{"c.bin": pointer(3, 33).String()})
	shallow.expect(t, "shallow", map[int64]string{22: "b.bin", 33: "c.bin"}, tips(last))
}

// A partial clone says how much it lacks, and nothing is fetched for it.
func TestScanPartial(t *testing.T) {
	p := newPlace(t)
	p.commit(map[string]string{"a.bin": pointer(1, 11).String(), "dir/b.bin": pointer(2, 22).String(), "dir/c": "text"})
	for filter, want := range map[string]int{"blob:none": 3, "tree:0": 1} {
		name := "partial-" + filter[:4]
		p.git("-c", "uploadpack.allowFilter=true", "clone", "-q", "--no-checkout", "--filter="+filter,
			"-u", "git -c uploadpack.allowFilter=true upload-pack", "file://"+p.dir, "../"+name)
		partial := &place{t: t, dir: filepath.Join(p.dir, "..", name), env: p.env}
		asked := filepath.Join(t.TempDir(), "asked")
		partial.git("config", "remote.origin.uploadpack", "touch '"+asked+"'; git upload-pack")
		head := partial.oid("HEAD")
		partial.git("read-tree", "--empty")
		blob := partial.gitIn(pointer(3, 33).String(), "hash-object", "-w", "--stdin")
		tree := partial.gitIn("100644 blob "+blob+"\tnew.bin\n", "mktree")
		last := partial.oid(partial.git("commit-tree", "-p", head.String(), "-m", "x", tree))

		got, err := scanned(t, partial.repo(), tips(last))
		e, ok := errors.AsType[*IncompleteError](err)
		if !ok || e.Missing != want || e.First.IsZero() || !maps.Equal(got, map[int64]string{33: "new.bin"}) {
			t.Errorf("%s: %v, %v", filter, got, err)
		}
		partial.expect(t, filter, map[int64]string{33: "new.bin"}, Range{[]radicle.Oid{last}, []radicle.Oid{head}})
		for range partial.repo().Paths(t.Context(), head, func(radicle.Oid) bool { return true }) {
			continue
		}
		if _, err := os.Stat(asked); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: something was fetched", filter)
		}
	}
}

// A repository without LFS costs one process, and so does a push of little that is new; others cost two.
func TestScanProcesses(t *testing.T) {
	p := newPlace(t)
	git, count := p.countingGit()
	scan := func(what string, n int, rng Range) {
		t.Helper()
		repo := p.repo()
		repo.Git = git
		if _, err := scanned(t, repo, rng); err != nil {
			t.Error(err)
		}
		if got := count(); len(got) != n {
			t.Errorf("%s: %d processes, want %d: %q", what, len(got), n, got)
		}
	}
	first := p.commit(map[string]string{"a": "small\n", "b.bin": pointer(1, 1).String(), "large": strings.Repeat("x", 5000)})
	scan("nothing pushed", 0, Range{})
	scan("loose", 1, tips(first))
	p.git("repack", "-adq")
	scan("packed", 2, tips(first))
	second := p.commit(map[string]string{"c": "small too\n"})
	scan("one commit more", 1, Range{[]radicle.Oid{second}, []radicle.Oid{first}})
	p.git("rm", "-qr", ".")
	third := p.commit(map[string]string{"large": strings.Repeat("y", 5000)})
	p.git("repack", "-adq")
	scan("no small files", 1, Range{[]radicle.Oid{third}, []radicle.Oid{second}})

	scan("a large blob", 1, tips(p.oid("HEAD:large")))

	for _, n := range []int{maxLoose - 1, maxLoose, maxLoose + 1} {
		files := map[string]string{}
		for i := range n {
			files[fmt.Sprint(i)] = pointer(int64(i), int64(1000*n+i)).String()
		}
		p.git("rm", "-qr", ".")
		last := p.commit(files)
		got, err := scanned(t, p.repo(), Range{[]radicle.Oid{last}, []radicle.Oid{third}})
		if err != nil || len(got) != n {
			t.Errorf("%d loose: found %d, %v", n, len(got), err)
		}
		scan(fmt.Sprint(n, " loose"), 1+n/(maxLoose+1), Range{[]radicle.Oid{last}, []radicle.Oid{third}})
		third = last
	}
}

// A loose object that is not what its name says is not believed.
func TestScanCorrupt(t *testing.T) {
	p := newPlace(t)
	last := p.commit(map[string]string{"a.bin": pointer(1, 1).String(), "b.bin": pointer(2, 2).String()})
	dir := filepath.Join(p.dir, ".git", "objects")
	file := func(rev string) string { id := p.git("rev-parse", rev); return filepath.Join(dir, id[:2], id[2:]) }
	other, err := os.ReadFile(file("HEAD:b.bin"))
	if err != nil {
		t.Fatal(err)
	}
	victim := file("HEAD:a.bin")
	if err := errors.Join(os.Remove(victim), os.WriteFile(victim, other, 0o644)); err != nil {
		t.Fatal(err)
	}
	got, err := scanned(t, p.repo(), tips(last))
	if _, ok := got[1]; ok || err == nil {
		t.Errorf("%v, %v", got, err)
	}
}

package cob_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/gitobj"
)

// forge writes a commit whose parts are given; by default it is the identity operation of rad init.
type forge struct {
	w      *gitobj.Memory
	commit gitobj.Commit
	tree   gitobj.Tree
}

func newForge(t *testing.T) *forge {
	t.Helper()
	w := gitobj.NewMemory(20)
	e := mustWrite(t, w, identityChange(t, w), signer(0xff), ana())
	commit, err := gitobj.ReadCommit(t.Context(), w, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := gitobj.ReadTree(t.Context(), w, e.Tree)
	if err != nil {
		t.Fatal(err)
	}
	return &forge{w, commit, tree}
}

// file puts a file into the tree, in place of one with the same name.
func (f *forge) file(t *testing.T, name, text string) {
	f.entry(gitobj.TreeEntry{Mode: gitobj.ModeFile, Name: name, ID: blob(t, f.w, text)})
}

func (f *forge) entry(e gitobj.TreeEntry) {
	f.remove(e.Name)
	f.tree = append(f.tree, e)
	f.tree.Sort()
}

func (f *forge) remove(name string) {
	f.tree = slices.DeleteFunc(f.tree, func(e gitobj.TreeEntry) bool { return e.Name == name })
}

func (f *forge) read(t *testing.T) (*cob.Entry, error) {
	t.Helper()
	data, err := f.tree.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if f.commit.Tree, err = f.w.Write(t.Context(), gitobj.KindTree, data); err != nil {
		t.Fatal(err)
	}
	if data, err = f.commit.Encode(); err != nil {
		t.Fatal(err)
	}
	id, err := f.w.Write(t.Context(), gitobj.KindCommit, data)
	if err != nil {
		t.Fatal(err)
	}
	return cob.ReadEntry(t.Context(), f.w, id, cob.Limits{})
}

// signatureBy is the gpgsig header of an operation by another key.
func signatureBy(t *testing.T, b byte) gitobj.Header {
	t.Helper()
	w := gitobj.NewMemory(20)
	e := mustWrite(t, w, cob.Change{Type: "a.b", Actions: actions("{}")}, signer(b), ana())
	commit, err := gitobj.ReadCommit(t.Context(), w, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	return commit.Headers[0]
}

// TestHostileOperations: each is refused for the reason given, and for no other.
func TestHostileOperations(t *testing.T) {
	oid := "0656c217f917c3e06234771e9ecae53aba5e173e"
	replace := func(old, new string) func(*testing.T, *forge) {
		return func(t *testing.T, f *forge) {
			value := f.commit.Headers[0].Value
			if !strings.Contains(value, old) {
				t.Fatalf("no %q in %s", old, value)
			}
			f.commit.Headers[0].Value = strings.Replace(value, old, new, 1)
		}
	}
	message := func(s string) func(*testing.T, *forge) {
		return func(_ *testing.T, f *forge) { f.commit.Message = s }
	}
	file := func(name, text string) func(*testing.T, *forge) {
		return func(t *testing.T, f *forge) { f.file(t, name, text) }
	}
	tests := map[string]struct {
		change func(*testing.T, *forge)
		want   error
	}{
		"not signed":           {func(_ *testing.T, f *forge) { f.commit.Headers = nil }, cob.ErrUnsigned},
		"signed with OpenPGP":  {replace("SSH SIGNATURE", "PGP SIGNATURE"), cob.ErrUnsigned},
		"signature of no kind": {replace("-----BEGIN", "----BEGIN"), cob.ErrUnsigned},
		"signatures by two keys": {
			func(t *testing.T, f *forge) { f.commit.Headers = append(f.commit.Headers, signatureBy(t, 2)) }, cob.ErrSignatures,
		},
		"container without end":        {replace("-----END SSH SIGNATURE-----", ""), cob.ErrContainer},
		"container of another label":   {replace("END SSH", "END PGP"), cob.ErrContainer},
		"container that is not base64": {replace("U1NIU0lH", "U1NI U0lH"), cob.ErrContainer},
		"container with other lines":   {replace("FKd\nHf", "FK\ndHf"), cob.ErrContainer},
		"container of version 2":       {replace("U1NIU0lHAAAAAQ", "U1NIU0lHAAAAAg"), cob.ErrContainer},
		"container of another magic":   {replace("U1NIU0lH", "U1NIU0lI"), cob.ErrContainer},
		"container with more text":     {func(_ *testing.T, f *forge) { f.commit.Headers[0].Value += "\nx" }, cob.ErrContainer},
		"container of 4 MB less a bit": {
			func(_ *testing.T, f *forge) { f.commit.Headers[0].Value += strings.Repeat("A", 4<<20-2000) }, cob.ErrContainer,
		},
		"commit that is not UTF-8":     {message("\xff"), cob.ErrText},
		"trailer that names no object": {message("x\n\nSigned-off-by: Ana\n"), cob.ErrTrailer},
		"related that is no object id": {message("x\n\nRad-Related: master\n"), cob.ErrTrailer},
		"two resources":                {message("x\n\nRad-Resource: " + oid + "\nRad-Resource: " + oid + "\n"), cob.ErrTrailer},
		"no manifest":                  {func(_ *testing.T, f *forge) { f.remove("manifest") }, cob.ErrManifest},
		"manifest that is a folder":    {func(_ *testing.T, f *forge) { e, _ := f.tree.Find("embeds"); e.Name = "manifest"; f.entry(e) }, cob.ErrManifest},
		"manifest that is not JSON":    {file("manifest", "typeName"), cob.ErrManifest},
		"manifest without a type":      {file("manifest", `{"version":1}`), cob.ErrManifest},
		"manifest with two types":      {file("manifest", `{"typeName":"a","typename":"b"}`), cob.ErrManifest},
		"manifest with the type twice": {file("manifest", `{"typeName":"a","typeName":"a"}`), cob.ErrManifest},
		"manifest of version 0":        {file("manifest", `{"typeName":"a","version":0}`), cob.ErrManifest},
		"manifest of version 1.0":      {file("manifest", `{"typeName":"a","version":1.0}`), cob.ErrManifest},
		"manifest of 5 KB":             {file("manifest", `{"typeName":"a"}`+strings.Repeat(" ", 5000)), cob.ErrManifest},
		"no actions":                   {func(_ *testing.T, f *forge) { f.remove("0") }, cob.ErrActions},
		"actions with other names only": {func(t *testing.T, f *forge) {
			f.remove("0")
			f.file(t, "128", "{}")
			f.file(t, "-129", "{}")
			f.file(t, "x", "{}")
		}, cob.ErrActions},
		"an action that is not there": {
			func(t *testing.T, f *forge) {
				f.entry(gitobj.TreeEntry{Mode: gitobj.ModeFile, Name: "1", ID: parse(t, oid[:39]+"0")})
			}, fs.ErrNotExist,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := newForge(t)
			test.change(t, f)
			e, err := f.read(t)
			if _, ok := errors.AsType[*cob.EntryError](err); !ok || !errors.Is(err, test.want) || e != nil {
				t.Errorf("%v, want %v", err, test.want)
			}
			if err != nil && len(err.Error()) > 400 {
				t.Errorf("%d bytes of error", len(err.Error()))
			}
		})
	}
}

// TestTolerated: what a commit may have besides, as in Radicle.
func TestTolerated(t *testing.T) {
	id := "0656c217f917c3e06234771e9ecae53aba5e173e"
	for name, test := range map[string]struct {
		change func(*testing.T, *forge)
		check  func(*cob.Entry) bool
	}{
		"a second signature by the same key counts alone": {
			func(t *testing.T, f *forge) {
				f.commit.Headers = append([]gitobj.Header{signatureBy(t, 0xff)}, f.commit.Headers...)
			},
			func(e *cob.Entry) bool { return e.Verify() == nil },
		},
		"OpenPGP beside it": {
			func(_ *testing.T, f *forge) {
				f.commit.Headers = append(f.commit.Headers, gitobj.Header{Key: "gpgsig", Value: "-----BEGIN PGP SIGNATURE-----\nx"})
			},
			func(e *cob.Entry) bool { return e.Verify() == nil },
		},
		"line feeds after the signature": {
			func(_ *testing.T, f *forge) { f.commit.Headers[0].Value += "\n" },
			func(e *cob.Entry) bool { return e.Verify() == nil },
		},
		"a changed tree is read and does not verify": {
			func(t *testing.T, f *forge) { f.file(t, "more", "x") },
			func(e *cob.Entry) bool { return errors.Is(e.Verify(), cob.ErrSignature) },
		},
		"the old spelling in the manifest": {
			func(t *testing.T, f *forge) { f.file(t, "manifest", `{"typename":"a_b","more":1}`) },
			func(e *cob.Entry) bool { return e.Manifest == cob.Manifest{Type: "a_b", Version: 1} },
		},
		"actions in numeric order": {
			func(t *testing.T, f *forge) {
				for _, name := range []string{"10", "2", "-1", "127", "+5", "007", "128", "0x1", "1_0"} {
					f.file(t, name, name)
				}
			},
			func(e *cob.Entry) bool {
				return string(bytes.Join(append(slices.Clone(e.Actions[:1]), e.Actions[2:]...), []byte(" "))) == "-1 2 +5 007 10 127"
			},
		},
		"a message without trailers": {
			func(_ *testing.T, f *forge) { f.commit.Message = "Rad-Related: " + id + "\n" },
			func(e *cob.Entry) bool { return len(e.Related) == 0 && e.Resource.IsZero() },
		},
		"a paragraph that is not only trailers": {
			func(_ *testing.T, f *forge) { f.commit.Message = "x\n\nRad-Related: " + id + "\nnot a trailer\n" },
			func(e *cob.Entry) bool { return len(e.Related) == 0 },
		},
		"trailers": {
			func(t *testing.T, f *forge) {
				f.commit.Message = "x\n\ny: z\n\nRad-Related: " + id + "\nOther: " + id + "\nRad-Resource: " + id[:39] + "f\n"
				f.commit.Parents = []radicle.Oid{parse(t, id), parse(t, id[:39]+"a"), parse(t, id[:39]+"f")}
			},
			func(e *cob.Entry) bool {
				return len(e.Related) == 1 && e.Related[0].String() == id && e.Resource.String() == id[:39]+"f" &&
					len(e.Parents) == 1 && e.Parents[0].String() == id[:39]+"a"
			},
		},
		"a time before 1970 is late": {
			func(_ *testing.T, f *forge) { f.commit.Committer.Seconds = -1 },
			func(e *cob.Entry) bool { return e.Seconds == 1<<64-1 },
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newForge(t)
			test.change(t, f)
			if e, err := f.read(t); err != nil || !test.check(e) {
				t.Errorf("%+v, %v", e, err)
			}
		})
	}
}

func TestMissingObjects(t *testing.T) {
	w := gitobj.NewMemory(20)
	e := mustWrite(t, w, identityChange(t, w), signer(0xff), ana())
	var ids []radicle.Oid
	w.All(func(id radicle.Oid, _ gitobj.Kind, _ []byte) bool {
		ids = append(ids, id)
		return true
	})
	for _, id := range ids {
		hidden := hiding{w, map[radicle.Oid]error{id: fmt.Errorf("%v: %w", id, fs.ErrNotExist)}}
		_, err := cob.ReadEntry(t.Context(), hidden, e.ID, cob.Limits{})
		// Embedded files are not part of what is read.
		needed := id != blob(t, w, document) && id.String() != "73185eaf3c30fc947912d0a52da7136f3eb31284"
		if got := errors.Is(err, fs.ErrNotExist); got != needed {
			t.Errorf("absent %v: %v", id, err)
		}
		failure := errors.New("disk is gone")
		_, err = cob.ReadEntry(t.Context(), hiding{w, map[radicle.Oid]error{id: failure}}, e.ID, cob.Limits{})
		if _, fatal := errors.AsType[*cob.FatalError](err); fatal != needed || needed && !errors.Is(err, failure) {
			t.Errorf("unreadable %v: %v", id, err)
		}
	}
}

// hiding is a reader that fails for some objects.
type hiding struct {
	gitobj.Reader
	errs map[radicle.Oid]error
}

func (h hiding) Read(ctx context.Context, id radicle.Oid, max int64) (gitobj.Kind, []byte, error) {
	if err := h.errs[id]; err != nil {
		return 0, nil, err
	}
	return h.Reader.Read(ctx, id, max)
}

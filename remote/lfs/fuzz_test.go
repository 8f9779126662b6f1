package lfs

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"strings"
	"testing"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// What is read of a listing is all that was in it.
func FuzzParseListing(f *testing.F) {
	f.Add([]byte("local\x00core.bare\nfalse\x00global\x00user.name\nAna\nB\x00local\x00lfs.x\x00worktree\x00remote.a.b\xff.url\n\x00"))
	f.Add([]byte("local\x00x\ny\x00"))
	f.Add([]byte("local\x00x.y"))
	f.Fuzz(func(t *testing.T, text []byte) {
		entries, err := parseListing(text)
		if err != nil {
			return
		}
		var again bytes.Buffer
		for _, e := range entries {
			fmt.Fprintf(&again, "%s\x00%s\n%s\x00", e.scope, e.key, e.value)
			if name, variable, ok := remoteKey(e.key); ok && "remote."+name+"."+variable != e.key {
				t.Errorf("%q is %q and %q", e.key, name, variable)
			}
			if section, variable := splitKey(e.key); !strings.HasSuffix(e.key, variable) || section == "" && e.key[0] != '.' {
				t.Errorf("%q is %q and %q", e.key, section, variable)
			}
		}
		second, err := parseListing(again.Bytes())
		if err != nil || len(second) != len(entries) {
			t.Fatalf("%d entries, then %d, %v", len(entries), len(second), err)
		}
		for i, e := range entries {
			if second[i] != e {
				t.Errorf("%q became %q", e, second[i])
			}
		}
	})
}

// Objects as cat-file prints them: nothing is read beyond its end, and only pointers come out.
func FuzzReadObject(f *testing.F) {
	text := pointer(1, 1).String()
	id, err := pointer(1, 1).BlobID(radicle.SHA1Size)
	if err != nil {
		f.Fatal(err)
	}
	object := fmt.Sprintf("%v blob %d :a b:\n%s\n", id, len(text), text)
	f.Add([]byte(object + object))
	f.Add([]byte(strings.Replace(object, "blob", "tree", 1) + id.String() + " missing\n"))
	f.Add(fmt.Appendf(nil, "%v blob 2000 ::\n%02000d\n", id, 1))
	f.Add([]byte(object[:60]))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := bufio.NewReaderSize(bytes.NewReader(text), bufferSize)
		for {
			found, err := readObject(r)
			if err != nil {
				return
			}
			if found != nil && (found.Pointer.Size <= 0 || found.Pointer.Size > blobstore.MaxSize || len(found.Path) > len(text)) {
				t.Errorf("%+v", found)
			}
		}
	})
}

// Lines of rev-list, of any length.
func FuzzParseCandidate(f *testing.F) {
	id := strings.Repeat("1a", 20)
	f.Add([]byte(id + " a b\n?" + id + "\n" + id + "\n" + id + " \n"))
	f.Add([]byte(id + " " + strings.Repeat("x", 9000) + "\n" + id))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := bufio.NewReaderSize(bytes.NewReader(text), 4096)
		n := 0
		for {
			line, err := readLine(r)
			if err != nil {
				break
			}
			n++
			if c, err := parseCandidate(line); err == nil && (c.blob.Len() == 0 || len(c.path) > maxPath) {
				t.Errorf("%+v", c)
			}
		}
		if want := bytes.Count(text, []byte("\n")); n != want {
			t.Errorf("%d lines, want %d", n, want)
		}
	})
}

// A tree listing: what it names are its entries, in order.
func FuzzReadTree(f *testing.F) {
	id := strings.Repeat("1a", 20)
	f.Add([]byte("100644 blob " + id + "\ta\nb\x00160000 commit " + id + "\tc\x00"))
	f.Add([]byte("100644 blob " + id + "\t" + strings.Repeat("x", maxEntry) + "\x00"))
	f.Fuzz(func(t *testing.T, text []byte) {
		rest := text
		_ = readTree(bufio.NewReaderSize(bytes.NewReader(text), maxEntry), func(radicle.Oid) bool { return true }, func(p Place) bool {
			_, after, ok := bytes.Cut(rest, []byte("\t"+p.Path+"\x00"))
			if rest = after; !ok {
				t.Errorf("%q is not in it", p.Path)
			}
			return true
		})
	})
}

// A loose object is what its id says, or nothing.
func FuzzParseLoose(f *testing.F) {
	add := func(object string) {
		var b bytes.Buffer
		z := zlib.NewWriter(&b)
		if _, err := io.WriteString(z, object); err != nil {
			f.Fatal(err)
		}
		if err := z.Close(); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	id, err := pointer(1, 1).BlobID(radicle.SHA1Size)
	if err != nil {
		f.Fatal(err)
	}
	text := pointer(1, 1).String()
	add(fmt.Sprintf("blob %d\x00%s", len(text), text))
	add("blob 0\x00")
	add(strings.Repeat("x", 1<<20))
	f.Fuzz(func(t *testing.T, file []byte) {
		if got, ok := parseLoose(file, id); ok && string(got) != text {
			t.Errorf("%q", got)
		}
	})
}

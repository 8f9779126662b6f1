package blobstore

import (
	"crypto/sha256"
	"errors"
	"os/exec"
	"strings"
	"testing"
)

const examplePointer = `version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 12345
`

func TestPointerRoundTrip(t *testing.T) {
	p, err := ParsePointer([]byte(examplePointer))
	if err != nil || p.Size != 12345 || p.String() != examplePointer || !p.Canonical([]byte(examplePointer)) {
		t.Fatalf("%+v, %v:\n%s", p, err, p)
	}
}

func TestPointerLooseForms(t *testing.T) {
	want, err := ParsePointer([]byte(examplePointer))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"no newline at the end": strings.TrimSuffix(examplePointer, "\n"),
		"space around":          "\n " + examplePointer + " \n\n",
		"older version":         strings.Replace(examplePointer, "git-lfs.github", "hawser.github", 1),
		"oldest version":        strings.Replace(examplePointer, "https://git-lfs.github.com/spec/v1", "http://git-media.io/v/2", 1),
		"extensions":            strings.Replace(examplePointer, "oid", "ext-0-foo sha256:00\next-1-bar sha256:01\noid", 1),
	} {
		got, err := ParsePointer([]byte(text))
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if got.Canonical([]byte(text)) {
			t.Errorf("%s passes for canonical", name)
		}
	}
}

func TestNotPointers(t *testing.T) {
	for name, text := range map[string]string{
		"empty":               "",
		"text":                "hello\n",
		"binary":              "\x00\xff\xfe",
		"html":                "<!doctype html>\n<title>x</title>",
		"unknown version":     strings.Replace(examplePointer, "spec/v1", "spec/v2", 1),
		"no version":          examplePointer[strings.Index(examplePointer, "oid"):],
		"order":               strings.Replace(examplePointer, "size 12345\n", "", 1) + "oid sha256:00\n",
		"size before oid":     "version https://git-lfs.github.com/spec/v1\nsize 1\noid sha256:00\n",
		"no size":             strings.Replace(examplePointer, "size 12345\n", "", 1),
		"negative size":       strings.Replace(examplePointer, "12345", "-1", 1),
		"signed size":         strings.Replace(examplePointer, "12345", "+1", 1),
		"size of words":       strings.Replace(examplePointer, "12345", "many", 1),
		"short oid":           strings.Replace(examplePointer, "4d7a", "4d7", 1),
		"upper-case oid":      strings.Replace(examplePointer, "4d7a", "4D7A", 1),
		"another hash":        strings.Replace(examplePointer, "sha256", "sha512", 1),
		"a fourth line":       examplePointer + "more 1\n",
		"extension at end":    examplePointer + "ext-0-foo sha256:00\n",
		"nameless extension":  strings.Replace(examplePointer, "oid", "ext-0- sha256:00\noid", 1),
		"carriage returns":    strings.ReplaceAll(examplePointer, "\n", "\r\n"),
		"blank line between":  strings.Replace(examplePointer, "oid", "\noid", 1),
		"as long as 1 KiB":    examplePointer + strings.Repeat(" ", 1024-len(examplePointer)),
		"two version lines":   "version https://git-lfs.github.com/spec/v1\n" + examplePointer,
		"size past 64 bits":   strings.Replace(examplePointer, "12345", "99999999999999999999", 1),
		"key without a value": strings.Replace(examplePointer, "size 12345", "size", 1),
	} {
		if p, err := ParsePointer([]byte(text)); !errors.Is(err, ErrNotPointer) || p != (Pointer{}) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	over := strings.Replace(examplePointer, "12345", "70368744177665", 1) // 2^46 + 1
	if p, err := ParsePointer([]byte(over)); !errors.Is(err, ErrBounds) || p != (Pointer{}) {
		t.Errorf("too large an object: %+v, %v", p, err)
	}
}

// The record of an object is found under the blob id that git itself computes.
func TestPointerBlobID(t *testing.T) {
	p := Pointer{OID: sha256.Sum256([]byte("film")), Size: 4}
	for size, format := range map[int]string{20: "sha1", 32: "sha256"} {
		cmd := exec.Command("git", "init", "-q", "--bare", "--object-format="+format, ".")
		dir := t.TempDir()
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		cmd = exec.Command("git", "hash-object", "--stdin")
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(p.String())
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		id, err := p.BlobID(size)
		if err != nil || id.String() != strings.TrimSpace(string(out)) {
			t.Errorf("%s: %v, %v; git says %s", format, id, err, out)
		}
	}
	if _, err := p.BlobID(16); !errors.Is(err, ErrBounds) {
		t.Errorf("object id of 16 bytes: %v", err)
	}
}

func FuzzParsePointer(f *testing.F) {
	f.Add([]byte(examplePointer))
	f.Add([]byte("version https://git-lfs.github.com/spec/v1\next-0-a b\noid sha256:\nsize 0"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ParsePointer(b)
		if err != nil {
			if p != (Pointer{}) {
				t.Errorf("an error with %+v", p)
			}
			return
		}
		if again, err := ParsePointer([]byte(p.String())); err != nil || again != p {
			t.Errorf("%+v reads back as %+v, %v", p, again, err)
		}
	})
}

package storage_test

import (
	"slices"
	"strings"
	"testing"

	"radswarm/radicle/gitobj"
	"radswarm/radicle/storage"
)

func FuzzPackedRefs(f *testing.F) {
	id := strings.Repeat("1", 40)
	f.Add("# pack-refs with: peeled fully-peeled sorted \n" + id + " refs/heads/a\n" + id + " refs/tags/v1\n^" + id + "\n")
	f.Add(id + " refs/heads/b\n" + id + " refs/heads/a\n")
	f.Add(id + " HEAD\n")
	f.Fuzz(func(t *testing.T, text string) {
		names, err := storage.ParsePacked(text)
		if err != nil {
			return
		}
		if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
			t.Errorf("%q", names)
		}
		for _, name := range names {
			if !gitobj.GitTakesRefName(name) || !strings.HasPrefix(name, "refs/") {
				t.Errorf("%q", name)
			}
		}
	})
}

func FuzzLooseRef(f *testing.F) {
	for _, text := range []string{strings.Repeat("1", 40) + "\n", "ref: refs/heads/main\n", "", "ref:", strings.Repeat("1", 64) + " x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { _ = storage.ParseLoose(text) })
}

func FuzzCatLine(f *testing.F) {
	id := gitobj.Hash(gitobj.KindBlob, nil, gitobj.SHA1)
	for _, rest := range []string{" blob 12\n", " missing\n", " commit -1\n", " tree 99999999999999999999\n", "\n", " ambiguous\n"} {
		f.Add(id.String() + rest)
	}
	f.Fuzz(func(t *testing.T, line string) {
		kind, size, err := storage.ParseCatLine(line, id)
		if err == nil && (kind == 0 || size < 0) {
			t.Errorf("%q: %v, %d", line, kind, size)
		}
	})
}

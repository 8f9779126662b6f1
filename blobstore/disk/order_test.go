package disk

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
)

// The order of operations is what durability rests on: whoever changes it changes this file, too.
func TestOrderOfOperations(t *testing.T) {
	var log []string
	disk, w := newMemFS(), newWorld(1)
	sh := blobtest.NewShare(1, 100_000)
	numbers := regexp.MustCompile(`parts/\d+`)
	fsys := hookFS{disk, func(op, name string) error {
		if op != "read" && op != "size" && op != "free" {
			name = strings.ReplaceAll(name, stem(sh.Name), "share")
			name = strings.ReplaceAll(name, folder(sh.Name.SID), "folder")
			name = strings.ReplaceAll(name, folder(sh.Name.SID)[:2], "outer")
			log = append(log, op+" "+numbers.ReplaceAllString(name, "part"))
		}
		return nil
	}}
	s, err := startMem(t, fsys, filepath.Join(t.TempDir(), indexFile), w.options())
	if err != nil {
		t.Fatal(err)
	}
	defer s.index.close()
	ana, bo := s.For(person(0), NoLimit), s.For(person(1), NoLimit)
	one := []blobstore.ShareName{sh.Name}
	for _, step := range []struct {
		name string
		do   func()
		want string
	}{
		{"put", func() { blobtest.MustPut(t, ana, person(0), sh) }, `
			open share.share
			create part
			allocate part
			write part
			write part
			write part
			sync part
			close part
			mkdir outer
			syncdir .
			mkdir folder
			syncdir outer
			open share.share
			remove share.lease
			rename part share.share
			syncdir folder`},
		{"put again", func() { blobtest.MustPut(t, ana, person(0), sh) }, `
			open share.share
			close share.share
			open share.lease
			syncdir folder`},
		{"further owner", func() { blobtest.MustPut(t, bo, person(1), sh) }, `
			open share.share
			close share.share
			open share.lease
			open share.share
			close share.share
			open share.lease
			create part
			write part
			sync part
			close part
			rename part share.lease
			syncdir folder`},
		{"first owner goes", func() { _ = ana.Delete(t.Context(), one) }, `
			open share.share
			close share.share
			open share.lease
			close share.lease
			open share.share
			close share.share
			open share.lease
			close share.lease
			create part
			write part
			sync part
			close part
			rename part share.lease
			syncdir folder`},
		{"last owner goes", func() { _ = bo.Delete(t.Context(), one) }, `
			open share.share
			close share.share
			open share.lease
			close share.lease
			open share.share
			close share.share
			open share.lease
			close share.lease
			rename share.share share.trash-1700000000
			syncdir folder`},
		{"sweep", func() { w.clock = w.clock.Add(TrashTime); _, _ = s.Sweep(t.Context()) }, `
			open share.share
			readdir folder
			open share.trash-1700000000
			close share.trash-1700000000
			open share.lease
			close share.lease
			remove share.trash-1700000000
			remove share.lease
			syncdir folder`},
	} {
		log = nil
		step.do()
		want := strings.Split(strings.ReplaceAll(strings.TrimSpace(step.want), "\t", ""), "\n")
		if diff := cmp.Diff(want, log); diff != "" {
			t.Errorf("%s: want -, got +\n%s", step.name, diff)
		}
	}
}

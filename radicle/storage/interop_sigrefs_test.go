package storage_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/radtest"
	"radswarm/radicle/sigrefs"
	"radswarm/radicle/storage"
)

const vectors = "../../testdata/vectors/radicle/sigrefs/history"

// header reads what stands before the objects of a vector; see its README.
func header(tb testing.TB, file string) (header map[string]string, objects []byte) {
	tb.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	head, objects, _ := bytes.Cut(data, []byte("\n\n"))
	header = make(map[string]string)
	for line := range strings.SplitSeq(string(head), "\n") {
		key, value, _ := strings.Cut(line, ": ")
		header[key] = value
	}
	return header, objects
}

// unpack writes the objects of a vector into a repository.
func unpack(tb testing.TB, w gitobj.Writer, objects []byte) {
	tb.Helper()
	for len(objects) > 0 {
		head, rest, _ := bytes.Cut(objects, []byte{0})
		word, length, _ := strings.Cut(string(head), " ")
		kind, known := gitobj.ParseKind(word)
		n, err := strconv.Atoi(length)
		if !known || err != nil || n > len(rest) {
			tb.Fatalf("object header %q", head)
		}
		write(tb, w, kind, rest[:n])
		objects = rest[n:]
	}
}

// Every history of the vectors is read by rad, which must come to the level, or to an error, that we come to.
func TestRadicleJudgesHistoriesAsWeDo(t *testing.T) {
	cy := radtest.NewHome(t, radtest.Cy) // who signed none of them: rad is stricter with the own ones
	files, err := filepath.Glob(vectors + "/*")
	if err != nil || len(files) == 0 {
		t.Fatal("no vectors", err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		if name == "bad-root-missing" {
			continue // the repository's identity itself is missing: rad looks no further
		}
		t.Run(name, func(t *testing.T) {
			head, objects := header(t, file)
			rid, err := radicle.ParseRID(head["rid"])
			if err != nil {
				t.Fatal(err)
			}
			s := openStorage(t, cy.Storage())
			if err := os.RemoveAll(s.Path(rid)); err != nil {
				t.Fatal(err)
			}
			git(t, cy.Storage(), "init", "-q", "--bare", s.Path(rid))
			r := openRepo(t, s, rid)
			unpack(t, r, objects)
			put(t, r, "refs/namespaces/"+head["nid"]+"/"+sigrefs.RefSigrefs, head["head"])
			put(t, r, "refs/rad/id", "0656c217f917c3e06234771e9ecae53aba5e173e")
			put(t, r, "refs/heads/master", "0656c217f917c3e06234771e9ecae53aba5e173e")
			compareJudgement(t, r, head, cy.Rad(t, cy.Work, "inspect", rid.String(), "--sigrefs"))
		})
	}
}

// compareJudgement takes a line of rad: the namespace, the head, and the level or an error.
func compareJudgement(t *testing.T, r *storage.Repo, head map[string]string, line string) {
	t.Helper()
	theirs, ok := strings.CutPrefix(strings.Join(strings.Fields(line), " "), head["nid"]+" "+head["head"]+" ")
	if !ok {
		t.Fatalf("rad says %q", line)
	}
	nid, err := radicle.ParseNID(head["nid"])
	if err != nil {
		t.Fatal(err)
	}
	list, err := r.Sigrefs(t.Context(), nid)
	if down, ok := errors.AsType[*sigrefs.DowngradeError](err); ok && down.Error() != theirs {
		t.Errorf("rad says %q, we %q", theirs, down)
	}
	isLevel := theirs == "none" || theirs == "root" || theirs == "parent"
	if isLevel != (err == nil) || err == nil && list.Level.String() != theirs {
		t.Errorf("rad says %q, we %s", theirs, judgement(list, err))
	}
}

func judgement(list *sigrefs.List, err error) string {
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(list.Level, " at ", list.At)
}

package lfs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"radswarm/radicle"
)

const ridText = "z3gqcJUoA1n9HaHKufZs5FCSGazv5"

func testRID(t testing.TB) radicle.RID {
	t.Helper()
	rid, err := radicle.ParseRID(ridText)
	if err != nil {
		t.Fatal(err)
	}
	return rid
}

func (p *place) configure(r Remote) []Warning {
	p.t.Helper()
	c, err := p.repo().ReadConfig(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	w, err := c.Configure(p.t.Context(), r)
	if err != nil {
		p.t.Fatal(err)
	}
	return w
}

func (p *place) config() string {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.git("rev-parse", "--absolute-git-dir"), "config"))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

func TestConfigure(t *testing.T) {
	p := newPlace(t)
	rid := testRID(t)
	p.git("remote", "add", "rad", "rad://"+ridText)
	before := p.config()
	remote := Remote{Name: "rad", URL: "rad://" + ridText, RID: rid}
	if w := p.configure(remote); len(w) != 0 {
		t.Error(w)
	}
	after := p.config()
	t.Log(after)
	if !strings.HasPrefix(after, before) {
		t.Error("changed what was there")
	}
	p.configure(remote)
	if again := p.config(); again != after {
		t.Errorf("second time:\n%s", again)
	}
	if err := p.repo().Unconfigure(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now := p.config(); now != before {
		t.Errorf("taken back:\n%s\nwas\n%s", now, before)
	}
}

package app

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"testing"

	_ "modernc.org/sqlite"

	"radswarm/cmd/internal/control"
	"radswarm/radicle"
	"radswarm/radicle/profile"
)

// listed is a storage with these repositories.
type listed []control.Repository

func (l listed) Repositories(context.Context) (control.Repositories, error) {
	return control.Repositories{Repositories: l}, nil
}

// world is a home with a Radicle node that knows what the statements say.
func world(t *testing.T, files map[string][]string) profile.Home {
	t.Helper()
	h, err := profile.NewHome(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(h.Node(), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, statements := range files {
		db, err := sql.Open("sqlite", filepath.Join(h.Node(), name))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range statements {
			if _, err := db.Exec(s); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func someone(n byte) radicle.DID {
	return radicle.NewMemorySigner([radicle.SeedSize]byte{n}).NID().DID()
}

func TestGuessAndFollows(t *testing.T) {
	ana, bo, cy := someone(1), someone(2), someone(3)
	id := bo.NID().String()
	s := &social{self: ana, home: world(t, map[string][]string{
		"node.db": {
			`CREATE TABLE nodes (id, features, alias, pow, timestamp, banned, penalty, version, agent)`,
			`CREATE TABLE addresses (node, type, value, source, timestamp, last_attempt, last_success, banned)`,
			`CREATE TABLE routing (repo, node, timestamp)`,
			`CREATE TABLE "repo-sync-status" (repo, node, head, timestamp)`,
			`PRAGMA user_version = 9`,
			`INSERT INTO nodes VALUES ('` + id + `', 1, 'bo', 0, 1000, 0, 0, 1, '/radicle/')`,
			`INSERT INTO addresses VALUES
				('` + id + `', 'ipv4', '192.0.2.7:8776', 'peer', 2000, NULL, 5000, 0),
				('` + id + `', 'ipv4', '192.0.2.7:9999', 'peer', 2000, NULL, 4000, 0),
				('` + id + `', 'dns', 'Bo.example:8776', 'peer', 2000, NULL, 3000, 0),
				('` + id + `', 'dns', 'banned.example:8776', 'peer', 2000, NULL, NULL, 1),
				('` + id + `', 'onion', 'abc.onion:8776', 'peer', 2000, NULL, NULL, 0)`,
		},
		"policies.db": {
			`CREATE TABLE following (id, alias, policy)`, `CREATE TABLE seeding (id, scope, policy)`,
			`INSERT INTO following VALUES ('` + id + `', '', 'allow'), ('` + cy.NID().String() + `', 'cy', 'block')`,
		},
	})}
	if got, want := s.guess(t.Context(), bo), []string{"192.0.2.7:8777", "bo.example:8777"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := s.guess(t.Context(), cy); len(got) != 0 {
		t.Errorf("%q", got)
	}
	follows, err := s.Follows(t.Context())
	if err != nil || len(follows) != 1 || follows[bo] != "bo" {
		t.Errorf("%v, %v", follows, err)
	}
}

func TestDelegates(t *testing.T) {
	ana, bo, cy := someone(1), someone(2), someone(3)
	s := &social{self: ana, home: world(t, nil), repositories: listed{
		{Delegates: []radicle.DID{ana, bo}}, {Delegates: []radicle.DID{bo, ana}}, {Delegates: []radicle.DID{bo, cy}}, {},
	}}
	with, err := s.Delegates(t.Context())
	if err != nil || len(with) != 1 || with[bo] != 2 {
		t.Errorf("%v, %v", with, err)
	}
	if follows, err := s.Follows(t.Context()); err != nil || len(follows) != 0 { // no node has ever run
		t.Errorf("%v, %v", follows, err)
	}
}

package nodedb

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"radswarm/radicle"
)

// A Book is node/node.db: what the node knows about others.
type Book struct{ file file }

// OpenBook names the node.db in the node directory of a home. Nothing is opened before the first question.
func OpenBook(nodeDir string) *Book {
	return &Book{file: file{
		path: filepath.Join(nodeDir, "node.db"),
		columns: map[string][]string{
			"nodes":            {"id", "features", "alias", "timestamp", "banned", "penalty", "version", "agent"},
			"addresses":        {"node", "type", "value", "source", "timestamp", "last_attempt", "last_success", "banned"},
			"routing":          {"repo", "node", "timestamp"},
			"repo-sync-status": {"repo", "node", "head", "timestamp"},
		},
	}}
}

// A Node is what a node announced about itself. The own node is in the book too.
type Node struct {
	NID       radicle.NID
	Alias     radicle.Alias
	Features  uint64 // bit set; 1 is a seed
	Announced time.Time
	Version   int64  // of the protocol
	Agent     string // such as /radicle:1.10.0/
	Penalty   int64  // for misbehaviour; Radicle avoids a node from 32 and bans it from 64
	Banned    bool
}

// An Address is where a node says it can be reached.
type Address struct {
	NID         radicle.NID
	Type        string // ipv4, ipv6, dns, onion or i2p
	Value       string // host:port
	Source      string // peer, bootstrap or imported
	Announced   time.Time
	LastAttempt time.Time // zero: never
	LastSuccess time.Time // zero: never
	Banned      bool
}

// A Route says that a node announced to have a repository.
type Route struct {
	RID  radicle.RID
	NID  radicle.NID
	Time time.Time
}

// A Sync says which of our signed refs a node is known to have.
type Sync struct {
	RID  radicle.RID
	NID  radicle.NID
	Head radicle.Oid
	Time time.Time
}

const nodeColumns = `SELECT id AS "nodes.id", alias AS "nodes.alias", features AS "nodes.features", timestamp AS "nodes.timestamp",
	version AS "nodes.version", agent AS "nodes.agent", penalty AS "nodes.penalty", banned AS "nodes.banned" FROM nodes`

func (r *row) node() (Node, error) {
	n := Node{
		NID: r.nid(), Alias: r.alias(), Features: uint64(r.integer()), Announced: r.time(),
		Version: r.integer(), Agent: r.text(), Penalty: r.integer(), Banned: r.flag(),
	}
	return n, r.err
}

// Nodes returns all nodes in the book, by id.
func (b *Book) Nodes(ctx context.Context) ([]Node, error) {
	return ask(ctx, &b.file, (*row).node, nodeColumns+" ORDER BY id")
}

// Node returns one node, or fs.ErrNotExist.
func (b *Book) Node(ctx context.Context, nid radicle.NID) (Node, error) {
	return askOne(ctx, &b.file, (*row).node, nodeColumns+" WHERE id = ?", nid.String())
}

const addressColumns = `SELECT node AS "addresses.node", type AS "addresses.type", value AS "addresses.value",
	source AS "addresses.source", timestamp AS "addresses.timestamp", last_attempt AS "addresses.last_attempt",
	last_success AS "addresses.last_success", banned AS "addresses.banned" FROM addresses`

func (r *row) address() (Address, error) {
	a := Address{
		NID: r.nid(), Type: r.text(), Value: r.text(), Source: r.text(), Announced: r.time(),
		LastAttempt: r.optionalTime(), LastSuccess: r.optionalTime(), Banned: r.flag(),
	}
	return a, r.err
}

// Addresses returns the addresses of a node, the one that answered last first.
func (b *Book) Addresses(ctx context.Context, nid radicle.NID) ([]Address, error) {
	return ask(ctx, &b.file, (*row).address, addressColumns+" WHERE node = ? ORDER BY last_success DESC, timestamp DESC, value", nid.String())
}

// AllAddresses returns the addresses of all nodes.
func (b *Book) AllAddresses(ctx context.Context) ([]Address, error) {
	return ask(ctx, &b.file, (*row).address, addressColumns+" ORDER BY node, value")
}

const routeColumns = `SELECT repo AS "routing.repo", node AS "routing.node", timestamp AS "routing.timestamp" FROM routing`

func (r *row) route() (Route, error) {
	route := Route{RID: r.rid(), NID: r.nid(), Time: r.time()}
	return route, r.err
}

// Routes returns who has a repository, ourselves included.
func (b *Book) Routes(ctx context.Context, rid radicle.RID) ([]Route, error) {
	return ask(ctx, &b.file, (*row).route, routeColumns+" WHERE repo = ? ORDER BY node", rid.String())
}

// Inventory returns what a node has.
func (b *Book) Inventory(ctx context.Context, nid radicle.NID) ([]Route, error) {
	return ask(ctx, &b.file, (*row).route, routeColumns+" WHERE node = ? ORDER BY repo", nid.String())
}

const syncColumns = `SELECT repo AS "repo-sync-status.repo", node AS "repo-sync-status.node", head AS "repo-sync-status.head",
	timestamp AS "repo-sync-status.timestamp" FROM "repo-sync-status"`

func (r *row) sync() (Sync, error) {
	s := Sync{RID: r.rid(), NID: r.nid(), Head: r.oid(), Time: r.time()}
	return s, r.err
}

// SyncStatus returns which signed refs of a repository others are known to have.
func (b *Book) SyncStatus(ctx context.Context, rid radicle.RID) ([]Sync, error) {
	return ask(ctx, &b.file, (*row).sync, syncColumns+" WHERE repo = ? ORDER BY node", rid.String())
}

// ask runs a query and returns its rows.
func ask[T any](ctx context.Context, f *file, read func(*row) (T, error), query string, args ...any) ([]T, error) {
	var all []T
	err := f.ask(ctx, query, args, func(r *row) error {
		v, err := read(r)
		all = append(all, v)
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// askOne runs a query that has one row, or none: fs.ErrNotExist.
func askOne[T any](ctx context.Context, f *file, read func(*row) (T, error), query string, args ...any) (T, error) {
	all, err := ask(ctx, f, read, query, args...)
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("%s: %v: %w", f.path, args[0], fs.ErrNotExist)
	}
	if err != nil {
		return *new(T), err
	}
	return all[0], nil
}

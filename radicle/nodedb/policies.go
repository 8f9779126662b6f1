package nodedb

import (
	"context"
	"path/filepath"

	"radswarm/radicle"
)

// Policies is node/policies.db: whom the node follows and what it seeds. Where it has no row, the default of config.json counts.
type Policies struct{ file file }

// OpenPolicies names the policies.db in the node directory of a home. Nothing is opened before the first question.
func OpenPolicies(nodeDir string) *Policies {
	return &Policies{file: file{
		path: filepath.Join(nodeDir, "policies.db"),
		columns: map[string][]string{
			"following": {"id", "alias", "policy"},
			"seeding":   {"id", "scope", "policy"},
		},
	}}
}

// A Follow is the policy for a node.
type Follow struct {
	NID     radicle.NID
	Alias   radicle.Alias // ours for it; empty: its own
	Allowed bool          // else it is blocked
}

// A Seeding is the policy for a repository.
type Seeding struct {
	RID     radicle.RID
	Scope   string // all or followed
	Allowed bool   // else it is blocked, and Scope means nothing
}

const followColumns = `SELECT id AS "following.id", alias AS "following.alias", policy AS "following.policy" FROM following`

func (r *row) follow() (Follow, error) {
	f := Follow{NID: r.nid(), Alias: r.optionalAlias(), Allowed: r.word("allow", "block") == "allow"}
	return f, r.err
}

// Follows returns all policies for nodes, by id.
func (p *Policies) Follows(ctx context.Context) ([]Follow, error) {
	return ask(ctx, &p.file, (*row).follow, followColumns+" ORDER BY id")
}

// Follow returns the policy for a node, or fs.ErrNotExist.
func (p *Policies) Follow(ctx context.Context, nid radicle.NID) (Follow, error) {
	return askOne(ctx, &p.file, (*row).follow, followColumns+" WHERE id = ?", nid.String())
}

const seedingColumns = `SELECT id AS "seeding.id", scope AS "seeding.scope", policy AS "seeding.policy" FROM seeding`

func (r *row) seeding() (Seeding, error) {
	s := Seeding{RID: r.rid(), Scope: r.word("all", "followed"), Allowed: r.word("allow", "block") == "allow"}
	return s, r.err
}

// Seedings returns all policies for repositories, by id.
func (p *Policies) Seedings(ctx context.Context) ([]Seeding, error) {
	return ask(ctx, &p.file, (*row).seeding, seedingColumns+" ORDER BY id")
}

// Seeding returns the policy for a repository, or fs.ErrNotExist.
func (p *Policies) Seeding(ctx context.Context, rid radicle.RID) (Seeding, error) {
	return askOne(ctx, &p.file, (*row).seeding, seedingColumns+" WHERE id = ?", rid.String())
}

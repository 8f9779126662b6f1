package identity

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"radswarm/radicle/cjson"
	"radswarm/radicle/gitobj"
)

// The ids of the payloads that Radicle knows.
const (
	ProjectPayload       = "xyz.radicle.project"
	CanonicalRefsPayload = "xyz.radicle.crefs"
)

// maxText is the longest name, description and branch of a project, in bytes.
const maxText = 255

// ErrNoPayload is the error for a payload that the document does not have.
var ErrNoPayload = errors.New("no such payload")

// A Project says what a repository is: the payload xyz.radicle.project.
type Project struct {
	Name          string // letters, digits, '-', '_' and '.'
	Description   string
	DefaultBranch string // without refs/heads/
}

// Check returns an error that wraps [ErrDocument] if a field breaks Radicle's rules.
func (p Project) Check() error {
	switch {
	case p.Name == "" || len(p.Name) > maxText:
		return fmt.Errorf("%w: project name of %d bytes, want 1 to %d", ErrDocument, len(p.Name), maxText)
	case strings.ContainsFunc(p.Name, notInName):
		return fmt.Errorf("%w: project name %q: only letters, digits, '-', '_' and '.'", ErrDocument, p.Name)
	case len(p.Description) > maxText:
		return fmt.Errorf("%w: project description of %d bytes, at most %d", ErrDocument, len(p.Description), maxText)
	case len(p.DefaultBranch) > maxText:
		return fmt.Errorf("%w: default branch of %d bytes, at most %d", ErrDocument, len(p.DefaultBranch), maxText)
	}
	if err := gitobj.CheckRefName(p.DefaultBranch); err != nil {
		return fmt.Errorf("%w: default branch: %w", ErrDocument, err)
	}
	return nil
}

// notInName: a name may have what Unicode calls alphabetic or numeric.
func notInName(r rune) bool {
	return !unicode.In(r, unicode.L, unicode.N, unicode.Other_Alphabetic) && !strings.ContainsRune("-_.", r)
}

// Branch is the full name of the default branch.
func (p Project) Branch() string { return "refs/heads/" + p.DefaultBranch }

func (p Project) value() cjson.Value {
	return cjson.Object{
		{Key: "name", Value: p.Name},
		{Key: "description", Value: p.Description},
		{Key: "defaultBranch", Value: p.DefaultBranch},
	}
}

// Project reads the payload xyz.radicle.project. Errors wrap [ErrNoPayload] or [ErrDocument].
func (d *Document) Project() (Project, error) {
	v, ok := d.draft.Payload[ProjectPayload]
	if !ok {
		return Project{}, fmt.Errorf("%s: %w", ProjectPayload, ErrNoPayload)
	}
	f := cjson.ReadFields(asMap(v), "name", "description", "defaultBranch")
	p := Project{f.Text("name"), f.Text("description"), f.Text("defaultBranch")}
	if err := f.Err(); err != nil {
		return Project{}, fmt.Errorf("%w: %s: %w", ErrDocument, ProjectPayload, err)
	}
	if err := p.Check(); err != nil {
		return Project{}, err
	}
	return p, nil
}

// asMap drops repeated members of an object but the last: payloads are free-form JSON first and read as something second.
func asMap(v cjson.Value) cjson.Value {
	if o, ok := v.(cjson.Object); ok {
		return o.Unique()
	}
	return v
}

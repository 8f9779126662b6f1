package identity

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/cjson"
)

// maxRules bounds the rules, and the symbolic refs, of a document.
const maxRules = 1024

// CanonicalRefs says which refs of a repository stand for all its namespaces together, and who decides on them: the payload
// xyz.radicle.crefs, completed by the default branch of the project.
type CanonicalRefs struct {
	rules    []Rule // most specific first
	symbolic symbolicRefs
}

// A Rule says who decides on the refs that its pattern matches: Threshold of Allowed must agree.
type Rule struct {
	Pattern   Pattern
	Delegates bool          // Allowed are the document's delegates, whoever they are
	Allowed   []radicle.DID // 1 to 255, distinct
	Threshold int           // 1 to the number of Allowed
}

// Rules returns all rules, the most specific first. The one for the default branch is there even if the document does not spell
// it out.
func (c *CanonicalRefs) Rules() []Rule { return slices.Clone(c.rules) }

// Match returns the rule that decides on a full ref name: the most specific one that matches.
func (c *CanonicalRefs) Match(ref string) (Rule, bool) {
	i := slices.IndexFunc(c.rules, func(r Rule) bool { return r.Pattern.Match(ref) })
	if i < 0 {
		return Rule{}, false
	}
	return c.rules[i], true
}

// Head is the full name of the default branch.
func (c *CanonicalRefs) Head() string { return c.symbolic.end("HEAD") }

// Symbolic returns the symbolic refs, HEAD among them, each with the full name at the end of its chain.
func (c *CanonicalRefs) Symbolic() []SymbolicRef {
	list := slices.Clone(c.symbolic)
	for i := range list {
		list[i].Target = c.symbolic.end(list[i].Name)
	}
	return list
}

// CanonicalRefs reads the payload xyz.radicle.crefs, if there is one, and completes it. Where it does not name HEAD, HEAD is the
// project's default branch, and that branch gets a rule (the delegates, with the document's threshold) unless one matches it.
// Where it does, it must be the project's default branch if there is a project, and the rule for it must be that rule. Every
// symbolic ref must lead to a ref that a rule matches, and be matched by none itself. Errors wrap [ErrDocument].
func (d *Document) CanonicalRefs() (*CanonicalRefs, error) {
	c, err := d.readCanonicalRefs()
	if err != nil {
		return nil, err
	}
	if c, err = d.complete(c); err != nil {
		return nil, err
	}
	slices.SortFunc(c.rules, func(a, b Rule) int { return a.Pattern.Compare(b.Pattern) })
	if err := d.resolve(c.rules); err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	return c, nil
}

// readCanonicalRefs reads what the document spells out. The rules are ordered by the bytes of their patterns, and those who
// are allowed and the thresholds are unchecked; see resolve.
func (d *Document) readCanonicalRefs() (*CanonicalRefs, error) {
	c := new(CanonicalRefs)
	v, ok := d.draft.Payload[CanonicalRefsPayload]
	if !ok {
		return c, nil
	}
	f := cjson.ReadFields(asMap(v), "rules", "symbolic")
	rules := f.Object("rules").Unique()
	if err := f.Err(); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrDocument, CanonicalRefsPayload, err)
	}
	if len(rules) > maxRules {
		return nil, fmt.Errorf("%w: %d rules, at most %d", ErrDocument, len(rules), maxRules)
	}
	for _, m := range rules {
		rule, err := readRule(m.Key, m.Value)
		if err != nil {
			return nil, err
		}
		c.rules = append(c.rules, rule)
	}
	slices.SortFunc(c.rules, func(a, b Rule) int { return strings.Compare(string(a.Pattern), string(b.Pattern)) })
	if f.Has("symbolic") {
		var err error
		if c.symbolic, err = readSymbolic(f.Get("symbolic")); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func readRule(pattern string, v cjson.Value) (Rule, error) {
	p, err := ParsePattern(pattern)
	if err != nil {
		return Rule{}, err
	}
	f := cjson.ReadFields(asMap(v), "allow", "threshold")
	rule := Rule{Pattern: p, Threshold: int(min(f.Uint("threshold"), MaxDelegates+1))}
	if rule.Delegates = f.Get("allow") == "delegates"; !rule.Delegates {
		rule.Allowed = cjson.ReadList(f, "allow", radicle.ParseDID)
		if len(rule.Allowed) == 0 {
			f.Fail("allow", "is empty")
		}
	}
	if err := f.Err(); err != nil {
		return Rule{}, fmt.Errorf("%w: rule %.80q: %w", ErrDocument, pattern, err)
	}
	return rule, nil
}

// complete settles HEAD.
func (d *Document) complete(c *CanonicalRefs) (*CanonicalRefs, error) {
	head := c.symbolic.end("HEAD")
	project, err := d.Project()
	switch {
	case head != "HEAD" && err == nil && project.Branch() != head:
		return nil, fmt.Errorf("%w: HEAD is %.80q, the default branch %.80q", ErrDocument, head, project.Branch())
	case head != "HEAD":
		return c, d.checkHeadRule(c, head)
	case err != nil:
		return nil, fmt.Errorf("%w: no default branch: %w", ErrDocument, err)
	}
	if _, ok := c.Match(project.Branch()); !ok {
		c.rules = append(c.rules, Rule{Pattern: Pattern(project.Branch()), Delegates: true, Threshold: d.Threshold()})
	}
	c.symbolic, err = c.symbolic.insert(SymbolicRef{"HEAD", project.Branch()})
	return c, err
}

// checkHeadRule looks at the first matching rule by the bytes of the patterns, as Radicle does, not at the most specific one.
func (d *Document) checkHeadRule(c *CanonicalRefs, head string) error {
	rule, ok := c.Match(head)
	switch {
	case !ok:
		return nil // check finds that HEAD leads nowhere
	case !rule.Delegates:
		return fmt.Errorf("%w: rule %.80q for the default branch must allow the delegates", ErrDocument, rule.Pattern)
	case rule.Threshold != d.Threshold():
		return fmt.Errorf("%w: rule %.80q for the default branch has threshold %d, the document %d",
			ErrDocument, rule.Pattern, rule.Threshold, d.Threshold())
	}
	return nil
}

// resolve fills in who is allowed, and checks them and the thresholds.
func (d *Document) resolve(rules []Rule) error {
	for i, rule := range rules {
		if err := checkUnprotected(string(rule.Pattern)); err != nil {
			return err
		}
		if rule.Delegates {
			rule.Allowed = d.draft.Delegates
		}
		allowed, err := distinct(rule.Allowed)
		if err != nil {
			return fmt.Errorf("rule %.80q: %w", rule.Pattern, err)
		}
		if rule.Threshold < 1 || rule.Threshold > len(allowed) {
			return fmt.Errorf("%w: rule %.80q: threshold %d of %d", ErrDocument, rule.Pattern, rule.Threshold, len(allowed))
		}
		rules[i].Allowed = allowed
	}
	return nil
}

func (c *CanonicalRefs) check() error {
	for _, r := range c.symbolic {
		if _, ok := c.Match(c.symbolic.end(r.Name)); !ok {
			return fmt.Errorf("%w: no rule matches the end of symbolic ref %.80q", ErrDocument, r.Name)
		}
		if rule, ok := c.Match(r.Name); ok && strings.HasPrefix(r.Name, "refs/") {
			return fmt.Errorf("%w: rule %.80q matches symbolic ref %.80q", ErrDocument, rule.Pattern, r.Name)
		}
	}
	return nil
}

// DefaultBranch is the full name of the default branch. Errors are those of [Document.CanonicalRefs].
func (d *Document) DefaultBranch() (string, error) {
	c, err := d.CanonicalRefs()
	if err != nil {
		return "", err
	}
	return c.Head(), nil
}

// CheckProposal returns an error that wraps [ErrDocument] if Radicle would not propose the document: a payload that it knows is
// not valid, or the payload of canonical refs says something about the project's default branch, which is not its business.
// Readers are more lenient.
func (d *Document) CheckProposal() error {
	project, err := d.Project()
	if err != nil && !errors.Is(err, ErrNoPayload) {
		return err
	}
	if c, readErr := d.readCanonicalRefs(); readErr == nil && err == nil {
		if rule, ok := c.Match(project.Branch()); ok {
			return fmt.Errorf("%w: rule %.80q matches the default branch %.80q", ErrDocument, rule.Pattern, project.Branch())
		}
		if head := c.symbolic.end("HEAD"); head != "HEAD" {
			return fmt.Errorf("%w: HEAD is %.80q, and the project has a default branch", ErrDocument, head)
		}
	}
	_, err = d.CanonicalRefs()
	return err
}

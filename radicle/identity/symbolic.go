package identity

import (
	"fmt"
	"slices"
	"strings"

	"radswarm/radicle/cjson"
	"radswarm/radicle/gitobj"
)

// A SymbolicRef makes Name another name of the branch, or other full ref, that Target is. Target is what the document says; it may
// be a symbolic ref itself.
type SymbolicRef struct{ Name, Target string }

// symbolicRefs is a list in the document's order, without cycles, in which every chain ends at a full ref name.
type symbolicRefs []SymbolicRef

// readSymbolic reads the member symbolic of xyz.radicle.crefs. A ref must come after those that it names.
func readSymbolic(v cjson.Value) (symbolicRefs, error) {
	o, ok := v.(cjson.Object)
	if !ok {
		return nil, fmt.Errorf("%w: symbolic refs are not an object", ErrDocument)
	}
	if o = o.Unique(); len(o) > maxRules {
		return nil, fmt.Errorf("%w: %d symbolic refs, at most %d", ErrDocument, len(o), maxRules)
	}
	var list symbolicRefs
	for _, m := range o {
		target, ok := m.Value.(string)
		if !ok {
			return nil, fmt.Errorf("%w: the target of symbolic ref %.80q is not a string", ErrDocument, m.Key)
		}
		var err error
		if list, err = list.insert(SymbolicRef{m.Key, target}); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// insert adds a ref, in the place of one with the same name or at the end.
func (l symbolicRefs) insert(r SymbolicRef) (symbolicRefs, error) {
	for _, name := range []string{r.Name, r.Target} {
		if err := checkUnprotected(name); err != nil {
			return nil, err
		}
		if err := gitobj.CheckRefName(name); err != nil {
			return nil, fmt.Errorf("%w: symbolic ref: %w", ErrDocument, err)
		}
	}
	end := l.end(r.Target)
	if end == r.Name || l.passes(r.Target, r.Name) {
		return nil, fmt.Errorf("%w: symbolic ref %.80q leads back to itself", ErrDocument, r.Name)
	}
	if gitobj.CheckQualified(end) != nil {
		return nil, fmt.Errorf("%w: symbolic ref %.80q leads to %.80q, no full ref name", ErrDocument, r.Name, end)
	}
	if i := l.index(r.Name); i >= 0 {
		l = slices.Clone(l)
		l[i] = r
		return l, nil
	}
	return append(slices.Clip(l), r), nil
}

func (l symbolicRefs) index(name string) int {
	return slices.IndexFunc(l, func(r SymbolicRef) bool { return r.Name == name })
}

// end follows the refs from name to the name that is not one of them.
func (l symbolicRefs) end(name string) string {
	for i := l.index(name); i >= 0; i = l.index(name) {
		name = l[i].Target
	}
	return name
}

// passes reports whether the chain from start goes through name.
func (l symbolicRefs) passes(start, name string) bool {
	for i := l.index(start); i >= 0 && start != name; i = l.index(start) {
		start = l[i].Target
	}
	return start == name
}

// checkUnprotected refuses refs/rad and what lies below it: only Radicle itself writes there.
func checkUnprotected(name string) error {
	if rest, ok := strings.CutPrefix(name, "refs/rad"); ok && (rest == "" || rest[0] == '/') {
		return fmt.Errorf("%w: %.80q is protected", ErrDocument, name)
	}
	return nil
}

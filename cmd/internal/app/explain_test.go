package app_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"radswarm/blobstore/friend"
	"radswarm/cmd/internal/app"
	"radswarm/cmd/internal/control"
	"radswarm/radicle/profile"
)

// sources are the packages whose sentinels may reach a client.
var sources = []string{
	"blobstore", "blobstore/disk", "blobstore/friend", "blobstore/holder", "blobstore/keyring", "blobstore/net",
	"blobstore/record", "blobstore/swarm", "blobstore/wire", "blobstore/zone",
	"cmd/internal/app", "cmd/internal/peers", "cmd/internal/objects", "cmd/internal/repos",
	"radicle", "radicle/profile", "radicle/storage", "radicle/replicate", "radicle/node", "radicle/nodedb", "radicle/cobcache",
}

// inside are sentinels that say of bytes what is wrong with them: a client is told so as it stands, and can do nothing.
var inside = []string{
	"blobstore.ErrAuth", "blobstore.ErrMoved", "blobstore.ErrFinal", "blobstore.ErrTruncated", "blobstore.ErrExtended",
	"blobstore.ErrPadding", "blobstore.ErrRoot", "blobstore.ErrProof", "blobstore.ErrEncoding", "blobstore.ErrSignature",
	"blobstore.ErrSealed", "blobstore.ErrMismatch",
	"keyring.ErrMismatch", "keyring.ErrRollback", "keyring.ErrKEM", "keyring.ErrSealed", "keyring.ErrLabel",
	"net.ErrClosed", "net.ErrLinkDown",
	"swarm.ErrFalse", "swarm.ErrUnproven", "swarm.ErrDamaged",
	"wire.ErrCancelled", "wire.ErrUnknown", "wire.ErrMalformed", "wire.ErrInternal", "wire.ErrProtocol",
	"radicle.ErrSignature",
	"storage.ErrRefTarget", "storage.ErrReserved",
	"replicate.ErrIdentity", "replicate.ErrConflict", "replicate.ErrSymbolic",
	"node.ErrLineTooLong", "nodedb.ErrTooMany", "cobcache.ErrTooLarge",
}

// Whoever adds a sentinel says what it means to a client.
func TestEverySentinelHasAMeaning(t *testing.T) {
	told := app.Meanings()
	for _, dir := range sources {
		for name, text := range sentinels(t, filepath.Join("..", "..", "..", dir)) {
			full := filepath.Base(dir) + "." + name
			known := slices.Contains(inside, full)
			if !slices.ContainsFunc(told, func(err error) bool { return err.Error() == text }) && !known {
				t.Errorf("%s (%q) has no meaning", full, text)
			}
		}
	}
}

// sentinels returns the exported errors that a package declares with a text.
func sentinels(t *testing.T, dir string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %v", dir, err)
	}
	found := make(map[string]string)
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Names) != 1 || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, "Err") {
				return true
			}
			if call, ok := spec.Values[0].(*ast.CallExpr); ok && len(call.Args) == 1 {
				if lit, ok := call.Args[0].(*ast.BasicLit); ok {
					found[spec.Names[0].Name], _ = strconv.Unquote(lit.Value)
				}
			}
			return true
		})
	}
	return found
}

// Whatever is explained is one line, with a code, and a hint that is a command.
func TestExplain(t *testing.T) {
	for _, err := range app.Meanings() {
		e := app.Explain(fmt.Errorf("first: %w\nsecond", err))
		if e == nil || e.Code == "" || strings.Contains(e.Message, "\n") || strings.Contains(e.Hint, "\n") {
			t.Errorf("%v: %+v", err, e)
		}
	}
	if e := app.Explain(errors.New("anything")); e != nil {
		t.Errorf("%+v", e)
	}
	if e := app.Explain(fmt.Errorf("put: %w", context.Canceled)); e != nil {
		t.Errorf("%+v", e)
	}
	as := &control.Error{Code: control.CodeBusy, Message: "later"}
	if e := app.Explain(fmt.Errorf("x: %w", as)); e != as {
		t.Errorf("%+v", e)
	}
	for _, x := range []struct {
		err  error
		code control.Code
		hint string
	}{
		{&profile.NotFoundError{Dir: "/h"}, control.CodeNotFound, "rad swarm auth --alias NAME"},
		{&profile.PassphraseError{Path: "/k"}, control.CodeLocked, "rad swarm unlock"},
		{&app.LockedError{Why: &profile.AgentError{}}, control.CodeLocked, "rad swarm unlock"},
		{&friend.CorruptError{Path: "/s", Copies: []string{"/a b", "/c"}, Err: errors.New("x")}, control.CodeFailed, "rad swarm daemon --restore '/a b'"},
		{&app.ConfigError{Path: "/a'b", Err: errors.New("x")}, control.CodeUsage, `${EDITOR:-vi} '/a'\''b'`},
	} {
		if e := app.Explain(x.err); e == nil || e.Code != x.code || e.Hint != x.hint {
			t.Errorf("%v: %+v", x.err, e)
		}
	}
}

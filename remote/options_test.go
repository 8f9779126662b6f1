package remote

import (
	"errors"
	"strings"
	"testing"
)

func TestOptionAnswers(t *testing.T) {
	for line, want := range map[string]string{
		"verbosity 0": "ok", "verbosity 255": "ok", "verbosity +2": "ok", "verbosity": "error missing value for verbosity",
		"verbosity x": "error invalid digit found in string", "verbosity -1": "error invalid digit found in string",
		"verbosity 256": "error number too large to fit in target type",
		"progress true": "unsupported", "cloning true": "unsupported", "atomic true": "unsupported", "dry-run true": "unsupported",
		"pushcert true": "unsupported", "followtags true": "unsupported", "object-format true": "unsupported", "": "unsupported",
		"push-option": "error missing value for push-option", "push-option no-sync": "ok", "cas": "error missing value for cas",
		"cas refs/heads/a:" + strings.Repeat("0", 40): "ok",
	} {
		name, value, _ := strings.Cut(line, " ")
		o := options{}
		if got, err := o.set(name, value); err != nil || got != want {
			t.Errorf("option %s: %q, %v", line, got, err)
		}
	}
}

func TestPushOptions(t *testing.T) {
	o := options{}
	for _, text := range []string{
		"no-sync", "hints", "sync.debug", "patch.draft", "patch.message=one", `"patch.message=\"two\"  \303\244"`, "patch.base=HEAD~1",
		"patch.target=dev", "patch.branch", "patch.branch=mine",
	} {
		if _, err := o.set("push-option", text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	if !o.noSync || !o.hints || !o.draft || *o.message != "one\n\n\"two\"  ä" || o.base != "HEAD~1" ||
		o.target.Branch != "refs/heads/dev" || o.branch != "mine" || o.mirror {
		t.Errorf("%+v", o)
	}
	if _, err := o.set("push-option", "sync"); err != nil || o.noSync {
		t.Errorf("sync: %v, %v", o.noSync, err)
	}
	for text, want := range map[string]string{
		"foo": `unknown push option "foo"`, "foo=bar": `unknown push option "foo"`, "no-sync=1": `unknown push option "no-sync"`,
		"patch.target=refs/tags/x": `unknown push option "invalid patch.target 'refs/tags/x': invalid merge target 'refs/tags/x': must be a branch"`,
		`a"b`:                      `unknown push option "a\"b"`,
	} {
		if _, err := o.set("push-option", text); !errors.Is(err, errUnknownOption) || err.Error() != want {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{"patch.message=" + strings.Repeat("x", maxMessage), "patch.branch=bad name", `"patch.message=`, "patch.target=a..b"} {
		if _, err := o.set("push-option", text); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}

func TestLeases(t *testing.T) {
	id := strings.Repeat("1", 40)
	o := options{}
	for _, value := range []string{"refs/heads/a:" + id, `"refs/heads/\303\244:` + id + `"`, "refs/heads/b:c:" + id} {
		if answer, err := o.set("cas", value); err != nil || answer != "ok" {
			t.Errorf("%s: %s, %v", value, answer, err)
		}
	}
	if o.leases["refs/heads/a"] != id || o.leases["refs/heads/ä"] != id || o.leases["refs/heads/b:c"] != id {
		t.Errorf("%v", o.leases)
	}
	for _, value := range []string{"refs/heads/a", "refs/heads/a:", "refs/heads/a:xyz"} {
		if _, err := o.set("cas", value); err == nil {
			t.Errorf("%s is taken", value)
		}
	}
}

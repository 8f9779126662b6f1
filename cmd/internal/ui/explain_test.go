package ui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"radswarm/cmd/internal/control"
	"radswarm/radicle/profile"
)

func TestExplain(t *testing.T) {
	coded := func(c control.Code) error { return &control.Error{Code: c, Message: "it is so", Hint: "rad swarm do"} }
	for name, test := range map[string]struct {
		err  error
		want Problem
	}{
		"failed":    {coded(control.CodeFailed), Problem{"it is so", "rad swarm do", 1}},
		"usage":     {coded(control.CodeUsage), Problem{"it is so", "rad swarm do", 2}},
		"not found": {coded(control.CodeNotFound), Problem{"it is so", "rad swarm do", 3}},
		"conflict":  {coded(control.CodeConflict), Problem{"it is so", "rad swarm do", 4}},
		"locked":    {coded(control.CodeLocked), Problem{"it is so", "rad swarm do", 5}},
		"missing":   {coded(control.CodeMissing), Problem{"it is so", "rad swarm do", 6}},
		"unsafe":    {coded(control.CodeUnsafe), Problem{"it is so", "rad swarm do", 7}},
		"full":      {coded(control.CodeFull), Problem{"it is so", "rad swarm do", 8}},
		"busy":      {coded(control.CodeBusy), Problem{"it is so", "rad swarm do", 9}},
		"version":   {coded(control.CodeVersion), Problem{"it is so", "rad swarm do", 10}},
		"stopping":  {coded(control.CodeStopping), Problem{"it is so", "rad swarm do", 11}},
		"of later":  {coded("later"), Problem{"it is so", "rad swarm do", 1}},
		"of none":   {coded(""), Problem{"it is so", "rad swarm do", 1}},

		"ours":           {Usagef("rad swarm help", "there is no %s", "x"), Problem{"there is no x", "rad swarm help", 2}},
		"with a hint":    {&HintError{Err: fs.ErrNotExist, Hint: "h"}, Problem{"file does not exist", "h", 3}},
		"with a code":    {HintErrorf("h", 7, "so"), Problem{"so", "h", 7}},
		"said already":   {&SilentError{Exit: 7}, Problem{"", "", 7}},
		"Ctrl-C":         {context.Canceled, Problem{"interrupted", "", 130}},
		"Ctrl-C in work": {&InterruptedError{GoesOn: "say it again"}, Problem{"interrupted", "say it again", 130}},

		"no daemon":    {control.ErrNotRunning, Problem{"daemon is not running", "rad swarm daemon", 11}},
		"daemon ended": {control.ErrEnded, Problem{"daemon has ended before it answered", "rad swarm daemon --log", 11}},
		"no start": {
			&control.StartError{Said: "address in use", Err: errors.New("exit status 1")},
			Problem{"daemon does not start: address in use", "rad swarm daemon --log", 11},
		},
		"no home": {&profile.NotFoundError{Dir: "/h"}, Problem{"there is no Radicle home at /h", "rad swarm auth --alias NAME", 12}},
		"no HOME": {profile.ErrNoHome, Problem{profile.ErrNoHome.Error(), "export RAD_HOME=~/.radicle", 12}},
		"a broken config": {
			&profile.ConfigError{Path: "/h/config.json", Err: errors.New("no alias")},
			Problem{(&profile.ConfigError{Path: "/h/config.json", Err: errors.New("no alias")}).Error(), "", 12},
		},
		"a locked key":   {fmt.Errorf("%w: no agent", profile.ErrLocked), Problem{"radicle key is locked: no agent", "rad swarm unlock", 5}},
		"no such file":   {&fs.PathError{Op: "stat", Path: "x", Err: fs.ErrNotExist}, Problem{"stat x: file does not exist", "", 3}},
		"there already":  {&fs.PathError{Op: "open", Path: "x", Err: fs.ErrExist}, Problem{"open x: file already exists", "", 4}},
		"something else": {errors.New("so"), Problem{"so", "", 1}},
	} {
		if diff := cmp.Diff(test.want, Explain(test.err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Every code of the daemon has a number, and no number two rows.
func TestExits(t *testing.T) {
	numbers, codes := map[int]bool{}, map[control.Code]bool{}
	for _, e := range Exits() {
		if numbers[e.Number] || codes[e.Code] && e.Code != "" || e.Meaning == "" {
			t.Errorf("%+v stands twice, or means nothing", e)
		}
		numbers[e.Number], codes[e.Code] = true, true
	}
	for _, c := range []control.Code{
		control.CodeFailed, control.CodeUsage, control.CodeNotFound, control.CodeConflict, control.CodeLocked, control.CodeMissing,
		control.CodeUnsafe, control.CodeFull, control.CodeBusy, control.CodeVersion, control.CodeStopping,
	} {
		if !codes[c] {
			t.Errorf("%s has no number", c)
		}
	}
}

func TestErrorIsALineAndAHint(t *testing.T) {
	var out, err bytes.Buffer
	u := New(Options{Out: &out, Err: &err, Program: "rad-swarm"})
	u.Quiet = true // errors are told all the same
	code := u.Error(&control.Error{Code: control.CodeMissing, Message: "3 shares needed\nand more", Hint: "rad swarm friend"})
	want := "error: 3 shares needed and more\nhint: rad-swarm friend\n"
	if code != Missing || out.Len() > 0 || err.String() != want {
		t.Errorf("%d, %q, %q", code, out.String(), err.String())
	}
	if code := u.Error(nil); code != OK || err.String() != want {
		t.Errorf("no error: %d, %q", code, err.String())
	}
}

func TestProgramName(t *testing.T) {
	found := func(string) (string, error) { return "/bin/rad", nil }
	missing := func(string) (string, error) { return "", fs.ErrNotExist }
	if a, b := ProgramName(found), ProgramName(missing); a != "rad swarm" || b != "rad-swarm" {
		t.Errorf("%q, %q", a, b)
	}
}

func TestNobodyIsAskedWithoutATerminal(t *testing.T) {
	var out bytes.Buffer
	for _, terminal := range []bool{false, true} { // true: of standard error, while nobody is at standard input
		_, err := New(Options{Out: &out, Err: &out, Terminal: terminal}).Passphrase("passphrase")
		if !errors.Is(err, ErrNoTerminal) || out.Len() > 0 {
			t.Errorf("%v, %q", err, out.String())
		}
	}
}

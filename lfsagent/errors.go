package lfsagent

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Code is the number that git-lfs prints before a sentence: an HTTP status, as those who know git-lfs expect. git-lfs treats all of
// them alike.
type Code int

// Codes of failures that begin here. A [Daemon] may use others.
const (
	CodeRequest  Code = 400 // git-lfs asks for something that makes no sense
	CodeRefused  Code = 403 // it will not be done
	CodeMissing  Code = 404 // a file is not there
	CodeConflict Code = 409 // a file is not what it should be
	CodeFailed   Code = 500 // anything else
	CodeSilent   Code = 504 // no word from the daemon
)

// Failure is an error for people: they read it after the name of the object, and nothing else.
type Failure struct {
	Code Code   // 0 is [CodeFailed]
	Text string // a sentence, lower case, without a full stop
	Hint string // a command that can be pasted; may be empty
}

func (e *Failure) Error() string { return e.Text }

func refuse(code Code, hint, format string, args ...any) *Failure {
	return &Failure{Code: code, Hint: hint, Text: fmt.Sprintf(format, args...)}
}

var (
	errSilent = &Failure{
		Code: CodeSilent, Text: "the daemon has not said a word for two minutes", Hint: "rad swarm daemon --restart",
	}
	errCrashed = &Failure{Code: CodeFailed, Text: "the transfer crashed: that is a fault of radswarm"}
	errStopped = &Failure{Code: CodeFailed, Text: "stopped"}
)

// maxSentence bounds a sentence, in bytes.
const maxSentence = 1000

// sentence is an error as people see it: one line, printable, of bounded length. Much of it may be in other people's words.
func sentence(err error) (Code, string) {
	code, text := CodeFailed, err.Error()
	if f, ok := errors.AsType[*Failure](err); ok {
		if f.Code != 0 {
			code = f.Code
		}
		if f.Hint != "" {
			text += "; hint: " + f.Hint
		}
	}
	if text = printable(text, maxSentence); text == "" {
		text = "it failed, and nobody says why"
	}
	return code, text
}

// printable is text in one line without anything that a terminal would act on, such as names of friends that turn it around.
func printable(text string, longest int) string {
	cut := len(text) > longest
	text = strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError, !unicode.IsPrint(r) && !unicode.IsSpace(r):
			return '?'
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, text[:min(len(text), longest)])
	text = strings.Join(strings.Fields(text), " ")
	if cut {
		text = strings.TrimSuffix(text, "?") + "…"
	}
	return text
}

package ui

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"
)

// Options of a [UI].
type Options struct {
	In       *os.File  // nil: there is nobody to ask
	Out, Err io.Writer // results; everything else
	Terminal bool      // Err is one: progress may be drawn, and, where In is one too, questions asked
	Width    int       // columns of it; 0: 80
	Program  string    // as hints name it, see [ProgramName]; empty: rad-swarm
}

// UI is where a command speaks to a person. Quiet and JSON are set once, before it speaks.
type UI struct {
	Quiet bool // neither progress nor notes
	JSON  bool // results as JSON

	o  Options
	mu sync.Mutex // one line at a time; a bar is cleared before others speak
	// bar is what is drawn at present; guarded by mu.
	bar *bar
}

// New makes a UI.
func New(o Options) *UI {
	if o.Width == 0 {
		o.Width = 80
	}
	if o.Program == "" {
		o.Program = "rad-swarm"
	}
	return &UI{o: o}
}

// Standard is the UI of a process, that is a program of this name.
func Standard(program string) *UI {
	o := Options{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Program: program, Terminal: term.IsTerminal(int(os.Stderr.Fd()))}
	if o.Terminal {
		if w, _, err := term.GetSize(int(os.Stderr.Fd())); err == nil {
			o.Width = w
		}
	}
	return New(o)
}

// ProgramName is what people type before a subcommand: rad runs rad-swarm, where rad is there. Look is exec.LookPath.
func ProgramName(look func(string) (string, error)) string {
	if _, err := look("rad"); err == nil {
		return "rad swarm"
	}
	return "rad-swarm"
}

// Program is what people type before a subcommand.
func (u *UI) Program() string { return u.o.Program }

// Localize returns a text with the program named as it is here; texts say "rad swarm".
func (u *UI) Localize(text string) string {
	if u.o.Program == "rad swarm" {
		return text
	}
	return strings.ReplaceAll(text, "rad swarm", u.o.Program)
}

// Say prints a line of the result.
func (u *UI) Say(format string, args ...any) error {
	_, err := fmt.Fprintln(u.o.Out, Clean(fmt.Sprintf(format, args...)))
	return err
}

// Note prints a line that is no result, unless the command is to be quiet.
func (u *UI) Note(format string, args ...any) {
	if !u.Quiet {
		u.line(fmt.Sprintf(format, args...))
	}
}

// Warn prints a warning and what to do about it.
func (u *UI) Warn(text, hint string) {
	u.line("warning: " + text)
	u.hint(hint)
}

// Error prints an error and what to do about it, and returns the exit code that goes with it. No error is [OK].
func (u *UI) Error(err error) int {
	if err == nil {
		return OK
	}
	p := Explain(err)
	if p.Line != "" {
		u.line("error: " + p.Line)
	}
	u.hint(p.Hint)
	return p.Exit
}

func (u *UI) hint(hint string) {
	if hint != "" {
		u.line("hint: " + u.Localize(hint))
	}
}

// line writes one line to people, whatever it holds.
func (u *UI) line(text string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.bar.clear()
	_, _ = fmt.Fprintln(u.o.Err, Clean(text)) // nobody is left to be told
}

// Out is where a command writes what is neither table nor JSON, as the text of a log; it is cleaned line by line.
func (u *UI) Out() io.Writer { return &cleaner{to: u.o.Out} }

// Err is where a daemon in the foreground logs.
func (u *UI) Err() io.Writer { return u.o.Err }

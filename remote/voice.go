package remote

import (
	"fmt"
	"io"
	"os"

	"radswarm/radicle/profile"
)

// The colours that Radicle's tools use, as SGR codes.
type colour int

const (
	dim    colour = 2
	red    colour = 31
	green  colour = 32
	yellow colour = 33
	blue   colour = 34
	cyan   colour = 36
)

// voice writes to people.
type voice struct {
	w        io.Writer
	colour   bool
	terminal bool
}

// line writes a line.
func (v *voice) line(format string, args ...any) { fmt.Fprintf(v.w, format+"\n", args...) }

// hint writes a line that tells what could be done.
func (v *voice) hint(text string) { v.line("%s", v.paint(yellow, "hint: "+text)) }

// warn writes a line about something that is not as expected.
func (v *voice) warn(text string) { v.line("%s", v.paint(yellow, "warn: "+text)) }

func (v *voice) paint(c colour, text string) string {
	if !v.colour {
		return text
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", c, text)
}

// colourful reports whether text may be coloured, by the rules of Radicle's tools, and NO_COLOR.
func colourful(env profile.Env, terminal bool) bool {
	get := func(key string) (string, bool) { return env(key) }
	if force, set := get("CLICOLOR_FORCE"); set && force != "0" {
		return true
	}
	if no, set := get("NO_COLOR"); set && no != "" || !terminal {
		return false
	}
	cli, cliSet := get("CLICOLOR")
	if cliSet && cli == "0" {
		return false
	}
	term, termSet := get("TERM")
	_, ci := get("CI")
	return termSet && term != "dumb" || cliSet || ci
}

// meanwhile writes on a terminal what people wait for, until noMore takes it away.
func (v *voice) meanwhile(format string, args ...any) {
	if v.terminal {
		fmt.Fprintf(v.w, format, args...)
	}
}

func (v *voice) noMore() {
	if v.terminal {
		fmt.Fprint(v.w, "\r\x1b[K")
	}
}

// IsTerminal reports whether a file is one that text may be coloured for.
func IsTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// success is what stands before a line about something that was done.
func (v *voice) success() string { return v.paint(green, "✓") }

package ui

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/term"
)

// ErrNoTerminal is that there is nobody who could be asked.
var ErrNoTerminal = errors.New("there is no terminal to ask for a passphrase")

// In is standard input, for what a person was told to put there. It is empty where there is none.
func (u *UI) In() io.Reader {
	if u.o.In == nil {
		return strings.NewReader("")
	}
	return u.o.In
}

// CanAsk reports whether a person is there to be asked.
func (u *UI) CanAsk() bool {
	return u.o.Terminal && u.o.In != nil && term.IsTerminal(int(u.o.In.Fd()))
}

// Passphrase asks for one, without showing it. Without a terminal it is ErrNoTerminal, at once.
func (u *UI) Passphrase(question string) (string, error) {
	if !u.CanAsk() {
		return "", ErrNoTerminal
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.bar.clear()
	_, _ = fmt.Fprint(u.o.Err, Clean(question), ": ")
	b, err := term.ReadPassword(int(u.o.In.Fd()))
	_, _ = fmt.Fprintln(u.o.Err)
	if err != nil {
		return "", fmt.Errorf("passphrase: %v", err)
	}
	return string(b), nil
}

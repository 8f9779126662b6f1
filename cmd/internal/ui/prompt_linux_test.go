package ui

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal opens a terminal: the person's end, and the program's.
func terminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no terminals here: %v", err)
	}
	t.Cleanup(func() { _ = person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Close() })
	return person, program
}

// A person at a terminal is asked, and what they type is not shown. Quiet commands ask as well.
func TestPassphraseIsAskedFor(t *testing.T) {
	person, program := terminal(t)
	u := New(Options{In: program, Err: program, Terminal: true})
	u.Quiet = true
	if !u.CanAsk() {
		t.Fatal("nobody could be asked")
	}
	hidden := New(Options{In: program, Err: program}) // standard error is elsewhere: the question would not be seen
	if _, err := hidden.Passphrase("passphrase"); !errors.Is(err, ErrNoTerminal) {
		t.Error(err)
	}
	if _, err := person.WriteString("secret phrase\n"); err != nil {
		t.Fatal(err)
	}
	got, err := u.Passphrase("passphrase\x1b[2J")
	if err != nil || got != "secret phrase" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := program.WriteString("END"); err != nil {
		t.Fatal(err)
	}
	var seen []byte
	for b := make([]byte, 256); !bytes.Contains(seen, []byte("END")); {
		n, err := person.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, b[:n]...)
	}
	// What was typed before the question was asked is echoed by the terminal itself, before the question.
	_, after, asked := bytes.Cut(seen, []byte(`passphrase\u001b[2J: `))
	if !asked || bytes.Contains(after, []byte("secret")) {
		t.Errorf("%q", seen)
	}
}

package ui

import "radswarm/cmd/internal/control"

// Exit codes. They are never given another meaning.
const (
	OK          = 0
	Failed      = 1
	Usage       = 2
	NotFound    = 3
	Conflict    = 4
	Locked      = 5
	Missing     = 6
	Unsafe      = 7
	Full        = 8
	Busy        = 9
	Version     = 10
	NoDaemon    = 11
	NoHome      = 12
	Interrupted = 130
)

// Exit is a row of the table of exit codes.
type Exit struct {
	Number  int          `json:"exit"`
	Code    control.Code `json:"code,omitempty"` // of the daemon's error that it goes with
	Meaning string       `json:"meaning"`
}

// Exits returns the table of exit codes.
func Exits() []Exit {
	return []Exit{
		{OK, "", "done"},
		{Failed, control.CodeFailed, "failed, for a reason that has no number of its own"},
		{Usage, control.CodeUsage, "the command line, or what it names, makes no sense"},
		{NotFound, control.CodeNotFound, "there is no such object, friend, repository or file"},
		{Conflict, control.CodeConflict, "it is there already, or in another state"},
		{Locked, control.CodeLocked, "the Radicle key is not at hand: rad swarm unlock"},
		{Missing, control.CodeMissing, "too few friends can be reached"},
		{Unsafe, control.CodeUnsafe, "stored, but not as safely as was required; or found to be less safe"},
		{Full, control.CodeFull, "no room at those who could take it"},
		{Busy, control.CodeBusy, "somebody else is at it: try again later"},
		{Version, control.CodeVersion, "the daemon is older or newer than the command"},
		{NoDaemon, control.CodeStopping, "the daemon does not run, does not start, or is shutting down"},
		{NoHome, "", "there is no Radicle home yet, or none that can be used"},
		{Interrupted, "", "interrupted by Ctrl-C"},
	}
}

// exitOf returns the exit code of a daemon's error.
func exitOf(code control.Code) int {
	for _, e := range Exits() {
		if e.Code == code && code != "" {
			return e.Number
		}
	}
	return Failed
}

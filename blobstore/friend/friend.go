package friend

import (
	"time"

	"radswarm/radicle"
)

// Friend is a person with whom pledges were exchanged.
type Friend struct {
	DID       radicle.DID
	Name      string    // what we call them, unique; may be empty, see [CheckName]
	Give      int64     // bytes that we pledge to them, 0 … MaxPledge
	Given     Given     // what they said last that they pledge to us
	Up, Down  int64     // bytes a second that we send to them and take from them at most; 0 for no bound of their own
	Household string    // friends of one household count as one place; empty: their own, see [CheckName]
	Added     time.Time // to the second
	Seen      time.Time // when they were here last; zero for never
	Draining  time.Time // since when the friendship is being wound up: nothing new is placed either way; zero: it is not
	Silence   Silence   // what we chose to do about their silence
	ChosenAt  time.Time // when we chose; zero: never
}

// Given is a pledge to us, as a friend stated it (PLEDGE).
type Given struct {
	Give int64     // bytes that we may use there, 0 … MaxPledge
	Used int64     // bytes charged to us
	Room int64     // bytes that they would still take
	At   time.Time // when they said so, to the second; zero: never
}

// Silence is what a person chose to do with the shares of a friend of whom nothing was heard for 90 days.
type Silence uint8

// The choices.
const (
	SilenceKeep Silence = iota // keep them: the default
	SilenceFree                // free them 30 days after the choice
	SilenceAsk                 // ask common friends
)

// String returns "keep", "free" or "ask".
func (s Silence) String() string {
	switch s {
	case SilenceKeep:
		return "keep"
	case SilenceFree:
		return "free"
	case SilenceAsk:
		return "ask"
	}
	return "unknown"
}

// check holds what is written against the bounds.
func (f *Friend) check(self radicle.DID) error {
	if f.DID == self {
		return ErrSelf
	}
	if err := f.DID.Validate(); err != nil {
		return in("friend", err)
	}
	for _, name := range []string{f.Name, f.Household} {
		if name == "" {
			continue
		}
		if err := CheckName(name); err != nil {
			return err
		}
	}
	if err := between("upload bound", f.Up, 0, MaxPledge); err != nil {
		return err
	}
	if err := between("download bound", f.Down, 0, MaxPledge); err != nil {
		return err
	}
	if err := between("silence", int64(f.Silence), 0, int64(SilenceAsk)); err != nil {
		return err
	}
	if err := between("pledge", f.Give, 0, MaxPledge); err != nil {
		return err
	}
	return f.Given.check()
}

func (g Given) check() error {
	for _, n := range []int64{g.Give, g.Used, g.Room} {
		if err := between("pledge", n, 0, MaxPledge); err != nil {
			return err
		}
	}
	return nil
}

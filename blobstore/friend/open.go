package friend

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"radswarm/radicle"
)

// FileName is the name of the database in the swarm folder.
const FileName = "state.db"

// Options of a database.
type Options struct {
	// Self is the DID of this home. Required: a database belongs to one DID.
	Self radicle.DID
	// Now is the clock; nil for time.Now.
	Now func() time.Time
	// Log hears what nobody is told through an error. Nil for silence.
	Log *slog.Logger

	steps  []string // migrations, for tests; nil for [migrations]
	limits *limits  // for tests; nil for those that are exported
	unsync bool     // for tests; nothing is durable
}

// limits are how many rows there may be of each kind.
type limits struct {
	friends, mine, certificates, cards, records, recordsVia, invitations, issued, received, receivedFrom, revocations, hints, keepers, keepersOf int
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.steps == nil {
		o.steps = migrations()
	}
	if o.limits == nil {
		o.limits = &limits{
			friends: MaxFriends, mine: MaxMine, certificates: MaxCertificates, cards: MaxCards,
			records: MaxRecords, recordsVia: MaxRecordsVia, invitations: MaxInvitations, issued: MaxIssued,
			received: MaxReceived, receivedFrom: MaxReceivedFrom, revocations: MaxRevocations, hints: MaxHints,
			keepers: MaxKeepers, keepersOf: MaxKeepersOf,
		}
	}
	return o
}

// Open opens the database at path, and makes it where there is neither a file nor a copy of one. Only one process can have it
// open.
//
// Errors are a [*CorruptError] for a file that is damaged, or gone while copies are there: nothing is changed then, see
// [Restore]; a [*VersionError] for one of a newer version; [ErrOther] for the database of another DID; [ErrLocked]; and what
// the system said.
func Open(ctx context.Context, path string, options Options) (*State, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	options = options.withDefaults()
	if err := options.Self.Validate(); err != nil {
		return nil, in("own did", err)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := ensure(path, options); err != nil {
		return nil, explain(path, err)
	}
	s := newState(path, options)
	if err := s.start("wal"); err != nil {
		return nil, explain(path, errors.Join(err, s.release()))
	}
	return s, nil
}

// ensure makes the file if there is none. It is made under another name, so that a file under its own is always whole.
func ensure(path string, options Options) error {
	info, err := os.Lstat(path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("%s is no regular file", path)
	case err == nil:
		return errors.Join(checkHeader(path, options), os.Chmod(path, 0o600))
	case !errors.Is(err, fs.ErrNotExist):
		return err
	case len(copiesOf(path)) > 0:
		return damage{err}
	}
	if _, err := os.Lstat(path + walSuffix); err == nil {
		return damage{fmt.Errorf("the file is gone, its %s is there", walSuffix)}
	}
	return replace(path, func(temp *os.File) error { return create(temp.Name(), options) }, func() error { return nil })
}

// walSuffix ends the name of the file with what was written last; SQLite gives it.
const walSuffix = "-wal"

// checkHeader looks at the first 100 bytes of a file as SQLite writes them, so that a file which is not ours to open stays as it
// is.
func checkHeader(path string, options Options) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	var head [100]byte
	_, err = io.ReadFull(f, head[:])
	switch err = errors.Join(err, f.Close()); {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return damage{errors.New("the file is too short")}
	case err != nil:
		return err
	case string(head[:16]) != "SQLite format 3\x00":
		return damage{errors.New("the file is no database")}
	case binary.BigEndian.Uint32(head[68:]) != applicationID:
		return damage{errors.New("the database is another program's")}
	}
	if version := int(binary.BigEndian.Uint32(head[60:])); version > len(options.steps) {
		return &VersionError{Got: version, Known: len(options.steps)}
	}
	return nil
}

// create makes an empty database in an empty file.
func create(path string, options Options) error {
	d, err := openDatabase(path, "delete", options.unsync)
	if err != nil {
		return err
	}
	err = d.migrate(options.steps)
	if err == nil {
		err = d.update(func() error { return d.exec("INSERT INTO self (did) VALUES (?)", options.Self[:]) })
	}
	return errors.Join(err, d.close())
}

// start opens the file, brings it to the newest version and reads it.
func (s *State) start(journal string) (err error) {
	if s.db, err = openDatabase(s.path, journal, s.unsync); err != nil {
		return err
	}
	if err := s.db.check(); err != nil {
		if isLocked(err) {
			return err
		}
		return damage{err}
	}
	if err := s.db.migrate(s.steps); err != nil {
		return err
	}
	return s.load()
}

// damage is an error that says that the file cannot be believed.
type damage struct{ error }

func (d damage) Unwrap() error { return d.error }

// explain makes of an error of a file what callers branch on.
func explain(path string, err error) error {
	if d, ok := errors.AsType[damage](err); ok {
		return &CorruptError{Path: path, Copies: copiesOf(path), Err: d.error}
	}
	if v, ok := errors.AsType[*VersionError](err); ok {
		return &VersionError{Path: path, Got: v.Got, Known: v.Known}
	}
	switch {
	case err == nil:
		return nil
	case isDamage(err):
		return &CorruptError{Path: path, Copies: copiesOf(path), Err: err}
	case isLocked(err):
		return fmt.Errorf("%s: %w", path, ErrLocked)
	}
	return fmt.Errorf("%s: %w", path, err)
}

// Close writes what was not yet written (when friends were seen) and closes the database. From then on everything is
// [fs.ErrClosed].
func (s *State) Close() error {
	s.write.Lock()
	defer s.write.Unlock()
	if s.db == nil {
		return fs.ErrClosed
	}
	return explain(s.path, errors.Join(s.writeSeen(), s.release()))
}

func (s *State) release() error {
	if s.db == nil {
		return nil
	}
	err := s.db.close()
	s.db = nil
	return err
}

package friend

import (
	"context"
	"database/sql"
)

// Small returns options with small bounds.
func (o Options) Small() Options {
	o.limits = &limits{
		friends: 8, mine: 2, certificates: 4, cards: 3, records: 12, recordsVia: 4, invitations: 3, issued: 5,
		received: 9, receivedFrom: 3, revocations: 4, hints: 3, keepers: 2, keepersOf: 2,
	}
	return o
}

// Unsync returns options of a database that is not durable, for tests that have no crash.
func (o Options) Unsync() Options {
	o.unsync = true
	return o
}

// Steps returns options with migrations after the real ones.
func (o Options) Steps(more ...string) Options {
	o.steps = append(migrations(), more...)
	return o
}

// Run executes SQL on the connection of a database that is open.
func (s *State) Run(query string) error {
	s.write.Lock()
	defer s.write.Unlock()
	return s.db.run(query)
}

// Int asks SQL for a number.
func (s *State) Int(query string) (n int64, err error) {
	s.write.Lock()
	defer s.write.Unlock()
	err = s.db.conn.QueryRowContext(context.Background(), query).Scan(&n)
	return n, err
}

// OpenPlain opens a file without any of the package's care.
func OpenPlain(path string) (*sql.DB, error) { return sql.Open("sqlite", fileURI(path)) }

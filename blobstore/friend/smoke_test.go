package friend

import (
	"path/filepath"
	"testing"

	"radswarm/radicle"
)

func TestSmoke(t *testing.T) {
	p := filepath.Join(t.TempDir(), FileName)
	self := radicle.NewMemorySigner([32]byte{1}).NID().DID()
	for range 2 {
		s, err := Open(t.Context(), p, Options{Self: self})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Invite(t.Context(), 5, "", 0); err != nil {
			t.Fatal(err)
		}
		if done, err := s.BackupDaily(t.Context()); err != nil {
			t.Fatal(done, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

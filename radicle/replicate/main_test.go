package replicate_test

import (
	"fmt"
	"os"
	"testing"
)

// scratch is a folder for what tests share. It is removed at the end.
var scratch string

func TestMain(m *testing.M) {
	if dir := os.Getenv(envVictim); dir != "" {
		os.Exit(victim(dir))
	}
	dir, err := os.MkdirTemp("", "replicate")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	scratch = dir
	code := m.Run()
	_ = os.RemoveAll(dir) // only a test's
	os.Exit(code)
}

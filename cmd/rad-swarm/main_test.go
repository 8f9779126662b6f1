package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The test binary is rad-swarm, too.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"rad-swarm": main})
}

//go:build unix

package proof

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"sync"
	"testing"

	"radswarm/cmd/internal/command"
)

// roleKey is the environment variable that makes the test binary something else than tests: one of roles.
const roleKey = "RADSWARM_PROOF_ROLE"

// roles are what the test binary can be as a process of its own.
var roles = map[string]func(args []string) error{
	"write": writeRole,
	"hold":  holdRole,
}

// programName is what the test binary is called where it is the program that is tested: its daemons and its commands.
const programName = "rad-swarm"

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == programName {
		os.Exit(command.Main(context.Background(), command.Config{
			Args: os.Args[1:], Env: os.LookupEnv, UI: command.Terminal(), Software: "proof",
		}))
	}
	role, ok := roles[os.Getenv(roleKey)]
	if !ok {
		code := m.Run()
		_ = os.RemoveAll(built)
		os.Exit(code)
	}
	if err := profiled(role); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// built is the folder of programs, once there is one.
var built string

// programs returns a folder with our programs as people have them, and with the least of agents. They are built once.
var programs = sync.OnceValues(func() (bin string, err error) {
	if built, err = os.MkdirTemp("", "rs"); err != nil {
		return "", err
	}
	bin = filepath.Join(built, "bin") + string(filepath.Separator)
	out, err := exec.Command("go", "build", "-o", bin,
		"../../rad-swarm", "../../git-remote-rad", "../../git-lfs-rad", "./testdata/links").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return bin, nil
})

// profileKey is the environment variable with the folder to which processes of a role write their processor profiles.
const profileKey = "RADSWARM_PROOF_PROFILES"

func profiled(role func(args []string) error) error {
	dir := os.Getenv(profileKey)
	if dir == "" {
		return role(os.Args[1:])
	}
	f, err := os.Create(filepath.Join(dir, fmt.Sprintf("%s-%d.prof", os.Getenv(roleKey), os.Getpid())))
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	err = role(os.Args[1:])
	pprof.StopCPUProfile()
	return errors.Join(err, f.Close())
}

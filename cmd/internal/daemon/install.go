package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// ErrNoService is a machine on which nothing runs services for a person: neither systemd nor launchd.
var ErrNoService = errors.New("neither systemd nor launchd runs services for you here")

// ServiceError is a program of the system that did not do what installing asked of it.
type ServiceError struct {
	Command string // the whole line
	Said    string // one line
	Err     error
}

func (e *ServiceError) Error() string {
	if e.Said != "" {
		return fmt.Sprintf("%s: %s", e.Command, e.Said)
	}
	return fmt.Sprintf("%s: %v", e.Command, e.Err)
}

// Unwrap returns the cause.
func (e *ServiceError) Unwrap() error { return e.Err }

// Installed is a service that runs.
type Installed struct {
	Path string `json:"path"` // of the file that was written
	// Linger is the command after which it also runs while the person is not logged in; empty where it does already.
	Linger string `json:"linger,omitempty"`
}

// Install writes the unit or agent and starts it. A daemon of this home that was started otherwise is stopped before, by the
// caller. Installed again, it is as new. Errors are [ErrNoService], a *ServiceError, and what the disk said.
func (s Service) Install(ctx context.Context) (Installed, error) {
	switch s.system() {
	case "linux":
		return s.installUnit(ctx)
	case "darwin":
		return s.installAgent(ctx)
	}
	return Installed{}, ErrNoService
}

// Uninstall stops the service and removes its file. One that is not there is fs.ErrNotExist.
func (s Service) Uninstall(ctx context.Context) error {
	switch s.system() {
	case "linux":
		if _, err := os.Stat(s.UnitPath()); err != nil {
			return err
		}
		if _, err := system(ctx, "systemctl", "--user", "disable", "--now", s.name()+".service"); err != nil {
			return err
		}
		if err := os.Remove(s.UnitPath()); err != nil {
			return err
		}
		_, err := system(ctx, "systemctl", "--user", "daemon-reload")
		return err
	case "darwin":
		if _, err := os.Stat(s.AgentPath()); err != nil {
			return err
		}
		_, _ = system(ctx, "launchctl", "bootout", s.domain()+"/"+s.label()) // it may not be loaded
		return os.Remove(s.AgentPath())
	}
	return ErrNoService
}

func (s Service) system() string {
	if s.OS != "" {
		return s.OS
	}
	return runtime.GOOS
}

func (s Service) domain() string { return fmt.Sprintf("gui/%d", os.Getuid()) }

func (s Service) installUnit(ctx context.Context) (Installed, error) {
	if _, err := system(ctx, "systemctl", "--user", "show-environment"); err != nil {
		return Installed{}, fmt.Errorf("%w: %w", ErrNoService, err) // before anything is written
	}
	if err := replace(s.UnitPath(), s.Unit()); err != nil {
		return Installed{}, err
	}
	for _, args := range [][]string{
		{"daemon-reload"}, {"enable", s.name() + ".service"}, {"restart", s.name() + ".service"},
	} {
		if _, err := system(ctx, "systemctl", append([]string{"--user"}, args...)...); err != nil {
			return Installed{}, err
		}
	}
	in := Installed{Path: s.UnitPath()}
	out, err := system(ctx, "loginctl", "show-user", fmt.Sprint(os.Getuid()), "--property=Linger", "--value")
	if err != nil || strings.TrimSpace(out) != "yes" {
		in.Linger = "loginctl enable-linger"
	}
	return in, nil
}

func (s Service) installAgent(ctx context.Context) (Installed, error) {
	if _, err := exec.LookPath("launchctl"); err != nil {
		return Installed{}, fmt.Errorf("%w: %w", ErrNoService, err)
	}
	if err := replace(s.AgentPath(), s.Agent()); err != nil {
		return Installed{}, err
	}
	_, _ = system(ctx, "launchctl", "bootout", s.domain()+"/"+s.label()) // of an earlier one, which may not be there
	if _, err := system(ctx, "launchctl", "bootstrap", s.domain(), s.AgentPath()); err != nil {
		return Installed{}, err
	}
	return Installed{Path: s.AgentPath()}, nil
}

// replace writes a file that others may read, whole or not at all, and the folders that it is in.
func replace(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	temp := path + ".new"
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(temp, []byte(text), 0o644); err != nil {
		return err
	}
	return os.Rename(temp, path)
}

// system runs a program of the system and returns what it prints.
func system(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		line, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n")
		return "", &ServiceError{Command: strings.Join(cmd.Args, " "), Said: line, Err: err}
	}
	return string(out), nil
}

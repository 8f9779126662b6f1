package lab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"
)

// What there is at the top of a lab beside the homes.
const (
	markerFile = "radswarm-lab.json"
	newMarker  = markerFile + ".new"
	lockFile   = "lab.lock"
	workDir    = "work"
	makingDir  = ".making"
)

const (
	markerKind = "radswarm-lab"
	maxMarker  = 1 << 20
)

// A marker says that a folder is a lab, and which homes it has: a home is listed before it is made.
type marker struct {
	Kind    string    `json:"kind"`
	Version int       `json:"version"`
	Made    time.Time `json:"made"`
	Homes   []listed  `json:"homes"`

	mu sync.Mutex // ports, while homes start side by side
}

// listed is a home of a lab.
type listed struct {
	Name   string `json:"name"`
	Friend bool   `json:"friend"` // of you
	Port   uint16 `json:"port"`
}

// nameRule keeps names apart from numbers, from what lies beside the homes, and from everything that a path or shell minds.
var nameRule = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)

// NameError is a name that no home may have.
type NameError struct{ Name string }

func (e *NameError) Error() string {
	return fmt.Sprintf("%q cannot be a home's name: up to 31 of a–z, 0–9 and -, a letter first, and not %s", e.Name, workDir)
}

func checkName(name string) error {
	if !nameRule.MatchString(name) || name == workDir {
		return &NameError{Name: name}
	}
	return nil
}

func (m *marker) names() []string {
	names := make([]string, 0, len(m.Homes))
	for _, h := range m.Homes {
		names = append(names, h.Name)
	}
	return names
}

func (m *marker) home(name string) *listed {
	if i := slices.IndexFunc(m.Homes, func(h listed) bool { return h.Name == name }); i >= 0 {
		return &m.Homes[i]
	}
	return nil
}

// port is the port of a home that is listed.
func (m *marker) port(name string) uint16 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.home(name).Port
}

// move gives a home that is listed another port, and writes the marker.
func (m *marker) move(dir, name string) (uint16, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	port, err := freePort(m)
	if err != nil {
		return 0, err
	}
	m.home(name).Port = port
	return port, m.write(dir)
}

// friends lists the friends of you, in order.
func (m *marker) friends() []string {
	var names []string
	for _, h := range m.Homes {
		if h.Friend {
			names = append(names, h.Name)
		}
	}
	return names
}

// readMarker reads the marker of a folder. One that is not there is fs.ErrNotExist.
func readMarker(dir string) (*marker, error) {
	path := filepath.Join(dir, markerFile)
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || !owned(info) {
		return nil, &ForeignError{Path: path, Why: "not a file of ours"}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxMarker))
	if err != nil {
		return nil, err
	}
	m := &marker{}
	d := json.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(m); err != nil {
		return nil, &ForeignError{Path: path, Why: err.Error()}
	}
	return m, m.validate(path)
}

func (m *marker) validate(path string) error {
	seen := map[string]bool{}
	for _, h := range m.Homes {
		if checkName(h.Name) != nil || seen[h.Name] {
			return &ForeignError{Path: path, Why: fmt.Sprintf("home %q", h.Name)}
		}
		seen[h.Name] = true
	}
	if m.Kind != markerKind || m.Version != 1 || len(m.Homes) > MaxHomes {
		return &ForeignError{Path: path, Why: "not the marker of a lab that this program knows"}
	}
	return nil
}

// write replaces the marker, whole or not at all.
func (m *marker) write(dir string) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	temp := filepath.Join(dir, newMarker)
	if err := os.WriteFile(temp, append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(temp, filepath.Join(dir, markerFile))
}

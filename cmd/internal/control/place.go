package control

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"radswarm/radicle/profile"
)

// maxSocketPath is how long a socket's path may be everywhere: macOS has room for 104 bytes, the last of them zero.
const maxSocketPath = 103

// Place is the swarm folder of a home (DESIGN.md §4), by its absolute path.
type Place struct{ Dir string }

// At returns the swarm folder of a home.
func At(h profile.Home) Place { return Place{Dir: filepath.Join(h.Dir(), "swarm")} }

// Lock returns the path of the file that the running daemon has locked.
func (p Place) Lock() string { return filepath.Join(p.Dir, "daemon.lock") }

// Log returns the path of the file that a daemon in the background writes to.
func (p Place) Log() string { return filepath.Join(p.Dir, "log", "daemon.log") }

// socketFile names the file that says where the socket is, if that is not in the folder.
func (p Place) socketFile() string { return filepath.Join(p.Dir, "control.path") }

// Make creates the folder and what belongs into it, for its owner only. A folder that others may enter is made closed. The home
// itself must be there (else fs.ErrNotExist): a daemon that starts late does not bring back one that was deleted.
func (p Place) Make() error {
	for _, dir := range []string{p.Dir, filepath.Dir(p.Log())} {
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := os.Chmod(dir, 0o700); err != nil {
			return err
		}
	}
	return nil
}

// Socket returns where a daemon of this place is to be reached: in the folder, or, where that path is too long for a
// socket, where control.path says.
func (p Place) Socket() (string, error) {
	if path := filepath.Join(p.Dir, "control.sock"); len(path) <= maxSocketPath {
		return path, nil
	}
	f, err := os.Open(p.socketFile())
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil {
		return "", err
	}
	path := strings.TrimSuffix(string(b), "\n")
	if !filepath.IsAbs(path) || len(path) > maxSocketPath || strings.ContainsAny(path, "\n\x00") {
		return "", fmt.Errorf("%s does not hold the path of a socket", p.socketFile())
	}
	return path, nil
}

// NewSocket returns the path at which a daemon is to listen, and writes it down if it is not in the folder: then it is
// $XDG_RUNTIME_DIR/radswarm-<hash>.sock, or in a folder of its own in the temporary directory that nobody else may enter.
func (p Place) NewSocket() (string, error) {
	if path := filepath.Join(p.Dir, "control.sock"); len(path) <= maxSocketPath {
		return path, nil
	}
	sum := sha256.Sum256([]byte(p.Dir))
	name := "radswarm-" + hex.EncodeToString(sum[:8])
	path := filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), name+".sock")
	if os.Getenv("XDG_RUNTIME_DIR") == "" || len(path) > maxSocketPath {
		dir := filepath.Join(os.TempDir(), name)
		if err := closedDir(dir); err != nil {
			return "", err
		}
		path = filepath.Join(dir, "control.sock")
	}
	if len(path) > maxSocketPath {
		return "", fmt.Errorf("%s: longer than the %d bytes that a socket's path may have", path, maxSocketPath)
	}
	return path, os.WriteFile(p.socketFile(), []byte(path+"\n"), 0o600)
}

// closedDir makes sure of a folder that nobody else made, owns or may enter.
func closedDir(dir string) error {
	if err := os.Mkdir(dir, 0o700); err == nil || !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() || info.Mode().Perm() != 0o700 || !ours(info) {
		return fmt.Errorf("%s is not a folder of ours alone", dir)
	}
	return nil
}

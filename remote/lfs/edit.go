package lfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A change is what is to be done to a configuration file.
type change struct {
	replace []setting // the only value afterwards
	remove  []setting // this value of the key, if it has it
	add     []setting // at the end of the file
	marks   []setting // after those
}

func (ch *change) empty() bool { return len(ch.replace)+len(ch.remove)+len(ch.add) == 0 }

// errChanged is a file that is no longer what it was when the change was thought out.
var errChanged = errors.New("configuration has changed meanwhile")

// write changes the repository's own file: a copy beside it, renamed into place under git's lock. The copy is complete before the
// lock is taken, which is held for three calls of the system: a process that is killed may leave the copy, but hardly the lock.
func (c *Config) write(ctx context.Context, ch change) (err error) {
	if ch.empty() {
		return nil
	}
	if c.file == nil {
		return fmt.Errorf("%s: %w: more than %d bytes", c.path(), ErrTooLarge, maxConfig)
	}
	path, mode := c.path(), fs.FileMode(0o666) // less umask, where there is no file yet
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // git follows it too
	}
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	if _, err := os.Lstat(path + lockSuffix); err == nil {
		return fs.ErrExist
	}
	f, err := create(path, mode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(ch.appended(c.file))
	if err = errors.Join(err, keepMode(f, path, mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := c.edit(ctx, f.Name(), ch); err != nil {
		return err
	}
	return c.replace(path, f.Name())
}

// lockSuffix makes of the name of a configuration file that of git's lock.
const lockSuffix = ".lock"

// create makes a file beside another one.
func create(path string, mode fs.FileMode) (*os.File, error) {
	name := fmt.Sprintf("%s.swarm-%016x", path, rand.Uint64())
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
}

// replace puts a copy in the place of the file, unless that has changed since it was read.
func (c *Config) replace(path, from string) error {
	lock, err := os.OpenFile(path+lockSuffix, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(lock.Name())
	_ = lock.Close()
	if now, err := readFile(path, maxConfig); !bytes.Equal(now, c.file) || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return errChanged
	}
	return os.Rename(from, path)
}

// keepMode gives f the permissions that the file had, which umask may have narrowed.
func keepMode(f *os.File, path string, mode fs.FileMode) error {
	if _, err := os.Stat(path); err != nil {
		return nil
	}
	return f.Chmod(mode)
}

// edit lets git change values in the copy.
func (c *Config) edit(ctx context.Context, file string, ch change) error {
	run := func(args ...string) error {
		args = append([]string{"config", "--file", file}, args...)
		_, err := output(ctx, c.repo.git(ctx, c.repo.configEnv(c.at), args...), maxStderr)
		return err
	}
	for _, s := range ch.replace {
		if err := run("--replace-all", s.key, s.value); err != nil {
			return err
		}
	}
	for _, s := range ch.remove {
		err := run("--fixed-value", "--unset-all", s.key, s.value)
		if err != nil && !notThere(err) {
			return err
		}
	}
	return nil
}

// appended is the file with the new settings at its end, sections and variables as git writes them.
func (ch *change) appended(file []byte) []byte {
	if len(ch.add) == 0 {
		return file
	}
	var b strings.Builder
	b.Write(file)
	b.WriteString(ending(file))
	last := ""
	for _, s := range slices.Concat(ch.add, ch.marks) {
		section, variable := splitKey(s.key)
		if section != last {
			fmt.Fprintf(&b, "[%s]\n", section)
			last = section
		}
		fmt.Fprintf(&b, "\t%s = %s\n", variable, quoteValue(s.value))
	}
	return []byte(b.String())
}

// ending is what must follow the file so that a section can begin. A backslash before the end of the last line continues it.
func ending(file []byte) string {
	line, whole := bytes.CutSuffix(file, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	text := ""
	if !whole && len(file) > 0 {
		text = "\n"
	}
	if bytes.HasSuffix(line, []byte(`\`)) {
		text += "\n"
	}
	return text
}

// splitKey splits section.variable and section.subsection.variable; the subsection may contain anything but a line's end.
func splitKey(key string) (section, variable string) {
	first, last := strings.IndexByte(key, '.'), strings.LastIndexByte(key, '.')
	section, variable = key[:first], key[last+1:]
	if first < last {
		sub := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(key[first+1 : last])
		section += ` "` + sub + `"`
	}
	return section, variable
}

// quoteValue writes a value so that git reads it as it is.
func quoteValue(value string) string {
	escaped := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "\b", `\b`).Replace(value)
	if escaped != value || strings.ContainsAny(value, ";#") || strings.TrimSpace(value) != value {
		return `"` + escaped + `"`
	}
	return value
}

// notThere reports whether git found nothing to unset: somebody else did it, or the value is in a file that is included.
func notThere(err error) bool {
	exit, ok := errors.AsType[*exec.ExitError](err)
	return ok && exit.ExitCode() == 5
}

package lab

import (
	"path/filepath"
	"strings"
)

// Shell is how variables are written.
type Shell string

// The shells.
const (
	Sh   Shell = "sh"
	Fish Shell = "fish"
)

// Eyes are the variables with which a program sees the world as one home does.
type Eyes struct {
	Lab     string `json:"RADSWARM_LAB"`
	RadHome string `json:"RAD_HOME"`
	Path    string `json:"PATH"`
}

// Env returns what is to be set to look through the eyes of a home: our programs first on PATH.
func (l *Lab) Env(name string) (Eyes, error) {
	m, err := l.check()
	if err != nil {
		return Eyes{}, err
	}
	if _, err := l.pick(m, []string{name}); err != nil {
		return Eyes{}, err
	}
	path, _ := l.env("PATH")
	bin := filepath.Dir(l.program)
	if first, _, _ := strings.Cut(path, string(filepath.ListSeparator)); first != bin {
		path = bin + string(filepath.ListSeparator) + path
	}
	return Eyes{Lab: l.dir, RadHome: filepath.Join(l.dir, name), Path: path}, nil
}

// Exports writes the variables as lines that a shell evaluates.
func (e Eyes) Exports(s Shell) []string {
	if s == Fish {
		quote := func(text string) string {
			return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
		}
		var dirs []string
		for _, dir := range filepath.SplitList(e.Path) {
			dirs = append(dirs, quote(dir))
		}
		return []string{
			"set -gx " + Variable + " " + quote(e.Lab),
			"set -gx RAD_HOME " + quote(e.RadHome),
			"set -gx PATH " + strings.Join(dirs, " "),
		}
	}
	quote := func(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
	return []string{
		"export " + Variable + "=" + quote(e.Lab),
		"export RAD_HOME=" + quote(e.RadHome),
		"export PATH=" + quote(e.Path),
	}
}

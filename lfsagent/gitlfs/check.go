package gitlfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"radswarm/lfsagent"
	"radswarm/remote/lfs"
)

// Grade is how much a finding matters.
type Grade string

// The grades.
const (
	Fine   Grade = "fine"   // as it should be
	Advice Grade = "advice" // could be better
	Fault  Grade = "fault"  // something does not work
)

// Finding is something that was looked at, and the command that mends it.
type Finding struct {
	Grade Grade  `json:"grade"`
	What  string `json:"what"`
	Text  string `json:"text"`
	Hint  string `json:"hint,omitempty"`
}

func fine(what, format string, args ...any) Finding {
	return Finding{Fine, what, fmt.Sprintf(format, args...), ""}
}

// The oldest versions that do.
var (
	oldestGit    = [3]int{2, 34, 0}
	oldestGitLFS = [3]int{3, 8, 1}
)

// askTime is how long a program may take to say its version.
const askTime = 10 * time.Second

// Programs looks at the programs that work together here. beside is the folder of the program that asks.
func Programs(ctx context.Context, env []string, beside string) []Finding {
	findings := []Finding{checkGit(ctx, env), checkGitLFS(ctx, env), checkHelper(ctx, env, beside), checkAgent(ctx, env, beside)}
	return append(findings, checkGlobal(ctx, env)...)
}

func checkGit(ctx context.Context, env []string) Finding {
	const what = "git"
	said, err := ask(ctx, env, "git", "version")
	switch v, ok := version(said); {
	case err != nil:
		return Finding{Fault, what, "git is not there: " + err.Error(), installHint("git")}
	case ok && older(v, oldestGit):
		return Finding{Fault, what, fmt.Sprintf("git %s is too old: 2.34 or newer", number(v)), installHint("git")}
	}
	return fine(what, "%s", said)
}

func checkGitLFS(ctx context.Context, env []string) Finding {
	const what, hint = "git-lfs", "go install github.com/git-lfs/git-lfs/v3@v3.8.1"
	said, err := ask(ctx, env, "git-lfs", "version")
	switch v, ok := version(said); {
	case err != nil:
		return Finding{Fault, what, "git-lfs is not there: big files stay pointers", hint}
	case ok && older(v, oldestGitLFS):
		return Finding{
			Advice, what,
			fmt.Sprintf("git-lfs %s lets a cloned repository run programs here (CVE-2026-105803): 3.8.1 does not", number(v)), hint,
		}
	}
	return fine(what, "%s", said)
}

// checkHelper looks at the helper that git would run: git looks in its own folder first, then along PATH.
func checkHelper(ctx context.Context, env []string, beside string) Finding {
	const what = "git-remote-rad"
	path, err := find(env, what, execPath(ctx, env))
	if err != nil {
		return Finding{Fault, what, "git finds no helper for rad:// URLs", pathHint(beside)}
	}
	said, err := ask(ctx, env, path, "--version")
	if err != nil || !strings.Contains(said, "radswarm") {
		return Finding{Fault, what, path + " is Radicle's own helper: it does not store big files", pathHint(beside)}
	}
	return fine(what, "%s: %s", path, said)
}

func checkAgent(ctx context.Context, env []string, beside string) Finding {
	path, err := find(env, lfs.Agent, "")
	if err != nil {
		return Finding{Fault, lfs.Agent, "git-lfs finds no " + lfs.Agent, pathHint(beside)}
	}
	said, err := ask(ctx, env, path, "--version")
	if err != nil {
		return Finding{Fault, lfs.Agent, path + " does not run: " + err.Error(), pathHint(beside)}
	}
	return fine(lfs.Agent, "%s: %s", path, said)
}

// checkGlobal looks at the person's own settings.
func checkGlobal(ctx context.Context, env []string) []Finding {
	const what = "git config --global"
	have, err := ownSettings(ctx, env)
	if err != nil {
		return []Finding{{Fault, what, err.Error(), "git config --global --edit"}}
	}
	var findings []Finding
	var missing []string
	for _, s := range global {
		switch value, ok := last(have, s.Key); {
		case !ok:
			missing = append(missing, s.Key)
		case value != s.Value:
			findings = append(findings, Finding{
				Advice, what, fmt.Sprintf("%s is %s, not %s", s.Key, value, s.Value),
				fmt.Sprintf("git config --global %s %s", s.Key, s.Value),
			})
		}
	}
	if value, ok := last(have, "lfs.standalonetransferagent"); ok {
		findings = append(findings, Finding{
			Fault, what, "lfs.standalonetransferagent = " + value + " sends the objects of all remotes, other forges included, to one agent",
			"git config --global --unset-all lfs.standalonetransferagent",
		})
	}
	if len(missing) > 0 {
		findings = append(findings, Finding{
			Advice, what, "missing, which matters after rad clone, for submodules, and where git-lfs is the first command: " + strings.Join(missing, ", "),
			"rad swarm setup",
		})
	}
	if findings == nil {
		findings = append(findings, fine(what, "big files of rad remotes go to %s", lfs.Agent))
	}
	return findings
}

// Check looks at the working copy.
func (c *Copy) Check(ctx context.Context) []Finding {
	var findings []Finding
	config, err := lfs.Repo{Dir: c.GitDir, Env: c.env}.ReadConfig(ctx)
	if err != nil {
		return []Finding{{Fault, c.where(), err.Error(), "git config --list"}}
	}
	for _, name := range c.remotes() {
		findings = append(findings, c.checkRemote(ctx, config, name)...)
	}
	if rid, ok := c.Carried(); ok {
		_, err := c.Settings.Resolve(lfsagent.Upload, c.remote(ctx))
		if refused, is := errors.AsType[*lfsagent.Failure](err); is {
			findings = append(findings, Finding{Fault, c.where(), refused.Text, refused.Hint})
		} else {
			findings = append(findings, fine(c.where(), "big files go to %v, as .lfsconfig says", rid))
		}
	}
	return append(findings, c.checkFilter(ctx)...)
}

// where names the working copy.
func (c *Copy) where() string {
	if c.Top == "" {
		return c.GitDir
	}
	return c.Top
}

// checkRemote looks at what sends the objects of a rad remote elsewhere.
func (c *Copy) checkRemote(ctx context.Context, config *lfs.Config, name string) []Finding {
	url, _ := c.setting("remote." + name + ".url")
	rid, ok := lfsagent.ParseEndpoint(url)
	if !ok {
		return nil
	}
	what := "remote " + name
	warnings, err := config.Conflicts(ctx, lfs.Remote{Name: name, URL: url, RID: rid})
	if err != nil {
		return []Finding{{Fault, what, err.Error(), "git config --list"}}
	}
	var findings []Finding
	for _, w := range warnings {
		hint := "git config --unset-all " + w.Key
		if w.File != "" {
			hint = "git config lfs.url rad::" + rid.Canonical()
		}
		findings = append(findings, Finding{Fault, what, w.String(), hint})
	}
	if len(findings) > 0 {
		return findings
	}
	_, named := c.setting("remote." + name + ".lfsurl")
	_, agent := c.setting("lfs.rad::.standalonetransferagent")
	_, fallback := c.setting("lfs.https://rad.standalonetransferagent")
	if !fallback && (!named || !agent) {
		return []Finding{{Advice, what, "git-lfs would take rad for an ssh host until git was run once with this remote", "git fetch " + name}}
	}
	return []Finding{fine(what, "big files go to %v", rid)}
}

// checkFilter looks whether git lets git-lfs see the files that are its.
func (c *Copy) checkFilter(ctx context.Context) []Finding {
	files, err := c.Files(ctx, c.Top)
	if err != nil || len(files) == 0 {
		return nil
	}
	var findings []Finding
	if err := c.Filtered(); err != nil {
		findings = append(findings, Finding{Fault, c.where(), err.Error() + ": pointers stay pointers", "git lfs install --local"})
	}
	pointers := 0
	for _, f := range files {
		if f.State == Pointer && f.Tracked {
			pointers++
		}
	}
	if pointers > 0 {
		findings = append(findings, Finding{
			Advice, c.where(), fmt.Sprintf("%d of %d big files are not here", pointers, len(files)), "rad swarm hydrate",
		})
	}
	return findings
}

// ask asks a program for a line.
func ask(ctx context.Context, env []string, program string, args ...string) (string, error) {
	path, err := find(env, program, "")
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env, cmd.Dir, cmd.WaitDelay = elsewhere(env), os.TempDir(), waitDelay
	out := &limited{max: maxStderr}
	cmd.Stdout = out
	if err := cmd.Run(); err != nil {
		return "", err
	}
	line, _, _ := bytes.Cut(bytes.TrimSpace(out.Bytes()), []byte("\n"))
	return string(line), nil
}

// find looks for a program in a folder, and along the PATH of an environment.
func find(env []string, program, first string) (string, error) {
	if filepath.IsAbs(program) {
		return program, nil
	}
	dirs := filepath.SplitList(variable(env, "PATH"))
	if first != "" {
		dirs = append([]string{first}, dirs...)
	}
	for _, dir := range dirs {
		if dir == "" {
			continue
		}
		if path, err := exec.LookPath(filepath.Join(dir, program)); err == nil {
			return path, nil
		}
	}
	return "", &exec.Error{Name: program, Err: exec.ErrNotFound}
}

// variable is the value of an environment variable, "" for none.
func variable(env []string, name string) (value string) {
	for _, v := range env {
		key, text, _ := strings.Cut(v, "=")
		if key == name || runtime.GOOS == "windows" && strings.EqualFold(key, name) {
			value = text
		}
	}
	return value
}

func execPath(ctx context.Context, env []string) string {
	dir, _ := ask(ctx, env, "git", "--exec-path") // without git that was told already
	return dir
}

var dotted = regexp.MustCompile(`(\d+)\.(\d+)(?:\.(\d+))?`)

// version finds the number in what a program says of itself.
func version(text string) (v [3]int, ok bool) {
	found := dotted.FindStringSubmatch(text)
	if found == nil {
		return v, false
	}
	for i, digits := range found[1:] {
		v[i], _ = strconv.Atoi(digits) // "" where there is no third one
	}
	return v, true
}

func older(v, than [3]int) bool {
	for i := range v {
		if v[i] != than[i] {
			return v[i] < than[i]
		}
	}
	return false
}

func number(v [3]int) string { return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2]) }

// pathHint puts the folder of our programs first.
func pathHint(beside string) string { return fmt.Sprintf("export PATH=%q:\"$PATH\"", beside) }

func installHint(program string) string {
	switch runtime.GOOS {
	case "darwin":
		return "brew install " + program
	case "windows":
		return "winget install " + program
	}
	return "sudo apt install " + program
}

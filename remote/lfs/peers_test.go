package lfs

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"radswarm/radicle"
)

// The test binary is also the two programs that git and git-lfs start: a remote helper that does no more than call this package and
// move commits, and a transfer agent that copies. Both write what they were asked into a log.
const (
	envLog   = "LFS_TEST_LOG"   // file
	envStore = "LFS_TEST_STORE" // folder of objects, and for what is on its way
	envBare  = "LFS_TEST_BARE"  // where rad:// leads
	envNID   = "LFS_TEST_NID"   // the key that pushes
)

func TestMain(m *testing.M) {
	var err error
	switch filepath.Base(os.Args[0]) {
	case "git-remote-rad":
		err = helper(os.Args[1], os.Args[2])
	case Agent:
		err = agent()
	case "ssh":
		err = logLine("ssh " + strings.Join(os.Args[1:], " "))
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "test program:", err)
		os.Exit(1)
	}
}

func logLine(line string) error {
	f, err := os.OpenFile(os.Getenv(envLog), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(line + "\n")
	return errors.Join(err, f.Close())
}

// agent is a Git LFS transfer agent (git-lfs.md §1).
func agent() error {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var m struct{ Event, Operation, Remote, OID, Path string }
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			return err
		}
		answer := map[string]string{}
		switch m.Event {
		case "init":
			if err := logLine("init " + m.Operation + " " + m.Remote); err != nil {
				return err
			}
		case "terminate":
			return nil
		default:
			path, err := carry(m.Event, m.OID, m.Path)
			if err := errors.Join(err, logLine(m.Event+" "+m.OID)); err != nil {
				return err
			}
			answer = map[string]string{"event": "complete", "oid": m.OID, "path": path}
		}
		text, err := json.Marshal(answer)
		if err != nil {
			return err
		}
		fmt.Println(string(text))
	}
	return nil
}

// carry brings an object to the store, or back.
func carry(event, oid, path string) (string, error) {
	stored := filepath.Join(os.Getenv(envStore), oid)
	if event == "upload" {
		text, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		return "", os.WriteFile(stored, text, 0o644)
	}
	text, err := os.ReadFile(stored)
	if err != nil {
		return "", err
	}
	f, err := os.CreateTemp(os.Getenv(envStore), "down-")
	if err != nil {
		return "", err
	}
	_, err = f.Write(text)
	return f.Name(), errors.Join(err, f.Close())
}

// helper is a git remote helper: list, fetch and push with a bare repository on this machine.
func helper(name, url string) error {
	rid, err := radicle.ParseRID(strings.TrimPrefix(url, "rad://"))
	if err != nil {
		return err
	}
	remote := Remote{Name: name, URL: url, RID: rid}
	if text := os.Getenv(envNID); text != "" {
		if remote.NID, err = radicle.ParseNID(text); err != nil {
			return err
		}
	}
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadString('\n')
		if err != nil || line == "\n" {
			return nil
		}
		verb, arg, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch verb {
		case "capabilities":
			fmt.Print("option\nfetch\npush\n\n")
		case "option":
			remote.Cloning = remote.Cloning || arg == "cloning true"
			fmt.Println("ok")
		case "list":
			err = errors.Join(configureAsHelper(remote), sendList())
		case "fetch":
			err = errors.Join(configureAsHelper(remote), fetchAll(in, arg))
		case "push":
			err = pushAll(in, arg)
		}
		if err != nil {
			return err
		}
	}
}

func configureAsHelper(remote Remote) error {
	ctx := context.Background()
	c, err := Repo{Dir: os.Getenv("GIT_DIR")}.ReadConfig(ctx)
	if errors.Is(err, ErrNoRepository) {
		return nil
	}
	if err != nil {
		return err
	}
	warnings, err := c.Configure(ctx, remote)
	for _, w := range warnings {
		fmt.Fprintln(os.Stderr, "warning:", w)
	}
	return err
}

func sendList() error {
	cmd := exec.Command("git", "--git-dir", os.Getenv(envBare), "for-each-ref", "--format=%(objectname) %(refname)")
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	if len(out) > 0 {
		fmt.Println("@refs/heads/main HEAD")
	}
	fmt.Printf("%s\n", out)
	return nil
}

// batch collects the lines of a batch that has begun with one, up to the empty one.
func batch(in *bufio.Reader, verb, first string) ([]string, error) {
	args := []string{first}
	for {
		line, err := in.ReadString('\n')
		if err != nil || line == "\n" {
			return args, err
		}
		args = append(args, strings.TrimPrefix(strings.TrimSuffix(line, "\n"), verb+" "))
	}
}

func fetchAll(in *bufio.Reader, first string) error {
	wants, err := batch(in, "fetch", first)
	if err != nil {
		return err
	}
	args := []string{"fetch-pack", "-q", os.Getenv(envBare)}
	for _, w := range wants {
		id, _, _ := strings.Cut(w, " ")
		args = append(args, id)
	}
	return finish(exec.Command("git", args...), "")
}

func pushAll(in *bufio.Reader, first string) error {
	specs, err := batch(in, "push", first)
	if err != nil {
		return err
	}
	var oks strings.Builder
	for _, s := range specs {
		_, dst, _ := strings.Cut(s, ":")
		oks.WriteString("ok " + dst + "\n")
	}
	return finish(exec.Command("git", append([]string{"send-pack", "-q", os.Getenv(envBare)}, specs...)...), oks.String())
}

func finish(cmd *exec.Cmd, answer string) error {
	cmd.Stderr, cmd.Stdout = os.Stderr, io.Discard
	if err := cmd.Run(); err != nil {
		return err
	}
	fmt.Print(answer + "\n")
	return nil
}

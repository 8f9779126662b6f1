//go:build !windows

package friend_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"radswarm/blobstore/friend"
	"radswarm/blobstore/keyring"
)

// Variables that make the test binary another process with a database.
const (
	envWriter = "RADSWARM_TEST_FRIEND_WRITER" // writes until it is killed
	envOpener = "RADSWARM_TEST_FRIEND_OPENER" // opens, and says how that went
	envSeed   = "RADSWARM_TEST_FRIEND_SEED"
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(envWriter) != "":
		if err := writer(os.Getenv(envWriter)); err != nil {
			fmt.Println("error", err)
		}
	case os.Getenv(envOpener) != "":
		_, err := friend.Open(context.Background(), os.Getenv(envOpener), friend.Options{Self: ana().did()})
		fmt.Println(err)
	default:
		os.Exit(m.Run())
	}
}

const (
	people = 12 // somebody(0) … whom writers write about
	values = 3  // what is kept of each: pledge, certificate, invitation's use
)

// writer changes this and that, and says before and after it what. It ends when it is killed, or with an error.
func writer(path string) error {
	var start int
	if _, err := fmt.Sscan(os.Getenv(envSeed), &start); err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(uint64(start), 1))
	s, err := friend.Open(context.Background(), path, killOptions())
	for n := start; err == nil; n++ {
		who, what := random.IntN(people), random.IntN(values)
		fmt.Println("try", what, who, n, ".")
		if err = act(s, what, who, n); err == nil {
			fmt.Println("done", what, who, n, ".")
		}
		if err == nil && random.IntN(4) == 0 {
			err = s.Backup(context.Background(), path+".1")
		}
	}
	return err
}

// act makes n the value of something of somebody.
func act(s *friend.State, what, who, n int) error {
	ctx, p := context.Background(), somebody(who)
	switch what {
	case 0:
		if _, ok := s.Friend(p.did()); !ok {
			return s.AddFriend(ctx, friend.Friend{DID: p.did(), Give: int64(n)})
		}
		return s.SetFriend(ctx, p.did(), func(f *friend.Friend) error { f.Give = int64(n); return nil })
	case 1:
		request := keyring.CertificateRequest{Device: p.key.Device(), Now: killTime(n)}
		cert, err := keyring.IssueCertificate(ctx, p, request)
		if err == nil {
			_, err = s.AddCertificate(ctx, cert)
		}
		return err
	}
	request := friend.IntroductionRequest{Guest: p.did(), Now: killTime(n)}
	cert, err := keyring.IssueCertificate(ctx, ana(), keyring.CertificateRequest{Device: ana().key.Device(), Now: killTime(0)})
	if err != nil {
		return err
	}
	i, err := friend.NewIntroduction(ana().key, cert, request)
	if err != nil {
		return err
	}
	return s.AddIssued(ctx, i)
}

// killTime is a time that stands for a number.
func killTime(n int) time.Time { return now.Add(time.Duration(n) * time.Second) }

func killOptions() friend.Options {
	return friend.Options{Self: ana().did(), Now: func() time.Time { return killTime(1_000_000) }}
}

// ledger is what writers said.
type ledger struct {
	done  [values][people]int
	tried [values][people]int // not answered; 0 for none
	acts  int
}

// hear believes a line, if it came whole.
func (l *ledger) hear(t *testing.T, line string) {
	t.Helper()
	if strings.HasPrefix(line, "error") {
		t.Fatal(line)
	}
	var word string
	var what, who, n int
	if got, _ := fmt.Sscan(line, &word, &what, &who, &n); got < 4 || !strings.HasSuffix(line, ".") {
		return
	}
	switch word {
	case "try":
		l.tried[what][who] = n
	case "done":
		l.done[what][who], l.tried[what][who] = n, 0
		l.acts++
	}
}

// check holds a database against what was said.
func (l *ledger) check(t *testing.T, s *friend.State) {
	t.Helper()
	for who := range people {
		p := somebody(who)
		f, _ := s.Friend(p.did())
		k, _ := s.Certificate(p.did())
		issued := must[[]friend.Issued](t)(s.Issued(t.Context(), p.did()))
		var got [values]int
		got[0] = int(f.Give)
		if k.Certificate != nil {
			got[1] = int(k.Certificate.NotBefore().Sub(now) / time.Second)
		}
		if len(issued) > 0 {
			got[2] = int(issued[0].NotBefore().Sub(now) / time.Second)
		}
		for what, n := range got {
			if n != l.done[what][who] && n != l.tried[what][who] {
				t.Errorf("%d of %d is %d: done %d, tried %d", what, who, n, l.done[what][who], l.tried[what][who])
			}
			l.done[what][who], l.tried[what][who] = n, 0
		}
	}
}

// Nothing that was acknowledged is lost when the process is killed, a hundred times, at any moment: while it changes the
// database, copies it, or opens what the one before has left.
func TestKills(t *testing.T) {
	kills := 100
	if testing.Short() || race { // processes that look for races are slow to start
		kills = 20
	}
	path := filepath.Join(t.TempDir(), friend.FileName)
	options := killOptions()
	check(t, tryOpen(t, path, options))
	var l ledger
	random := rand.New(rand.NewPCG(1, 4))
	for i := range kills {
		l.kill(t, path, 1+i*10_000, 1+random.IntN(8), time.Duration(random.IntN(5_000))*time.Microsecond)
		s, err := friend.Open(t.Context(), path, options) // which checks all of the file
		if err != nil {
			t.Fatalf("kill %d: %v", i, err)
		}
		l.check(t, s)
		check(t, s.Close())
		if t.Failed() {
			t.Fatalf("kill %d", i)
		}
	}
	t.Logf("%d kills, %d acknowledged", kills, l.acts)
	if l.acts < kills {
		t.Errorf("only %d acknowledged", l.acts)
	}
	copied := filepath.Join(t.TempDir(), "copy.db") // a copy is there whole or not at all
	check(t, os.WriteFile(copied, must[[]byte](t)(os.ReadFile(path+".1")), 0o600))
	check(t, tryOpen(t, copied, options))
}

// kill lets a writer say some lines and run for a time after them, kills it, and believes what it said.
func (l *ledger) kill(t *testing.T, path string, start, said int, after time.Duration) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envWriter+"="+path, fmt.Sprintf("%s=%d", envSeed, start))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	lines := bufio.NewScanner(out)
	for n := 1; lines.Scan(); n++ {
		if n == said {
			timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
			defer timer.Stop()
		}
		l.hear(t, lines.Text())
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("writer ended by itself: %v", err)
	}
}

// A process that is killed while it makes a database leaves one, or none, and never something else.
func TestKilledWhileMaking(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 4))
	for range 10 {
		path := filepath.Join(t.TempDir(), friend.FileName)
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), envWriter+"="+path, envSeed+"=1")
		check(t, cmd.Start())
		timer := time.AfterFunc(time.Duration(random.IntN(60_000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		timer.Stop()
		check(t, tryOpen(t, path, killOptions()))
	}
}

// Another process cannot open a database that is open.
func TestTwoProcesses(t *testing.T) {
	h := openHome(t, filepath.Join(t.TempDir(), friend.FileName), friend.Options{Self: ana().did()})
	if said := openElsewhere(t, h.path); !strings.Contains(said, friend.ErrLocked.Error()) {
		t.Errorf("another process opened it: %s", said)
	}
	check(t, h.Close())
	if said := openElsewhere(t, h.path); said != "<nil>" {
		t.Errorf("another process cannot open it: %s", said)
	}
	h.State = must[*friend.State](t)(friend.Open(t.Context(), h.path, h.options)) // and the lock ended with it
}

func openElsewhere(t *testing.T, path string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envOpener+"="+path)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

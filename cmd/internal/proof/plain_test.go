//go:build unix

package proof

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// writeRole writes a file of so many bytes when a line arrives, and syncs it: a process that does nothing else.
func writeRole(args []string) error {
	size, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	buf := make([]byte, 1<<20)
	for i := range buf {
		buf[i] = byte(i * i)
	}
	fmt.Println("ready")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	return writeSynced(args[0], size, buf)
}

func writeSynced(path string, size int, buf []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	for n := 0; n < size && err == nil; n += len(buf) {
		_, err = f.Write(buf[:min(len(buf), size-n)])
	}
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// plainWrites returns how long plain processes take to write and sync a file each, all at once, and their processor time.
func plainWrites(tb testing.TB, processes, size int) (took, cpu time.Duration) {
	tb.Helper()
	dir, err := os.MkdirTemp("", "rs") // removed at once, not at the end: it is large
	if err != nil {
		tb.Fatal(err)
	}
	defer os.RemoveAll(dir)
	var all []*exec.Cmd
	var begin []func() error
	for i := range processes {
		c := exec.Command(os.Args[0], filepath.Join(dir, strconv.Itoa(i)), strconv.Itoa(size))
		c.Env, c.Stderr = append(os.Environ(), roleKey+"=write"), os.Stderr
		in, err := c.StdinPipe()
		if err != nil {
			tb.Fatal(err)
		}
		out, err := c.StdoutPipe()
		if err == nil {
			err = c.Start()
		}
		if err == nil {
			_, err = bufio.NewReader(out).ReadString('\n')
		}
		if err != nil {
			tb.Fatal(err)
		}
		all, begin = append(all, c), append(begin, func() error { _, err := fmt.Fprintln(in); return err })
	}
	start := time.Now()
	for _, b := range begin {
		if err := b(); err != nil {
			tb.Error(err)
		}
	}
	for _, c := range all {
		if err := c.Wait(); err != nil {
			tb.Error(err)
		}
		cpu += c.ProcessState.SystemTime() + c.ProcessState.UserTime()
	}
	return time.Since(start), cpu
}

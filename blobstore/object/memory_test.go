//go:build unix

package object

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"radswarm/blobstore"
)

const (
	sparseSize = 20 << 30
	sparseEnv  = "RADSWARM_TEST_SPARSE"
)

// BenchmarkMemory encodes a sparse file of 20 GiB in a process of its own and prints the most memory that it had
// resident:
//
//	go test -run='^$' -bench=Memory -benchtime=1x ./blobstore/object
func BenchmarkMemory(b *testing.B) {
	if testing.Short() {
		b.Skip("20 GiB")
	}
	file := filepath.Join(b.TempDir(), "sparse")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		b.Fatal(err)
	}
	if err := os.Truncate(file, sparseSize); err != nil {
		b.Skipf("no sparse files here: %v", err)
	}
	for b.Loop() {
		cmd := exec.Command(os.Args[0], "-test.run=^TestEncodeSparse$", "-test.v")
		cmd.Env = append(os.Environ(), sparseEnv+"="+file)
		out, err := cmd.CombinedOutput()
		if err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		_, after, found := strings.Cut(string(out), "peak ")
		kib, err := strconv.Atoi(strings.Fields(after + " x")[0])
		if !found || err != nil {
			b.Fatalf("no figure in %s", out)
		}
		b.ReportMetric(float64(kib)/1024, "MiB-resident")
	}
	b.SetBytes(sparseSize)
}

// TestEncodeSparse is the other process of BenchmarkMemory, and nothing without it.
func TestEncodeSparse(t *testing.T) {
	file := os.Getenv(sparseEnv)
	if file == "" {
		t.Skip("run by BenchmarkMemory")
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// Nobody knows the OID; that it is refused at the end shows that all was read.
	o := newObjectOf(t, blobstore.Params{Size: sparseSize, Pad: blobstore.PadPadme}, 3)
	if _, err := o.Commit(t.Context(), f, 10, Options{}); !errors.Is(err, blobstore.ErrOID) {
		t.Fatal(err)
	}
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	peak := u.Maxrss // KiB
	if runtime.GOOS == "darwin" {
		peak /= 1024
	}
	t.Logf("peak %d KiB", peak)
}

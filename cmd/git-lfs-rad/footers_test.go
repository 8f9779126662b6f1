//go:build unix

package main_test

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/lab"
	"radswarm/radicle"
)

// What lies on the disks of a lab, read from the ends of the files alone: DISK.md §2 and §5, and nothing of the packages that write
// them. Which shares are of one object nobody can tell without its keys; but theirs differ in length by a block at most, which tells
// apart objects of sizes that differ enough.

const (
	footerLen = 512
	minCharge = 4096     // what a share counts for at least, in bytes
	block     = 64 << 10 // the longest of a share, in bytes
)

// onDisk is a share file of a home.
type onDisk struct {
	held    bool   // else it is rotten or in the trash, and counts all the same
	owner   string // DID key in hexadecimal digits
	length  int64  // of the share
	charged int64
}

// readFooter reads the end of a file. The name and the length of the file must be what it says.
func readFooter(path string) (onDisk, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return onDisk{}, err
	}
	if len(file) < footerLen {
		return onDisk{}, fmt.Errorf("%s: %d bytes", path, len(file))
	}
	b := file[len(file)-footerLen:]
	length, sealed := int64(binary.BigEndian.Uint64(b[80:])), int64(binary.BigEndian.Uint16(b[153:]))
	outboard := 64 * ((length+1<<16-1)>>16 - 1)
	name := hex.EncodeToString(b[16:48]) + "-" + hex.EncodeToString(b[48:80])
	is, ending, _ := strings.Cut(filepath.Base(path), ".")
	switch {
	case string(b[:16]) != "radswarm/share\x00\x01":
		return onDisk{}, fmt.Errorf("%s begins its footer with %q", path, b[:16])
	case crc32.Checksum(b[:508], crc32.MakeTable(crc32.Castagnoli)) != binary.BigEndian.Uint32(b[508:]):
		return onDisk{}, fmt.Errorf("%s: the sum of the footer is wrong", path)
	case int64(len(file)) != length+outboard+sealed+footerLen:
		return onDisk{}, fmt.Errorf("%s has %d bytes, %d for the share", path, len(file), length)
	case is != name:
		return onDisk{}, fmt.Errorf("%s should be %s", path, name)
	}
	return onDisk{ending == "share", hex.EncodeToString(b[88:120]), length, max(minCharge, length+outboard+footerLen) + sealed}, nil
}

// shareFile is what the path of a share's file ends in.
var shareFile = regexp.MustCompile(`\.(share|bad|trash-[0-9]+)$`)

// readShares reads all shares that a home holds.
func readShares(home string) (all []onDisk, err error) {
	err = filepath.WalkDir(filepath.Join(home, "swarm", "shares"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !shareFile.MatchString(path) {
			return err
		}
		share, err := readFooter(path)
		all = append(all, share)
		return err
	})
	return all, err
}

// footers compares what the homes of a lab say with what their disks have, until both agree: spreading goes on after a push.
func footers(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: footers")
	}
	settle(ts, func() error { return compareDisks(ts) })
}

func compareDisks(ts *testscript.TestScript) error {
	var homes []lab.Home
	var own control.Status
	var objects control.Objects
	told(ts, &homes, "lab", "status")
	told(ts, &own, "status")
	told(ts, &objects, "ls")
	owner := hex.EncodeToString(own.DID[:])
	byDID, lengths := map[radicle.DID]int{}, []int64{}
	for _, home := range homes {
		shares, err := readShares(home.Dir)
		if err != nil {
			return err
		}
		var held int
		var charged, yours int64
		for _, s := range shares {
			charged += s.charged
			if s.owner == owner {
				yours += s.charged
			}
			if !s.held {
				continue
			}
			held++
			if s.owner == owner {
				byDID[*home.DID]++
				lengths = append(lengths, s.length)
			}
		}
		if err := compareHome(ts, home, own.DID, held, charged, yours); err != nil {
			return err
		}
	}
	return compareObjects(ts, &own, &objects, byDID, sizesOfGroups(lengths))
}

// sizesOfGroups is how many shares each object has, in ascending order.
func sizesOfGroups(lengths []int64) (groups []int) {
	slices.Sort(lengths)
	for i, length := range lengths {
		if i == 0 || length > lengths[i-1]+block {
			groups = append(groups, 0)
		}
		groups[len(groups)-1]++
	}
	slices.Sort(groups)
	return groups
}

// compareHome compares what a holder that is awake says with its disk: in all, and of what is yours.
func compareHome(ts *testscript.TestScript, home lab.Home, you radicle.DID, shares int, charged, yours int64) error {
	if home.State != lab.Awake {
		return nil
	}
	as := ts.Getenv("RAD_HOME")
	defer ts.Setenv("RAD_HOME", as)
	ts.Setenv("RAD_HOME", home.Dir)
	var said control.Status
	var friends control.Friends
	told(ts, &said, "status")
	told(ts, &friends, "friend")
	if said.Store.Shares != int64(shares) || said.Store.Charged != charged {
		return fmt.Errorf("%s says %d shares, %d bytes; its disk has %d, %d",
			home.Name, said.Store.Shares, said.Store.Charged, shares, charged)
	}
	for _, f := range friends.Friends {
		if f.DID == you && f.Holds != yours {
			return fmt.Errorf("%s says %d bytes are yours; its disk has %d", home.Name, f.Holds, yours)
		}
	}
	return nil
}

// compareObjects compares who holds what, as the owner knows it, with the disks of all: by holder, and by object.
func compareObjects(
	ts *testscript.TestScript, own *control.Status, objects *control.Objects, byDID map[radicle.DID]int, byObject []int,
) error {
	saidByDID, full := map[radicle.DID]int{}, 0
	var people []int
	for _, o := range objects.Objects {
		var h control.Holding
		told(ts, &h, "who-holds", o.OID.String())
		n := 0
		for _, s := range h.Shares {
			if s.DID != nil {
				n++
				saidByDID[*s.DID]++
			}
		}
		if n == len(h.Shares) {
			full++
		}
		if o.People != n {
			return fmt.Errorf("%d people hold %v, says the list; %d shares have a holder", o.People, o.OID, n)
		}
		people = append(people, n)
	}
	slices.Sort(people)
	switch {
	case !maps.Equal(saidByDID, byDID):
		return fmt.Errorf("who holds how many: said %v, on the disks %v", saidByDID, byDID)
	case !slices.Equal(people, byObject):
		return fmt.Errorf("people that hold each object: said %v, on the disks %v", people, byObject)
	case own.Objects.Total != len(byObject) || own.Objects.Full != full || own.Objects.Pending != len(byObject)-full:
		return fmt.Errorf("status says %+v; on the disks are %d objects, %d of them whole", own.Objects, len(byObject), full)
	}
	return nil
}

// told is what rad-swarm prints in JSON. It is not shown: there is much of it.
func told(ts *testscript.TestScript, out any, args ...string) {
	bin, _, _ := strings.Cut(ts.Getenv("PATH"), string(os.PathListSeparator))
	cmd := exec.Command(filepath.Join(bin, "rad-swarm"), append(args, "--json")...)
	for _, key := range []string{"PATH", "HOME", "TMPDIR", "RAD_HOME", "RADSWARM_LAB"} {
		cmd.Env = append(cmd.Env, key+"="+ts.Getenv(key))
	}
	text, err := cmd.Output()
	ts.Check(err)
	ts.Check(json.Unmarshal(text, out))
}

// rot turns the first byte of each share of a home round.
func rot(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: rot HOME")
	}
	paths, err := filepath.Glob(filepath.Join(ts.Getenv("RADSWARM_LAB"), args[0], "swarm", "shares", "*", "*", "*.share"))
	ts.Check(err)
	if len(paths) == 0 {
		ts.Fatalf("%s holds no shares", args[0])
	}
	for _, path := range paths {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		ts.Check(err)
		b := make([]byte, 1)
		_, err = f.ReadAt(b, 0)
		ts.Check(err)
		_, err = f.WriteAt([]byte{^b[0]}, 0)
		ts.Check(errors.Join(err, f.Close()))
	}
}

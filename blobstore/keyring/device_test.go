package keyring_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"radswarm/blobstore/keyring"
)

func root(t *testing.T) *os.Root {
	t.Helper()
	r := must[*os.Root](t)(os.OpenRoot(t.TempDir()))
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// names lists a folder.
func names(t *testing.T, r *os.Root) (all []string) {
	t.Helper()
	for _, e := range must[[]os.DirEntry](t)(os.ReadDir(r.Name())) {
		all = append(all, e.Name())
	}
	return all
}

func TestDeviceKeyIsCreatedOnce(t *testing.T) {
	r := root(t)
	if _, err := keyring.LoadDeviceKey(r); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no key: %v", err)
	}
	made := must[*keyring.DeviceKey](t)(keyring.CreateDeviceKey(r))
	loaded := must[*keyring.DeviceKey](t)(keyring.LoadDeviceKey(r))
	if made.Device() != loaded.Device() || made.Device().IsZero() {
		t.Errorf("made %v, loaded %v", made.Device(), loaded.Device())
	}
	if _, err := keyring.CreateDeviceKey(r); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second time: %v", err)
	}
	if again := must[*keyring.DeviceKey](t)(keyring.LoadDeviceKey(r)); again.Device() != made.Device() {
		t.Error("the second time changed the key")
	}
	if got := names(t, r); !slices.Equal(got, []string{"device.key"}) {
		t.Errorf("left behind: %q", got)
	}
	info := must[os.FileInfo](t)(os.Stat(filepath.Join(r.Name(), keyring.DeviceKeyFile)))
	if info.Size() != 165 || runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("%v, %d bytes", info.Mode(), info.Size())
	}
}

func TestTwoDeviceKeysAreDifferent(t *testing.T) {
	a := must[*keyring.DeviceKey](t)(keyring.CreateDeviceKey(root(t)))
	b := must[*keyring.DeviceKey](t)(keyring.CreateDeviceKey(root(t)))
	if a.Device() == b.Device() {
		t.Error("two homes, one device key")
	}
}

func TestManyCreateADeviceKeyAtOnce(t *testing.T) {
	r := root(t)
	made := make([]*keyring.DeviceKey, 16)
	var wg sync.WaitGroup
	for i := range made {
		wg.Go(func() {
			key, err := keyring.CreateDeviceKey(r)
			if made[i] = key; err != nil && !errors.Is(err, fs.ErrExist) {
				t.Errorf("%v", err)
			}
		})
	}
	wg.Wait()
	loaded := must[*keyring.DeviceKey](t)(keyring.LoadDeviceKey(r))
	winners := 0
	for _, key := range made {
		if key != nil {
			winners++
			if key.Device() != loaded.Device() {
				t.Error("somebody was told a key that is not there")
			}
		}
	}
	if winners != 1 {
		t.Errorf("%d made it", winners)
	}
}

// faulty fails the n-th operation of a folder.
type faulty struct {
	keyring.Folder
	left  *int // operations until the fault
	links bool // whether the file system has links
}

type faultyFile struct {
	keyring.File
	f *faulty
}

func (f *faulty) fault() error {
	if *f.left--; *f.left == 0 {
		return syscall.EIO
	}
	return nil
}

func (f *faulty) Create(name string) (keyring.File, error) {
	if err := f.fault(); err != nil {
		return nil, err
	}
	file, err := f.Folder.Create(name)
	if err != nil {
		return nil, err
	}
	return &faultyFile{file, f}, nil
}

func (f *faulty) Link(from, to string) error {
	if err := f.fault(); err != nil {
		return err
	}
	if !f.links {
		return syscall.EPERM
	}
	return f.Folder.Link(from, to)
}

func (f *faulty) Remove(name string) error {
	if err := f.fault(); err != nil {
		return err
	}
	return f.Folder.Remove(name)
}

func (f *faulty) Sync() error {
	if err := f.fault(); err != nil {
		return err
	}
	return f.Folder.Sync()
}

func (f *faultyFile) Write(b []byte) (int, error) {
	if err := f.f.fault(); err != nil {
		n, _ := f.File.Write(b[:len(b)/2]) // a torn write
		return n, err
	}
	return f.File.Write(b)
}

func (f *faultyFile) Sync() error { return errors.Join(f.f.fault(), f.File.Sync()) }

func (f *faultyFile) Close() error { return errors.Join(f.f.fault(), f.File.Close()) }

// TestDeviceKeySurvivesEveryFault fails the first operation, the second, … until none fails. Whatever happened, the key is then
// whole or absent, and the next attempt ends with one.
func TestDeviceKeySurvivesEveryFault(t *testing.T) {
	for _, links := range []bool{true, false} {
		for n := 1; ; n++ {
			r, left := root(t), n
			made, err := keyring.CreateDeviceKeyIn(&faulty{Folder: keyring.FolderOf(r), left: &left, links: links})
			loaded, loadErr := keyring.LoadDeviceKey(r)
			switch {
			case err == nil && (loadErr != nil || loaded.Device() != made.Device()):
				t.Fatalf("links %v, operation %d: created, but %v", links, n, loadErr)
			case err != nil && loadErr != nil && !errors.Is(loadErr, fs.ErrNotExist):
				t.Errorf("links %v, operation %d failed and left a broken key: %v", links, n, loadErr)
			}
			if _, err := keyring.CreateDeviceKey(r); err != nil && !errors.Is(err, fs.ErrExist) {
				t.Errorf("links %v, operation %d: the next attempt: %v", links, n, err)
			}
			must[*keyring.DeviceKey](t)(keyring.LoadDeviceKey(r))
			if left > 0 { // the fault was never reached
				if err != nil || n < 7 {
					t.Errorf("links %v: %d operations, %v", links, n-1, err)
				}
				break
			}
		}
	}
}

func TestDeviceKeyFileIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes")
	}
	r := root(t)
	must[*keyring.DeviceKey](t)(keyring.CreateDeviceKey(r))
	path := filepath.Join(r.Name(), keyring.DeviceKeyFile)
	for mode, want := range map[fs.FileMode]string{
		0o600: "ok", 0o400: "ok", 0o640: "mode", 0o604: "mode", 0o620: "mode", 0o601: "mode",
	} {
		check(t, os.Chmod(path, mode))
		_, err := keyring.LoadDeviceKey(r)
		if class(err) != want {
			t.Errorf("%v: %v", mode, err)
		}
	}
	check(t, os.Rename(path, path+".moved"))
	check(t, os.Symlink(keyring.DeviceKeyFile+".moved", path))
	_, err := keyring.LoadDeviceKey(r)
	wantClass(t, err, "mode")
	check(t, os.Remove(path))
	check(t, os.Mkdir(path, 0o700))
	_, err = keyring.LoadDeviceKey(r)
	wantClass(t, err, "mode")
}

func TestDeviceKeyFileIsBounded(t *testing.T) {
	r := root(t)
	check(t, r.WriteFile(keyring.DeviceKeyFile, bytes.Repeat([]byte("x"), 1<<20), 0o600))
	_, err := keyring.LoadDeviceKey(r)
	wantClass(t, err, "encoding")
	if len(err.Error()) > 200 {
		t.Errorf("an error of %d bytes", len(err.Error()))
	}
}

func TestDeviceSigns(t *testing.T) {
	const label = keyring.Label("radswarm/address/v1\x00")
	key := device(7)
	sig := must[[64]byte](t)(key.Sign(label, []byte("body")))
	if !bytes.Equal(sig[:], signDevice(seed(7), []byte("radswarm/address/v1\x00body"))) {
		t.Error("not a signature over label ‖ body")
	}
	check(t, key.Device().Verify(label, []byte("body"), sig))
	wantClass(t, key.Device().Verify(label, []byte("bodY"), sig), "signature")
	wantClass(t, key.Device().Verify("radswarm/delete/v1\x00", []byte("body"), sig), "signature")
	wantClass(t, device(8).Device().Verify(label, []byte("body"), sig), "signature")
	wantClass(t, keyring.Device(weakKeys()["low-order"]).Verify(label, []byte("body"), signWeak()), "key")
	if !key.PrivateKey().Equal(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))) {
		t.Error("another private key")
	}
}

func TestLabelsHaveOneForm(t *testing.T) {
	for _, l := range []keyring.Label{
		"", "\x00", "radswarm/x/v1", "radswarm//v1\x00", "radswarm/x/v\x00", "radswarm/x/1\x00", "radswarm/x\x00", "x/y/v1\x00",
		"radswarm/X/v1\x00", "radswarm/x/v1\x00\x00", "radswarm/x/y/v1\x00", "radswarm/x/v1a\x00",
	} {
		_, err := device(1).Sign(l, nil)
		if class(err) != "label" {
			t.Errorf("%q: %v", l, err)
		}
		if class(l.Verify(ana().NID().DID(), nil, [64]byte{})) != "label" {
			t.Errorf("%q verifies", l)
		}
	}
	if _, err := device(1).Sign("radswarm/x-y/v12\x00", nil); err != nil {
		t.Error(err)
	}
}

func TestDevicePrintsAndParses(t *testing.T) {
	d := device(1).Device()
	if got := must[keyring.Device](t)(keyring.ParseDevice(d.String())); got != d || len(d.String()) != 64 {
		t.Errorf("%v", got)
	}
	var u keyring.Device
	check(t, u.UnmarshalText(must[[]byte](t)(d.MarshalText())))
	if u != d {
		t.Errorf("%v", u)
	}
	for _, text := range []string{"", d.String()[1:], d.String() + "0", strings.ToUpper(d.String()), strings.Repeat("g", 64)} {
		_, err := keyring.ParseDevice(text)
		wantClass(t, err, "encoding")
	}
}

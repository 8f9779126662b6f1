// Command links is the least that a transfer agent of git-lfs can do: it links the file of an object into a folder, and back. What
// it takes is git-lfs's own.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

type message struct{ Event, OID, Path string }

type answer struct {
	Event string  `json:"event"`
	OID   string  `json:"oid"`
	Path  string  `json:"path,omitempty"`
	Error *failed `json:"error,omitempty"`
}

type failed struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func main() {
	in, out := bufio.NewScanner(os.Stdin), json.NewEncoder(os.Stdout)
	for in.Scan() {
		var m message
		if err := json.Unmarshal(in.Bytes(), &m); err != nil || m.Event == "terminate" {
			return
		}
		if m.Event == "init" {
			fmt.Println("{}")
			continue
		}
		a := answer{Event: "complete", OID: m.OID}
		if err := a.carry(os.Args[1], m); err != nil {
			a.Error = &failed{500, err.Error()}
		}
		if out.Encode(a) != nil {
			return
		}
	}
}

func (a *answer) carry(shelf string, m message) error {
	kept := filepath.Join(shelf, m.OID)
	if m.Event == "upload" {
		if err := os.Link(m.Path, kept); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return nil
	}
	a.Path = kept + "." + strconv.Itoa(os.Getpid())
	return os.Link(kept, a.Path)
}

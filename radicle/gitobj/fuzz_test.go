package gitobj_test

import (
	"bytes"
	"testing"

	"radswarm/radicle/gitobj"
)

func FuzzParseCommit(f *testing.F) {
	f.Add([]byte(head + "\n"))
	f.Add([]byte(head + "gpgsig a\n b\n \n\nmessage"))
	f.Add([]byte("tree " + idLong + "\nauthor  <> 0 +0\ncommitter A <a@b> -1 -00000000\nx y\n\n\x00\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := gitobj.ParseCommit(data)
		if err != nil {
			return
		}
		again, err := c.Encode()
		if err != nil || !bytes.Equal(again, data) {
			t.Errorf("%q encoded to %q, %v", data, again, err)
		}
	})
}

func FuzzParseTree(f *testing.F) {
	f.Add([]byte("100644 a\x0011111111111111111111"), false)
	f.Add([]byte("100644 a\x001111111111111111111140000 a.b\x0022222222222222222222"), false)
	f.Add([]byte("160000 a\x0011111111111111111111111111111111"), true)
	f.Fuzz(func(t *testing.T, data []byte, long bool) {
		size := gitobj.SHA1
		if long {
			size = gitobj.SHA256
		}
		tree, err := gitobj.ParseTree(data, size)
		if err != nil {
			return
		}
		again, err := tree.Encode()
		if err != nil || !bytes.Equal(again, data) {
			t.Errorf("%q encoded to %q, %v", data, again, err)
		}
	})
}

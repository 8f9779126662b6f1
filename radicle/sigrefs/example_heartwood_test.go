package sigrefs_test

import (
	"maps"
	"slices"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/sigrefs"
)

const (
	idRoot = "0656c217f917c3e06234771e9ecae53aba5e173e"
	cobRef = "refs/cobs/xyz.radicle.id/" + idRoot
	master = "7e631b7411a53ba6d8baccf65efa95b0438ea25a"
)

// step is one commit that real tools wrote.
type step struct {
	name, commit, tree, refs, signature string
	key                                 radicle.Signer
	parent                              string // name of the step before; "" for none
	list                                map[string]string
}

// realSteps are the signed refs that heartwood's documentation tests (doc) and rad 1.10.0 (the rest) wrote from known
// keys at a known time.
func realSteps() []step {
	initial := func(tip, master string) map[string]string {
		return map[string]string{cobRef: tip, "refs/heads/master": master, "refs/rad/id": tip, "refs/rad/root": idRoot}
	}
	custom := initial(idRoot, master)
	custom["refs/cobs/org.radswarm.test/63320f85d9c8873a4fdf029b1e16d446d3ec4bc2"] = "63320f85d9c8873a4fdf029b1e16d446d3ec4bc2"
	return []step{
		{
			name: "doc", key: ana, list: initial(idRoot, "f2de534b5e81d7c6e2dcaf58c3dd91573c0a0354"),
			commit: "99c549702e2bcfe02b0e68d4a2224fb7a1524529", tree: "fbd1fc9c051d0141b0df994105ea2004d4c814e3",
			refs:      "5eb97b822ce15e3a797e1fcb70191751eae7f9d1",
			signature: "a9344b62c12d178fe634506efe6f9c66d213d30cde1a256661581a2fd97ea571eae414dc0cb86410e40b22643c0fdca87aff06c542aabc3ced9d37e1cbde8406",
		},
		{
			name: "S0", key: ana, list: initial(idRoot, master),
			commit: "018d100744e6c39414a7251e6dad0c69e1fca61d", tree: "38bca37fd1a4e48c1eca6b6a5ea964b77d337133",
			refs:      "f594b4d7c1b65747a0a3c1dba0604e58217a8df4",
			signature: "6409e129d9bce4c24a591d1f35ff404e443a786fde5f36e907d59322b5e013bef2b580b96bbe29204cbf38a31a5c725973544c79ccbb1275efecf66d3aba7c04",
		},
		{
			name: "S1", key: ana, parent: "S0", list: initial("5eccb9caedcfac0873c99b48fad9f583ea71735d", master),
			commit: "ddfc57378f1f59e897f3069bca1f14605a3f0418", tree: "4c48fe99428c12d528c5df261ea356804950fd0c",
			refs:      "bd7c3dfd2b6ab195f0f703c7dc3dc72d5476e8a4",
			signature: "38e095b674f4bccc3f15b6923aa0470fe561c281cf30f6b970f5bb54bd7075d30f07a076be6faba577e4d32ee8da21b99b9bda05aa11744627a2eb7facc68b03",
		},
		{
			name: "S2", key: ana, parent: "S1", list: initial("7f841dc88bb585b3e5aa7c12c159bbc67bdb3c6f", master),
			commit: "6963e8715c2c5b27afa21470609df8495dc18e59", tree: "b255e739cec83b12dade2b3414586d367721e55d",
			refs:      "28c0d7450546e710ff32397f7d7fbb9932b0a082",
			signature: "9533dbbe13f7c7a5b2a1c0e9080181e0b6efa72cff09f71f5a199539d44d72fb5d5fd22252a92289eca016cb5327b328827bb9cb2ced58a2cf0e420801993e0e",
		},
		{
			name: "S3", key: ana, parent: "S2", list: initial("68fee2c8948df02c4755c307768f078e0deee3dd", master),
			commit: "9d2a7d64e4b8f0c0b356b6bde16d76c1e03df34a", tree: "971aefcf23f6cb3232fbc9e117b8d06ff192554c",
			refs:      "827dea8a9b417b166888d043989d34422494c318",
			signature: "cc4a567fc2daeb3aba4eb46037722c7724574ff41a15a6875a2f44ecbe78c8504d6a30fc15e046b4f5d443325198d80e47128a3ce3dc0536a53bdcf9c4c69e0f",
		},
		{
			name: "custom", key: ana, parent: "S0", list: custom,
			commit: "8cea44df6453ccc28222491925e069d3ac045eeb", tree: "0f75516c75026d3d93660ea326453d036ac1be79",
			signature: "9c08e11c21fa743c136d85f2d27dc3e568d9232229d9f9adcc9d8a446edf1cf30c506cabd86bb76225da1425b1d94fe46e3a71f0c013cd52cd115927e58c2502",
		},
		{
			name: "bo", key: bo, commit: "8631ce4616950014125d0b68396132a7c9d2b681",
			list:      map[string]string{cobRef: "264272db37a5e397ac60d100bcaca63ae1de3740", "refs/rad/root": idRoot},
			signature: "83bf3612574875e7ce07887008c7fe11c261738065b66ff85f5320f1e2c07c6b8777e99910ca33a9a098088cf759467e291471e9c1c8401cafddfa70fc717c0b",
		},
	}
}

// buildSteps signs all steps into one store.
func buildSteps(t *testing.T) (store *gitobj.Memory, rid radicle.RID, lists map[string]*sigrefs.List) {
	t.Helper()
	store = gitobj.NewMemory(gitobj.SHA1)
	root, rid := identity(store)
	if root != oid(idRoot) || rid.String() != "rad:z42hL2jL4XNk6K8oHQaSWfMgCL7ji" {
		t.Fatalf("identity %v of %v", root, rid)
	}
	lists = make(map[string]*sigrefs.List)
	for _, s := range realSteps() {
		refs, err := sigrefs.Select(func(yield func(string, radicle.Oid) bool) {
			for _, name := range slices.Backward(slices.Sorted(maps.Keys(s.list))) {
				yield(name, oid(s.list[name]))
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		var head radicle.Oid
		if s.parent != "" {
			head = lists[s.parent].At
		}
		result, err := sigrefs.Sign(t.Context(), store, rid, s.key, head, refs, then)
		if err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		lists[s.name] = result.List
	}
	return store, rid, lists
}

func TestSignWritesWhatRadicleWrites(t *testing.T) {
	store, _, lists := buildSteps(t)
	for _, s := range realSteps() {
		list := lists[s.name]
		if list.At != oid(s.commit) || list.Signature != unhex(s.signature) {
			t.Errorf("%s: commit %v, want %s; signature %x", s.name, list.At, s.commit, list.Signature)
			continue
		}
		if list.Level != sigrefs.Parent {
			t.Errorf("%s: level %v", s.name, list.Level)
		}
		checkTree(t, store, s)
	}
}

func checkTree(t *testing.T, store gitobj.Reader, s step) {
	t.Helper()
	c, err := gitobj.ReadCommit(t.Context(), store, oid(s.commit))
	if err != nil {
		t.Fatal(err)
	}
	if s.tree != "" && c.Tree != oid(s.tree) {
		t.Errorf("%s: tree %v, want %s", s.name, c.Tree, s.tree)
	}
	refs, err := gitobj.Lookup(t.Context(), store, c.Tree, "refs")
	if s.refs != "" && refs.ID != oid(s.refs) {
		t.Errorf("%s: refs %v (%v), want %s", s.name, refs.ID, err, s.refs)
	}
}

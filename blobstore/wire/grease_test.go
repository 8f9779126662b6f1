package wire

import (
	"bytes"
	"testing"
	"testing/synctest"

	"radswarm/blobstore"
)

// greased is a message with fields that nobody knows.
func greased(m Message) []byte {
	return frameOf(m.Kind(), append(append(grease(), m.AppendTo(nil)...), grease()...))
}

// Peers of tomorrow are served and understood, whatever they add to the messages of today.
func TestGreasedConversations(t *testing.T) {
	m := dialogueStore(t)
	old, fresh := oldShare(), newShare()
	ranges := []blobstore.Range{{Off: 0, Len: 10}, {Off: 10, Len: 20}}
	batch := append(greased(&putMsg{1}), greased((&item{offer: new(fresh.Offer(person(0xa0)))}).message())...)
	chunks := append(append(greased(&chunkMsg{0, maxChunk}), fresh.Data[:maxChunk]...), greased(&chunkMsg{0, newSize - maxChunk})...)
	for name, request := range map[string][]byte{
		"GET": greased(&getMsg{old.Name, ranges}), "HAVE": greased(&haveMsg{names: names{old.Name}}),
		"PUT": append(append(batch, greased(&waitMsg{})...), append(chunks, fresh.Data[maxChunk:]...)...),
	} {
		synctest.Test(t, func(t *testing.T) {
			if s := serveTo(t.Context(), m.For(person(0xa0)), sends(request)); s.err != nil || s.last(t) != CodeOK {
				t.Errorf("%s: %v, END %v", name, s.err, s.last(t))
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		client, wait := against(says(
			greased(&waitMsg{}), greased(&blockMsg{1, 20}), fill(20, 1), greased(&blockMsg{0, 10}), fill(10, 0), greased(&endMsg{}),
		))
		defer wait()
		err := client.Get(t.Context(), old.Name, ranges, func(i int, b []byte) error {
			if !bytes.Equal(b, fill(10+10*i, byte(i))) {
				t.Errorf("block %d is %x", i, b)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

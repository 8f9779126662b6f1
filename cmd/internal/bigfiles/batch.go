package bigfiles

import (
	"fmt"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/cmd/internal/control"
)

// batchOf reads the changes of a batch.
func batchOf(in control.Batch) (record.Batch, error) {
	var out record.Batch
	for _, r := range in.Records {
		change, err := changeOf(r)
		if err != nil {
			return out, err
		}
		out.Records = append(out.Records, change)
	}
	for _, e := range in.Envelopes {
		envelope, err := envelopeOf(e)
		if err != nil {
			return out, err
		}
		out.Envelopes = append(out.Envelopes, envelope)
	}
	for _, c := range in.Cards {
		card, err := keyring.ParseCard(c)
		if err != nil {
			return out, fmt.Errorf("%w: card: %w", errNoBatch, err)
		}
		out.Cards = append(out.Cards, card)
	}
	if len(in.Certificate) == 0 {
		return out, nil
	}
	certificate, err := keyring.ParseCertificate(in.Certificate)
	if err != nil {
		return out, fmt.Errorf("%w: certificate: %w", errNoBatch, err)
	}
	out.Certificate = certificate
	return out, nil
}

func changeOf(in control.BatchRecord) (record.Change, error) {
	out := record.Change{Pointer: blobstore.Pointer{OID: in.OID, Size: in.Size}}
	if n := copy(out.Base[:], in.Base); n != len(in.Base) || n != 0 && n != len(out.Base) {
		return out, fmt.Errorf("%w: base of %d bytes", errNoBatch, len(in.Base))
	}
	if len(in.Record) == 0 {
		return out, nil
	}
	r, err := record.Parse(in.Record)
	if err != nil {
		return out, fmt.Errorf("%w: record of %v: %w", errNoBatch, in.OID, err)
	}
	out.Record = r
	return out, nil
}

func envelopeOf(in control.BatchEnvelope) (record.Envelope, error) {
	envelope, err := keyring.ParseEnvelope(in.Envelope)
	if err != nil {
		return record.Envelope{}, fmt.Errorf("%w: envelope: %w", errNoBatch, err)
	}
	out := record.Envelope{Kind: keyring.GroupKind(in.Kind)}
	out.Sealing = keyring.Sealing{Number: in.Number, Recipient: in.To, Envelope: envelope}
	if copy(out.ID[:], in.ID) != len(out.ID) || len(in.ID) != len(out.ID) {
		return out, fmt.Errorf("%w: key id of %d bytes", errNoBatch, len(in.ID))
	}
	return out, nil
}

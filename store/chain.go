package store

import (
	"cmp"
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"time"
)

// Chain is what verifying one node's audit chain found.
type Chain struct {
	Node   string
	First  int64  // number of the oldest record that is kept, 0: none
	Last   int64  // number of the newest
	Pruned int64  // so many records before First were pruned, provably
	Broken int64  // number of the first record that doesn't fit; 0: the chain holds
	Head   []byte // MAC of the newest record
	HeadAt time.Time
}

// auditAnchor is where a chain begins after it was pruned.
type auditAnchor struct {
	seq        int64
	mac, proof []byte
	forged     bool // no pruning made it
}

var errPrunedMeanwhile = errors.New("the chain was pruned while it was verified")

// VerifyAudit walks all chains and says where they are broken. What was cut off
// at the end can be told only by a head that was kept elsewhere: progress, which
// may be nil, hears every so often how many records were read.
func (s *Store) VerifyAudit(ctx context.Context, progress func(read int64)) (chains []Chain, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		nodes, err := tx.auditNodes()
		for _, node := range nodes {
			c, err := tx.verifyChain(node, progress)
			for errors.Is(err, errPrunedMeanwhile) {
				c, err = tx.verifyChain(node, progress)
			}
			if err != nil {
				return err
			}
			chains = append(chains, c)
		}
		return err
	})
	return chains, err
}

func (tx *Tx) verifyChain(node string, progress func(int64)) (Chain, error) {
	c := Chain{Node: node}
	anchor, err := tx.auditAnchor(node)
	if err != nil {
		return c, err
	}
	if anchor.forged {
		c.Broken = anchor.seq
		return c, nil
	}
	previous := anchor.mac
	c.Pruned, c.Last, c.Head = anchor.seq, anchor.seq, anchor.mac
	for {
		records, macs, err := tx.records(`WHERE node = $1 AND seq > $2 ORDER BY seq LIMIT $3`, node, c.Last, logPage)
		if err != nil || len(records) == 0 {
			return c, err
		}
		for i, r := range records {
			if r.Seq != c.Last+1 || !hmac.Equal(macs[i], tx.store.chain(previous, r)) {
				if again, err := tx.auditAnchor(node); err != nil || again.seq > c.Last { // pruned meanwhile
					return c, cmp.Or(err, errPrunedMeanwhile)
				}
				c.Broken = r.Seq
				return c, nil
			}
			if c.First == 0 {
				c.First = r.Seq
			}
			previous, c.Last, c.Head, c.HeadAt = macs[i], r.Seq, macs[i], r.At
		}
		if progress != nil {
			progress(c.Last - c.Pruned)
		}
	}
}

func (tx *Tx) auditAnchor(node string) (a auditAnchor, err error) {
	if _, err = tx.row(`SELECT seq, mac, proof FROM audit_anchors WHERE node = $1`, []any{node}, &a.seq, &a.mac, &a.proof); err != nil {
		return auditAnchor{}, fmt.Errorf("reading where an audit chain begins: %w", err)
	}
	a.forged = a.seq > 0 && !hmac.Equal(a.proof, tx.store.anchorProof(node, a))
	return a, nil
}

func (s *Store) anchorProof(node string, a auditAnchor) []byte {
	return s.MAC(PurposeAudit, []byte("anchor"), []byte(node), number(a.seq), a.mac)
}

// PruneAudit removes the records and refusals from before a time. Where a chain
// begins from then on is kept and proven, so that the gap can be told from one
// that somebody else made. A chain that is broken is left as it is.
func (s *Store) PruneAudit(ctx context.Context, before time.Time) (pruned int64, err error) {
	var nodes []string
	if err := s.View(ctx, func(tx *Tx) (err error) { nodes, err = tx.auditNodes(); return err }); err != nil {
		return 0, err
	}
	for _, node := range nodes {
		for {
			var done int64
			err := s.Update(ctx, func(tx *Tx) (err error) {
				done, err = tx.pruneChain(node, before)
				return err
			})
			if err != nil {
				return pruned, fmt.Errorf("pruning the audit chain of %s: %w", node, err)
			}
			pruned += done
			if done < logPage {
				break
			}
		}
	}
	return pruned, s.Update(ctx, func(tx *Tx) error {
		_, err := tx.exec(`DELETE FROM refusals WHERE minute < $1`, millis(before))
		return err
	})
}

// pruneChain removes the oldest records of a chain, at most one page of them.
func (tx *Tx) pruneChain(node string, before time.Time) (pruned int64, err error) {
	anchor, err := tx.auditAnchor(node)
	if err != nil {
		return 0, err
	}
	if anchor.forged {
		return 0, nil
	}
	records, macs, err := tx.records(`WHERE node = $1 AND seq > $2 ORDER BY seq LIMIT $3`, node, anchor.seq, logPage)
	if err != nil {
		return 0, err
	}
	next := anchor
	for i, r := range records {
		if !r.At.Before(before) || r.Seq != next.seq+1 || !hmac.Equal(macs[i], tx.store.chain(next.mac, r)) {
			break
		}
		next = auditAnchor{seq: r.Seq, mac: macs[i]}
		pruned++
	}
	if pruned == 0 {
		return 0, nil
	}
	moved, err := tx.exec(`INSERT INTO audit_anchors (node, seq, mac, pruned_at, proof) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (node) DO UPDATE SET seq = excluded.seq, mac = excluded.mac, pruned_at = excluded.pruned_at, proof = excluded.proof
		WHERE audit_anchors.seq = $6`,
		node, next.seq, next.mac, millis(tx.now), tx.store.anchorProof(node, next), anchor.seq)
	if err != nil || moved == 0 { // another node prunes it
		return 0, err
	}
	return tx.exec(`DELETE FROM audit WHERE node = $1 AND seq <= $2`, node, next.seq)
}

package admin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"vpn-otpd/store"
)

// progressEvery is how often a verification tells how far it is.
const progressEvery = 200 * time.Millisecond

// verifyLog answers line by line, for as long as it takes; the peer that hangs
// up ends it.
func (s *Server) verifyLog(w http.ResponseWriter, r *http.Request) {
	var none nothing
	head, headErr := headOf(r.URL.Query().Get("head"))
	if err := errors.Join(checkQuery(r.URL.RawQuery, []string{"head"}), decode(w, r, &none), headErr); err != nil {
		s.fail(w, r, err)
		return
	}
	lines := newLines(w, s.transfer(w))
	chains, err := s.verified(r.Context(), head, lines)
	last := VerifyLine{Chains: chains, Done: err == nil}
	if err != nil {
		s.Log.Error("verifying the audit log failed", "err", err)
		last.Error = faultProblem.Error
	}
	_ = lines.write(last) // who doesn't hear it has hung up
}

func (s *Server) verified(ctx context.Context, head keptHead, lines *lineWriter) ([]Chain, error) {
	_ = lines.write(VerifyLine{})
	found, err := s.Audit.VerifyAudit(ctx, func(read int64) {
		if time.Since(lines.written) >= progressEvery {
			_ = lines.write(VerifyLine{Read: read})
		}
	})
	if err != nil {
		return nil, err
	}
	var chains []Chain
	for _, c := range found {
		chain := Chain{Node: c.Node, First: c.First, Last: c.Last, Pruned: c.Pruned, Broken: c.Broken, HeadAt: utc(c.HeadAt)}
		if c.Last > 0 && c.Broken == 0 {
			chain.Head = fmt.Sprintf("%d:%x", c.Last, c.Head)
		}
		if chain.Kept, err = s.compare(ctx, c, head); err != nil {
			return nil, err
		}
		chains = append(chains, chain)
	}
	return chains, nil
}

// compare says what became of a head that was kept elsewhere.
func (s *Server) compare(ctx context.Context, c store.Chain, head keptHead) (string, error) {
	switch {
	case head.seq == 0, c.Broken > 0 && c.Broken <= head.seq:
		return "", nil
	case head.seq > c.Last && c.Broken == 0:
		return HeadMissing, nil
	case head.seq < c.Pruned:
		return HeadPruned, nil
	}
	mac, found, err := s.Audit.AuditMAC(ctx, c.Node, head.seq)
	switch {
	case err != nil:
		return "", err
	case found && bytes.Equal(mac, head.mac):
		return HeadSame, nil
	}
	return HeadDifferent, nil
}

// keptHead is the end of a chain as the daemon wrote it to its log.
type keptHead struct {
	seq int64 // 0: none was given
	mac []byte
}

// headOf reads NUMBER:MAC.
func headOf(text string) (keptHead, error) {
	if text == "" {
		return keptHead{}, nil
	}
	number, code, _ := strings.Cut(text, ":")
	seq, err := strconv.ParseInt(number, 10, 64)
	mac, macErr := hex.DecodeString(code)
	if err != nil || macErr != nil || seq < 1 || len(mac) != sha256.Size {
		return keptHead{}, invalid("a head is a number, a colon, and a MAC in hexadecimal, as in the daemon's log line \"audit head\"")
	}
	return keptHead{seq, mac}, nil
}

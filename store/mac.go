package store

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"sync"
)

// MAC authenticates parts under the key of a purpose: 32 octets, alike on all
// nodes and after restarts. Parts are told apart by their lengths. It panics on
// a purpose that isn't one of ours: without a key anybody could make that MAC.
func (s *Store) MAC(purpose Purpose, parts ...[]byte) []byte {
	under, ok := s.keys.Load().macs[purpose]
	if !ok {
		panic(fmt.Sprintf("no MAC has the purpose %q", purpose))
	}
	return under.of(parts)
}

// macs makes MACs under one key. What HMAC computes of the key alone, half of the
// work for short parts, is done once and kept.
type macs struct {
	idle sync.Pool // of keyedHash, reset
}

type keyedHash struct {
	hash.Hash
	length [8]byte // of a part
}

func newMACs(key []byte) *macs {
	return &macs{idle: sync.Pool{New: func() any { return &keyedHash{Hash: hmac.New(sha256.New, key)} }}}
}

func (m *macs) of(parts [][]byte) []byte {
	h := m.idle.Get().(*keyedHash)
	for _, part := range parts {
		binary.BigEndian.PutUint64(h.length[:], uint64(len(part)))
		h.Write(h.length[:])
		h.Write(part)
	}
	sum := h.Sum(make([]byte, 0, sha256.Size))
	h.Reset()
	m.idle.Put(h)
	return sum
}

package client

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"layeh.com/radius"
)

// 256 requests at once on one socket, answered in any order; one more is refused.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	var mutex sync.Mutex
	var waiting [][]byte
	address, _ := responder(t, func(n int, request []byte) [][]byte {
		mutex.Lock()
		defer mutex.Unlock()
		waiting = append(waiting, reply{code: radius.CodeAccessAccept, attributes: text(25, fmt.Sprint(request[1]))}.to(request))
		if n < 256 {
			return nil
		}
		return waiting
	})
	conn := mustDial(t, Server{Address: address, Secret: secret, Retransmission: Retransmission{First: 5 * time.Second}})
	var all sync.WaitGroup
	for range 255 {
		all.Go(func() { exchange(t, conn) })
	}
	for {
		conn.mutex.Lock()
		busy := 0
		for _, p := range conn.pending {
			if p != nil {
				busy++
			}
		}
		conn.mutex.Unlock()
		if busy == 255 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	identifier, _, err := conn.reserve(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exchange(t.Context(), Request{Code: 1}); !errors.Is(err, ErrIdentifiers) {
		t.Errorf("the 257th: %v", err)
	}
	conn.release(identifier)
	exchange(t, conn)
	all.Wait()
}

func exchange(t *testing.T, conn *Conn) {
	answer, err := conn.Exchange(t.Context(), Request{Code: radius.CodeAccessRequest})
	if err != nil {
		t.Error(err)
		return
	}
	if class := string(answer.Attributes.Get(25)); class != fmt.Sprint(answer.Request[1]) {
		t.Errorf("request %d got the answer of %s", answer.Request[1], class)
	}
}

// An identifier is free again after its answer: more than 256 go one by one.
func TestIdentifierIsReleased(t *testing.T) {
	t.Parallel()
	address, _ := responder(t, func(_ int, request []byte) [][]byte {
		return [][]byte{reply{code: radius.CodeAccessAccept, attributes: text(25, fmt.Sprint(request[1]))}.to(request)}
	})
	conn := mustDial(t, Server{Address: address, Secret: secret})
	for range 300 {
		exchange(t, conn)
	}
}

// A closed socket ends who waits on it, and takes no more requests.
func TestClose(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 1)
	address, _ := responder(t, func(int, []byte) [][]byte { asked <- struct{}{}; return nil })
	conn := mustDial(t, Server{Address: address, Secret: secret})
	go func() {
		<-asked
		conn.Close()
	}()
	for _, when := range []string{"while waiting", "after"} {
		if _, err := conn.Exchange(t.Context(), Request{Code: radius.CodeAccessRequest}); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: %v", when, err)
		}
	}
}

// A stream that ended is not read for ever.
func TestEndOfStream(t *testing.T) {
	t.Parallel()
	ours, theirs := net.Pipe()
	theirs.Close()
	conn := NewConn(ours, Server{Secret: secret, Retransmission: fast()})
	defer conn.Close()
	if _, err := conn.Exchange(t.Context(), Request{Code: radius.CodeAccessRequest}); !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v", err)
	}
}

// Requests by a socket of their own don't all have the same identifier, and one
// that is taken isn't given again.
func TestIdentifiers(t *testing.T) {
	t.Parallel()
	seen := make(map[byte]bool)
	for range 20 {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		conn := NewConn(ours, Server{Secret: secret})
		defer conn.Close()
		identifier, _, err := conn.reserve(nil)
		if err != nil {
			t.Fatal(err)
		}
		seen[identifier] = true
		if _, _, err := conn.reserve(&identifier); !errors.Is(err, ErrIdentifiers) {
			t.Errorf("identifier %d twice: %v", identifier, err)
		}
	}
	if len(seen) < 2 {
		t.Errorf("only identifiers %v", seen)
	}
}

package radiusd_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"layeh.com/radius"

	"vpn-otpd/radiusd"
	"vpn-otpd/radiusd/access"
)

// fakeAccountant keeps events, unless it fails.
type fakeAccountant struct {
	mutex  sync.Mutex
	events []access.Accounting
	record func(context.Context) error // nil: done
}

func (a *fakeAccountant) Record(ctx context.Context, event access.Accounting) error {
	a.mutex.Lock()
	a.events = append(a.events, event)
	record := a.record
	a.mutex.Unlock()
	if record != nil {
		return record(ctx)
	}
	return nil
}

func (a *fakeAccountant) does(record func(context.Context) error) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.record = record
}

func (a *fakeAccountant) recorded() []access.Accounting {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return slices.Clone(a.events)
}

// newAccountingWorld is newWorld for the accounting port.
func newAccountingWorld(t testing.TB, change func(*radiusd.Options)) (*world, *fakeAccountant) {
	accountant := &fakeAccountant{}
	return newWorld(t, func(o *radiusd.Options) {
		o.Gate, o.Accountant = nil, accountant
		if change != nil {
			change(o)
		}
	}), accountant
}

// number is the value of four octets.
func number(n uint32) string { return string(binary.BigEndian.AppendUint32(nil, n)) }

// Attributes of accounting requests.
var (
	nasName, sessionID      = attribute(32, "nas1"), attribute(44, "S1")
	started, interim, ended = attribute(40, number(1)), attribute(40, number(3)), attribute(40, number(2))
	nasOn, nasOff           = attribute(40, number(7)), attribute(40, number(8))
)

// account is an Accounting-Request that signs itself, after the
// Message-Authenticator where it begins with one.
func account(identifier byte, secret string, attributes ...[]byte) []byte {
	packet := write(4, identifier, attributes...)
	clear(packet[4:20])
	if len(attributes) > 0 && attributes[0][0] == 80 {
		copy(packet[22:38], macOf(packet, secret))
	}
	sum := md5.Sum([]byte(string(packet) + secret))
	copy(packet[4:20], sum[:])
	return packet
}

func TestA1RecordedThenAnswered(t *testing.T) {
	t.Parallel()
	w, accountant := newAccountingWorld(t, nil)
	at := w.serve("udp4", "127.0.0.1:0")
	client := w.dial("127.0.0.1", at) // which requires a Message-Authenticator of logins
	request := account(1, testSecret, started, nasName, sessionID, attribute(33, "p1"), attribute(1, "alice"), attribute(33, "p2"))
	client.send(append(slices.Clone(request), "padding"...))
	reply := client.read(5 * time.Second)
	if reply == nil {
		t.Fatal("no reply")
	}
	packet := verified(t, reply, request, testSecret)
	if packet.Code != radius.CodeAccountingResponse || string(packet.Attributes[0].Attribute)+string(packet.Attributes[1].Attribute) != "p1p2" || len(packet.Attributes) != 2 {
		t.Errorf("%s with %v", packet.Code, packet.Attributes)
	}
	client.send(request)
	if again := client.read(5 * time.Second); !bytes.Equal(again, reply) {
		t.Errorf("a retransmission got %x, not %x", again, reply)
	}
	if packet := client.ask(account(2, testSecret, placeholder, ended, nasName, sessionID)); packet.Code != radius.CodeAccountingResponse {
		t.Errorf("with a Message-Authenticator: %s", packet.Code)
	}
	events := accountant.recorded()
	if len(events) != 2 || events[0].Status != access.AccountingStart || events[0].UserName != "alice" || events[1].Status != access.AccountingStop {
		t.Errorf("recorded %+v", events)
	}
	snapshot := w.server.Snapshot()
	if snapshot.Answered["recorded"] != 2 || snapshot.Answered["repeated"] != 1 || snapshot.Remembered != 2 {
		t.Errorf("%+v", snapshot)
	}
	if _, counted := snapshot.Answered["accept"]; counted {
		t.Error("the accounting port counts accepts")
	}
}

func TestA1WrongAuthenticatorsGetNothing(t *testing.T) {
	t.Parallel()
	w, accountant := newAccountingWorld(t, nil)
	at := w.serve("udp4", "127.0.0.1:0")
	client := w.dial("127.0.0.1", at)
	right := account(1, testSecret, started, nasName, sessionID)
	for at := range right {
		changed := slices.Clone(right)
		if changed[at] ^= 1; at == 0 || at == 2 || at == 3 {
			continue // another code, another Length
		}
		switch client.send(changed); {
		case at == 21 || at == 27 || at == 33: // a length of an attribute: maybe no packet at all
		default:
			client.silent(changed, "request_authenticator_wrong")
		}
	}
	client.silent(account(1, "another secret", started, nasName, sessionID), "request_authenticator_wrong")
	zeros := slices.Clone(right)
	clear(zeros[4:20])
	client.silent(zeros, "request_authenticator_wrong")
	client.silent(sign(write(4, 1, started, nasName, sessionID, placeholder), testSecret), "request_authenticator_wrong")
	w.dial("127.0.0.9", at).silent(right, "unknown_client")

	// A right Request Authenticator over a wrong Message-Authenticator.
	forged := account(1, testSecret, attribute(80, strings.Repeat("m", 16)), started, nasName, sessionID)
	copy(forged[22:38], strings.Repeat("m", 16))
	clear(forged[4:20])
	sum := md5.Sum([]byte(string(forged) + testSecret))
	copy(forged[4:20], sum[:])
	client.silent(forged, "message_authenticator_wrong")
	if events := accountant.recorded(); len(events) != 0 {
		t.Errorf("recorded %+v", events)
	}
	if !strings.Contains(w.log.String(), "same secret") {
		t.Error("the log says nothing")
	}
}

// What isn't kept isn't confirmed, and can come again.
func TestA1NothingUnlessRecorded(t *testing.T) {
	t.Parallel()
	for cause, failure := range map[string]error{"store": fmt.Errorf("%w: disk full", access.ErrStore), "fault": errors.New("anything else")} {
		w, accountant := newAccountingWorld(t, nil)
		accountant.does(func(context.Context) error { return failure })
		client := w.client("127.0.0.1")
		request := account(1, testSecret, ended, nasName, sessionID)
		client.silent(request, cause)
		accountant.does(nil)
		if reply := client.ask(request); reply.Code != radius.CodeAccountingResponse {
			t.Errorf("%s: later %s", cause, reply.Code)
		}
		if recorded := w.server.Snapshot().Answered["recorded"]; recorded != 1 {
			t.Errorf("%s: %d counted as recorded", cause, recorded)
		}
	}
}

// The reply waits for the record; who asks again meanwhile gets one reply.
func TestA1TheReplyWaits(t *testing.T) {
	t.Parallel()
	w, accountant := newAccountingWorld(t, nil)
	leave := make(chan bool)
	accountant.does(func(ctx context.Context) error {
		if end, ok := ctx.Deadline(); !ok || time.Until(end) > 2500*time.Millisecond {
			t.Error("recording has too much time")
		}
		<-leave
		return nil
	})
	client := w.client("127.0.0.1")
	request := account(1, testSecret, started, nasName, sessionID)
	client.send(request)
	w.until("it is being recorded", func() bool { return len(accountant.recorded()) == 1 })
	client.silent(request, "in_flight")
	close(leave)
	client.reply(request)
	if octets := client.read(20 * time.Millisecond); octets != nil || len(accountant.recorded()) != 1 {
		t.Errorf("then %x, recorded %d times", octets, len(accountant.recorded()))
	}
}

func TestA2WhatARequestMustAndMustNotHave(t *testing.T) {
	t.Parallel()
	w, accountant := newAccountingWorld(t, nil)
	client := w.client("127.0.0.1")
	whole := [][]byte{started, nasName, sessionID}
	identifier := byte(0)
	for title, attributes := range map[string][][]byte{
		"no NAS":                      {started, sessionID},
		"an empty NAS-Identifier":     {started, sessionID, attribute(32, "")},
		"no session":                  {started, nasName},
		"an empty session":            {started, nasName, attribute(44, "")},
		"two sessions":                append(whole, attribute(44, "S2")),
		"no status":                   {nasName, sessionID},
		"two statuses":                append(whole, ended),
		"nothing":                     nil,
		"User-Password":               append(whole, attribute(2, strings.Repeat("x", 16))),
		"CHAP-Password":               append(whole, attribute(3, strings.Repeat("x", 17))),
		"Reply-Message":               append(whole, attribute(18, "hello")),
		"State":                       append(whole, attribute(24, "valid")),
		"a status of 3 octets":        {attribute(40, "\x00\x00\x01"), nasName, sessionID},
		"a delay of 5 octets":         append(whole, attribute(41, "\x00\x00\x00\x00\x01")),
		"input octets of 8 octets":    append(whole, attribute(42, "\x00\x00\x00\x00\x00\x00\x00\x01")),
		"gigawords of 1 octet":        append(whole, attribute(53, "\x01")),
		"an address of 3 octets":      append(whole, attribute(8, "\x0a\x00\x01")),
		"a NAS address of 3 octets":   append(whole, attribute(4, "\x0a\x00\x01")),
		"an IPv6 address of 4 octets": append(whole, attribute(168, "\x0a\x00\x01\x01")),
		"a session time of 0 octets":  append(whole, attribute(46, "")),
	} {
		identifier++
		before := w.server.Snapshot().Dropped["accounting_malformed"]
		client.silent(account(identifier, testSecret, attributes...), "accounting_malformed")
		if after := w.server.Snapshot().Dropped["accounting_malformed"]; after != before+1 {
			t.Errorf("%s: counted %d times", title, after-before)
		}
	}
	client.silent(account(201, testSecret, attribute(40, number(9)), nasName, sessionID), "accounting_status") // Tunnel-Start
	client.silent(account(202, testSecret, attribute(40, number(0)), nasName, sessionID), "accounting_status")
	client.silent(account(203, testSecret, started, nasName, sessionID, []byte{44, 1}), "attribute")
	if events := accountant.recorded(); len(events) != 0 {
		t.Errorf("recorded %+v", events)
	}
	for _, nas := range [][]byte{nasName, attribute(4, "\x0a\x00\x00\x01"), attribute(95, "\x20\x01"+strings.Repeat("\x00", 13)+"\x01")} {
		identifier++
		client.ask(account(identifier, testSecret, nasOn, nas))
		identifier++
		client.ask(account(identifier, testSecret, nasOff, nas, sessionID))
	}
	var names []string
	for _, event := range accountant.recorded() {
		names = append(names, event.NAS+" "+string(event.Status))
	}
	if want := "nas1 on,nas1 off,10.0.0.1 on,10.0.0.1 off,2001::1 on,2001::1 off"; strings.Join(names, ",") != want {
		t.Errorf("recorded %v", names)
	}
}

func TestEventHasWhatWasSent(t *testing.T) {
	t.Parallel()
	w, accountant := newAccountingWorld(t, nil)
	client := w.client("127.0.0.1")
	client.ask(account(1, testSecret, interim, nasName, sessionID, attribute(4, "\x0a\x00\x00\x01"), attribute(1, "Alice"), attribute(31, "192.0.2.7"),
		attribute(8, "\x0a\x01\x02\x03"), attribute(168, "\x20\x01"+strings.Repeat("\x00", 13)+"\x02"),
		attribute(41, number(5)), attribute(46, number(60)), attribute(42, number(7)), attribute(52, number(2)), attribute(43, number(8)), attribute(49, number(1))))
	client.ask(account(2, testSecret, interim, nasName, sessionID, attribute(8, "\xff\xff\xff\xfe"), attribute(52, number(1<<32-1)), attribute(49, number(77))))
	events := accountant.recorded()
	if arrived := events[0].Arrived; time.Since(arrived) > time.Minute || arrived.After(time.Now()) {
		t.Errorf("arrived %s", arrived)
	}
	events[0].Arrived, events[1].Arrived = time.Time{}, time.Time{}
	want := access.Accounting{Client: "strict", NAS: "nas1", Session: "S1", Status: access.AccountingInterim, UserName: "Alice", CallingStation: "192.0.2.7",
		Address: netip.MustParseAddr("10.1.2.3"), Address6: netip.MustParseAddr("2001::2"), TerminateCause: "User-Request",
		Delay: 5 * time.Second, Lasted: time.Minute, InputOctets: 2<<32 + 7, OutputOctets: 8}
	if events[0] != want {
		t.Errorf("got  %+v\nwant %+v", events[0], want)
	}
	if e := events[1]; e.Address.IsValid() || e.InputOctets != 1<<63-1 || e.TerminateCause != "cause 77" {
		t.Errorf("got %+v", e)
	}
}

func TestPortsAreKeptApart(t *testing.T) {
	t.Parallel()
	w, accountant := newAccountingWorld(t, nil)
	client := w.client("127.0.0.1")
	client.silent(login(1, "accept", testSecret), "code")
	for _, code := range []byte{0, 2, 3, 5, 11, 40, 43} {
		packet := account(1, testSecret, started, nasName, sessionID)
		packet[0] = code
		client.silent(packet, "code")
	}
	logins := newWorld(t, nil)
	logins.client("127.0.0.1").silent(account(1, testSecret, started, nasName, sessionID), "code")
	if len(accountant.recorded()) != 0 || len(logins.gate.requests()) != 0 {
		t.Error("one was asked for the other")
	}
}

func TestS1StatusServerOfAccounting(t *testing.T) {
	t.Parallel()
	w, _ := newAccountingWorld(t, func(o *radiusd.Options) { o.Probe = func(context.Context) error { return nil } })
	at := w.serve("udp4", "127.0.0.1:0")
	client := w.dial("127.0.0.1", at)
	if reply := client.ask(status(1)); reply.Code != radius.CodeAccountingResponse {
		t.Error(reply.Code)
	}
	client.silent(write(12, 2), "message_authenticator_missing")
	client.silent(sign(write(12, 2, placeholder), "another secret"), "message_authenticator_wrong")
	w.dial("127.0.0.3", at).silent(status(3), "status_refused")

	down, _ := newAccountingWorld(t, func(o *radiusd.Options) { o.Probe = func(context.Context) error { return errors.New("away") } })
	down.client("127.0.0.1").silent(status(1), "status_unhealthy")
}

func TestAServerAnswersOneOfTheTwo(t *testing.T) {
	t.Parallel()
	for title, options := range map[string]radiusd.Options{"neither": {}, "both": {Gate: &fakeGate{}, Accountant: &fakeAccountant{}}} {
		if _, err := radiusd.New(options, table(t)); err == nil {
			t.Errorf("%s is taken", title)
		}
	}
}

// While nothing can be recorded, no more waits than the bounds allow; what was
// dropped gets another chance.
func TestAccountingThatHangsIsBounded(t *testing.T) {
	t.Parallel()
	w, accountant := newAccountingWorld(t, func(o *radiusd.Options) { o.Workers, o.QueueSize, o.Remember = 2, 5, 100 })
	leave := make(chan bool)
	accountant.does(func(context.Context) error {
		<-leave
		return nil
	})
	client := w.client("127.0.0.1")
	for i := range byte(50) {
		client.send(account(i, testSecret, started, nasName, attribute(44, fmt.Sprint(i))))
		if i == 1 { // else the queue might be full before the workers look
			w.until("both workers hang", func() bool { return len(accountant.recorded()) == 2 })
		}
	}
	w.until("the rest is dropped", func() bool { return w.server.Snapshot().Dropped["queue_full"] == 50-2-5 })
	if snapshot := w.server.Snapshot(); snapshot.Waiting != 5 || snapshot.Remembered != 7 {
		t.Errorf("%+v", snapshot)
	}
	close(leave)
	for range 7 {
		if client.read(5*time.Second) == nil {
			t.Fatal("no reply")
		}
	}
	if reply := client.ask(account(49, testSecret, started, nasName, attribute(44, "49"))); reply.Code != radius.CodeAccountingResponse {
		t.Error(reply.Code)
	}
}

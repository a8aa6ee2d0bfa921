package clock

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/godbus/dbus/v5"
)

// answer is how a bus behaves.
type answer int

const (
	saysYes answer = iota
	saysNo
	saysError    // there is no timedate1
	saysText     // in place of a boolean
	closes       // after the sign-in
	refuses      // the sign-in
	floods       // with a line that has no end
	garbles      // after the sign-in
	silentAtOnce // accepts and says nothing
	silentLater  // after the sign-in
)

// testBus is a D-Bus server of one object.
type testBus struct {
	path   string
	answer answer
	asked  atomic.Int32 // connections
	open   atomic.Int32 // those that are left
}

func startBus(t *testing.T, a answer) *testBus {
	b := &testBus{path: filepath.Join(t.TempDir(), "bus"), answer: a}
	listener, err := net.Listen("unix", b.path)
	if err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			b.asked.Add(1)
			b.open.Add(1)
			served.Go(func() {
				defer b.open.Add(-1)
				defer conn.Close()
				if err := b.serve(conn); err != nil {
					t.Error(err)
				}
			})
		}
	})
	t.Cleanup(served.Wait) // each ends when the client closes
	t.Cleanup(func() { listener.Close() })
	return b
}

func (b *testBus) serve(conn net.Conn) error {
	in := bufio.NewReader(conn)
	switch b.answer {
	case silentAtOnce:
		io.Copy(io.Discard, in)
		return nil
	case floods:
		for {
			if _, err := conn.Write(make([]byte, 4096)); err != nil {
				return nil // the client had enough
			}
		}
	}
	if err := b.signIn(in, conn); err != nil || b.answer == closes || b.answer == refuses {
		return err
	}
	switch b.answer {
	case silentLater:
		io.Copy(io.Discard, in)
		return nil
	case garbles:
		conn.Write([]byte(strings.Repeat("no message\r\n", 100)))
		io.Copy(io.Discard, in)
		return nil
	}
	for serial := uint32(1); ; serial++ {
		call, err := dbus.DecodeMessage(in)
		if err != nil {
			return nil // the client has its answer
		}
		if err := b.reply(call).EncodeTo(conn, binary.LittleEndian); err != nil {
			return err
		}
	}
}

// signIn is the server's side of the EXTERNAL mechanism.
func (b *testBus) signIn(in *bufio.Reader, out io.Writer) error {
	if null, err := in.ReadByte(); err != nil || null != 0 {
		return fmt.Errorf("the first octet is %d, %v", null, err)
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return fmt.Errorf("at the sign-in: %w", err)
		}
		reply := "ERROR"
		switch line = strings.TrimRight(line, "\r\n"); {
		case line == "BEGIN":
			return nil
		case line == "AUTH", b.answer == refuses:
			reply = "REJECTED EXTERNAL"
		case line == "AUTH EXTERNAL":
			reply = "DATA"
		case line == "DATA":
			reply = "OK 0123456789abcdef0123456789abcdef"
		}
		if _, err := io.WriteString(out, reply+"\r\n"); err != nil {
			return fmt.Errorf("at the sign-in: %w", err)
		}
		if b.answer == refuses && line != "AUTH" {
			return nil
		}
	}
}

// reply answers a call: one of the greeting, one of the property, no other.
func (b *testBus) reply(call *dbus.Message) *dbus.Message {
	header := func(field dbus.HeaderField) string { return strings.Trim(call.Headers[field].String(), `"`) }
	question := strings.Join([]string{
		header(dbus.FieldDestination), header(dbus.FieldInterface) + "." + header(dbus.FieldMember), fmt.Sprintf("%q", call.Body),
	}, " ")
	switch {
	case question == "org.freedesktop.DBus org.freedesktop.DBus.Hello []":
		return replyTo(call, ":1.7")
	case question != `org.freedesktop.timedate1 org.freedesktop.DBus.Properties.Get ["org.freedesktop.timedate1" "NTPSynchronized"]`,
		b.answer == saysError:
		reply := replyTo(call, "no such name: "+question)
		reply.Type = dbus.TypeError
		reply.Headers[dbus.FieldErrorName] = dbus.MakeVariant("org.freedesktop.DBus.Error.ServiceUnknown")
		return reply
	case b.answer == saysText:
		return replyTo(call, dbus.MakeVariant("yes"))
	}
	return replyTo(call, dbus.MakeVariant(b.answer == saysYes))
}

func replyTo(call *dbus.Message, body any) *dbus.Message {
	return &dbus.Message{
		Type: dbus.TypeMethodReply,
		Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldReplySerial: dbus.MakeVariant(call.Serial()),
			dbus.FieldSender:      dbus.MakeVariant("org.freedesktop.DBus"),
			dbus.FieldSignature:   dbus.MakeVariant(dbus.SignatureOf(body)),
		},
		Body: []any{body},
	}
}

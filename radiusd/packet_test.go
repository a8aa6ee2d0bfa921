package radiusd_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"encoding/binary"
	"strings"
	"testing"

	"layeh.com/radius"
)

func verified(t testing.TB, octets, request []byte, secret string) *radius.Packet {
	t.Helper()
	length := int(binary.BigEndian.Uint16(octets[2:4]))
	if length != len(octets) || length > 4096 {
		t.Fatalf("Length %d in a reply of %d octets", length, len(octets))
	}
	if octets[1] != request[1] {
		t.Fatalf("identifier %d instead of %d", octets[1], request[1])
	}
	response := md5.Sum([]byte(string(octets[:4]) + string(request[4:20]) + string(octets[20:]) + secret))
	if !bytes.Equal(response[:], octets[4:20]) {
		t.Fatal("the Response Authenticator is wrong")
	}
	if request[0] == 4 { // of accounting: nobody agrees how one is made
		reply, err := radius.Parse(octets, []byte(secret))
		if err != nil || reply.Get(80) != nil {
			t.Fatalf("%x, %v", octets, err)
		}
		return reply
	}
	if octets[20] != 80 || octets[21] != 18 {
		t.Fatalf("the first attribute is %d", octets[20])
	}
	signed := bytes.Clone(octets)
	copy(signed[4:20], request[4:20])
	clear(signed[22:38])
	if !hmac.Equal(macOf(signed, secret), octets[22:38]) {
		t.Fatal("the Message-Authenticator is wrong")
	}
	reply, err := radius.Parse(octets, []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func macOf(packet []byte, secret string) []byte {
	mac := hmac.New(md5.New, []byte(secret))
	mac.Write(packet)
	return mac.Sum(nil)
}

// attribute writes one attribute.
func attribute(kind byte, value string) []byte {
	return append([]byte{kind, byte(2 + len(value))}, value...)
}

// placeholder is where sign puts the Message-Authenticator.
var placeholder = attribute(80, strings.Repeat("\x00", 16))

// write makes a packet of attributes with a random authenticator.
func write(code, identifier byte, attributes ...[]byte) []byte {
	packet := make([]byte, 20, 256)
	packet[0], packet[1] = code, identifier
	rand.Read(packet[4:20])
	for _, a := range attributes {
		packet = append(packet, a...)
	}
	binary.BigEndian.PutUint16(packet[2:4], uint16(len(packet)))
	return packet
}

// sign fills the first Message-Authenticator in.
func sign(packet []byte, secret string) []byte {
	for at := 20; at+2 <= len(packet) && packet[at+1] >= 2; at += int(packet[at+1]) {
		if packet[at] == 80 {
			copy(packet[at+2:], macOf(packet, secret))
			break
		}
	}
	return packet
}

// hide covers a password for a packet (RFC 2865 section 5.2).
func hide(password string, authenticator []byte, secret string) string {
	padded := append([]byte(password), make([]byte, (16-len(password)%16)%16)...)
	if len(padded) == 0 {
		padded = make([]byte, 16)
	}
	previous := authenticator
	for at := 0; at < len(padded); at += 16 {
		block := md5.Sum([]byte(secret + string(previous)))
		for i := range block {
			padded[at+i] ^= block[i]
		}
		previous = padded[at : at+16]
	}
	return string(padded)
}

// login is a usual Access-Request of alice, with further attributes at its end.
func login(identifier byte, password, secret string, further ...[]byte) []byte {
	return sign(unsigned(identifier, password, secret, append([][]byte{placeholder}, further...)...), secret)
}

// unsigned is login without Message-Authenticator.
func unsigned(identifier byte, password, secret string, further ...[]byte) []byte {
	var authenticator [16]byte
	rand.Read(authenticator[:])
	attributes := append([][]byte{attribute(1, "alice"), attribute(2, hide(password, authenticator[:], secret))}, further...)
	packet := write(1, identifier, attributes...)
	copy(packet[4:20], authenticator[:])
	return packet
}

// kinds lists the attribute types of a packet after the Message-Authenticator.
func kinds(packet *radius.Packet) (list []int) {
	for _, a := range packet.Attributes[1:] {
		list = append(list, int(a.Type))
	}
	return list
}

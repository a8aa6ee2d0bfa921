package local

import (
	"errors"
	"strings"
	"testing"
)

const horse = "correct horse battery staple"

// vectors are hashes that other programs made: PHP 8.2's password_hash, the
// argon2 command (libargon2), htpasswd -nbBC 5 (Apache) and Perl's crypt
// (libxcrypt).
var vectors = []struct{ maker, hash, password string }{
	{"PHP bcrypt", "$2y$05$RX5MvVQ6UtOPli3pOiJun.pg5Xmu0nM8VLn/tv2QPh8cpuBDtK/Ua", horse},
	{"htpasswd", "$2y$05$59.AbzxUuL6N0ShvCzogiOJUGoGV20gdQqpD.U73kIT1iJUUdWrOS", horse},
	{"crypt 2b", "$2b$05$abcdefghijklmnopqrstuuFiPhXf1sVd3pCCRO.uVh34H/qI/ZsuS", horse},
	{"crypt 2a", "$2a$05$abcdefghijklmnopqrstuuFiPhXf1sVd3pCCRO.uVh34H/qI/ZsuS", horse},
	{"PHP bcrypt, Latin-1", "$2y$05$MZ0KwPx2sP3sNoaeoLQU6ObUMX.59B4Q7V6cTE/Flq2O6QyWrr5/.", "\xff\xfe gr\xfc\xdfe"},
	{"PHP bcrypt, 72 octets count", "$2y$05$xm5paKcjXvhrmLWr9oV7Pu6FEWUiATa0OTa1gF521uYDn8MBaZG6a", strings.Repeat("k", 72) + "tail"},
	{"PHP argon2id, its defaults", "$argon2id$v=19$m=65536,t=4,p=1$bHlIeGZIUDVqbTR0QTRLcw$xcGlAei4odigY/+HnaiQHicR/ot9UmjscnxJH89c/ik", horse},
	{"PHP argon2id", "$argon2id$v=19$m=1024,t=2,p=1$UjNrTHlPbVB1aWdzM2FMQw$wTIoABysrjWzjgn72ueYaAcVFB1xg6RcgFs7/XP7exo", horse},
	{"PHP argon2id, NUL", "$argon2id$v=19$m=1024,t=2,p=1$Y2UveWRqU1BycTdkaC8zbQ$sJ5DIxwygw9WZ9LdKbDqUOp3J9AwzqDJkphk9RIkg6s", "a\x00b\xff"},
	{"argon2 command, our parameters", "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$mtB7vZKFuEQDVzeZe5lTtf3BPC1e5BL1UKy7IW/SpV0", horse},
}

func TestVectors(t *testing.T) {
	t.Parallel()
	for _, vector := range vectors {
		t.Run(vector.maker, func(t *testing.T) {
			t.Parallel()
			h, err := parse(vector.hash)
			if err != nil {
				t.Fatal(err)
			}
			if !h.matches([]byte(vector.password)) {
				t.Error("the password is refused")
			}
			if h.matches([]byte("x" + vector.password[1:])) {
				t.Error("another password is accepted")
			}
		})
	}
}

func TestBcryptPasswords(t *testing.T) {
	t.Parallel()
	const hashOfA = "$2y$05$HMBrQgVI5D2RV.pS6yNDxuimaIGUTGAqAYJYQw8NIF6mWEedK6wQ6"
	const hashOfK = "$2y$05$xm5paKcjXvhrmLWr9oV7Pu6FEWUiATa0OTa1gF521uYDn8MBaZG6a"
	tests := []struct {
		name, hash, password string
		matches              bool
	}{
		{"a NUL, where bcrypt itself would agree", hashOfA, "a\x00a", false},
		{"a NUL at the end", hashOfA, "a\x00", false},
		{"empty", hashOfA, "", false},
		{"plain", hashOfA, "a", true},
		{"71 of 72 octets", hashOfK, strings.Repeat("k", 71), false},
		{"72 octets", hashOfK, strings.Repeat("k", 72), true},
		{"128 octets", hashOfK, strings.Repeat("k", 128), true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h, err := parse(test.hash)
			if err != nil {
				t.Fatal(err)
			}
			if h.matches([]byte(test.password)) != test.matches {
				t.Errorf("matches is not %t", test.matches)
			}
		})
	}
}

func TestCheckHash(t *testing.T) {
	t.Parallel()
	const (
		salt   = "$c29tZXNhbHRzb21lc2FsdA"
		tag    = "$mtB7vZKFuEQDVzeZe5lTtf3BPC1e5BL1UKy7IW/SpV0"
		bcrypt = ".abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	)
	good := []string{
		"$argon2id$v=19$m=262144,t=4,p=16" + salt + tag,
		"$argon2id$v=19$m=104857,t=10,p=1" + salt + tag,
		"$argon2id$v=19$m=8,t=1,p=1" + salt + tag,
		"$argon2id$v=19$m=64,t=1,p=1" + salt + "$AAAAAAAAAAAAAAAAAAAAAA",
		"$2a$04$" + bcrypt, "$2b$09$" + bcrypt, "$2y$15$" + bcrypt,
	}
	for _, vector := range vectors {
		good = append(good, vector.hash)
	}
	for _, text := range good {
		if err := CheckHash(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	bad := map[string]string{
		"empty":             "",
		"plain text":        "secret",
		"MD5 crypt":         "$1$abcdefgh$irWbblnpmw.5z7wgBnprh0",
		"SHA-512 crypt":     "$6$abcdefgh$yVfUwsw5T.JApa8POvClA1pQ5peiq97DUNyXCZN5IrF.BMSkiaLQ5kvpuEm/VQ1Tvh/KV2TcaWh8qinoW5dhA1",
		"argon2i":           "$argon2i$v=19$m=1024,t=1,p=1" + salt + tag,
		"argon2d":           "$argon2d$v=19$m=1024,t=1,p=1" + salt + tag,
		"version 16":        "$argon2id$v=16$m=1024,t=1,p=1" + salt + tag,
		"no version":        "$argon2id$m=1024,t=1,p=1" + salt + tag,
		"too much memory":   "$argon2id$v=19$m=262145,t=1,p=1" + salt + tag,
		"memory overflows":  "$argon2id$v=19$m=4294967297,t=1,p=1" + salt + tag,
		"too little memory": "$argon2id$v=19$m=31,t=1,p=4" + salt + tag,
		"too many passes":   "$argon2id$v=19$m=1024,t=11,p=1" + salt + tag,
		"no pass":           "$argon2id$v=19$m=1024,t=0,p=1" + salt + tag,
		"too much work":     "$argon2id$v=19$m=262144,t=5,p=1" + salt + tag,
		"too many lanes":    "$argon2id$v=19$m=1024,t=1,p=17" + salt + tag,
		"no lane":           "$argon2id$v=19$m=1024,t=1,p=0" + salt + tag,
		"a leading zero":    "$argon2id$v=19$m=01024,t=1,p=1" + salt + tag,
		"another order":     "$argon2id$v=19$t=1,m=1024,p=1" + salt + tag,
		"a key id":          "$argon2id$v=19$m=1024,t=1,p=1,keyid=AAAA" + salt + tag,
		"short salt":        "$argon2id$v=19$m=1024,t=1,p=1$AAAAAAAAAA" + tag,
		"long salt":         "$argon2id$v=19$m=1024,t=1,p=1$" + strings.Repeat("A", 88) + tag,
		"no salt":           "$argon2id$v=19$m=1024,t=1,p=1$" + tag,
		"short tag":         "$argon2id$v=19$m=1024,t=1,p=1" + salt + "$AAAAAAAAAAAAAAAAAAAA",
		"long tag":          "$argon2id$v=19$m=1024,t=1,p=1" + salt + "$" + strings.Repeat("A", 88),
		"no tag":            "$argon2id$v=19$m=1024,t=1,p=1" + salt,
		"padding":           "$argon2id$v=19$m=1024,t=1,p=1" + salt + "==" + tag,
		"loose last letter": "$argon2id$v=19$m=1024,t=1,p=1$c29tZXNhbHRzb21lc2FsdB" + tag,
		"a line feed":       vectors[0].hash + "\n",
		"a blank before":    " " + vectors[6].hash,
		"bcrypt 2x":         "$2x$05$" + bcrypt,
		"bcrypt 2":          "$2$05$" + bcrypt,
		"cost 3":            "$2b$03$" + bcrypt,
		"cost 16":           "$2b$16$" + bcrypt,
		"cost 31":           "$2b$31$" + bcrypt,
		"short bcrypt":      "$2b$05$" + bcrypt[1:],
		"long bcrypt":       "$2b$05$" + bcrypt + "a",
	}
	for name, text := range bad {
		err := CheckHash(text)
		if !errors.Is(err, ErrHash) {
			t.Errorf("%s: %v", name, err)
		} else if text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("%s: the error quotes the hash", name)
		}
	}
}

// FuzzCheckHash looks for texts that parse and are written differently, or out of bounds.
func FuzzCheckHash(f *testing.F) {
	for _, vector := range vectors {
		f.Add(vector.hash)
	}
	f.Fuzz(func(t *testing.T, text string) {
		switch h, err := parse(text); h := h.(type) {
		case argon2id:
			if h.String() != text {
				t.Errorf("%q is written %q", text, h)
			}
			if h.memory > maxMemory || h.work().units > maxWork || h.lanes > maxLanes || uint32(h.lanes)*8 > h.memory {
				t.Errorf("%q is out of bounds", text)
			}
		case bcryptHash:
			if h.cost < 4 || h.cost > 15 {
				t.Errorf("%q is out of bounds", text)
			}
		default:
			if !errors.Is(err, ErrHash) {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
}

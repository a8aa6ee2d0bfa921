package store

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCreateKeyFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key", "store.key")
	if _, err := ReadKeyFile(path); !KeyFileMissing(err) {
		t.Errorf("a missing file: %v", err)
	}
	made, err := CreateKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	read, err := ReadKeyFile(path)
	if err != nil || len(read) != 1 || string(read[0]) != string(made[0]) {
		t.Errorf("made %x, read %x, %v", made, read, err)
	}
	for place, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(place); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", place, info.Mode(), err)
		}
	}
	if _, err := CreateKeyFile(path); err == nil {
		t.Error("a key file was made over another")
	}
	if again, err := ReadKeyFile(path); err != nil || string(again[0]) != string(made[0]) {
		t.Errorf("the key has changed: %v", err)
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("beside the key file: %v, %v", files, err)
	}
}

// Where the folder can't be, no key is returned that nobody could find again.
func TestCreateKeyFileFails(t *testing.T) {
	t.Parallel()
	inTheWay := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(inTheWay, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if keys, err := CreateKeyFile(filepath.Join(inTheWay, "store.key")); err == nil || keys != nil {
		t.Errorf("made in a file: %d keys, %v", len(keys), err)
	}
}

func TestParseKeys(t *testing.T) {
	t.Parallel()
	key := base64.StdEncoding.EncodeToString(make([]byte, KeySize))
	if keys, err := ParseKeys([]byte("# current\n"+key+"\n\n  "+key+"\n"), "k"); err != nil || len(keys) != 2 {
		t.Errorf("%d keys, %v", len(keys), err)
	}
	for text, words := range map[string]string{
		"":                             "no store key",
		"# nothing\n":                  "no store key",
		key + "\nsecret-but-not-a-key": "k:2:",
		key[:20]:                       "k:1:",
		key + key:                      "k:1:",
		// Keys behind a line that is too long to read must not be left out.
		key + "\n#" + strings.Repeat("secret-but", 10_000) + "\n" + key: "too long",
	} {
		_, err := ParseKeys([]byte(text), "k")
		if err == nil || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "secret-but") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
